"""Events as `go tool trace -d=parsed` of Go 1.27 prints them, but for the addresses of frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from gotracer_ci.events import names
from gotracer_ci.events.quoting import quoted
from gotracer_ci.events.row import Row
from gotracer_ci.report.safe import clean
from gotracer_ci.text import date_time
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import TIMED, Ev

_STACKS_KEPT: Final = 20_000
_GC: Final = '"GC concurrent mark phase" Scope=None'
_SWEEP: Final = '"GC incremental sweep"'
_ASSIST: Final = '"GC mark assist"'
_ENDS: Final = frozenset({Ev.STW_END, Ev.GC_END, Ev.GC_SWEEP_END, Ev.GC_MARK_ASSIST_END})

_Details = Callable[[Row], str]


class Parsed:
    """Makes the text of events.

    Args:
        trace: whose events they are; the reading goes on while text is made.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._tables = trace.tables
        self._stacks: dict[int, str] = {}
        self._texts: dict[int, str] = {}
        self._by_type: Mapping[int, tuple[str, _Details]] = {
            event: (f" {names.kind(event)} Time=", self._details(event)) for event in (Ev.SYNC, *TIMED, Ev.CPU_SAMPLE)
        }

    def text(self, row: Row) -> str:
        """Return an event's lines; one with a stack ends with an empty line, as Go prints it."""
        kind, details = self._by_type[row.type]
        line = f"M={row.thread} P={row.proc} G={row.goroutine}{kind}{row.time}{details(row)}\n"
        if transition := row.transition_stack:
            line += f"TransitionStack=\n{self._stack(transition)}\n"
        if row.stack:
            line += f"Stack=\n{self._stack(row.stack)}\n"
        return line

    def _stack(self, index: int) -> str:
        text = self._stacks.get(index)
        if text is None:
            if len(self._stacks) >= _STACKS_KEPT:
                self._stacks.clear()
            frames = self._tables.stack(index)
            text = "".join(f"\t{clean(function)}\n\t\t{clean(file)}:{line}\n" for function, file, line in frames)
            self._stacks[index] = text
        return text

    def _text(self, index: int) -> str:
        text = self._texts.get(index)
        if text is None:
            if len(self._texts) >= _STACKS_KEPT:
                self._texts.clear()
            text = self._texts[index] = quoted(self._tables.strings[index])
        return text

    def _details(self, event: Ev) -> _Details:
        """Return what makes the rest of the line for events of one type."""
        kind = names.kind(event)
        if event in names.CHANGES:
            return partial(self._change, "->".join(names.CHANGES[event]))
        if kind.startswith("Range"):
            return partial(self._range, event in _ENDS)
        if event in names.METRICS:
            return partial(_metric, names.METRICS[event])
        if event >= Ev.SPAN and event != Ev.SYNC:
            return partial(_experimental, names.wire_name(event), names.arguments(event))
        return {
            "Sync": self._sync,
            "Label": self._label,
            "TaskBegin": self._task,
            "TaskEnd": self._task,
            "RegionBegin": self._region,
            "RegionEnd": self._region,
            "Log": self._log,
            "StackSample": _nothing,
            names.TRANSITION: _goroutine_status if event in (Ev.GO_STATUS, Ev.GO_STATUS_STACK) else _proc,
        }[kind]

    def _change(self, states: str, row: Row) -> str:
        reason = self._text(row.a) if row.type in (Ev.GO_STOP, Ev.GO_BLOCK) else '""'
        return f" GoID={row.about} {states} Reason={reason}"

    def _range(self, is_end: bool, row: Row) -> str:
        attributes = " Attributes=[]" if is_end else ""
        if row.type in (Ev.GC_BEGIN, Ev.GC_ACTIVE, Ev.GC_END):
            return f" Name={_GC}{attributes}"
        if row.type == Ev.GC_SWEEP_END:
            sums = f'"bytes swept"=Value{{Uint64({row.a})}} "bytes reclaimed"=Value{{Uint64({row.b})}}'
            return f" Name={_SWEEP} Scope=Proc({row.proc}) Attributes=[{sums}]"
        if row.type in (Ev.GC_SWEEP_BEGIN, Ev.GC_SWEEP_ACTIVE):
            return f" Name={_SWEEP} Scope=Proc({row.a})"
        if row.type in (Ev.STW_BEGIN, Ev.STW_END):
            name = quoted(b"stop-the-world (" + self._tables.strings[row.a] + b")")
            return f" Name={name} Scope=Goroutine({row.goroutine}){attributes}"
        return f" Name={_ASSIST} Scope=Goroutine({row.about}){attributes}"

    def _sync(self, row: Row) -> str:
        clock = self._trace.clock
        if clock is None:
            return f" N={row.a}"
        return f" N={row.a} Trace={clock.trace_ns} Mono={clock.monotonic_ns} Wall={_wall(clock.wall_ns)}"

    def _label(self, row: Row) -> str:
        return f" Label={self._text(row.a)} Resource=Goroutine({row.goroutine})"

    def _task(self, row: Row) -> str:
        # Go's numbers are unsigned; none is the largest one
        return f" ID={row.a} Parent={row.b & _LARGEST} Type={self._text(row.c)}"

    def _region(self, row: Row) -> str:
        return f" Task={row.a & _LARGEST} Type={self._text(row.b)}"

    def _log(self, row: Row) -> str:
        return f" Task={row.a & _LARGEST} Category={self._text(row.b)} Message={self._text(row.c)}"


_LARGEST: Final = (1 << 64) - 1


def _wall(ns: int) -> str:
    """Go's layout RFC3339Nano: without zeros at the end of the fraction."""
    return f"{date_time(ns).rstrip('Z').rstrip('0').rstrip('.')}Z"


def _nothing(_row: Row) -> str:
    return ""


def _metric(name: str, row: Row) -> str:
    return f' Name="{name}" Value=Value{{Uint64({row.a})}}'


def _experimental(name: str, arguments: tuple[str, ...], row: Row) -> str:
    values = zip(arguments, (row.a, row.b, row.c), strict=False)
    return f" Name={name} Args=[{', '.join(f'{key}=Value{{Uint64({value & _LARGEST})}}' for key, value in values)}]"


def _goroutine_status(row: Row) -> str:
    return f' GoID={row.a} {names.GO_STATES[row.b >> 8]}->{names.GO_STATES[row.b & 0xFF]} Reason=""'


def _proc(row: Row) -> str:
    before, after = names.proc_change(row.type, row.b)
    return f' ProcID={row.about_proc} {before}->{after} Reason=""'
