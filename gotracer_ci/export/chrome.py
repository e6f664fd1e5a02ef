"""A timeline in Chrome's trace event format: JSON, for chrome://tracing and other tools that read it.

Unlike what go tool trace writes, complete events of a track never overlap unless one is inside the other, and each end
of a flow has a slice around it. So states, regions and mark assists of a goroutine have tracks of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from gotracer_ci.export.timeline import BYTES, GOMAXPROCS, MARKING, Instant, Task, name_of
from gotracer_ci.report.safe import clean
from gotracer_ci.trace.observers import records
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import GoState, IntervalKind

_GOROUTINES, _REGIONS, _OWN_REGIONS, _ASSISTS, _PROCS, _THREADS, _GC, _SWEEPS, _TASKS, _COUNTERS = range(1, 11)
_PROCESSES: Final = {
    _PROCS: "Procs",
    _THREADS: "Threads",
    _GC: "GC",
    _SWEEPS: "GC sweeps",
    _TASKS: "Tasks",
    _GOROUTINES: "Goroutines",
    _REGIONS: "Regions",
    _OWN_REGIONS: "Regions that overlap others",
    _ASSISTS: "GC mark assists",
    _COUNTERS: "Counters",
}
"""The processes under which the format groups tracks, in the order in which they are shown."""
_STATES: Final = {
    IntervalKind.RUNNING: "running",
    IntervalKind.RUNNABLE: "runnable",
    IntervalKind.SYSCALL: "syscall",
    IntervalKind.WAITING: "waiting",
}
_CYCLES, _STOPS = 1, 2
MAX_FRAMES: Final = 200_000
"""Frames of all stacks together; further stacks are left out."""


class Chrome:
    """Writes a timeline (see `timeline.Writer`) as JSON. sink: gets the bytes."""

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        self._sink = sink
        self._trace: Any = None
        self._origin = 0
        self._lives: dict[int, str] = {}
        self._tracks: set[tuple[int, int]] = set()
        self._lanes: dict[tuple[int, int], int] = {}
        self._stacks: dict[int, int] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._parts: list[str] = []
        self._between = "\n"

    def begin(self, trace: Trace) -> None:
        self._trace = trace
        self._origin = trace.start_ns
        started = "" if trace.started_ns is None else f',"started_ns":{trace.started_ns}'
        about = f'"clock":"from the start of the trace"{started}'
        self._sink(f'{{"displayTimeUnit":"ns","otherData":{{{about}}},"traceEvents":['.encode())
        for rank, (process, name) in enumerate(_PROCESSES.items()):
            self._put(f'{{"ph":"M","pid":{process},"name":"process_name","args":{{"name":"{name}"}}}}')
            self._put(f'{{"ph":"M","pid":{process},"name":"process_sort_index","args":{{"sort_index":{rank}}}}}')

    def add(self, numbers: Any, n: int) -> None:
        view = memoryview(numbers)[: n * len(records.FIELDS)].tolist()
        for i in range(0, len(view), len(records.FIELDS)):
            self._record(*view[i : i + len(records.FIELDS)])

    def _record(
        self,
        what: int,
        track: int,
        start: int,
        end: int,
        kind: int,
        text: int,
        stack: int,
        who: int,
        cause: int,
        flow: int,
    ) -> None:
        if what == records.STATE:
            self._state(track, start, end, kind, text, stack, cause, flow)
        elif what == records.ON_PROC:
            self._slice(_PROCS, track, start, end, self._lives[who] + _call(kind), f"P{track}")
        elif what == records.ON_THREAD:
            self._slice(_THREADS, track, start, end, self._lives[who] + _call(kind), f"M{cause}")
        elif what == records.WAKE:
            name = "go" if kind else "unblock"
            self._event("i", _GOROUTINES, track, start, name, stack, f'"s":"t","args":{{"goroutine":{cause}}}')
            self._flow("s", track, start, flow)
        elif what == records.LIFE:
            self._lives[track], first = name_of(self._trace, stack, start)
            if first:
                self._named(_GOROUTINES, track, self._lives[track])
        elif what == records.GONE:
            name = self._lives.pop(track, "")
            if not kind:
                self._named(_GOROUTINES, track, name)
            self._tracks -= {(_GOROUTINES, track), (_REGIONS, track), (_ASSISTS, track)}
        elif what == records.REGION:
            process, thread = (_OWN_REGIONS, flow) if flow else (_REGIONS, track)
            name = self._text(text) or "(unnamed)"
            self._slice(process, thread, start, end, name, self._lives[who], stack, f'"task":{cause}')
        elif what == records.ASSIST:
            self._slice(_ASSISTS, track, start, end, "GC mark assist", self._lives[who], stack)
        elif what == records.SWEEP:
            self._slice(_SWEEPS, track, start, end, "GC incremental sweep", f"P{track}", stack)
        else:
            name = f"stop-the-world ({self._text(text)})" if text else "stop-the-world"
            self._slice(_GC, _STOPS, start, end, name, "stop-the-world", stack)

    def _state(self, life: int, start: int, end: int, kind: int, text: int, stack: int, cause: int, flow: int) -> None:
        name = _STATES[IntervalKind(kind)]
        arguments = ""
        if kind == IntervalKind.WAITING:
            name = f"waiting ({self._text(text)})" if text else name
        elif kind == IntervalKind.SYSCALL:
            arguments = f'"without a P, ns":{cause}' if cause else ""
        elif kind == IntervalKind.RUNNABLE:
            parts = [f'"reason":{_json(self._text(text))}'] if text else []
            parts += [f'"made runnable by goroutine":{cause}'] if cause >= 0 else []
            arguments = ",".join(parts)
        elif text:
            arguments = f'"label":{_json(self._text(text))}'
        self._slice(_GOROUTINES, life, start, end, name, "", stack, arguments)
        if flow and kind == IntervalKind.RUNNABLE:
            self._flow("f", life, start, flow)
        elif flow:
            # just before the end, because the next slice begins there
            self._flow("s", life, max(end - 1, start), flow)

    def cycle(self, start: int, end: int, number: int) -> None:
        self._slice(_GC, _CYCLES, start, end, MARKING, "GC", 0, f'"number":{number}')

    def counter(self, name: str, time: int, value: int) -> None:
        unit = "bytes" if name in BYTES else "Ps" if name == GOMAXPROCS else "goroutines"
        self._event("C", _COUNTERS, 0, time, name, 0, f'"args":{{"{unit}":{value}}}')

    def task(self, task: Task) -> None:
        name = self._text(task.type) or "(unknown)"
        lane = self._lanes.setdefault((task.type, task.lane), len(self._lanes) + 1)
        self._slice(
            _TASKS, lane, task.start, task.end, name, name, task.stack, f'"task":{task.id},"parent":{task.parent}'
        )

    def instant(self, instant: Instant) -> None:
        name = "CPU sample" if instant.is_sample else self._text(instant.name) or "log"
        parts = [f'"message":{_json(self._text(instant.text))}'] if instant.text else []
        parts += [f'"task":{instant.task}'] if instant.task else []
        track = (_GC, _CYCLES)
        if instant.life >= 0:
            track = (_GOROUTINES, instant.life)
        elif instant.proc >= 0:
            track = (_PROCS, instant.proc)
        extra = f'"s":"t","args":{{{",".join(parts)}}}'
        self._event("i", *track, instant.time, name, instant.stack, extra)

    def end(self) -> None:
        if self._parts:
            self._flush()
        frames = (
            f'\n"{id}":{{"name":{_json(self._frame(frame))}' + (f',"parent":"{parent}"}}' if parent else "}")
            for (parent, frame), id in self._frames.items()
        )
        self._sink(f'\n],"stackFrames":{{{",".join(frames)}}}}}\n'.encode())

    # ---- events -----------------------------------------------------------------------------------------------

    def _slice(
        self,
        process: int,
        thread: int,
        start: int,
        end: int,
        name: str,
        track: str,
        stack: int = 0,
        arguments: str = "",
    ) -> None:
        if track and (process, thread) not in self._tracks:
            self._named(process, thread, track)
        self._event("X", process, thread, start, name, stack, f'"dur":{_micros(end - start)},"args":{{{arguments}}}')

    def _flow(self, what: str, life: int, time: int, flow: int) -> None:
        # both ends have the same name and category, and belong to the slice around them
        self._event(what, _GOROUTINES, life, time, "wake", 0, f'"cat":"flow","id":{flow},"bp":"e"')

    def _named(self, process: int, thread: int, name: str) -> None:
        if process != _OWN_REGIONS:
            self._tracks.add((process, thread))
        self._put(
            f'{{"ph":"M","pid":{process},"tid":{thread + 1},"name":"thread_name","args":{{"name":{_json(name)}}}}}'
        )

    def _event(self, what: str, process: int, thread: int, time: int, name: str, stack: int, extra: str) -> None:
        frames = self._stack(stack) if stack else 0
        at = f',"sf":"{frames}"' if frames else ""
        time = max(time - self._origin, 0)
        where = f'"pid":{process},"tid":{thread + 1},"ts":{_micros(time)}'
        self._put(f'{{"ph":"{what}",{where},"name":{_json(name)}{at},{extra}}}')

    def _put(self, event: str) -> None:
        self._parts.append(event)
        if len(self._parts) == 4096:
            self._flush()

    def _flush(self) -> None:
        self._sink((self._between + ",\n".join(self._parts)).encode())
        self._between = ",\n"
        self._parts.clear()

    def _stack(self, stack: int) -> int:
        """Return the ID of a stack's leaf among the stack frames, 0 for none."""
        found = self._stacks.get(stack)
        if found is None:
            found = 0
            for frame in reversed(self._trace.tables.stacks[stack]):
                if len(self._frames) >= MAX_FRAMES and (found, frame) not in self._frames:
                    found = 0
                    break
                found = self._frames.setdefault((found, frame), len(self._frames) + 1)
            self._stacks[stack] = found
        return found

    def _frame(self, frame: int) -> str:
        function, file, line = self._trace.tables.frame(frame)
        return f"{function or '?'} ({file}:{line})"

    def _text(self, index: int) -> str:
        return clean(self._trace.tables.string(index))


def _call(kind: int) -> str:
    return " (syscall)" if kind == GoState.SYSCALL else ""


def _micros(ns: int) -> str:
    """Return ns as µs, exactly."""
    return f"{ns // 1000}.{ns % 1000:03}"


def _json(text: str) -> str:
    return json.dumps(clean(text), ensure_ascii=True)
