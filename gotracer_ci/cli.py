"""The command line: parse, call, print. The only place that exits."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from gotracer_ci import __version__
from gotracer_ci.errors import EXIT_CRASHED, GotracerError, UsageError

FILES = ("json", "ndjson", "markdown", "sarif", "html", "junit", "gitlab")
FORMATS = ("human", *FILES)
FAIL_ON = ("never", "info", "warn", "error")


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from gotracer_ci.trace import kernel

    how = "compiled" if kernel.is_compiled() else "not compiled: install a C compiler and reinstall for full speed"
    with _stdout() as stdout:
        stdout.write(f"gotracer-ci {__version__} (decoder {how})\n")
    context.exit()


@click.group(
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Show the version and exit."
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Finds what a change made slower in Go execution traces."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        raise UsageError("no command given")


def _file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(FILES):
        option = click.option(f"--{name}", type=Path, metavar="FILE", help=f"Also write {name} to FILE.")
        command = option(command)
    return command


@cli.command()
@click.argument("traces", nargs=-1, metavar="TRACE...")
@click.option("-f", "--format", type=click.Choice(FORMATS), help="Format of the result [default: human].")
@click.option("-o", "--output", type=Path, metavar="FILE", help="Write the result to FILE instead of stdout.")
@_file_options
@click.option("--baseline", type=Path, metavar="FILE", help="Compare with this baseline; only regressions count.")
@click.option("--base", multiple=True, metavar="TRACES", help="Traces of the base commit from this job (repeatable).")
@click.option("--update-baseline", is_flag=True, default=None, help="Fold this run into the baseline, or create it.")
@click.option("--replace", "replace_baseline", is_flag=True, default=None, help="With --update-baseline: start anew.")
@click.option("--accept", multiple=True, metavar="ID", help="Accept this regression into the baseline (repeatable).")
@click.option("--reason", multiple=True, metavar="TEXT", help="With --accept: why. Kept in the baseline (repeatable).")
@click.option("--run-id", metavar="ID", help="With --update-baseline: the job's id; one entry a job.")
@click.option("--commit", metavar="SHA", help="With --update-baseline: what was traced.")
@click.option("--strict", is_flag=True, default=None, help="Regressions that are only suspected count too.")
@click.option("--fail-on", type=click.Choice(FAIL_ON), help="Exit 1 from this severity on [default: warn].")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Show the N worst findings of each rule.")
@click.option("--rule", multiple=True, metavar="NAME", help="Run only this rule (repeatable).")
@click.option("--skip", multiple=True, metavar="NAME", help="Leave this rule out (repeatable).")
@click.option("--set", "thresholds", multiple=True, metavar="RULE.name=VALUE", help="For example GCAssist.warn=2ms.")
@click.option("--config", type=Path, metavar="FILE", help="Configuration file [default: .gotracer-ci/config.toml].")
@click.option("--root", type=Path, metavar="DIR", help="The repository's folder [default: .].")
@click.option("--path-map", multiple=True, metavar="FROM=TO", help="A folder of the build, and its place below --root.")
def analyze(traces: tuple[str, ...], config: Path | None, **options: Any) -> None:
    """Analyses traces: files, folders, patterns, or - for stdin; gzip too.

    Exit codes: 0 nothing to flag, 1 findings or, with a baseline, regressions, 2 wrong usage or a trace that cannot be
    read, 3 an invalid baseline.
    """
    from gotracer_ci import pipeline, progress
    from gotracer_ci.settings import load

    outputs = {name: path for name in FILES if (path := options.pop(name))}
    reasons = options.pop("reason")
    given = {
        **options,
        "traces": traces or None,
        "base": options["base"] or None,
        "outputs": outputs or None,
        "rule": options["rule"] or None,
        "skip": options["skip"] or None,
        "thresholds": dict(_pair("--set", text) for text in options["thresholds"]) or None,
        "accept": _accepted(options["accept"], reasons) or None,
        "path_map": tuple(_pair("--path-map", text) for text in options["path_map"]) or None,
    }
    settings = load(given, config, typed=True)
    with progress.shown(sys.stderr) as watch:
        outcome = pipeline.run(settings, watch)
    try:
        _print(outcome.report, settings.format, settings.output)
    except UsageError as unwritten:
        outcome = replace(outcome, errors=(*outcome.errors, unwritten))
    for error in outcome.errors:
        _complain(error)
    sys.exit(outcome.exit_code)


def _accepted(fingerprints: tuple[str, ...], reasons: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if fingerprints and len(reasons) == 1:
        reasons *= len(fingerprints)
    if len(reasons) != len(fingerprints):
        raise UsageError("--accept ID needs --reason TEXT: one for all, or one for each in their order")
    return tuple(zip(fingerprints, reasons, strict=True))


def _pair(option: str, text: str) -> tuple[str, str]:
    before, sign, after = text.partition("=")
    if not (before and sign and after):
        raise UsageError(f"{option} {text}: write it as NAME=VALUE")
    return before, after


def _print(report: Any, name: str, output: Path | None) -> None:
    from gotracer_ci.report import render

    if output is not None:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(render(name, report), encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"{output}: cannot be written: {error.strerror}") from None
        click.echo(f"wrote {output}", err=True)
        return
    with _stdout() as stdout:
        if name == "human":
            from gotracer_ci.report.human import print_table

            print_table(report, stdout)
        else:
            stdout.buffer.write(render(name, report).encode())


@contextmanager
def _stdout() -> Iterator[TextIO]:
    """Standard output, written out at the end. A reader that went away (`| head`) has seen what it wanted.

    Raises:
        UsageError: it is closed, or its disk is full.
    """
    stream = sys.stdout
    if stream is None:
        raise UsageError("standard output: cannot be written: it is closed")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # a locale may lack our arrows and multiplication signs
    try:
        yield stream
        stream.flush()
    except OSError as error:
        # the interpreter writes the rest at its end, and must not fail there
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(f"standard output: cannot be written: {error.strerror}") from None


def _complain(problem: object) -> None:
    """One line on stderr, whatever is in the names of files."""
    from gotracer_ci.report.text import clean

    click.echo(f"gotracer-ci: {clean(str(problem))}", err=True)


@cli.command()
@click.argument("name", required=False)
def rules(name: str | None) -> None:
    """Lists the rules, or explains one."""
    from gotracer_ci.report.text import threshold
    from gotracer_ci.rules.registry import all_rules

    known = {rule.name: rule.info for rule in all_rules()}
    lines = []
    if name is None:
        for info in known.values():
            limits = ", ".join(f"{t.name} {threshold(t)}" for t in info.thresholds)
            lines.append(f"{info.name}\n  {info.summary}\n  {limits}")
    elif name in known:
        info = known[name]
        lines.append(f"{info.name}: {info.summary}")
        for heading, text in info.sections:
            lines.append(f"\n{heading}\n{'-' * len(heading)}\n{text}")
            if heading == "Thresholds":
                values = [(limit.name, threshold(limit).replace(" ", "")) for limit in info.thresholds]
                lines += [f"  --set {info.name}.{limit}={value}" for limit, value in values]
    else:
        raise UsageError(f"{name}: no such rule; there are {', '.join(known)}")
    with _stdout() as stdout:
        stdout.write("\n".join([*lines, ""]))


@cli.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def baseline(context: click.Context) -> None:
    """Looks after the baseline file [default: .gotracer-ci/baseline.json]."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        raise UsageError("no command given")


_file = click.argument("file", type=Path, default=Path(".gotracer-ci/baseline.json"), metavar="[FILE]")


@baseline.command()
@_file
def show(file: Path) -> None:
    """Shows its programs, jobs and groups."""
    from gotracer_ci.upkeep import show as show_file

    with _stdout() as stdout:
        show_file(file, stdout)


@baseline.command()
@_file
@click.argument("traces", nargs=-1, metavar="[TRACE]...")
def check(file: Path, traces: tuple[str, ...]) -> None:
    """Says whether it is valid and fresh.

    With traces also whether they are such as it was made of.

    Exit codes: 0 valid, warnings or not, 2 a trace that cannot be read, 3 invalid.
    """
    from gotracer_ci.upkeep import check as check_file

    lines = check_file(file, traces)
    with _stdout() as stdout:
        stdout.writelines(f"{line}\n" for line in lines)


@baseline.command()
@click.argument("files", nargs=-1, required=True, type=Path, metavar="OURS THEIRS | FILE")
@click.option("-o", "--output", type=Path, metavar="FILE", help="Write to FILE [default: stdout, or the only file].")
@click.option("--driver", type=Path, metavar="BASE", help="As git's driver: what both were made from; writes OURS.")
def merge(files: tuple[Path, ...], output: Path | None, driver: Path | None) -> None:
    """Unites two files, or the sides of one in conflict."""
    from gotracer_ci.baseline.schema import dump, save
    from gotracer_ci.upkeep import merge as merge_files

    try:
        united = merge_files(files, driver)
        target = output or (files[0] if driver or len(files) == 1 else None)
        if target is not None:
            save(target, united)
            return
    except GotracerError as error:
        if driver is None:
            raise
        _complain(error)
        sys.exit(1)  # git's word for a conflict
    with _stdout() as stdout:
        stdout.write(dump(united))


@baseline.command()
@_file
@click.option("--program", multiple=True, metavar="NAME", help="Drop this program's part as well (repeatable).")
def prune(file: Path, program: tuple[str, ...]) -> None:
    """Drops what nothing is compared with any more."""
    from gotracer_ci.upkeep import prune as prune_file

    line = prune_file(file, program)
    with _stdout() as stdout:
        stdout.write(f"{line}\n")


@cli.command()
@click.option("--dry-run", is_flag=True, help="Print what would be sent to GitHub, and send nothing.")
def action(dry_run: bool) -> None:
    """What the container of the GitHub action runs: reads the runner's environment."""
    from gotracer_ci.action import main as run_action

    sys.exit(run_action(dry_run=dry_run))


@cli.command()
@click.argument("traces", nargs=-1, metavar="[TRACE]...")
@click.option("--baseline", type=Path, metavar="FILE", help="The baseline [default: .gotracer-ci/baseline.json].")
@click.option("--config", type=Path, metavar="FILE", help="Configuration file [default: .gotracer-ci/config.toml].")
@click.option("--root", type=Path, metavar="DIR", help="The repository's folder [default: .].")
def doctor(traces: tuple[str, ...], baseline: Path | None, config: Path | None, root: Path | None) -> None:
    """Checks decoder, traces, places, baseline and, on a runner, event, token and permissions.

    Exit codes: 0 no problem, 2 at least one.
    """
    from gotracer_ci.action import examine
    from gotracer_ci.doctor import PROBLEM

    given = {"traces": traces or None, "baseline": baseline, "root": root}
    checks = list(examine(given, config))
    with _stdout() as stdout:
        stdout.writelines(f"{check.line()}\n" for check in checks)
    sys.exit(UsageError.exit_code if any(check.level == PROBLEM for check in checks) else 0)


def main(arguments: Iterable[str] | None = None) -> NoReturn:
    """Runs a command and exits. Every error that a user can mend is one line on stderr."""
    try:
        cli.main(args=None if arguments is None else list(arguments), prog_name="gotracer-ci", standalone_mode=False)
    except GotracerError as error:
        _complain(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _complain(error.format_message())
        sys.exit(UsageError.exit_code)
    except click.Abort:
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        _complain("internal error: please report it, with the lines above")
        sys.exit(EXIT_CRASHED)
    sys.exit(0)
