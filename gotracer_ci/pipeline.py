"""One run: traces → facts → findings → verdicts → report → files. Glue, no logic of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import starmap
from pathlib import Path

from gotracer_ci import __version__, inputs
from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.baseline.statistics import Environment, TraceGroups
from gotracer_ci.baseline.verdicts import Comparison
from gotracer_ci.errors import BaselineError, GotracerError, TraceError, UsageError
from gotracer_ci.findings import Finding, Key, Severity, rank
from gotracer_ci.report import render
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.rules.base import Measured, Rule
from gotracer_ci.rules.registry import all_rules, select
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.model import Trace, open_trace

Watch = Callable[[int, int, Trace], None]
"""Told of every chunk: the trace's number, of how many, and the trace as far as it has been read."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """One trace that could be read, wholly or in part. program: the file that its main or test is in, "" unknown."""

    summary: TraceSummary
    groups: TraceGroups
    measured: tuple[Measured, ...]
    notes: tuple[str, ...]
    program: str
    damage: TraceError | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave. errors: what went wrong beside it, each to be printed; the results are there all the same.

    written: format → the file that was written.
    """

    report: Report
    errors: tuple[GotracerError, ...]
    written: dict[str, Path]

    @property
    def exit_code(self) -> int:
        """0 or 1 from the report; an error's own code goes before it, the first error's before the others'."""
        return self.errors[0].exit_code if self.errors else self.report.exit_code


def run(settings: Settings, watch: Watch | None = None) -> Outcome:
    """Analyses, compares and writes. watch: sees how far the reading is.

    Raises:
        GotracerError: nothing can be done at all: wrong settings, or no trace that can be read.
    """
    rules = select(settings.rule, settings.skip, settings.thresholds)
    # a baseline always holds all rules: what is left out of it would be new when it is asked for again
    measured = select((), (), settings.thresholds) if settings.update_baseline else rules
    if settings.update_baseline and settings.baseline is None:
        raise UsageError("--update-baseline needs --baseline FILE: the file to create or update")
    for path in (*settings.outputs.values(), settings.output):
        if path is not None:
            _writable(path)
    names = inputs.expand(settings.traces)
    repository = Repository.scan(settings.root)
    errors: list[GotracerError] = []
    traces: list[Analysed] = []
    for number, name in enumerate(names, 1):
        try:
            trace = _analysed(name, repository, measured, settings, watch and partial(watch, number, len(names)))
        except TraceError as error:
            errors.append(error)
            continue
        traces.append(trace)
        if trace.damage:
            errors.append(trace.damage)
    if not traces:
        raise errors[0]
    notes = _notes(traces)
    comparison = _compared(traces, measured, settings, errors, notes)
    report = Report(
        version=__version__,
        traces=tuple(trace.summary for trace in traces),
        rules=tuple(rule.info for rule in rules),
        rules_known=tuple(rule.info for rule in all_rules()),
        findings=tuple(_findings(traces, comparison, {rule.name for rule in rules})),
        comparison=comparison,
        fail_on=settings.fail_severity,
        strict=settings.strict,
        notes=tuple(notes),
        top=settings.top,
    )
    written = _write(report, settings, errors)
    return Outcome(report, tuple(errors), written)


def _analysed(
    name: str,
    repository: Repository,
    rules: Sequence[Rule],
    settings: Settings,
    watch: Callable[[Trace], None] | None,
) -> Analysed:
    trace = open_trace(name)
    trace.watch = watch
    source = SourceMap(repository, settings.path_map)
    facts = analyse(trace, source)
    if trace.events <= 2:  # the reader's own, which mark the beginning and the end
        raise trace.damage or TraceError(name, "holds no events; was the trace stopped and flushed?")
    measured = tuple(found for rule in rules for found in rule.run(facts))
    version = f"1.{trace.version}"
    summary = TraceSummary(
        path=_shown(name, settings.root),
        go_version=version,
        duration_ns=facts.duration_ns,
        events=trace.events,
        goroutines=_goroutines(facts),
        gomaxprocs=facts.gomaxprocs,
        damage=_described(trace.damage) if trace.damage else None,
    )
    groups = TraceGroups(
        Environment(version, facts.gomaxprocs), facts.duration_ns, {found.key: found.statistics for found in measured}
    )
    program = facts.anchor.path or "" if facts.anchor else ""
    return Analysed(summary, groups, measured, tuple(source.notes()), program, trace.damage)


def _notes(traces: Sequence[Analysed]) -> list[str]:
    """What a reader must know of the run: of notes that differ in figures only, the first trace's."""
    notes = list({re.sub(r"[0-9]+", "", note): note for trace in reversed(traces) for note in trace.notes}.values())
    programs = sorted({trace.program for trace in traces if trace.program})
    if len(programs) > 1:
        notes.append(
            f"the traces are of different programs ({', '.join(programs)}), but one run counts as repetitions of one: "
            "what only some of them do is not compared; give each program its own run and baseline"
        )
    return notes


def _goroutines(facts: Facts) -> int:
    return facts.goroutines.at_start + facts.goroutines.created


def _described(damage: TraceError) -> str:
    return damage.problem if damage.offset is None else f"{damage.problem}, at byte {damage.offset:,}"


def _shown(name: str, root: Path) -> str:
    """A path relative to the root where it is below it: no report holds an absolute path of the machine by chance."""
    if name == "-":
        return name
    try:
        return Path(os.path.abspath(name)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        return Path(name).as_posix()


def _compared(
    traces: Sequence[Analysed], rules: Sequence[Rule], settings: Settings, errors: list[GotracerError], notes: list[str]
) -> Comparison | None:
    """The comparison, and the update, if asked for. An invalid file is an error, but the run's results stay."""
    path = settings.baseline
    if path is None:
        notes.append("no baseline: every finding counts; make one with --baseline FILE --update-baseline")
        return None
    from gotracer_ci.baseline import schema
    from gotracer_ci.baseline.compare import compare
    from gotracer_ci.baseline.update import mixed, update

    shown = _shown(str(path), settings.root)
    current = [trace.groups for trace in traces]
    names = {rule.name for rule in rules}
    try:
        old = None if settings.replace_baseline or not _exists(path) else schema.load(path)
        if not settings.update_baseline:
            if old is not None:
                return compare(current, old, shown, names)
            notes.append(f"no baseline at {shown} yet: every finding counts; make it with --update-baseline")
            return None
        if any(trace.damage for trace in traces):
            raise BaselineError(f"{path}: not updated: a trace is cut or broken, and its totals would be too low")
        new = update(old, current, settings.run_id, settings.commit, replace=settings.replace_baseline)
        if new != old:
            schema.save(path, new)
            notes.append(f"{shown} was {'created' if old is None else 'updated'}; commit it")
        else:
            notes.append(f"{shown} holds this run already and was not changed")
        if warning := mixed(new):
            notes.append(warning)
        # an update accepts what it sees: nothing that is in the file now is new or worse
        return compare(current, new, shown, names)
    except BaselineError as error:
        errors.append(error)
        notes.append(f"not compared with a baseline: {error}")
        return None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _findings(traces: Sequence[Analysed], comparison: Comparison | None, rules: set[str]) -> Iterable[Finding]:
    """One finding for each key over all traces, ranked: those above a threshold, and those that got worse."""
    flagged = {key for key, verdict in comparison.verdicts.items() if verdict.flagged} if comparison else set()
    found: dict[Key, list[tuple[int, Measured]]] = {}
    for index, trace in enumerate(traces):
        for measured in trace.measured:
            if measured.key.rule in rules and (measured.severity > Severity.NONE or measured.key in flagged):
                found.setdefault(measured.key, []).append((index, measured))
    return sorted(starmap(_merged, ((key, same) for key, same in found.items())), key=rank)


def _merged(key: Key, same: Sequence[tuple[int, Measured]]) -> Finding:
    """The worst trace's finding, with the figures of the trace that it comes from."""
    index, worst = max(same, key=lambda pair: (pair[1].severity, pair[1].statistics.maximum, -pair[0]))
    finding = worst.describe()
    if len(same) == 1:
        return replace(finding, trace=index)
    others = f"In {len(same)} traces; the figures are those of the worst (number {index + 1})."
    return replace(finding, trace=index, detail=f"{finding.detail}\n{others}")


def _writable(path: Path) -> None:
    """Fails before the work is done, not after."""
    folder = path.parent
    nearest = next((p for p in (folder, *folder.parents) if p.exists()), Path())
    if not nearest.is_dir():
        raise UsageError(f"{path}: cannot be written: {nearest} is not a folder")
    if path.is_dir():
        raise UsageError(f"{path}: cannot be written: it is a folder")
    if not os.access(nearest, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UsageError(f"{path}: cannot be written: permission denied")


def _write(report: Report, settings: Settings, errors: list[GotracerError]) -> dict[str, Path]:
    written: dict[str, Path] = {}
    for name, path in settings.outputs.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(name, report), encoding="utf-8", newline="\n")
            written[name] = path
        except OSError as error:
            errors.append(UsageError(f"{path}: cannot be written: {error.strerror}"))
    return written
