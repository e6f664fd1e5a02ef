"""Lanes: what was on each P, slice by slice."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from math import log
from typing import Final

from gotracer_ci.analysis.lanes import LaneTimes
from gotracer_ci.pictures.columns import Strings, block, column, joined
from gotracer_ci.report.picture import ZIGZAG, Block, Stream

MAX_LANES: Final = 1024
"""Ps that have a lane, those with the lowest numbers."""
_BYTES: Final = 3.5  # of a packed record; 1.3 to 7 in real traces
_MOST_BYTES: Final = 8
_SAMPLE: Final = 8
"""One of so many runs of records tells how many bytes all of them need."""

_COLUMNS: Final = (
    ("gap", "gap", 0),
    ("length", "length", 0),
    ("slices", "slices", 0),
    ("goroutine", "goroutine", ZIGZAG),
    ("stack", "node", 0),
    ("ending", "kind", 0),
    ("reason", "reason", 0),
    ("queued", "queued", 0),
    ("waker", "waker", ZIGZAG),
    ("idle", "idle", 0),
)
"""The columns of `Slices`, and their names and flags in the page."""


def budget(room: int) -> int:
    """Return how many records need so many bytes, when they are packed."""
    return int(room / _BYTES)


def lanes(trace: int, times: LaneTimes, nodes: Mapping[int, int], room: int) -> Stream:
    """Return the stream of what was on the Ps of a trace (see docs/report-data.md).

    Args:
        trace: its number.
        nodes: the number of each stack in the tree of calls, by its index.
        room: how many bytes it may have when it is packed, before base64. The slices get coarser until they fit.
    """
    stacks = _table(nodes)
    slices = times.slices
    procs = slices.sorted()
    fewest = len(procs)
    ranges = _ranges(times, procs[:MAX_LANES])
    sizes: list[tuple[int, int]] = []
    few = max(fewest, room // _MOST_BYTES)
    while slices.count() > few and (size := _estimate(trace, times, stacks, ranges)) > room:
        sizes.append((slices.count(), size))
        slices.shrink(_fitting(sizes[-2:], room))
    stream = _stream(trace, times, stacks, ranges)
    while slices.count() > fewest and (size := len(stream.deflated)) > room:
        sizes.append((slices.count(), size))
        slices.shrink(_fitting(sizes[-2:], room))
        stream = _stream(trace, times, stacks, ranges)
    if len(stream.deflated) > room:
        # the smallest one is always the same
        slices.shrink(0)
        stream = _stream(trace, times, stacks, ranges)
    return stream


def _fitting(sizes: list[tuple[int, int]], room: int) -> int:
    """Return about how many records fit. sizes: the last one or two numbers of records, and the bytes they needed."""
    (count, size), power = sizes[-1], 1.0
    if len(sizes) == 2 and sizes[0][0] > count and sizes[0][1] > size:
        # the fewer records there are, the more bytes each of them needs
        power = log(sizes[0][0] / count) / log(sizes[0][1] / size)
    return int(count * 0.99 * (room / size) ** min(max(power, 1.0), 2.0))


def _estimate(trace: int, times: LaneTimes, stacks: array[int], ranges: Block) -> int:
    """Return about how many bytes the packed stream has, from a part of its records."""
    part = _stream(trace, times, stacks, None, _SAMPLE)
    records = sum(block.rows for block in part.blocks)
    size = len(part.deflated) * times.slices.count() // max(records, 1)
    # a part is packed a little worse than the whole
    return size * 15 // 16 + len(Stream({}, (ranges,)).deflated)


def _table(numbers: Mapping[int, int]) -> array[int]:
    """Return numbers by index as an array."""
    table = array("q", bytes(8 * (max(numbers, default=0) + 1)))
    for index, number in numbers.items():
        table[index] = number
    return table


def _stream(trace: int, times: LaneTimes, stacks: array[int], ranges: Block | None, every: int = 1) -> Stream:
    strings = Strings()
    reasons = _table({index: strings.number(reason) for index, reason in sorted(times.reasons.items())})
    procs = times.slices.sorted()[:MAX_LANES]
    blocks = [_lane(f"lane-{i}", proc, times, stacks, reasons, every) for i, proc in enumerate(procs)]
    header = {
        "stream": "lanes",
        "trace": trace,
        "from_ns": times.start_ns,
        "to_ns": times.end_ns,
        "resolution_ns": times.slices.resolution(),
        "run_ns": times.slices.span(),
        "procs": procs,
        "reasons": strings.values(),
        "totals": {"running": times.running_ns, "syscall": times.syscall_ns, "runnable": times.runnable_ns},
    }
    return Stream(header, (*blocks, ranges) if ranges else tuple(blocks))


def _lane(name: str, proc: int, times: LaneTimes, stacks: array[int], reasons: array[int], every: int) -> Block:
    parts = [
        [column(shown, run[of], flags) for of, shown, flags in _COLUMNS]
        for run in times.slices.runs(proc, times.begin, stacks, reasons, every)
    ]
    return Block(name, tuple(map(joined, zip(*parts, strict=True))))


def _ranges(times: LaneTimes, procs: list[int]) -> Block:
    lane = {proc: number for number, proc in enumerate(procs)}
    columns = (("lane", 0), ("start", 0), ("length", 0), ("kind", 0), ("goroutine", ZIGZAG))
    return block("ranges", columns, [(lane[proc], *rest) for proc, *rest in times.ranges if proc in lane])
