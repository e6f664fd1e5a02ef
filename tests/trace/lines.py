"""Our events in the oracle's words: one line per event, as tests/oracle/main.go prints it with -stacks."""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.events.names import CHANGES, CREATIONS, GO_STATES, METRICS, OF_ANOTHER, OWN_STACK, PROC_STATES, kind
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev

GC = (Ev.GC_BEGIN, Ev.GC_ACTIVE, Ev.GC_END)
SWEEP = (Ev.GC_SWEEP_BEGIN, Ev.GC_SWEEP_ACTIVE, Ev.GC_SWEEP_END)


def lines(trace: Trace) -> Iterator[str]:
    """Read the trace and yield the oracle's line for every event."""
    for chunk in trace.chunks():
        for time, number, thread, p, g, a, b, c, stack in chunk.rows():
            event = Ev(number)
            details = _details(trace, event, p, g, (a, b, c))
            transition = c if event in CREATIONS else stack if event in OWN_STACK else 0
            stacks = (_stack(trace, stack), _stack(trace, transition))
            yield "\t".join([kind(event), str(time), str(thread), str(p), str(g), *details, *stacks])


def _details(trace: Trace, event: Ev, p: int, g: int, arguments: tuple[int, int, int]) -> list[str]:
    a, b, c = arguments
    what = kind(event)
    if what == "Sync":
        return [str(a)]
    if what == "Metric":
        return [_quoted(METRICS[event]), str(a)]
    if what == "Label":
        return [_text(trace, a), "Goroutine", str(g)]
    if what.startswith("Range"):
        return _range(trace, event, p, g, arguments)
    if what.startswith("Task"):
        return [str(a), str(b), _text(trace, c)]
    if what.startswith("Region"):
        return [str(a), _text(trace, b)]
    if what == "Log":
        return [str(a), _text(trace, b), _text(trace, c)]
    if what == "Experimental":
        return [_quoted("".join(part.capitalize() for part in event.name.split("_")))]
    if what == "StackSample":
        return []
    return _transition(trace, event, p, g, arguments)


def _range(trace: Trace, event: Ev, p: int, g: int, arguments: tuple[int, int, int]) -> list[str]:
    a, b, _ = arguments
    if event in GC:
        return [_quoted("GC concurrent mark phase"), "None", "-1"]
    if event in SWEEP:
        if event == Ev.GC_SWEEP_END:
            attributes = [_quoted("bytes swept"), str(a), _quoted("bytes reclaimed"), str(b)]
            return [_quoted("GC incremental sweep"), "Proc", str(p), *attributes]
        return [_quoted("GC incremental sweep"), "Proc", str(a)]
    if event in (Ev.STW_BEGIN, Ev.STW_END):
        return [_quoted(f"stop-the-world ({trace.tables.string(a)})"), "Goroutine", str(g)]
    return [_quoted("GC mark assist"), "Goroutine", str(g if event == Ev.GC_MARK_ASSIST_END else a)]


def _transition(trace: Trace, event: Ev, p: int, g: int, arguments: tuple[int, int, int]) -> list[str]:
    a, b, _ = arguments
    if event in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
        return ["Goroutine", str(a), GO_STATES[b >> 8], GO_STATES[b & 0xFF], '""']
    if event == Ev.PROC_STATUS:
        return ["Proc", str(a), PROC_STATES[b >> 8], PROC_STATES[b & 0xFF], '""']
    if event == Ev.PROC_START:
        return ["Proc", str(a), "Idle", "Running", '""']
    if event == Ev.PROC_STOP:
        return ["Proc", str(p), "Running", "Idle", '""']
    if event == Ev.PROC_STEAL:
        return ["Proc", str(a), "Idle" if b == 4 else "Running", "Idle", '""']
    of = a if event in OF_ANOTHER else g
    reason = _text(trace, a) if event in (Ev.GO_STOP, Ev.GO_BLOCK) else '""'
    return ["Goroutine", str(of), *CHANGES[event], reason]


def _stack(trace: Trace, index: int) -> str:
    return ";".join(f"{function}@{file}:{line}" for function, file, line in trace.tables.stack(index)) or "-"


def _text(trace: Trace, index: int) -> str:
    return _quoted(trace.tables.string(index))


def _quoted(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    assert quoted.isprintable()  # then Go's %q does no more than this
    return f'"{quoted}"'
