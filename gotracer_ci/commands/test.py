"""`gotracer-ci test`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gotracer_ci.commands.options import run_and_print, settings_of, test_options, time_stamp
from gotracer_ci.commands.output import complain
from gotracer_ci.commands.usage import FILE, Command
from gotracer_ci.errors import EXIT_FLAGGED, UsageError
from gotracer_ci.text import plural

if TYPE_CHECKING:
    from gotracer_ci.recording.go_test import Recorded
    from gotracer_ci.recording.packages import Package

KEPT = ".gotracer-ci/traces"
_RUNS = 3
"""Runs of each side if there are two: what `docs/confirm.md` needs to confirm times."""


class _Command(Command):
    """What follows "--" belongs to go test."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        end = arguments.index("--") if "--" in arguments else len(arguments)
        context.meta[__name__] = arguments[end + 1 :]
        return super().parse_args(context, arguments[:end])


@click.command(cls=_Command)
@click.argument("packages", nargs=-1, metavar="[PACKAGES]... [-- GO TEST FLAGS]")
@click.option("--base", metavar="REV", help="Also test this commit in turns, and compare with it.")
@click.option(
    "--count", type=click.IntRange(1, 100), metavar="N", help="Run each package N times [default: 1; with --base 3]."
)
@click.option("--traces", "kept", type=FILE, metavar="DIR", help=f"Keep the traces here [default: {KEPT}].")
@test_options
@click.pass_context
def command(
    context: click.Context,
    /,
    packages: tuple[str, ...],
    base: str | None,
    count: int | None,
    kept: Path | None,
    **given: Any,
) -> int:
    """Run go test with traces, and analyze them.

    PACKAGES are those of go test [default: ./...]. Each is tested by itself, because go test traces one package at a
    time. What follows -- are flags of go test, such as -run or -race.

    \b
    Example:
      gotracer-ci test ./orders --base main -- -run TestPut

    Exit codes: 0 nothing to flag, 1 findings or, with something to compare with, regressions, 2 wrong usage or a test
    that fails, 3 an invalid baseline.
    """
    from gotracer_ci import pipeline
    from gotracer_ci.recording import packages as go
    from gotracer_ci.recording import session, worktree

    flags: list[str] = context.meta[__name__]
    _check(packages, flags)
    settings = settings_of((), {**given, "base": ()}, time_stamp())
    if base and settings.update_baseline:
        raise UsageError("--base and --update-baseline cannot be used together: compare with base, or accept the run")
    pipeline.check(settings)
    tool, patterns, here = go.tool(), packages or ("./...",), Path.cwd()
    with ExitStack() as stack:
        head = session.Side(session.HEAD, here, go.with_tests(tool, here, patterns, flags))
        sides = [head]
        if base:
            there = stack.enter_context(worktree.checked_out(here, base))
            sides.insert(0, session.Side(session.BASE, there, _of_base(tool, there, patterns, flags, base)))
            settings = replace(settings, path_map=(*settings.path_map, (str(there), ".")))
            if changed := worktree.changed_files(here):
                _tell(f"{plural(changed, 'file')} not committed: part of what is compared with {base}")
        place = session.prepared(kept or Path(KEPT))
        plan = session.Plan(tool, flags, count or (_RUNS if base else 1), place)
        try:
            runs = session.recorded(plan, sides, _tell)
        finally:
            if not any(place.rglob("*.trace")):
                session.abandoned(place)
    problems = _problems(runs)
    for problem in problems:
        complain(problem)
    traces = {side: tuple(_shown(run.trace, here) for run in found if run.trace) for side, found in runs.items()}
    if not traces[session.HEAD]:
        if not problems:
            raise UsageError(f"{' '.join(patterns)}: no test ran; does -run match one?")
        return UsageError.exit_code
    settings = replace(settings, traces=traces[session.HEAD], base=traces.get(session.BASE, ()))
    every = [run for found in runs.values() for run in found]
    logs = {_shown(run.trace, here): run.log for run in every if run.trace and run.log}
    code = run_and_print(settings, test_logs=logs).exit_code
    return UsageError.exit_code if problems and code <= EXIT_FLAGGED else code


def _of_base(tool: str, directory: Path, patterns: Sequence[str], flags: Sequence[str], base: str) -> Sequence[Package]:
    from gotracer_ci.recording.packages import with_tests

    try:
        return with_tests(tool, directory, patterns, flags)
    except UsageError as error:
        complain(f"{base}: {error}")
        return ()


def _check(packages: Sequence[str], flags: Sequence[str]) -> None:
    """Check that packages are no traces, and no flag of go test is one that this command sets.

    Raises:
        UsageError: one is.
    """
    for name in packages:
        if Path(name).is_file() and not name.endswith(".go"):
            raise UsageError(f"{name}: is a file, not a package; did you mean gotracer-ci tests {name}?")
    for flag in flags:
        name = flag.lstrip("-").partition("=")[0].removeprefix("test.")
        if flag.startswith("-") and name in ("trace", "json", "o", "c", "outputdir"):
            raise UsageError(f"{flag}: gotracer-ci test sets it itself; leave it out")


def _problems(runs: Mapping[str, Sequence[Recorded]]) -> list[str]:
    """Return a line for each package that failed."""
    return [
        f"{'the base of ' if side == 'base' else ''}{run.package.path}: {run.problem}"
        + ("" if run.trace else "; it has no trace")
        for side, found in runs.items()
        for run in found
        if run.problem
    ]


def _shown(path: Path, here: Path) -> str:
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _tell(text: str) -> None:
    from gotracer_ci.report.safe import clean

    click.echo(clean(text), err=True)
