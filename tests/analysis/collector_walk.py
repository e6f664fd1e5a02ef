"""A plain walk over all events of a trace that tells which Ps the garbage collector kept busy, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev, GoState

RUNNING = GoState.RUNNING
_WORKERS = ("runtime.gcBgMarkWorker", "runtime.gcBgMarkStartWorkers")
_STOPS = (Ev.GO_STOP, Ev.GO_BLOCK, Ev.GO_SYSCALL_BEGIN, Ev.GO_DESTROY)


class Moment(NamedTuple):
    """What holds from a time on. stops: kinds of stop-the-world. busy: by P, what it does; procs: GOMAXPROCS."""

    time: int
    procs: int
    stops: tuple[str, ...]
    busy: dict[int, frozenset[str]]


def moments(open_trace: Any) -> Iterator[Moment]:
    """Yield a moment for each event that begins or ends a run, range or label. open_trace: returns the trace anew."""
    first: Trace = open_trace()
    runs = _runs(first)
    procs = first.gomaxprocs_at_start
    trace: Trace = open_trace()
    on: dict[int, tuple[int, str]] = {}  # goroutine → (P, "" or its worker's label)
    assists: set[int] = set()
    sweeps: set[int] = set()
    stops: dict[int, str] = {}
    is_old = trace.version <= 21
    for chunk in trace.chunks():
        for time, kind, _, p, g, a, b, _, _ in chunk.rows():
            if kind == Ev.PROCS_CHANGE:
                procs = a
            if kind in _STOPS:
                on.pop(g, None)
                if kind == Ev.GO_DESTROY:
                    assists.discard(g)
                    stops.pop(g, None)
            elif kind in (Ev.GO_START, Ev.GO_SYSCALL_END):
                goroutine = a if kind == Ev.GO_START else g
                on[goroutine] = (p, runs.get((goroutine, time), ""))
            elif kind in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
                if b == RUNNING:
                    on[a] = (p, runs.get((a, trace.start_ns), ""))
            elif kind == Ev.GC_MARK_ASSIST_BEGIN:
                assists.add(g)
            elif kind == Ev.GC_MARK_ASSIST_ACTIVE:
                assists.add(a)
            elif kind == Ev.GC_MARK_ASSIST_END:
                assists.discard(g)
            elif kind in (Ev.GC_SWEEP_BEGIN, Ev.GC_SWEEP_ACTIVE):
                sweeps.add(a if kind == Ev.GC_SWEEP_ACTIVE else p)
            elif kind == Ev.GC_SWEEP_END:
                sweeps.discard(p)
            elif kind == Ev.STW_BEGIN:
                stops[-1 if is_old else g] = trace.tables.string(a)
            elif kind == Ev.STW_END:
                stops.pop(-1 if is_old else g, None)
            elif kind not in (Ev.PROCS_CHANGE, Ev.SYNC):
                continue
            busy: dict[int, set[str]] = {p: {"sweep"} for p in sweeps}
            for goroutine, (where, label) in on.items():
                if goroutine in assists:
                    busy.setdefault(where, set()).add("assist")
                if label:
                    busy.setdefault(where, set()).add(label)
            yield Moment(time, procs, tuple(stops.values()), {p: frozenset(does) for p, does in busy.items()})


def _runs(trace: Trace) -> dict[tuple[int, int], str]:
    """Return by (goroutine, start) the runs of mark workers: the label, "unlabelled" without one."""
    since: dict[int, int] = {}
    labels: dict[int, str] = {}
    every: dict[tuple[int, int], str] = {}
    workers: set[int] = set()
    for chunk in trace.chunks():
        for time, kind, _, _, g, a, b, c, stack in chunk.rows():
            named = kind in (Ev.GO_CREATE, Ev.GO_CREATE_BLOCKED, Ev.GO_STATUS)
            for of, where in ((g, stack), (a, c if named else 0)):
                functions = [function for function, _, _ in trace.tables.stack(where)]
                if of >= 0 and any(function.startswith(_WORKERS) for function in functions[-1:]):
                    workers.add(of)
            if kind in (Ev.GO_START, Ev.GO_SYSCALL_END):
                since[a if kind == Ev.GO_START else g] = time
            elif kind in (Ev.GO_STATUS, Ev.GO_STATUS_STACK) and b == RUNNING:
                since[a] = trace.start_ns
            elif kind == Ev.GO_LABEL:
                labels[g] = trace.tables.string(a)
                workers.add(g)
            elif kind in _STOPS and g in since:
                every[g, since.pop(g)] = labels.pop(g, "unlabelled")
    every |= {(g, start): labels.get(g, "unlabelled") for g, start in since.items()}
    return {(g, start): label for (g, start), label in every.items() if g in workers}
