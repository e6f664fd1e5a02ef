"""The old format (Go 1.11 to 1.21): traces written by hand, compared with Go's own reader."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from gotracer_ci.trace.spec import GoState, IntervalKind
from gotracer_ci.trace.tables import Tables
from gotracer_ci.trace.v1.blocks import STEP
from gotracer_ci.trace.v1.parse import Parser
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.v1.spec import GC_P, NETPOLL_P, SYSCALL_P, TIMED, TIMER_P, Old
from tests.builds import Build, groups_of, open_trace, trace_of
from tests.trace.conftest import TRACES, Oracle
from tests.trace.lines import lines

OLDER = [path for path in TRACES if path.stem.endswith(("go1.19", "go1.21"))]
NOBODY_WRITES = {Old.FUTILE_WAKEUP, Old.GO_SYS_EXIT_LOCAL}
"""Event types of the format that no Go since 1.11 writes."""

MAIN, OTHER, STACK = 1, 2, 1

Read = Callable[[bytes], tuple[list[str], str]]


def number(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def record(kind: int, *numbers: int) -> bytes:
    """Return the bytes of an event. If it has more than three numbers, their length in bytes comes first."""
    body = b"".join(map(number, numbers))
    if len(numbers) <= 3:
        return bytes([kind | (len(numbers) - 1) << 6]) + body
    return bytes([kind | 3 << 6]) + number(len(body)) + body


def batch(proc: int, time: int, *events: bytes) -> bytes:
    return bytes([Old.BATCH | 1 << 6]) + number(proc) + number(time) + b"".join(events)


def text(id: int, content: bytes) -> bytes:
    return bytes([Old.STRING]) + number(id) + number(len(content)) + content


TABLES = b"".join(
    [
        text(1, b"main.main"),
        text(2, b"main.go"),
        text(3, b"name"),
        record(Old.STACK, STACK, 1, 0x1000, 1, 2, 7),
        record(Old.FREQUENCY, 1_000_000_000),
    ]
)
BEGINS = b"".join(
    [
        record(Old.GO_CREATE, 5, MAIN, STACK, STACK),
        record(Old.GO_CREATE, 5, OTHER, STACK, STACK),
        record(Old.GO_WAITING, 5, OTHER),
        record(Old.PROC_START, 5, 77),
        record(Old.GO_START, 5, MAIN, 1),
        record(Old.GOMAXPROCS, 5, 2, STACK),
    ]
)
"""On P 0, thread 77, `MAIN` runs, and `OTHER` waits: its sequence number is 2."""


def trace(*events: bytes, others: bytes = b"", version: int = 21) -> bytes:
    """Return a trace with these events on P 0 after the beginning, and the batches of other Ps."""
    return b"go 1.%d trace\0\0\0" % version + batch(0, 1000, BEGINS, *events) + others + batch(0, 9000, TABLES)


@pytest.fixture
def read(decoder: Build, oracle: Oracle, tmp_path: Path) -> Read:
    """Return our lines, which must equal those of Go's reader, and the damage."""

    def reader(data: bytes) -> tuple[list[str], str]:
        path = tmp_path / "written.trace"
        path.write_bytes(data)
        opened = open_trace(str(path))
        ours = list(lines(opened))
        assert ours == oracle(path)
        return ours, opened.damage.problem if opened.damage else ""

    return reader


def test_the_traces_hold_every_event_of_the_older_format() -> None:
    seen: set[int] = set()
    for path in OLDER:
        records = Records()
        parser = Parser(memoryview(path.read_bytes()), 21, records, Tables())
        while parser.read(STEP):
            pass
        seen.update(records.kinds[: records.n])
    assert {event.name for event in set(TIMED) - NOBODY_WRITES if event not in seen} == set()


@pytest.mark.parametrize("version", [11, 19, 21])
def test_every_version_of_the_format(version: int, read: Read) -> None:
    """The reasons of stop-the-worlds have other numbers in Go 1.21."""
    stops = [event for k in (0, 1, 2, 7) for event in (record(Old.STW_START, 1, k), record(Old.STW_DONE, 1))]
    found, damage = read(trace(*stops, version=version))
    assert damage == ""
    assert ("read mem stats" in "".join(found)) is (version == 21)
    assert len(found) == 1 + 3 + 8 + 1


def test_system_calls(read: Read) -> None:
    """A call that did not block lasts 1 ns and delays what follows; its end has its own time, before it was written."""
    found, damage = read(
        trace(
            record(Old.GO_SYSCALL, 5, STACK),
            record(Old.GO_SCHED, 0, STACK),
            record(Old.GO_START, 5, MAIN, 2),
            record(Old.GO_SYSCALL, 100, STACK),
            record(Old.GO_SYS_BLOCK, 50),
            record(Old.PROC_STOP, 0),
            record(Old.PROC_START, 500, 78),
            record(Old.GO_START, 0, MAIN, 4),
            others=batch(-1, 1500, record(Old.GO_SYS_EXIT, 30, MAIN, 3, 1400)),
        )
    )
    assert damage == ""
    times = [int(line.split("\t")[1]) for line in found if "Syscall" in line]
    assert times == [30, 31, 135, 395]
    assert f"\t395\t-1\t{SYSCALL_P}\t{MAIN}\t" in "".join(found)


def test_ends_of_system_calls_are_sorted_by_their_true_times(read: Read) -> None:
    """They are written in another order; of equal times, the first one written comes first."""
    goroutines = range(10, 60)
    calls = b"".join(
        record(Old.GO_START, 5, g, 1) + record(Old.GO_SYSCALL, 5, STACK) + record(Old.GO_SYS_BLOCK, 5)
        for g in goroutines
    )
    written = list(reversed(goroutines))
    ends = b"".join(record(Old.GO_SYS_EXIT, 3, g, 2, 3000 + g * 37 % 11 * 10) for g in written)
    created = [record(Old.GO_CREATE, 1, g, STACK, STACK) for g in goroutines]
    found, damage = read(trace(*created, record(Old.GO_SCHED, 5, STACK), calls, others=batch(-1, 5000, ends)))
    assert damage == ""
    ended = [line.split("\t") for line in found if f"\t{SYSCALL_P}\t" in line]
    expected = sorted(written, key=lambda g: g * 37 % 11)
    assert [int(line[4]) for line in ended] == expected


def test_states_and_reasons(read: Read, tmp_path: Path) -> None:
    found, damage = read(
        trace(
            record(Old.GO_UNBLOCK, 5, OTHER, 2, STACK),
            record(Old.GO_STOP, 5, STACK),
            record(Old.GO_START_LABEL, 5, OTHER, 3, 3),
            record(Old.GO_BLOCK, 5, STACK),
        )
    )
    assert damage == ""
    assert [line.split("\t")[9] for line in found if "\tRunning\tWaiting\t" in line] == ['"forever"', '""']
    assert any(line.startswith("Label") and '"name"' in line for line in found)
    opened = open_trace(str(tmp_path / "written.trace"))
    list(opened.chunks())
    # GoStop does not end a goroutine, and goroutines from before the trace have only a function
    alive = {row[0]: row for row in opened.alive()}
    assert {id: row[5] for id, row in alive.items()} == {MAIN: GoState.WAITING, OTHER: GoState.WAITING}
    assert [opened.tables.stack(row[4]) for row in alive.values()] == [[("main.main", "main.go", 7)]] * 2
    assert opened.totals()["goroutines_at_start"] == 2
    assert opened.totals()["gomaxprocs"] == 2


def test_what_belongs_to_no_real_p(read: Read) -> None:
    found, damage = read(
        trace(
            record(Old.GC_START, 5, 0, STACK),
            record(Old.GO_BLOCK_NET, 5, STACK),
            others=batch(
                1,
                1050,
                record(Old.PROC_START, 0, 80),
                record(Old.GO_UNBLOCK, 500, MAIN, 2, 0),
                record(Old.GO_UNBLOCK, 0, OTHER, 2, 0),
                record(Old.GO_START_LOCAL, 0, OTHER),
                record(Old.GO_BLOCK_SYNC, 5, STACK),
                record(Old.GO_START_LOCAL, 0, MAIN),
                record(Old.GO_UNBLOCK_LOCAL, 0, OTHER, STACK),
                record(Old.GC_DONE, 5),
                record(Old.TIMER_GOROUTINE, MAIN),
            ),
        )
    )
    assert damage == ""
    procs = [int(line.split("\t")[3]) for line in found]
    assert {p for p in procs if p > 1} == {GC_P, NETPOLL_P, TIMER_P}


def test_a_p_without_events_is_idle(decoder: Build) -> None:
    """A goroutine that is runnable could have run on P 1, although the file has no event of it."""
    data = trace(record(Old.GO_UNBLOCK, 5, OTHER, 2, STACK), record(Old.GO_SCHED, 1000, STACK))
    opened = trace_of("written", data)
    assert sum(total for kind, _, _, _, _, total, *_ in groups_of(opened) if kind == IntervalKind.IDLE_P) == 1000 + 2


def test_tasks_regions_and_logs(read: Read) -> None:
    found, damage = read(
        trace(
            record(Old.TASK_CREATE, 5, 9, 0, 3, STACK),
            record(Old.TASK_CREATE, 5, 10, 9, 3, STACK),
            record(Old.REGION, 5, 9, 1, 3, STACK),
            record(Old.REGION, 5, 9, 0, 3, STACK),
            record(Old.LOG, 5, 9, 3, STACK) + number(5) + b"hello",
            record(Old.LOG, 5, 9, 0, STACK) + number(0),
            record(Old.REGION, 5, 9, 1, 3, STACK),
            record(Old.TASK_END, 5, 10, STACK),
            record(Old.TASK_END, 5, 9, STACK),
            record(Old.TASK_END, 5, 11, STACK),
        )
    )
    assert damage == ""
    assert [line.split("\t")[5:7] for line in found if line.startswith("TaskEnd")] == [
        ["10", "9"],
        ["9", "0"],
        ["11", "-1"],
    ]


def test_the_position_moves_evenly_from_the_first_byte_on() -> None:
    """It moves long before the first event is known, because the file is read three times."""
    opened = trace_of("long", trace(*[record(Old.HEAP_ALLOC, 5, 1)] * (4 * STEP)))
    seen = [(0, 0)]
    opened.watch = lambda opened: seen.append((opened.events, opened.position))
    assert sum(chunk.n for chunk in opened.chunks()) == opened.events > 4 * STEP
    positions = [position for _, position in seen]
    assert positions == sorted(positions)
    assert positions[-1] == opened.size
    assert max(later - earlier for earlier, later in pairwise(positions)) < opened.size / 10
    assert max(position for events, position in seen if events == 0) > opened.size / 2


@pytest.mark.parametrize("path", OLDER[::5], ids=lambda path: path.stem)
def test_a_truncated_trace_is_refused(path: Path, decoder: Build) -> None:
    """Frequency and stacks are at the end: either nothing can be read, or everything without the truncated stacks."""
    data = path.read_bytes()
    for end in range(16, len(data), len(data) // 7):
        cut = trace_of("cut", data[:end])
        found = sum(chunk.n for chunk in cut.chunks())
        assert cut.damage is not None
        assert "truncated" in cut.damage.problem
        assert found == 0 or "stacks" in cut.damage.problem


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([record(Old.HEAP_ALLOC, 5, 1, 2)], "numbers"),
        ([record(54, 5)], "unknown event type"),
        ([record(Old.LOG, 5, 9, 3, STACK) + number(1 << 40)], "that the format allows"),
        ([bytes([Old.GO_SYS_EXIT | 3 << 6]) + number(3000)], "that the format allows"),
        ([record(Old.HEAP_ALLOC, -1, 1)], "time is out of range"),
        (
            [record(Old.GO_START, 5, OTHER, 5)],
            "no P can make progress: inconsistent event order; Go before 1.22",
        ),
        ([record(Old.STACK, 9, 2, 1, 1, 1, 1)], "stack table is broken"),
        ([text(1, b"again")], "string table is broken"),
        ([batch(1 << 31, 1000)], "out of range"),
        ([batch(1, 500, record(Old.PROC_START, 0, 8)), batch(1, 100, record(Old.PROC_STOP, 0))], "times go back"),
    ],
)
def test_what_cannot_be_ordered_is_refused(events: list[bytes], problem: str, read: Read) -> None:
    found, damage = read(trace(*events))
    assert found == []
    assert problem in damage


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([record(Old.PROC_START, 5, 8)], "which is running"),
        ([record(Old.PROC_STOP, 5)], "runs a goroutine"),
        ([record(Old.GC_DONE, 5)], "not begun"),
        ([record(Old.STW_START, 5, 0), record(Old.STW_START, 5, 0)], "inside another"),
        ([record(Old.STW_DONE, 5)], "not begun"),
        ([record(Old.SWEEP_START, 5, 0), record(Old.SWEEP_START, 5, 0)], "inside another"),
        ([record(Old.SWEEP_DONE, 5, 0, 0)], "not begun"),
        ([record(Old.ASSIST_START, 5, 0), record(Old.ASSIST_START, 5, 0)], "inside another"),
        ([record(Old.GO_END, 5), record(Old.GO_END, 5)], "does not run there"),
        ([record(Old.TASK_CREATE, 5, 9, 0, 3, 0), record(Old.TASK_CREATE, 5, 9, 0, 3, 0)], "twice"),
        ([record(Old.REGION, 5, 9, 7, 3, 0)], "region of goroutine 1 neither begins nor ends"),
    ],
)
def test_what_contradicts_itself_is_read_up_to_there(events: list[bytes], problem: str, decoder: Build) -> None:
    """Go's reader returns no events of these; ours returns those before the contradiction."""
    whole = trace_of("whole", trace())
    before = [row for chunk in whole.chunks() for row in chunk.rows()]
    broken = trace_of("broken", trace(*events))
    found = [row for chunk in broken.chunks() for row in chunk.rows()]
    assert found[: len(before) - 1] == before[:-1]
    assert len(found) - len(before) + 1 == len(events) - 1
    assert broken.damage is not None
    assert problem in broken.damage.problem
    assert broken.damage.offset is not None


def test_an_event_without_a_meaning_ends_the_trace(read: Read) -> None:
    found, damage = read(trace(record(Old.HEAP_ALLOC, 5, 1), record(Old.FUTILE_WAKEUP, 5)))
    assert "unknown event type" in damage
    assert len(found) > 1
