"""One run: traces → facts → findings → verdicts → report → files. Glue, no logic of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gotracer_ci import __version__, files, inputs
from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.verdicts import Comparison
from gotracer_ci.errors import FileError, GotracerError, TraceError
from gotracer_ci.findings import Key, Severity
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.rules.merge import Traced, findings, measure
from gotracer_ci.rules.registry import all_rules, limits_of, select
from gotracer_ci.rules.rule import Rule
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace

NO_BASELINE = "no baseline: every finding counts; make one with --baseline FILE --update-baseline"

Watch = Callable[[int, int, Trace], None]
"""Told of every chunk: the trace's number, of how many, and the trace as far as it has been read."""


class Analysed(NamedTuple):
    """One trace that could be read, wholly or in part."""

    summary: TraceSummary
    traced: Traced

    @property
    def program(self) -> str:
        return self.traced.program

    @property
    def facts(self) -> Facts:
        return self.traced.facts

    @property
    def groups(self) -> TraceGroups:
        facts = self.facts
        groups = {found.key: found.statistics for found in self.traced.measured}
        return TraceGroups(Conditions(facts.go_version, facts.gomaxprocs), facts.duration_ns, groups)


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


def run(settings: Settings, watch: Watch | None = None, inside: Path | None = None) -> Outcome:
    """Analyze, compare and write.

    Args:
        watch: called as the traces are read.
        inside: write no file outside of this directory.

    Raises:
        GotracerError: nothing can be done at all: wrong settings, or no trace that can be read.
    """
    rules = select(settings.rule, settings.skip, settings.thresholds)
    # a baseline always holds all rules: what is left out of it would be new when it is asked for again
    measured = select((), (), settings.thresholds) if settings.update_baseline else rules
    for path in (*settings.outputs.values(), settings.output):
        if path is not None:
            files.check_writable(path, inside)
    names = inputs.expand(settings.traces)
    base_names = inputs.expand_base(settings.base, names)
    every = (*names, *base_names)
    repository = Repository.scan(settings.root)
    errors: list[GotracerError] = []
    traces: list[Analysed] = []
    base: list[Analysed] = []
    unread: list[TraceSummary] = []
    unread_base: list[TraceSummary] = []
    for number, name in enumerate(every, 1):
        try:
            trace = _analysed(name, repository, measured, settings, watch and partial(watch, number, len(every)))
        except TraceError as error:
            errors.append(error)
            summary = TraceSummary(_shown(name, settings.root), "", 0, 0, 0, 0, _described(error))
            (unread if number <= len(names) else unread_base).append(summary)
            continue
        (traces if number <= len(names) else base).append(trace)
        if trace.facts.damage:
            errors.append(trace.facts.damage)
    if not traces:
        raise errors[0]
    joined = _joined([*traces, *base])
    traces, base = joined[: len(traces)], joined[len(traces) :]
    notes = _notes(traces)
    comparison = _compared(traces, base, measured, settings, inside, errors, notes)
    report = Report(
        version=__version__,
        traces=(*(trace.summary for trace in traces), *unread),
        rules=tuple(rule.info for rule in rules),
        rules_known=tuple(rule.info for rule in all_rules()),
        findings=tuple(findings([trace.traced for trace in traces], rules, _flagged(comparison))),
        comparison=comparison,
        fail_on=settings.fail_severity,
        strict=settings.strict,
        notes=tuple(notes),
        top=settings.top,
        folder=repository.folder,
        base_traces=(*(trace.summary for trace in base), *unread_base),
    )
    written = _write(report, settings, inside, errors)
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
    summary = TraceSummary(
        path=_shown(name, settings.root),
        go_version=facts.go_version,
        duration_ns=facts.duration_ns,
        events=facts.events,
        goroutines=_goroutines(facts),
        gomaxprocs=facts.gomaxprocs,
        damage=_described(facts.damage) if facts.damage else None,
        program=facts.program,
    )
    return Analysed(summary, Traced(facts.program, facts, measure(rules, facts)))


def _joined(traces: Sequence[Analysed]) -> list[Analysed]:
    """A trace that does not tell what it is of is taken for one of the run's only program."""
    known = {trace.program for trace in traces if trace.program}
    only = known.pop() if len(known) == 1 else ""
    return [trace._replace(traced=trace.traced._replace(program=trace.program or only)) for trace in traces]


def _by_program(traces: Sequence[Analysed]) -> dict[str, list[Analysed]]:
    programs: dict[str, list[Analysed]] = {}
    for trace in traces:
        programs.setdefault(trace.program, []).append(trace)
    return programs


def _notes(traces: Sequence[Analysed]) -> list[str]:
    """What a reader must know of the run: of notes that differ in figures only, the first trace's."""
    notes = [note for trace in reversed(traces) for note in trace.facts.notes]
    return list({re.sub(r"[0-9]+", "", note): note for note in notes}.values())


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
    traces: Sequence[Analysed],
    base: Sequence[Analysed],
    rules: Sequence[Rule],
    settings: Settings,
    inside: Path | None,
    errors: list[GotracerError],
    notes: list[str],
) -> Comparison | None:
    """The comparison, and the update, if asked for. An invalid file is an error, but the run's results stay."""
    path = settings.baseline
    whole = [
        trace for trace in base if not trace.facts.damage
    ]  # a cut one has too low totals: all would be worse than it
    if path is None and not whole:
        notes.append(NO_BASELINE)
        return None
    from gotracer_ci.baseline.run import Request, judge

    programs = _by_program(traces)
    judged = judge(
        Request(
            path=path,
            shown=settings.baseline_name or _shown(str(path), settings.root),
            update=settings.update_baseline,
            replace=settings.replace_baseline,
            run_id=settings.run_id,
            commit=settings.commit,
            accepted=settings.accept,
            inside=inside,
        )
        if path
        else None,
        {program: [trace.groups for trace in same] for program, same in programs.items()},
        {program: _counting(same, settings.fail_severity) for program, same in programs.items()},
        {rule.name for rule in rules},
        limits_of(all_rules()),
        {program: [trace.groups for trace in same] for program, same in _by_program(whole).items()},
        is_whole=not any(trace.facts.damage for trace in traces),
    )
    errors += judged.errors
    notes += judged.notes
    return judged.comparison


def _flagged(comparison: Comparison | None) -> set[Key]:
    """Return the groups that got worse."""
    return {key for key, verdict in comparison.verdicts.items() if verdict.flagged} if comparison else set()


def _counting(traces: Sequence[Analysed], fail_on: Severity) -> set[Key]:
    """The findings that make a run fail that is not compared."""
    if fail_on is Severity.NONE:
        return set()
    return {found.key for trace in traces for found in trace.traced.measured if found.severity >= fail_on}


def _write(report: Report, settings: Settings, inside: Path | None, errors: list[GotracerError]) -> dict[str, Path]:
    written: dict[str, Path] = {}
    for name, path in settings.outputs.items():
        try:
            files.write(path, render(name, report).encode(), inside)
            written[name] = path
        except FileError as error:
            errors.append(error)
    return written
