"""The options that analyze, capture, diff and test share, and the run that they end with."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gotracer_ci import files
from gotracer_ci.commands.output import complain, print_lines, stdout
from gotracer_ci.commands.usage import FILE, Choice, file_names, html_size, pair, part, rule_names
from gotracer_ci.errors import UsageError
from gotracer_ci.report.formats import FILES, FORMATS, NAMES
from gotracer_ci.settings import FAIL_ON, MAX_JOBS, Settings, load

if TYPE_CHECKING:
    from gotracer_ci.pipeline import Outcome
    from gotracer_ci.report.model import Report

_BASELINE = click.option(
    "--baseline", type=FILE, metavar="FILE", help="Compare with this baseline; only regressions count."
)
_BASE = click.option(
    "--base",
    multiple=True,
    metavar="TRACES",
    shell_complete=file_names,
    help="Traces of the base commit from this job (repeatable).",
)
_PLACES = (
    click.option("--config", type=FILE, metavar="FILE", help="Configuration file [default: .gotracer-ci/config.toml]."),
    click.option("--root", type=FILE, metavar="DIR", help="The repository's directory [default: .]."),
)
_PATH_MAP = click.option(
    "--path-map", multiple=True, metavar="FROM=TO", help="Map a build directory to its place below --root."
)
_RULES = (
    click.option(
        "--rule", multiple=True, metavar="NAME", shell_complete=rule_names, help="Run only this rule (repeatable)."
    ),
    click.option(
        "--skip", multiple=True, metavar="NAME", shell_complete=rule_names, help="Skip this rule (repeatable)."
    ),
    click.option(
        "--set", "thresholds", multiple=True, metavar="RULE.name=VALUE", help="For example GCAssist.warn=2ms."
    ),
    *_PLACES,
    _PATH_MAP,
)
_FILES = (
    click.option(
        "-o", "--output", type=FILE, metavar="FILE", help="Write to FILE [default: stdout; html: gotracer_TIME.html]."
    ),
    *(click.option(f"--{name}", type=FILE, metavar="FILE", help=f"Also write {name} to FILE.") for name in FILES),
)
_OUTPUT = (
    *_FILES,
    click.option(
        "--html-size", callback=html_size, metavar="SIZE", help="HTML: at most so large; 0: no pictures [default: 3MB]."
    ),
    click.option("--html-window", callback=part, metavar="A-B", help="HTML: the timeline of this part, as 1.2s-1.5s."),
    click.option(
        "--with",
        "with_tables",
        type=Choice(("tables",)),
        callback=lambda _context, _option, value: value and True,
        help="tables: the JSON report includes the tables, too.",
    ),
)
_UPDATE = (
    click.option("--update-baseline", is_flag=True, default=None, help="Add this run to the baseline, or create it."),
    click.option(
        "--replace", "replace_baseline", is_flag=True, default=None, help="With --update-baseline: start over."
    ),
    click.option(
        "--accept", multiple=True, metavar="ID", help="Accept this regression into the baseline (repeatable)."
    ),
    click.option(
        "--reason", multiple=True, metavar="TEXT", help="With --accept: why. Kept in the baseline (repeatable)."
    ),
    click.option("--run-id", metavar="ID", help="With --update-baseline: the job's ID; a job is added only once."),
    click.option("--commit", metavar="SHA", help="With --update-baseline: the traced commit."),
)
_GATE = (
    click.option("--strict", is_flag=True, default=None, help="Suspected regressions fail the run too."),
    click.option("--fail-on", type=Choice(tuple(FAIL_ON)), help="Lowest severity that exits with 1 [default: warn]."),
    click.option(
        "--top", type=click.IntRange(min=0), metavar="N", help="In human and markdown: N worst a rule, 0 all."
    ),
)
_JOBS = (
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, MAX_JOBS),
        metavar="N",
        help="Read the traces in N processes [default: 1].",
    ),
    click.option("--executor", metavar="URL", help="Read the traces on this cluster: dask://HOST:PORT."),
)
_FORMAT = click.option("-f", "--format", type=Choice(NAMES), help="Format of the result [default: human].")
_OPTIONS = (_FORMAT, *_OUTPUT, _BASELINE, *_UPDATE, *_GATE, *_RULES, *_JOBS)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run to a command: formats, baseline, rules, repository."""
    return _with((_BASE, *_OPTIONS), command)


def test_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run that records its own traces."""
    return _with(_OPTIONS, command)


def diff_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run that has no baseline, but for the format."""
    return _with((*_OUTPUT, *_GATE, *_RULES, *_JOBS), command)


def merge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a run that has only reports, whose rules and traces are given."""
    return _with((_FORMAT, *_FILES, _BASELINE, *_UPDATE, *_GATE, *_PLACES), command)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that decide what is in a report: baseline, rules, repository."""
    return _with((_BASELINE, _BASE, *_RULES), command)


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that decide where a finding is: configuration file, repository."""
    return _with((*_PLACES, _PATH_MAP), command)


def _with(options: Sequence[Callable[..., Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command


def time_stamp() -> str:
    """Return the time, in UTC, for the names of files."""
    return time.strftime("%Y%m%d_%H%M%S", time.gmtime())


def settings_of(
    traces: tuple[str, ...], options: Mapping[str, Any], stamp: str, defaults: Mapping[str, Any] | None = None
) -> Settings:
    """Return the settings for the options' values.

    Args:
        stamp: the time in the name of an HTML report without --output.
        defaults: override the settings' defaults.

    Raises:
        UsageError: an option or the configuration file is invalid.
    """
    values = {name: value for name, value in options.items() if name not in {"config", "reason", *FILES}}
    given = {
        **values,
        **_of_report(traces, options),
        "outputs": {name: path for name in FILES if (path := options[name])} or None,
        "accept": _accepted(options["accept"], options["reason"]) or None,
    }
    settings = load(given, options["config"], defaults=defaults, typed=True)
    if FORMATS[settings.format].is_opened and settings.output is None:
        settings = replace(settings, output=Path(f"gotracer_{stamp}.html"))
    return settings


def diff_settings(base: tuple[str, ...], head: tuple[str, ...], options: Mapping[str, Any], stamp: str) -> Settings:
    """Return the settings for comparing two sets of traces, whatever baseline the configuration file names.

    Args:
        options: those of `diff_options`, and the format.

    Raises:
        UsageError: an option or the configuration file is invalid.
    """
    without = {"baseline": None, "update_baseline": False, "accept": (), "reason": ()}
    settings = settings_of(head, {**without, **options, "base": base}, stamp)
    return replace(settings, baseline=None, accept=())


def merge_settings(options: Mapping[str, Any], stamp: str) -> Settings:
    """Return the settings for joining reports. options: those of `merge_options`.

    Raises:
        UsageError: an option or the configuration file is invalid.
    """
    given = {"base": (), "rule": (), "skip": (), "thresholds": (), "path_map": ()}
    return settings_of((), {**given, **options}, stamp)


def viewed_settings(traces: tuple[str, ...], options: Mapping[str, Any], size: int) -> Settings:
    """Return the settings for a report that only its reader gets: nothing is written, and it may be larger.

    Args:
        options: those of `report_options`.
        size: how many bytes it may have.

    Raises:
        UsageError: an option or the configuration file is invalid.
    """
    settings = load(_of_report(traces, options), options["config"], typed=True)
    return replace(
        settings,
        format="html",
        output=None,
        outputs={},
        with_tables=False,
        update_baseline=False,
        accept=(),
        html_size=size,
        html_window=None,
        # windows need what was found out while the traces were read
        jobs=1,
        executor="",
    )


def _of_report(traces: tuple[str, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide what is in a report."""
    return {
        "traces": traces or None,
        "baseline": options["baseline"],
        "base": options["base"] or None,
        "rule": options["rule"] or None,
        "skip": options["skip"] or None,
        "thresholds": dict(pair("--set", text) for text in options["thresholds"]) or None,
        "root": options["root"],
        "path_map": tuple(pair("--path-map", text) for text in options["path_map"]) or None,
    }


def place_settings(trace: str, options: Mapping[str, Any]) -> Settings:
    """Return the settings for finding out where the findings of one trace are.

    Args:
        options: those of `place_options`.

    Raises:
        UsageError: an option or the configuration file is invalid.
    """
    given = {"base": (), "rule": (), "skip": (), "thresholds": (), "baseline": None}
    settings = load(_of_report((trace,), {**given, **options}), options["config"], typed=True)
    # JSON has all groups, also those below every threshold
    return replace(settings, format="json", outputs={})


def run_and_print(
    settings: Settings,
    *,
    only_regressions: bool = False,
    test_logs: Mapping[str, Path] | None = None,
    is_diff: bool = False,
) -> Outcome:
    """Run the analysis, print the report and every problem.

    Args:
        only_regressions: without anything to compare with, nothing fails unless --fail-on is given.
        test_logs: see `pipeline.run`.
        is_diff: compare the traces with those of the base as two sides.

    Raises:
        GotracerError: there is no report.
    """
    from gotracer_ci import pipeline, progress

    with progress.shown(sys.stderr) as watch:
        outcome = pipeline.run(
            settings,
            watch,
            published=pipeline.Published(only_regressions),
            test_logs=test_logs or {},
            is_diff=is_diff,
        )
    return show(settings, outcome)


def show(settings: Settings, outcome: Outcome) -> Outcome:
    """Print the report and every problem. Return the outcome, also with what prevents the report from being written."""
    try:
        _print(outcome.report, settings.format, settings.output)
    except UsageError as unwritten:
        outcome = outcome._replace(errors=(*outcome.errors, unwritten))
    for error in outcome.errors:
        complain(error)
    return outcome


def _accepted(fingerprints: tuple[str, ...], reasons: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if fingerprints and len(reasons) == 1:
        reasons *= len(fingerprints)
    if len(reasons) != len(fingerprints):
        raise UsageError("--accept ID needs --reason TEXT: one for all, or one for each in the same order")
    return tuple(zip(fingerprints, reasons, strict=True))


def _print(report: Report, name: str, output: Path | None) -> None:
    if output is not None:
        files.write(output, FORMATS[name].render(report).encode())
        if FORMATS[name].is_opened and output.parts[:2] != ("/", "dev"):
            print_lines([str(output)])
        else:
            click.echo(f"wrote {output}", err=True)
        return
    with stdout() as stream:
        FORMATS[name].show(report, stream)
