"""`gotracer-ci doctor`: check traces, places, baseline, workflows and permissions before a run. It only reads."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from gotracer_ci import files, pipeline
from gotracer_ci.action.checks import Check, Level, find_workflow
from gotracer_ci.action.workflow_checks import workflow_checks
from gotracer_ci.commands.baseline import check_file
from gotracer_ci.commands.output import print_lines
from gotracer_ci.commands.usage import FILE, Command, file_names
from gotracer_ci.errors import EXIT_CLEAN, FileError, GotracerError, UsageError
from gotracer_ci.notes import NoteKind
from gotracer_ci.report import view
from gotracer_ci.report.safe import clean
from gotracer_ci.settings import BASELINE_FILE, Settings, load
from gotracer_ci.source.repository import Repository
from gotracer_ci.text import plural
from gotracer_ci.trace import kernel

NEWEST_GO = (1, 27)
_NEW_FORMAT = (1, 22)
_MAX_GO_MOD = 1_000_000
_MAX_NAMES = 5


@click.command(cls=Command)
@click.argument("traces", nargs=-1, metavar="[TRACE]...", shell_complete=file_names)
@click.option("--baseline", type=FILE, metavar="FILE", help="The baseline [default: .gotracer-ci/baseline.json].")
@click.option("--config", type=FILE, metavar="FILE", help="Configuration file [default: .gotracer-ci/config.toml].")
@click.option("--root", type=FILE, metavar="DIR", help="The repository's directory [default: .].")
def command(traces: tuple[str, ...], baseline: Path | None, config: Path | None, root: Path | None) -> int:
    """Check traces, baseline, workflows and permissions.

    Checks the decoder, the repository, the traces, how they map to source files, the baseline, and the workflows below
    .github that use gotracer-ci. On a runner it also checks the event, the token and its permissions.

    \b
    Example:
      gotracer-ci doctor trace.out

    Exit codes: 0 no problem, 2 at least one problem.
    """
    given = {"traces": traces or None, "baseline": baseline, "root": root}
    checks = list(examine(given, config))
    print_lines([clean(f"{check.level:<8} {check.subject:<12} {check.text}") for check in checks])
    return UsageError.exit_code if any(check.level is Level.PROBLEM for check in checks) else EXIT_CLEAN


def examine(given: Mapping[str, Any], config: Path | None) -> Iterator[Check]:
    """Check everything that a run needs; on a runner also the step's inputs and permissions.

    Args:
        given: flags by the names of `Settings`, None for those not given. They override the step's inputs.
        config: the configuration file, None for the default.
    """
    try:
        workflow = find_workflow(config)
    except GotracerError as error:
        yield Check(Level.PROBLEM, "inputs", str(error))
        return
    if workflow:
        flags = {name: value for name, value in given.items() if value is not None}
        settings = replace(workflow.settings, **flags)
    else:
        settings = load(given, config, typed=True)
    file = settings.baseline or Path(BASELINE_FILE)
    yield _decoder()
    yield _modules(settings)
    yield from _go(settings.root)
    yield from _traces(settings)
    yield from _baseline(file)
    yield from workflow_checks(settings.root)
    if workflow:
        yield from workflow.checks(file)


def _decoder() -> Check:
    if kernel.is_compiled():
        return Check(Level.OK, "decoder", "compiled")
    text = "plain Python, which is slow: install a C compiler and reinstall gotracer-ci"
    return Check(Level.NOTE, "decoder", text)


def _modules(settings: Settings) -> Check:
    try:
        found = Repository.at(settings.root).modules
    except GotracerError as error:
        return Check(Level.PROBLEM, "repository", str(error))
    # Show modules near the root first: vendored ones are deeper.
    modules = sorted(found, key=lambda name: (min(module.directory.count("/") for module in found[name]), name))
    if not modules:
        text = f"no go.mod below {settings.root}: is the repository checked out, and does --root name its directory?"
        return Check(Level.NOTE, "repository", text)
    more = f" and {len(modules) - _MAX_NAMES:,} more" if len(modules) > _MAX_NAMES else ""
    return Check(Level.OK, "repository", f"contains {', '.join(modules[:_MAX_NAMES])}{more}")


def _go(root: Path) -> Iterator[Check]:
    """Check the Go version and the tool that `gotracer-ci test` needs."""
    try:
        text = files.read_text(root / "go.mod", _MAX_GO_MOD)
    except FileError:
        return
    if found := re.search(r"^go (\d+)\.(\d+)", text, re.MULTILINE):
        version = (int(found[1]), int(found[2]))
        name = f"go.mod needs Go {found[1]}.{found[2]}"
        if version > NEWEST_GO:
            newest = ".".join(map(str, NEWEST_GO))
            yield Check(
                Level.PROBLEM, "go", f"{name}, but traces of Go after {newest} are not read; update gotracer-ci"
            )
        elif version < _NEW_FORMAT:
            yield Check(Level.NOTE, "go", f"{name}: its traces lack short system calls; record with Go 1.22 or later")
    if not shutil.which("go"):
        yield Check(Level.NOTE, "go", "not on PATH: gotracer-ci test needs it, other commands do not")


def _traces(settings: Settings) -> Iterator[Check]:
    if not settings.traces:
        yield Check(Level.NOTE, "traces", "none given, so traces and places are not checked")
        return
    quiet = replace(settings, baseline=None, update_baseline=False, accept=(), base=(), output=None, outputs={})
    try:
        outcome = pipeline.run(quiet)
    except GotracerError as error:
        yield Check(Level.PROBLEM, "traces", str(error))
        return
    for problem in outcome.errors:
        yield Check(Level.PROBLEM, "traces", str(problem))
    for trace in (trace for trace in outcome.report.traces if trace.damage is None):
        yield Check(Level.OK, "traces", f"{view.trace_line(trace)}, {trace.program or 'a program without a name'}")
    yield from _places(outcome)


def _places(outcome: pipeline.Outcome) -> Iterator[Check]:
    report = outcome.report
    placed = sum(finding.location is not None for finding in report.findings)
    of_all = f"{placed:,} of {plural(len(report.findings), 'finding')}"
    yield Check(Level.OK, "places", f"{of_all} {'has' if placed == 1 else 'have'} a line in the repository")
    for note in outcome.notes:
        # _baseline checks the baseline
        if note.kind is not NoteKind.REFERENCE:
            yield Check(Level.NOTE, "places", note.text)


def _baseline(file: Path) -> Iterator[Check]:
    if not file.exists():
        text = f"no file at {file} yet; create it with --update-baseline on the main branch"
        yield Check(Level.NOTE, "baseline", text)
        return
    try:
        valid, *warnings = check_file(file, ())
    except GotracerError as error:
        yield Check(Level.PROBLEM, "baseline", str(error))
        return
    yield Check(Level.OK, "baseline", valid)
    for warning in warnings:
        yield Check(Level.NOTE, "baseline", warning)
