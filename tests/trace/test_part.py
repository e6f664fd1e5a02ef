"""A trace read from one of its generations on gives what the whole trace gives there, in all builds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import NEVER, IntervalKind
from gotracer_ci.trace.wire import generations, version
from tests.builds import Build, open_trace, trace_of, uncompiled
from tests.trace.conftest import TRACES
from tests.trace.lines import lines
from tests.trace.test_mapped import LONG, forgetful

TIME = 1


def has_several(path: Path) -> bool:
    data = memoryview(path.read_bytes())
    return version(data) >= 22 and len(list(generations(data, version(data)))) > 1


SEVERAL = [path for path in TRACES if has_several(path)]


def index_of(name: str) -> Any:
    trace = open_trace(name)
    for _ in trace.chunks(()):
        pass
    return trace.index()


def comparable(line: str) -> list[str]:
    """Return what a line says, however the trace began before it.

    The number of a Sync counts from the beginning. In the first generation that is read, a state is new, and not one
    that is confirmed. A task that has begun before has no name at its end.
    """
    fields = line.split("\t")
    if fields[0] == "Sync":
        return fields[:2]
    if fields[0] == "TaskEnd":
        return fields[:6]
    if fields[0] == "StateTransition" and fields[7] in ("Undetermined", fields[8]):
        return [fields[TIME], *fields[5:7], fields[8]]
    return fields


@pytest.mark.parametrize("path", SEVERAL, ids=lambda path: path.stem)
def test_from_each_generation_on_the_events_are_the_same(path: Path, decoder: Build) -> None:
    """All of them, with their times, contexts, arguments and stacks."""
    name = str(path)
    index = index_of(name)
    whole = list(map(comparable, lines(open_trace(name))))
    starts = [mark.start for mark in index.marks]
    assert starts == [int(line[TIME]) for line in whole if line[0] == "Sync"][:-1]
    for start in starts:
        part = open_trace(name).part(index, start, NEVER)
        found = list(map(comparable, lines(part)))
        assert found == whole[whole.index(["Sync", str(start)]) :]
        assert (part.start_ns, part.damage) == (index.start_ns, None)
        assert part.start_ns + part.duration_ns == int(whole[-1][TIME])


class Interval(NamedTuple):
    """An interval with text instead of indices, which a part has its own of."""

    start: int
    end: int
    kind: int
    goroutine: int
    cause: int
    flags: int
    reason: str
    cause_stack: list[tuple[str, str, int]]
    stack: list[tuple[str, str, int]]


def intervals(trace: Any) -> list[Interval]:
    found = []

    class Recorder(uncompiled().observe.Observer):  # type: ignore[misc]
        def interval(self, kind: int, reason: int, stack: int, start: int, length: int, g: int, *more: int) -> int:
            cause, cause_stack, flags = more
            goroutine = self.goroutines.ids[g] if g >= 0 else -1
            text, at = trace.tables.string(reason), trace.tables.stack
            found.append(
                Interval(start, start + length, kind, goroutine, cause, flags, text, at(cause_stack), at(stack))
            )
            return 0

    for _ in trace.chunks((), (Recorder(),)):
        pass
    return found


@pytest.mark.parametrize("path", SEVERAL, ids=lambda path: path.stem)
def test_the_intervals_inside_a_window_are_the_same(path: Path) -> None:
    """Those that begin and end in it.

    Only what is runnable because a P is idle can differ: Ps are not known at first. And where a goroutine is that has
    not run yet can be unknown.
    """

    def inside(trace: Any, start: int, end: int) -> list[Interval]:
        every = intervals(trace)
        return sorted(one for one in every if start < one.start <= one.end <= end and one.kind != IntervalKind.IDLE_P)

    with uncompiled().active():
        name = str(path)
        index = index_of(name)
        ends = [*(mark.start for mark in index.marks[1:]), open_and_read(name)]
        for mark, end in zip(index.marks, ends, strict=True):
            middle = (mark.start + end) // 2
            for window in ((mark.start, end), (mark.start, middle), (middle, end)):
                expected = inside(open_trace(name), *window)
                found = inside(open_trace(name).part(index, *window), *window)
                have_run = set()
                for here, there in zip(found, expected, strict=True):
                    is_known = here.goroutine in have_run or here.stack
                    assert here == (there if is_known else there._replace(stack=[]))
                    if here.kind == IntervalKind.RUNNING:
                        have_run.add(here.goroutine)


def open_and_read(name: str) -> int:
    """Return the time of a trace's end."""
    trace = open_trace(name)
    for _ in trace.chunks(()):
        pass
    return int(trace.start_ns + trace.duration_ns)


@pytest.mark.parametrize("name", LONG)
def test_a_part_costs_only_itself(name: str, decoder: Build) -> None:
    """Before it nothing is read, and after it no more than what ends what is under way."""
    data = LONG[name]
    trace = trace_of(name, data)
    whole = sum(chunk.n for chunk in trace.chunks())
    index = trace.index()
    assert len(index.marks) == 3
    for mark in index.marks:
        part = trace_of(name, data).part(index, mark.start, mark.start)
        times = [time for chunk in part.chunks() for time, *_ in chunk.rows()]
        assert times[0] == mark.start
        assert len(times) < whole / 5
        assert mark.offset < part.position <= len(data)


@pytest.mark.parametrize("name", LONG)
def test_a_trace_in_memory_stays_there_for_its_parts(name: str) -> None:
    """What standard input or a gzipped file held can be read only once."""
    trace = Trace(name, memoryview(forgetful(LONG[name])))
    trace.is_read_again = True
    whole = list(map(comparable, lines(trace)))
    index = trace.index()
    for mark in reversed(index.marks):
        assert whole[whole.index(["Sync", str(mark.start)]) :] == [
            comparable(line) for line in lines(trace.part(index, mark.start, NEVER))
        ]


def test_of_the_old_format_there_is_only_the_whole() -> None:
    for path in TRACES:
        if path.stem.endswith(("go1.19", "go1.21")):
            trace = open_trace(str(path))
            whole = list(lines(trace))
            middle = trace.start_ns + trace.duration_ns // 2
            part = open_trace(str(path)).part(trace.index(), middle, middle)
            assert list(lines(part)) == whole
            assert (part.start_ns, part.duration_ns) == (trace.start_ns, trace.duration_ns)


def test_a_file_that_has_changed_is_noticed(tmp_path: Path) -> None:
    """Go truncates the file when it records again; what is mapped beyond its end must not be touched."""
    data = SEVERAL[0].read_bytes()
    path = tmp_path / "x.trace"
    path.write_bytes(data)
    trace = open_trace(str(path))
    index = index_of(str(path))
    assert not trace.has_changed(index)
    for changed in (b"", data[:100], data + data):
        path.write_bytes(changed)
        assert trace.has_changed(index)
    path.write_bytes(data)
    assert not open_trace(str(path)).has_changed(index)
    path.write_bytes(SEVERAL[1].read_bytes())
    assert open_trace(str(path)).has_changed(index)
