"""What `gotracer-ci baseline` does with the file: shows, checks, unites and prunes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from gotracer_ci.baseline import evidence, schema
from gotracer_ci.baseline.creep import creeping
from gotracer_ci.baseline.criteria import NEEDED_JOBS
from gotracer_ci.baseline.measurements import MS, Conditions, limit_of
from gotracer_ci.baseline.merge import sides, unite
from gotracer_ci.baseline.programs import part_of, told
from gotracer_ci.baseline.records import Baseline, Entry, Group, Part
from gotracer_ci.baseline.update import mixed
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key
from gotracer_ci.report.table import print_rows
from gotracer_ci.report.text import clean, duration, go, plural, quantity

_ENTRY = ("JOB", "COMMIT", "GO", "GOMAXPROCS", "TRACES", "LENGTH")
_GROUP = ("RULE", "KIND", "PLACE", "VALUES", "REMARK")


def show(path: Path, stream: TextIO) -> None:
    """Write what a file holds, for people.

    Raises:
        BaselineError: it is no baseline.
    """
    for program, part in sorted(schema.load(path).parts.items()):
        title = f"{program or 'a program without a name'}: {_holds(part)}"
        print_rows(title, _ENTRY, [_entry(entry) for entry in part.entries], stream)
        if part.groups:
            print_rows("groups", _GROUP, [_group(key, group) for key, group in sorted(part.groups.items())], stream)


def check(path: Path, traces: Sequence[str]) -> list[str]:
    """What is to be said of a valid file, the first line that it is one.

    Args:
        traces: if any, those that it is going to be compared with.

    Raises:
        GotracerError: it is no baseline, or a trace cannot be read.
    """
    text = schema.read(path)
    baseline = schema.parse(text, path)
    jobs = {entry.id for part in baseline.parts.values() for entry in part.entries}
    groups = sum(len(part.groups) for part in baseline.parts.values())
    holds = (plural(len(baseline.parts), "program"), plural(len(jobs), "job"), plural(groups, "group"))
    warnings = [] if schema.dump(baseline) == text else [
        "not as this gotracer-ci writes it: of an older schema, or edited; the next update or baseline prune writes it"
    ]  # fmt: skip
    for program, part in sorted(baseline.parts.items()):
        warnings += (told(line, program, baseline.parts) for line in _stale(part))
    if "" in baseline.parts and len(baseline.parts) > 1:
        warnings.append("it has a part without a program's name beside others: no run is compared with that one")
    if traces:
        warnings += _unlike(baseline, traces)
    return [f"{path}: valid: {', '.join(holds)}", *(clean(f"{path}: warning: {line}") for line in warnings)]


def merge(files: Sequence[Path], base: Path | None = None) -> Baseline:
    """Two files in one; or one file in which git left a conflict.

    Args:
        base: what both files were made from; an empty file where there was none.

    Raises:
        GotracerError: they cannot be united.
    """
    if len(files) == 2:
        ours, theirs = (schema.load(file) for file in files)
        text = schema.read(base) if base else ""
        return unite(ours, theirs, schema.parse(text, base) if base and text.strip() else None)
    if len(files) != 1:
        raise UsageError("baseline merge: name two files, or one with git's conflict markers in it")
    text = schema.read(files[0])
    if not schema.has_markers(text):
        raise UsageError(f"{files[0]}: has no conflict markers; name the file to unite it with as well")
    return unite(*sides(text, files[0]))


def prune(path: Path, programs: Sequence[str]) -> str:
    """Take out of a file what nothing is compared with, and write it in the current schema. Says what was done.

    Args:
        programs: those whose parts go as well.

    Raises:
        GotracerError: it is no baseline or cannot be written, or has no such program.
    """
    text = schema.read(path)
    old = schema.parse(text, path)
    if unknown := sorted(set(programs) - old.parts.keys()):
        raise UsageError(f"--program {unknown[0]}: {path} has {', '.join(sorted(old.parts))}")
    parts = {program: _pruned(part) for program, part in old.parts.items() if program not in programs}
    if not parts:
        raise UsageError(f"--program: {path} has no other program; delete the file instead")
    new = Baseline(parts)
    if schema.dump(new) == text:
        return f"{path}: nothing to prune"
    schema.save(path, new)
    dropped = sum(len(part.lines) for part in old.parts.values()) - sum(len(part.lines) for part in parts.values())
    return f"{path}: written without {plural(dropped, 'group')} of {plural(len(old.parts), 'program')}"


def _pruned(part: Part) -> Part:
    groups = {key: group for key, group in part.groups.items() if limit_of(key) and group.first}
    return replace(part, groups=groups, lines={key: unit for key, unit in part.lines.items() if key in groups})


def _holds(part: Part) -> str:
    return f"{plural(len(part.entries), 'job')}, {plural(len(part.groups), 'group')}"


def _entry(entry: Entry) -> tuple[str, ...]:
    commit = entry.commit[:10]
    return (entry.id, commit, go(entry.go), str(entry.gomaxprocs), str(entry.traces), duration(entry.wall_ms * MS))


def _group(key: Key, group: Group) -> tuple[str, ...]:
    values = ", ".join("-" if value is None else quantity(value, group.unit) for value in group.values)
    accepted = f"accepted: {group.accepted}" if group.accepted else ""
    return (key.rule, key.kind, key.place, values, accepted or ("" if limit_of(key) else "not compared any more"))


def _stale(part: Part) -> Iterator[str]:
    if len(part.entries) < NEEDED_JOBS:
        yield f"{plural(len(part.entries), 'job')}: with less than {NEEDED_JOBS}, a slower run alone is only suspected"
    if warning := mixed(part):
        yield warning
    yield from creeping(part)
    old = [key for key in sorted(part.groups) if limit_of(key) is None]
    if old:
        yield f"{plural(len(old), 'group')} not compared any more, first of {old[0].rule}: baseline prune drops them"


def _unlike(baseline: Baseline, traces: Sequence[str]) -> Iterator[str]:
    """In what the traces differ from those that the baseline is made of."""
    from gotracer_ci import pipeline
    from gotracer_ci.settings import load

    # of the configuration file only what says how to read traces
    settings = load({"traces": tuple(traces)}, typed=True)
    outcome = pipeline.run(replace(settings, baseline=None, update_baseline=False, accept=(), base=(), outputs={}))
    if outcome.errors:
        raise outcome.errors[0]
    known = {trace.program for trace in outcome.report.traces}
    for trace in outcome.report.traces:
        name = part_of(baseline, trace.program, known)
        if name is None:
            yield f"{trace.path}: the baseline holds nothing of its program, {trace.program or 'which has no name'}"
            continue
        conditions = Conditions(trace.go_version, trace.gomaxprocs)
        for warning in evidence.warnings(baseline.parts[name], conditions, trace.duration_ns):
            yield f"{trace.path}: {warning}"
