"""The rows that are known once a trace has been read: the trace, its wakes, GC cycles and findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gotracer_ci.analysis.gc import Collections, Cycle
from gotracer_ci.analysis.lives import reason_of
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.wakes import source_of
from gotracer_ci.database.intervals import BY_GOROUTINE
from gotracer_ci.database.schema import FINDING, GC_CYCLE, STACK, TRACE, WAKE, Definition
from gotracer_ci.database.sink import Ids, Sink
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.program import program
from gotracer_ci.text import date_time
from gotracer_ci.trace.observers.wakes import GOROUTINE, OPEN, Wakes
from gotracer_ci.trace.reader import Trace

if TYPE_CHECKING:
    from gotracer_ci.findings import Finding


def write_trace(trace: Trace, stacks: Stacks, source: SourceMap, sink: Sink, ids: Ids) -> None:
    """Write the row of a trace that has been read."""
    frames = stacks.frames  # the source finds the repository with them
    row = (
        ids.trace,
        trace.name.encode("utf-8", "replace").decode(),  # a file's name can have bytes that are no text
        f"1.{trace.version}",
        None if trace.started_ns is None else date_time(trace.started_ns),
        trace.duration_ns,
        trace.events,
        trace.totals()["gomaxprocs"] or None,
        program(frames, source.repository) or None,
        trace.damage.damage if trace.damage else None,
    )
    sink.add(TRACE, [(value,) for value in row])


def wakes_of(trace: Trace) -> Wakes:
    """Return the observer for `write_wakes`."""
    return Wakes(partial(reason_of, trace.tables))


def write_wakes(wakes: Wakes, stacks: Stacks, sink: Sink, ids: Ids) -> None:
    """Write the waits of a trace that has been read, by what ended them."""
    before = ids.before(STACK)
    reasons = wakes.reasons()
    rows = []
    for number, waiter, is_elsewhere, by, waker, *sums in wakes.rows():
        where = stacks[waker] if by == GOROUTINE else None
        source = None if by == OPEN else source_of(reasons[number], where) or BY_GOROUTINE
        rows.append(
            (
                waiter + before if waiter else None,
                is_elsewhere,
                reasons[number],
                source,
                waker + before if waker and source == BY_GOROUTINE else None,
                *sums,
            )
        )
    _add(WAKE, rows, sink, ids)


def write_cycles(found: Collections, sink: Sink, ids: Ids) -> None:
    """Write the GC cycles of a trace."""
    _add(GC_CYCLE, [_cycle(cycle) for cycle in found.cycles], sink, ids)


def write_findings(found: Sequence[Finding], sink: Sink, ids: Ids) -> None:
    """Write the findings of a trace, the worst first."""
    _add(FINDING, [_finding(finding) for finding in found], sink, ids)


def _cycle(cycle: Cycle) -> tuple[Any, ...]:
    return (
        cycle.number,
        cycle.start_ns,
        cycle.mark_ns,
        *cycle.stops,
        cycle.assist,
        cycle.assist_total,
        cycle.dedicated,
        cycle.fractional,
        cycle.idle,
        cycle.unlabelled,
        cycle.live,
        cycle.goal,
        cycle.swept,
        cycle.reclaimed,
        cycle.stack.place if cycle.stack.known else None,
        int(cycle.is_open),
        int(cycle.is_old),
    )


def _finding(finding: Finding) -> tuple[Any, ...]:
    where, measured = finding.location, finding.statistics
    return (
        finding.fingerprint,
        finding.key.rule,
        finding.key.kind,
        finding.key.place,
        finding.severity.label,
        finding.message,
        where.path if where else None,
        where.line if where else None,
        finding.timestamp_ns,
        finding.goroutine,
        measured.unit,
        measured.count,
        measured.total,
        measured.maximum,
        measured.p50,
        measured.p90,
        measured.p99,
    )


def _add(table: Definition, rows: list[tuple[Any, ...]], sink: Sink, ids: Ids) -> None:
    if rows:
        sink.add(table, (ids.take(table, len(rows)), [ids.trace] * len(rows), *zip(*rows, strict=True)))
