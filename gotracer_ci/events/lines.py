"""Events as JSON, one document a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gotracer_ci.events import names
from gotracer_ci.events.row import Row
from gotracer_ci.report.safe import compact_json
from gotracer_ci.text import date_time
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import TIMED, Ev

_KEPT: Final = 20_000
_LARGEST: Final = (1 << 64) - 1


class JsonLines:
    """Makes a line of JSON for each event; docs/events.md names the members.

    Args:
        trace: whose events they are; the reading goes on while lines are made.
        stacks: with both stacks.
    """

    def __init__(self, trace: Trace, *, stacks: bool) -> None:
        self._trace = trace
        self._tables = trace.tables
        self._has_stacks = stacks
        self._strings: dict[int, str] = {}
        self._stacks: dict[int, str] = {}
        self._by_type = {
            int(event): (f',"kind":"{names.kind(event)}","event":"{names.wire_name(event)}"', _members(event))
            for event in (Ev.SYNC, *TIMED, Ev.CPU_SAMPLE)
        }

    def text(self, row: Row) -> str:
        kind, members = self._by_type[row.type]
        context = f',"thread":{_known(row.thread)},"proc":{_known(row.proc)},"goroutine":{_known(row.goroutine)}'
        stacks = ""
        if self._has_stacks:
            stacks = f',"stack":{self._stack(row.stack)},"transition_stack":{self._stack(row.transition_stack)}'
        return f'{{"time_ns":{row.time - self._trace.start_ns}{kind}{context}{members(self, row)}{stacks}}}\n'

    def string(self, index: int) -> str:
        """Return a string of the trace as JSON."""
        text = self._strings.get(index)
        if text is None:
            if len(self._strings) >= _KEPT:
                self._strings.clear()
            text = self._strings[index] = compact_json(self._tables.string(index))
        return text

    def stopped(self, kind: int) -> str:
        """Return the name of a stop-the-world range as JSON."""
        return compact_json(f"stop-the-world ({self._tables.string(kind)})")

    def wall(self) -> str:
        """Return the wall clock at the moment of the clock snapshot as JSON; null if the generation has none."""
        return f'"{date_time(self._trace.clock.wall_ns)}"' if self._trace.clock else "null"

    def _stack(self, index: int) -> str:
        text = self._stacks.get(index)
        if text is None:
            if len(self._stacks) >= _KEPT:
                self._stacks.clear()
            frames = self._tables.stack(index)
            text = compact_json([{"function": function, "file": file, "line": line} for function, file, line in frames])
            self._stacks[index] = text
        return text


_Members = Callable[[JsonLines, Row], str]


def _known(number: int) -> int | str:
    return "null" if number == -1 else number


def _members(event: Ev) -> _Members:
    """Return what makes the members of one type's events, each with a comma before it."""
    kind = names.kind(event)
    if event in names.CHANGES:
        return _change
    if event in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
        return _status
    if kind.startswith("Range"):
        return _range
    if kind == names.EXPERIMENTAL:
        return _experimental
    return {
        "Metric": _metric, "Sync": _sync, "Label": _label, "TaskBegin": _task, "TaskEnd": _task, "RegionBegin": _region,
        "RegionEnd": _region, "Log": _log, "StackSample": _nothing, names.TRANSITION: _proc,
    }[kind]  # fmt: skip


def _nothing(_of: JsonLines, _row: Row) -> str:
    return ""


def _transition(resource: str, number: int, before: str, after: str, reason: str = '""') -> str:
    return f',"resource":"{resource}","id":{number},"from":"{before}","to":"{after}","reason":{reason}'


def _change(of: JsonLines, row: Row) -> str:
    reason = of.string(row.a) if row.type in (Ev.GO_STOP, Ev.GO_BLOCK) else '""'
    return _transition("goroutine", row.about, *names.CHANGES[row.type], reason)


def _status(_of: JsonLines, row: Row) -> str:
    return _transition("goroutine", row.a, names.GO_STATES[row.b >> 8], names.GO_STATES[row.b & 0xFF])


def _proc(_of: JsonLines, row: Row) -> str:
    return _transition("proc", row.about_proc, *names.proc_change(row.type, row.b))


def _metric(_of: JsonLines, row: Row) -> str:
    return f',"name":"{names.METRICS[row.type]}","value":{row.a}'


def _sync(of: JsonLines, row: Row) -> str:
    return f',"number":{row.a},"wall":{of.wall()}'


def _label(of: JsonLines, row: Row) -> str:
    return f',"label":{of.string(row.a)}'


def _task(of: JsonLines, row: Row) -> str:
    return f',"task":{row.a},"parent":{_known(row.b)},"type":{of.string(row.c)}'


def _region(of: JsonLines, row: Row) -> str:
    return f',"task":{_known(row.a)},"type":{of.string(row.b)}'


def _log(of: JsonLines, row: Row) -> str:
    return f',"task":{_known(row.a)},"category":{of.string(row.b)},"message":{of.string(row.c)}'


def _range(of: JsonLines, row: Row) -> str:
    if row.type in (Ev.GC_BEGIN, Ev.GC_ACTIVE, Ev.GC_END):
        return ',"name":"GC concurrent mark phase","scope":null,"id":null'
    if row.type == Ev.GC_SWEEP_END:
        sums = f',"bytes_swept":{row.a},"bytes_reclaimed":{row.b}'
        return f',"name":"GC incremental sweep","scope":"proc","id":{row.proc}{sums}'
    if row.type in (Ev.GC_SWEEP_BEGIN, Ev.GC_SWEEP_ACTIVE):
        return f',"name":"GC incremental sweep","scope":"proc","id":{row.a}'
    if row.type in (Ev.STW_BEGIN, Ev.STW_END):
        return f',"name":{of.stopped(row.a)},"scope":"goroutine","id":{row.goroutine}'
    return f',"name":"GC mark assist","scope":"goroutine","id":{row.about}'


def _experimental(_of: JsonLines, row: Row) -> str:
    values = zip(names.arguments(Ev(row.type)), (row.a, row.b, row.c), strict=False)
    return f',"arguments":{{{",".join(f"{compact_json(key)}:{value & _LARGEST}" for key, value in values)}}}'
