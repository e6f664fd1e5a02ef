"""`gotracer-ci baseline`: show, check, compare, merge and prune the baseline file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import has_magic
from pathlib import Path

import click

from gotracer_ci.baseline import evidence, schema
from gotracer_ci.baseline.creep import creeping
from gotracer_ci.baseline.limit_changes import between
from gotracer_ci.baseline.measurements import Conditions
from gotracer_ci.baseline.merge import sides, unite, unite_all
from gotracer_ci.baseline.programs import part_of, with_program
from gotracer_ci.baseline.records import Baseline, Entry, Group, Part
from gotracer_ci.baseline.update import mixed
from gotracer_ci.baseline.verdicts import NEEDED_JOBS
from gotracer_ci.commands.output import complain, print_lines, stdout, write_data
from gotracer_ci.commands.usage import FILE, CommandGroup, file_names
from gotracer_ci.errors import EXIT_CLEAN, GotracerError, UsageError
from gotracer_ci.findings import Key
from gotracer_ci.globs import matching
from gotracer_ci.limits import MS, Limits, limit_of
from gotracer_ci.report import markup
from gotracer_ci.report.changes import limits as limits_changed
from gotracer_ci.report.safe import clean
from gotracer_ci.report.table import print_rows
from gotracer_ci.rules.registry import all_rules, limits_of
from gotracer_ci.settings import BASELINE_FILE
from gotracer_ci.text import duration, go_releases, plural, quantity

_ENTRY = ("JOB", "COMMIT", "GO", "GOMAXPROCS", "TRACES", "LENGTH", "WORK")
_GROUP = ("RULE", "KIND", "PLACE", "VALUES", "TESTS", "REMARK")
_NAMED = 3
_CONFLICT = 1
"""What git expects of a merge driver that found a conflict."""

_file = click.argument("file", type=FILE, default=Path(BASELINE_FILE), metavar="[FILE]")


@click.group(cls=CommandGroup, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def command(context: click.Context) -> None:
    """Manage the baseline file.

    FILE is .gotracer-ci/baseline.json by default.

    \b
    Example:
      gotracer-ci baseline show
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        raise UsageError("no command given")


@command.command()
@_file
def show(file: Path) -> None:
    """Show the programs, jobs and groups of a baseline.

    \b
    Example:
      gotracer-ci baseline show .gotracer-ci/baseline.json
    """
    parts = sorted(schema.load(file).parts.items())
    limits = limits_of(all_rules())
    with stdout() as stream:
        for program, part in parts:
            title = f"{program or 'a program without a name'}: {_holds(part)}"
            print_rows(title, _ENTRY, [_entry(entry) for entry in part.entries], stream)
            if part.groups:
                rows = [_group(key, group, limits) for key, group in sorted(part.groups.items())]
                print_rows("groups", _GROUP, rows, stream)


@command.command()
@_file
@click.argument("traces", nargs=-1, metavar="[TRACE]...", shell_complete=file_names)
def check(file: Path, traces: tuple[str, ...]) -> None:
    """Check that a baseline is valid and up to date.

    With traces, also check that they are comparable with the baseline.

    \b
    Example:
      gotracer-ci baseline check .gotracer-ci/baseline.json trace.out

    Exit codes: 0 valid, with or without warnings, 2 a trace that cannot be read, 3 invalid.
    """
    print_lines(check_file(file, traces))


@command.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write to FILE [default: stdout].")
def diff(old: Path, new: Path, output: Path | None) -> None:
    """Compare two baselines, as Markdown for a pull request.

    Lists the jobs, the groups and the limits that differ. If OLD does not exist, all of NEW is new.

    \b
    Example:
      gotracer-ci baseline diff .gotracer-ci/baseline.json new.json -o changes.md
    """
    write_data(diff_files(old, new), output)


@command.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write to FILE [default: stdout, or the only file].")
@click.option("--driver", type=FILE, metavar="BASE", help="Run as git's merge driver: BASE is the common ancestor.")
def merge(files: tuple[Path, ...], output: Path | None, driver: Path | None) -> int:
    """Merge baselines, or resolve a conflicted one.

    FILE is a file or a glob. A job that several files have counts once, and the order of the files does not matter.
    With --driver the result is written to the first of two files.

    \b
    Example:
      gotracer-ci baseline merge 'parts/*.json' -o .gotracer-ci/baseline.json
    """
    try:
        target = output or (files[0] if driver or len(files) == 1 else None)
        if target is not None:
            with schema.updating(target):
                schema.save(target, merge_files(files, driver))
            return EXIT_CLEAN
        united = merge_files(files, driver)
    except GotracerError as error:
        if driver is None:
            raise
        complain(error)
        return _CONFLICT
    with stdout() as stream:
        stream.write(schema.dump(united))
    return EXIT_CLEAN


@command.command()
@_file
@click.option("--program", multiple=True, metavar="NAME", help="Remove this program too (repeatable).")
def prune(file: Path, program: tuple[str, ...]) -> None:
    """Remove entries that no longer apply.

    Rewrites the file in the current schema.

    \b
    Example:
      gotracer-ci baseline prune --program example.com/old
    """
    print_lines([prune_file(file, program)])


def check_file(path: Path, traces: Sequence[str]) -> list[str]:
    """Return one line that summarizes a valid file, then one line per warning.

    Args:
        traces: traces to be compared with it.

    Raises:
        GotracerError: the file is not a baseline, or a trace cannot be read.
    """
    text = schema.read(path)
    baseline = schema.parse(text, path)
    limits = limits_of(all_rules())
    schema.check_units(baseline, limits, path)
    jobs = {entry.id for part in baseline.parts.values() for entry in part.entries}
    groups = sum(len(part.groups) for part in baseline.parts.values())
    holds = (plural(len(baseline.parts), "program"), plural(len(jobs), "job"), plural(groups, "group"))
    warnings = [] if schema.dump(baseline) == text else [
        "edited or of an older schema; the next update or baseline prune rewrites it"
    ]  # fmt: skip
    for program, part in sorted(baseline.parts.items()):
        warnings += (with_program(line, program, baseline.parts) for line in _stale(part, limits))
    if "" in baseline.parts and len(baseline.parts) > 1:
        warnings.append("one of its programs has no name, so no run is compared with that one")
    if traces:
        warnings += _unlike(baseline, traces)
    return [f"{path}: valid: {', '.join(holds)}", *(clean(f"{path}: warning: {line}") for line in warnings)]


def diff_files(old: Path, new: Path) -> str:
    """Return Markdown that says what differs between two files. Everything is new if the old one does not exist.

    Raises:
        GotracerError: a file is not a baseline.
    """
    after = schema.load(new)
    before = schema.load(old) if os.path.lexists(old) else None
    text = limits_changed(between(before or Baseline({}), after, limits_of(all_rules())))
    return text if before else f"There is no {markup.code(str(old))} yet.\n\n{text}"


def merge_files(files: Sequence[Path], base: Path | None = None) -> Baseline:
    """Merge files, or the two sides of one file with conflict markers.

    Args:
        files: files and globs.
        base: the common ancestor of two files; an empty file if there is none.

    Raises:
        GotracerError: the files cannot be merged.
    """
    if base:
        if len(files) != 2:
            raise UsageError("baseline merge --driver: name two files, as git does")
        text = schema.read(base)
        ancestor = schema.parse(text, base) if text.strip() else None
        return unite(schema.load(files[0]), schema.load(files[1]), ancestor)
    named = [match for file in files for match in _matching(file)]
    if named != [*files[:1]]:
        return unite_all({str(file): schema.load(file) for file in named})
    text = schema.read(named[0])
    if not schema.has_markers(text):
        raise UsageError(f"{named[0]}: no conflict markers; name a second file to merge it with")
    return unite(*sides(text, named[0]))


def _matching(file: Path) -> list[Path]:
    """Return the files that a glob matches, sorted, or the file itself."""
    if file.exists() or not has_magic(str(file)):
        return [file]
    found = sorted(Path(match) for match in matching(str(file)) if Path(match).is_file())
    if not found:
        raise UsageError(f"{file}: no file matches this glob, so there is nothing to merge")
    return found


def prune_file(path: Path, programs: Sequence[str]) -> str:
    """Remove the groups that are no longer compared and rewrite the file. Return a one-line summary.

    Args:
        programs: programs to remove entirely.

    Raises:
        GotracerError: the file is not a baseline, cannot be written, or has no such program.
    """
    with schema.updating(path):
        return _prune(path, programs)


def _prune(path: Path, programs: Sequence[str]) -> str:
    text = schema.read(path)
    old = schema.parse(text, path)
    if unknown := sorted(set(programs) - old.parts.keys()):
        raise UsageError(f"--program {unknown[0]}: {path} has {', '.join(sorted(old.parts))}")
    limits = limits_of(all_rules())
    parts = {program: _pruned(part, limits) for program, part in old.parts.items() if program not in programs}
    if not parts:
        raise UsageError(f"--program: {path} has no other program; delete the file instead")
    new = Baseline(parts)
    if schema.dump(new) == text:
        return f"{path}: nothing to prune"
    schema.save(path, new)
    dropped = sum(len(part.lines) for part in old.parts.values()) - sum(len(part.lines) for part in parts.values())
    return f"{path}: removed {plural(dropped, 'group')} of {plural(len(old.parts), 'program')}"


def _pruned(part: Part, limits: Limits) -> Part:
    groups = {key: group for key, group in part.groups.items() if limit_of(limits, key) and group.first}
    lines = {key: unit for key, unit in part.lines.items() if key in groups}
    return replace(part, groups=groups, lines=lines, work=part.done)


def _holds(part: Part) -> str:
    return f"{plural(len(part.entries), 'job')}, {plural(len(part.groups), 'group')}"


def _entry(entry: Entry) -> tuple[str, ...]:
    commit = entry.commit[:10]
    return (
        entry.id,
        commit,
        go_releases(entry.go),
        str(entry.gomaxprocs),
        str(entry.traces),
        duration(entry.wall_ms * MS),
        _list([f"{name} {times:,}" for name, times in entry.work]),
    )


def _group(key: Key, group: Group, limits: Limits) -> tuple[str, ...]:
    values = ", ".join("-" if value is None else quantity(value, group.unit) for value in group.values)
    largest = sorted(group.shares, key=lambda share: (not share[0], -share[1]))
    tests = _list([f"{test or 'others'} {quantity(part, 'ratio')}" for test, part in largest])
    remark = "" if limit_of(limits, key) else "no longer compared"
    return (key.rule, key.kind, key.place, values, tests, f"accepted: {group.accepted}" if group.accepted else remark)


def _list(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - _NAMED:,} more" if len(texts) > _NAMED else ""
    return f"{', '.join(texts[:_NAMED])}{more}"


def _stale(part: Part, limits: Limits) -> Iterator[str]:
    if len(part.entries) < NEEDED_JOBS:
        yield f"{plural(len(part.entries), 'job')}: with fewer than {NEEDED_JOBS}, a slower run is only suspected"
    if warning := mixed(part):
        yield warning
    newer = part.without({rule for rule, _ in limits})
    if none := sorted(rule for rule, without in newer.items() if len(without) == len(part.entries)):
        yield f"no job measured {', '.join(none)}; the next update adds what they compare"
    yield from creeping(part, limits)
    old = [key for key in sorted(part.groups) if limit_of(limits, key) is None]
    if old:
        yield f"{plural(len(old), 'group')} no longer compared, first of {old[0].rule}; baseline prune removes them"


def _unlike(baseline: Baseline, traces: Sequence[str]) -> Iterator[str]:
    """Yield how the traces differ from those in the baseline."""
    from gotracer_ci import pipeline
    from gotracer_ci.settings import load

    # Use the configuration file only to read the traces.
    settings = load({"traces": tuple(traces)}, typed=True)
    outcome = pipeline.run(replace(settings, baseline=None, update_baseline=False, accept=(), base=(), outputs={}))
    if outcome.errors:
        raise outcome.errors[0]
    known = {trace.program for trace in outcome.report.traces}
    for trace in outcome.report.traces:
        name = part_of(baseline, trace.program, known)
        if name is None:
            yield f"{trace.path}: the baseline has no data for its program, {trace.program or 'which has no name'}"
            continue
        conditions = Conditions(trace.go_version, trace.gomaxprocs)
        for warning in evidence.warnings(baseline.parts[name], conditions, trace.duration_ns):
            yield f"{trace.path}: {warning}"
