"""One run: traces → facts → findings → verdicts → report → files. Glue, no logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from gotracer_ci import __version__, files, inputs
from gotracer_ci.analysis.facts import analyse
from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.verdicts import Judged
from gotracer_ci.errors import FileError, GotracerError, TraceError
from gotracer_ci.notes import NO_BASELINE, NOTHING_TO_COMPARE, Note, NoteKind, distinct
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report, Row, Tables, TraceSummary
from gotracer_ci.rules.merge import (
    Traced,
    above_threshold,
    by_program,
    findings,
    measure,
    places_of,
    tests_of,
    with_programs,
)
from gotracer_ci.rules.registry import all_rules, limits_of, select
from gotracer_ci.rules.rule import Rule
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository, nearest
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace

Watch = Callable[[int, int, Trace], None]
"""Called for every chunk with the trace's number, the number of traces, and the trace."""


class Published(NamedTuple):
    """How the report of an action's run differs from that of a command.

    only_regressions: without anything to compare with, nothing fails, unless `fail_on` is set explicitly.
    all_alerts: systems that keep alerts get all findings above the thresholds. run: the URL of the workflow run.
    """

    only_regressions: bool = False
    all_alerts: bool = False
    run: str = ""


_AS_COMMAND = Published()


class _Read(NamedTuple):
    """One trace.

    traced: None if it could not be read at all. error: the problem with it, or None. tables: what tables of it are made
    of, by their names; None without tables.
    """

    summary: TraceSummary
    traced: Traced | None
    error: TraceError | None
    tables: Mapping[str, Any] | None = None


class Outcome(NamedTuple):
    """The results of a run. errors: problems that did not prevent the results, each to be shown.

    notes: the report's notes with their kinds. written: format → the file that was written. root: the directory that
    the report's paths are relative to.
    """

    report: Report
    errors: tuple[GotracerError, ...]
    notes: tuple[Note, ...]
    written: dict[str, Path]
    root: Path

    @property
    def exit_code(self) -> int:
        """The exit code of the first error, or else 0 or 1 from the report."""
        return self.errors[0].exit_code if self.errors else self.report.exit_code


def check(settings: Settings, inside: Path | None = None) -> Sequence[Rule]:
    """Return the rules of a run, after checking that its reports can be written.

    Raises:
        UsageError: an unknown rule or threshold, or a file that cannot be written.
    """
    rules = select(settings.rule, settings.skip, settings.thresholds, settings.objective)
    for path in (*settings.outputs.values(), settings.output):
        if path is not None:
            files.check_writable(path, inside)
    return rules


def run(
    settings: Settings, watch: Watch | None = None, inside: Path | None = None, published: Published = _AS_COMMAND
) -> Outcome:
    """Analyze the traces, compare them and write the reports.

    Args:
        watch: called while the traces are read.
        inside: write no file outside this directory.
        published: how the report is published.

    Raises:
        GotracerError: there are no results: wrong settings, or no trace that can be read.
    """
    rules = check(settings, inside)
    # A baseline always contains all rules: otherwise findings of a skipped rule would be new in the next run.
    measured = select((), (), settings.thresholds, settings.objective) if settings.update_baseline else rules
    found = inputs.find(settings.traces, settings.base)
    settings = replace(settings, root=nearest(settings.root, found.traces))
    every = (*found.traces, *found.base)
    repository = Repository.at(settings.root)
    read = [
        _read(
            name,
            repository,
            measured,
            settings,
            watch and partial(watch, number, len(every)),
            has_tables=settings.needs_tables and number <= len(found.traces),
        )
        for number, name in enumerate(every, 1)
    ]
    errors: list[GotracerError] = [one.error for one in read if one.error]
    head, base = read[: len(found.traces)], read[len(found.traces) :]
    if not any(one.traced for one in head):
        raise errors[0]
    traces, base_traces = with_programs(_traced(head), _traced(base))
    judged = _judge(traces, base_traces, measured, settings, inside)
    only_regressions = published.only_regressions and settings.fail_on is None
    of_reference = [NOTHING_TO_COMPARE if note is NO_BASELINE and only_regressions else note for note in judged.notes]
    notes = (
        *found.notes(settings.root),
        *distinct(note for trace in traces for note in trace.facts.notes),
        *(note for rule in rules for note in rule.notes([trace.facts for trace in traces])),
        *of_reference,
    )
    report = Report(
        version=__version__,
        traces=_summaries(head),
        rules=tuple(rule.info for rule in rules),
        rules_known=tuple(rule.info for rule in all_rules()),
        tables=_tables(head) if settings.needs_tables else None,
        findings=tuple(findings(traces, rules, judged.comparison.flagged if judged.comparison else ())),
        comparison=judged.comparison,
        uncompared=any(note.kind is NoteKind.UNCOMPARED for note in judged.notes),
        fail_on=settings.fail_severity,
        strict=settings.strict,
        only_regressions=only_regressions,
        notes=tuple(note.text for note in notes),
        top=settings.top,
        folder=repository.directory(inside),
        base_traces=_summaries(base),
        all_alerts=published.all_alerts,
        commit=settings.commit,
        run=published.run,
    )
    written, unwritten = _write(report, settings.outputs, inside)
    return Outcome(report, (*errors, *judged.errors, *unwritten), notes, written, settings.root)


def _read(
    name: str,
    repository: Repository,
    rules: Sequence[Rule],
    settings: Settings,
    watch: Callable[[Trace], None] | None,
    *,
    has_tables: bool,
) -> _Read:
    shown = inputs.shown(name, settings.root)
    try:
        trace = open_trace(name)
        trace.watch = watch
        source = SourceMap(repository, settings.path_map)
        more: Mapping[str, Analysis[Any]] = {}
        if has_tables:
            from gotracer_ci.tables.included import analyses

            more = analyses(trace)
        timed = frozenset().union(*(rule.timed for rule in rules))
        facts = analyse(trace, source, analyses=tuple(more.values()), timed=timed)
        stacks = Stacks(trace.tables, source, trace.version)
        tables = {name: analysis.result(trace, stacks) for name, analysis in more.items()}
    except (TraceError, MemoryError) as problem:
        error = problem if isinstance(problem, TraceError) else TraceError(name, "needs more memory than there is")
        return _Read(TraceSummary(shown, "", 0, 0, 0, 0, error.damage), None, error)
    summary = TraceSummary(
        path=shown,
        go_version=facts.go_version,
        duration_ns=facts.duration_ns,
        events=facts.events,
        goroutines=facts.goroutines.at_start + facts.goroutines.created,
        gomaxprocs=facts.gomaxprocs,
        damage=facts.damage.damage if facts.damage else None,
        program=facts.program,
    )
    traced = Traced(facts.program, facts, measure(rules, facts))
    return _Read(summary, traced, facts.damage, tables if has_tables else None)


def _tables(read: Iterable[_Read]) -> Tables:
    from gotracer_ci.tables.included import rows

    made = rows([(one.summary.path, one.tables) for one in read if one.tables is not None])
    return Tables(**{name: tuple(map(Row, table)) for name, table in made.items()})


def _traced(read: Iterable[_Read]) -> list[Traced]:
    return [one.traced for one in read if one.traced]


def _summaries(read: Sequence[_Read]) -> tuple[TraceSummary, ...]:
    """Summarize the traces. Unreadable ones come last, because findings refer to the others by index."""
    return tuple(one.summary for one in sorted(read, key=lambda one: one.traced is None))


def _judge(
    traces: Sequence[Traced], base: Sequence[Traced], rules: Sequence[Rule], settings: Settings, inside: Path | None
) -> Judged:
    path = settings.baseline
    # The totals of a damaged trace are too low, so every later run would be worse.
    whole = [trace for trace in base if not trace.facts.damage]
    if path is None and not whole:
        return Judged(None, [NO_BASELINE])
    from gotracer_ci.baseline.run import Candidate, Request, judge

    request = (
        Request(
            path=path,
            shown=settings.baseline_name or inputs.shown(str(path), settings.root),
            update=settings.update_baseline,
            replace=settings.replace_baseline,
            run_id=settings.run_id,
            commit=settings.commit,
            accepted=settings.accept,
            inside=inside,
        )
        if path
        else None
    )
    run = Candidate(
        runs=_groups(traces),
        found=above_threshold(traces, {rule.name for rule in rules if not rule.absolute}),
        rules={rule.name for rule in rules},
        limits=limits_of(all_rules()),
        base=_groups(whole),
        is_whole=not any(trace.facts.damage for trace in traces),
    )
    return judge(request, run)


def _groups(traces: Sequence[Traced]) -> dict[str, list[TraceGroups]]:
    """Return the traces' groups by program, as the baseline compares them."""
    return {program: [trace_groups(trace) for trace in same] for program, same in by_program(traces).items()}


def trace_groups(trace: Traced) -> TraceGroups:
    """Return the groups of a trace, as the baseline compares them."""
    return TraceGroups(
        Conditions(trace.facts.go_version, trace.facts.gomaxprocs),
        trace.facts.duration_ns,
        {found.key: found.statistics for found in trace.measured},
        trace.facts.tests.ran,
        frozenset(trace.facts.tests.names),
        trace.facts.tests.timed,
        partial(tests_of, trace),
        partial(places_of, trace),
        trace.facts.tests.work,
        {found.key: found.by_test for found in trace.measured if found.by_test},
        {found.key: found.lengths for found in trace.measured if found.lengths},
    )


def _write(
    report: Report, outputs: Mapping[str, Path], inside: Path | None
) -> tuple[dict[str, Path], list[GotracerError]]:
    written: dict[str, Path] = {}
    errors: list[GotracerError] = []
    for name, path in outputs.items():
        try:
            files.write(path, render(name, report).encode(), inside)
            written[name] = path
        except FileError as error:
            errors.append(error)
    return written, errors
