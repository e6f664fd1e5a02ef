"""A mapped file's memory is released while it is read: all that has been read, and nothing too early.

The mappings here are of no file. What is given back of them is gone for good and reads as zeros, whereas a file would
have it again and hide a mistake.
"""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from gotracer_ci.trace.observers.groups import Groups
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev
from gotracer_ci.trace.wire import Damage, generations
from tests.trace.conftest import TRACES
from tests.trace.writer import case

GENERATION = """
generation {0}
thread 7 at {0}00000
+1 ProcStatus p=0 pstatus=Running
+1 GoStatus g=1 m=7 gstatus=Running
bytes {1}
thread 8 at {0}20000
+1 ProcStatus p=1 pstatus=Running
+1 GoStatus g=2 m=8 gstatus=Running
bytes {1}
thread 7 at {0}40000
bytes {1}
+1 UserLog task=1 key=k value=generation-{0} stack=work
thread 8 at {0}60000
bytes {1}
+1 UserLog task=2 key=k value=generation-{0} stack=work
samples
sample time={0}70000 m=7 p=0 g=1 stack=work
"""
HEADER = "# long\nexpect ok\ntrace go 1.{}\nstack work main.work@main.go:12 main.main@main.go:5"
ALLOCATIONS = (bytes([Ev.HEAP_ALLOC, 1, 64]) * 15_000).hex()


def long_trace(version: int) -> bytes:
    """Three generations of about 180 kB each: more than a page of any size."""
    return case(HEADER.format(version) + "".join(GENERATION.format(n, ALLOCATIONS) for n in (1, 2, 3))).data


LONG = {f"long-go1.{version}": long_trace(version) for version in (22, 25, 26)}
ALL = {**LONG, **{path.stem: path.read_bytes() for path in TRACES}}


def forgetful(data: bytes) -> mmap.mmap:
    mapping = mmap.mmap(-1, len(data), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    mapping[:] = data
    return mapping


def contents(trace: Trace) -> tuple[object, ...]:
    """Return everything that a trace gives."""
    positions: list[int] = []
    trace.watch = lambda trace: positions.append(trace.position)
    groups = Groups()
    rows = [row for chunk in trace.chunks(None, (groups,)) for row in chunk.rows()]
    tables = (trace.tables.strings, list(trace.tables.frames), list(trace.tables.stacks))
    figures = (list(trace.alive()), groups.rows(), trace.totals(), trace.events, trace.size)
    return rows, positions, tables, figures, str(trace.damage)


def last_end(data: bytes, version: int) -> int:
    """Return where the last complete generation ends."""
    end = 0
    try:
        for generation in generations(memoryview(data), version):
            end = generation.end
    except Damage:
        pass
    return end


@pytest.mark.parametrize("share", [1.0, 0.9, 0.5])
@pytest.mark.parametrize("name", ALL)
def test_what_was_given_back_is_not_looked_at_again(name: str, share: float) -> None:
    """Complete or truncated; the truncated generation must still be there."""
    data = ALL[name][: int(len(ALL[name]) * share)]
    assert contents(Trace("a", memoryview(forgetful(data)))) == contents(Trace("a", memoryview(data)))


@pytest.mark.parametrize("share", [1.0, 0.7])
@pytest.mark.parametrize("name", LONG)
def test_what_was_read_is_given_back(name: str, share: float) -> None:
    """Only whole pages: the last one may contain the beginning of the next generation."""
    data = LONG[name][: int(len(LONG[name]) * share)]
    mapping = forgetful(data)
    trace = Trace("a", memoryview(mapping))
    assert sum(chunk.n for chunk in trace.chunks()) > 120_000
    end = last_end(data, trace.version)
    end -= end % mmap.PAGESIZE
    assert end > len(data) // 2
    assert mapping[:end] == bytes(end)
    assert mapping[end:] == data[end:]


@pytest.mark.parametrize("name", LONG)
def test_a_file_that_gave_its_memory_back_is_whole(name: str, tmp_path: Path) -> None:
    """It can be read again, by a new reader and by one that still has it open."""
    path = tmp_path / "a.trace"
    path.write_bytes(LONG[name])
    trace = open_trace(str(path))
    expected = contents(Trace(str(path), memoryview(LONG[name])))
    assert contents(trace) == expected
    assert path.read_bytes() == LONG[name]
    assert sum(chunk.n for chunk in trace.again().chunks()) == sum(chunk.n for chunk in open_trace(str(path)).chunks())
