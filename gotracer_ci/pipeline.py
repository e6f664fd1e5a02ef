"""One run: traces → facts → findings → verdicts → report → files. Glue, no logic of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from gotracer_ci import __version__, files, inputs, reading
from gotracer_ci.analysis.reading import read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.baseline.measurements import Candidate, Conditions, TraceGroups
from gotracer_ci.baseline.verdicts import Judged
from gotracer_ci.errors import FileError, GotracerError, TraceError, UsageError
from gotracer_ci.explanations import again, explained
from gotracer_ci.findings import Finding
from gotracer_ci.notes import NO_BASELINE, NOTHING_TO_COMPARE, Note, NoteKind, distinct
from gotracer_ci.reading import Read, Task, rules_of
from gotracer_ci.report import view
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report, Row, Tables, TraceSummary
from gotracer_ci.report.page_size import PageSize
from gotracer_ci.report.picture import Pictures
from gotracer_ci.rules.merge import above_threshold, by_program, findings, programs_of
from gotracer_ci.rules.registry import all_rules, limits_of, select
from gotracer_ci.rules.rule import Rule
from gotracer_ci.rules.traced import Traced, notes_of
from gotracer_ci.settings import Settings
from gotracer_ci.shelf import Shelf
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository, nearest
from gotracer_ci.trace.open import STDIN, open_trace
from gotracer_ci.trace.reader import Seen, Trace

Watch = Callable[[int, int, Trace | Seen], None]
"""Called for every chunk with the trace's number, the number of traces, and the trace or how far it has been read."""


_ABOUT_FILES: Final = (NoteKind.UNMAPPED, NoteKind.CHANGED, NoteKind.PARTIAL)
"""What is not said of two sets of traces: they need no repository, and at most one of them is of the checkout."""


class Published(NamedTuple):
    """How the report of an action's run differs from that of a command.

    only_regressions: without anything to compare with, nothing fails, unless `fail_on` is set explicitly.
    all_alerts: systems that keep alerts get all findings above the thresholds. run: the URL of the workflow run.
    """

    only_regressions: bool = False
    all_alerts: bool = False
    run: str = ""


_AS_COMMAND = Published()
_NO_LOGS: Mapping[str, Path] = {}


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
    check_outputs(settings, inside)
    return rules


def check_outputs(settings: Settings, inside: Path | None = None) -> None:
    """Check that the reports can be written.

    Raises:
        UsageError: one of the files cannot be written, or is named twice.
    """
    named: dict[str, str] = {}
    for option, path in (*settings.outputs.items(), ("output", settings.output)):
        if path is None:
            continue
        files.check_writable(path, inside)
        other = named.setdefault(os.path.abspath(path), option)
        if other != option and (path.is_file() or not path.exists()):
            raise UsageError(f"{path}: {other} and {option} cannot both be written to it; name another file for one")


def run(
    settings: Settings,
    watch: Watch | None = None,
    inside: Path | None = None,
    published: Published = _AS_COMMAND,
    test_logs: Mapping[str, Path] = _NO_LOGS,
    *,
    is_diff: bool = False,
) -> Outcome:
    """Analyze the traces, compare them and write the reports.

    Args:
        watch: called while the traces are read.
        inside: write no file outside this directory.
        published: how the report is published.
        test_logs: by the trace's name, the log of `go test -json` with the exact names of its tests.
        is_diff: compare the traces with those of the base as two sides, without a baseline (see `baseline.sides`).

    Raises:
        GotracerError: there are no results: wrong settings, or no trace that can be read.
    """
    rules = check(settings, inside)
    measured = rules_of(settings) if settings.update_baseline else rules
    found = inputs.sides(settings.base, settings.traces) if is_diff else inputs.find(settings.traces, settings.base)
    every = (*found.traces, *found.base)
    settings = replace(settings, root=nearest(settings.root, found.traces), jobs=min(settings.jobs, len(every)))
    repository = Repository.at(settings.root)
    tasks = [
        # standard input cannot be read twice
        Task(
            name,
            inputs.shown(name, settings.root),
            is_base=number >= len(found.traces),
            has_detail=len(every) == 1 or name == STDIN,
            log=test_logs.get(name),
        )
        for number, name in enumerate(every)
    ]
    read = _read(tasks, repository, measured, settings, watch)
    errors: list[GotracerError] = [one.error for one in read if one.error]
    head, base = read[: len(found.traces)], read[len(found.traces) :]
    if not any(one.traced for one in head):
        raise errors[0]
    traces, base_traces = _with_programs(head, base)
    for side, ours in (("base", base), ("head", head)) if is_diff else ():
        if all(one.error for one in ours):
            raise UsageError(f"nothing to compare: the {side} has no complete trace; {ours[0].error}")
    judged = judge(_candidate(traces, base_traces, measured, is_diff=is_diff), settings, inside, is_diff=is_diff)
    only_regressions = published.only_regressions and settings.fail_on is None
    of_traces = (
        *found.notes(settings.root),
        *distinct(note for trace in traces for note in trace.notes if not (is_diff and note.kind in _ABOUT_FILES)),
        *notes_of(traces, rules),
    )
    notes = (*of_traces, *of_reference(judged, only_regressions=only_regressions))
    shown = findings(traces, rules, judged.comparison.flagged if judged.comparison else ())
    source = partial(SourceMap, repository, settings.path_map)
    shown = explained(shown, judged.comparison, again(head, traces), again(base, base_traces), source)
    report = Report(
        version=__version__,
        traces=_summaries(head),
        rules=tuple(rule.info for rule in rules),
        rules_known=tuple(rule.info for rule in all_rules()),
        tables=_tables(head) if settings.needs_tables else None,
        findings=tuple(shown),
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
    if settings.needs_measurements and not is_diff:
        from gotracer_ci.shards.record import record

        kept = record(_shown(head), _shown(base), measured, limits_of(all_rules()), of_traces, shown)
        report = replace(report, measurements=kept)
    if settings.needs_pictures:
        try:
            report = replace(report, pictures=_pictures(report, read, repository, settings))
        except (TraceError, UsageError) as problem:
            # one of several traces is read again, and may be gone by then
            errors.append(problem)
    written, unwritten = write(report, settings.outputs, inside)
    return Outcome(report, (*errors, *judged.errors, *unwritten), notes, written, settings.root)


def find(settings: Settings, fingerprint: str) -> Finding | None:
    """Return the finding with this fingerprint of the only trace, whether or not it is above a threshold.

    Raises:
        TraceError, UsageError: the trace cannot be read.
    """
    (name,) = settings.traces
    repository = Repository.at(nearest(settings.root, settings.traces))
    rules = select((), (), {}, settings.objective)
    read = reading.read(Task(name, name, is_base=False, has_detail=False, log=None), repository, rules, settings, None)
    if read.traced is None:
        raise read.error or UsageError(f"{name}: cannot be read")
    of_program = [one.key._replace(program=read.traced.program) for one in read.traced.measured]
    asked = [key for key in of_program if key.fingerprint == fingerprint]
    return next((one for one in findings([read.traced], rules, asked) if one.key in asked), None)


def _read(
    tasks: Sequence[Task], repository: Repository, rules: Sequence[Rule], settings: Settings, watch: Watch | None
) -> list[Read]:
    """Read the traces, here, in several processes or on a cluster."""

    shelf = Shelf()
    count = len(tasks)

    def here(number: int) -> Read:
        followed = watch and partial(watch, number + 1, count)
        # a single trace is in memory anyway
        found = reading.read(tasks[number], repository, rules, settings, followed, is_packed=count > 1)
        return found.kept(shelf.put) if count > 1 else found

    if settings.executor:
        from gotracer_ci.cluster import run as cluster

        return cluster.read_all(tasks, repository, rules, settings, shelf, here, watch)
    if settings.jobs == 1:
        return [here(number) for number in range(count)]
    from gotracer_ci.workers import read_all  # multiprocessing takes long to import

    return read_all(tasks, settings, shelf, here, watch)


def _tables(read: Iterable[Read]) -> Tables:
    from gotracer_ci.tables.included import rows, sorted_rows

    made: dict[str, list[dict[str, Any]]] = {field.name: [] for field in fields(Tables)}
    for one in read:
        for name, table in rows(one.summary.path, one.tables()).items() if one.tables else ():
            made[name] += table
    return Tables(**{name: tuple(map(Row, sorted_rows(name, table))) for name, table in made.items()})


def _pictures(report: Report, read: Sequence[Read], repository: Repository, settings: Settings) -> Pictures:
    """Draw all traces that could be read, and most of the one with the worst finding."""
    from gotracer_ci.pictures import made

    drawn = [(one.name, one.drawn(), one.traced) for one in read if one.drawn and one.traced]
    shown = view.arrange(report).all
    worst = shown[0].trace if shown else 0
    name, of_worst, traced = drawn[worst]
    detail = of_worst.detail
    if detail is None:
        trace = open_trace(name)
        analyses = made.detail_analyses(trace, settings.html_size, settings.html_window)
        read_for(trace, tuple(analyses.values()))
        stacks = Stacks(trace.tables, SourceMap(repository, settings.path_map), trace.version)
        results = {name: analysis.result(trace, stacks) for name, analysis in analyses.items()}
        detail = {**results, "tests": traced.details().facts.ran}
    page = PageSize(report, len(drawn), worst, settings.html_size)
    found = made.pictures([one for _, one, _ in drawn], worst, detail, page.room)
    # a page that is only served may be larger
    return page.checked(found) if settings.output or settings.outputs else found


def _summaries(read: Sequence[Read]) -> tuple[TraceSummary, ...]:
    """Summarize the traces. Unreadable ones come last, because findings refer to the others by index."""
    return tuple(one.summary for one in sorted(read, key=lambda one: one.traced is None))


def _with_programs(*sides: Sequence[Read]) -> tuple[list[Traced], ...]:
    """Return the readable traces of each side, with their programs."""
    known = [[one.traced for one in side if one.traced] for side in sides]
    programs = programs_of(*([trace.program for trace in side] for side in known))
    return tuple(
        [trace._replace(program=program) for trace, program in zip(traces, names, strict=True)]
        for traces, names in zip(known, programs, strict=True)
    )


def _shown(read: Iterable[Read]) -> list[tuple[TraceSummary, Traced]]:
    return [(one.summary, one.traced) for one in read if one.traced]


def of_reference(judged: Judged, *, only_regressions: bool) -> list[Note]:
    """Return the notes on the comparison."""
    return [NOTHING_TO_COMPARE if note is NO_BASELINE and only_regressions else note for note in judged.notes]


def _candidate(traces: Sequence[Traced], base: Sequence[Traced], rules: Sequence[Rule], *, is_diff: bool) -> Candidate:
    return Candidate(
        runs=_groups([trace for trace in traces if not (is_diff and not trace.is_whole)]),
        found=above_threshold(traces, {rule.name for rule in rules if not rule.absolute}),
        rules={rule.name for rule in rules},
        limits=limits_of(all_rules()),
        # the totals of a damaged trace are too low, so every later run would be worse
        base=_groups([trace for trace in base if trace.is_whole]),
        is_whole=all(trace.is_whole for trace in traces),
    )


def judge(run: Candidate, settings: Settings, inside: Path | None, *, is_diff: bool = False) -> Judged:
    """Compare a run with the baseline and the base traces that it has, and update the baseline if asked."""
    path = settings.baseline
    if path is None and not run.base:
        return Judged(None, [NO_BASELINE])
    from gotracer_ci.baseline.run import Request
    from gotracer_ci.baseline.run import judge as compared

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
    if is_diff:
        from gotracer_ci.baseline import sides

        return sides.judge(run)
    return compared(request, run)


def _groups(traces: Sequence[Traced]) -> dict[str, list[TraceGroups]]:
    """Return the traces' groups by program, as the baseline compares them."""
    return {program: [trace_groups(trace) for trace in same] for program, same in by_program(traces).items()}


def trace_groups(trace: Traced) -> TraceGroups:
    """Return the groups of a trace, as the baseline compares them."""
    by_test = {found.key: found.by_test for found in trace.measured if found.by_test}
    in_tests = {**trace.in_tests, **{key: frozenset(tests) for key, tests in by_test.items()}}
    return TraceGroups(
        Conditions(trace.go_version, trace.gomaxprocs),
        trace.duration_ns,
        {found.key: found.statistics for found in trace.measured},
        trace.tests.ran,
        frozenset(trace.tests.names),
        trace.tests.timed,
        lambda key: in_tests.get(key, frozenset()),
        lambda key: trace.places.get(key, ()),
        trace.tests.work,
        by_test,
        {found.key: found.lengths for found in trace.measured if found.lengths},
        {found.key: found.machine_ns for found in trace.measured if found.machine_ns},
    )


def write(
    report: Report, outputs: Mapping[str, Path], inside: Path | None
) -> tuple[dict[str, Path], list[GotracerError]]:
    """Write the report in several formats. Return the file of each, and what went wrong with the others."""
    written: dict[str, Path] = {}
    errors: list[GotracerError] = []
    for name, path in outputs.items():
        try:
            files.write(path, render(name, report).encode(), inside)
            written[name] = path
        except FileError as error:
            errors.append(error)
    return written, errors
