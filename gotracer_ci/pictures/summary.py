"""The summary of one trace: what the page draws of every trace, in little space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.gc import Collections
from gotracer_ci.analysis.heap_line import HeapPoint
from gotracer_ci.analysis.mmu_line import MmuLine
from gotracer_ci.analysis.over_time import OverTime
from gotracer_ci.pictures.collector import collector, utilisation
from gotracer_ci.pictures.columns import Strings, block, column
from gotracer_ci.pictures.groups import Groups
from gotracer_ci.report.picture import DELTA, ZIGZAG, Block, Stream

_HEAP: Final = (("at", DELTA), ("allocated", ZIGZAG | DELTA), ("goal", ZIGZAG | DELTA))
_PROCS: Final = (("at", DELTA), ("value", ZIGZAG))


class Traced(NamedTuple):
    """A trace of the report. base: it is of the base commit."""

    path: str
    base: bool
    duration_ns: int
    gomaxprocs: int


def summary(trace: Traced, found: Mapping[str, Any], groups: Groups) -> Stream:
    """Return the stream of the trace's summary (see docs/report-data.md).

    Args:
        found: what the analyses of `made.analyses` found, by name.
    """
    over_time: OverTime = found["over_time"]
    heap: tuple[HeapPoint, ...] = found["heap"]
    collections: Collections = found["gc"]
    mmu: MmuLine = found["mmu"]
    strings = Strings()
    cycles, stops = collector(collections, strings)
    group_states, states_of_groups = groups.states()
    blocks = (
        _states(over_time),
        groups.block(strings),
        states_of_groups,
        block("heap", _HEAP, heap),
        cycles,
        stops,
        block("procs", _PROCS, [(at, n or -1) for at, n in over_time.procs]),
        *utilisation(mmu),
    )
    header: dict[str, Any] = {
        "stream": "summary",
        "path": trace.path,
        "base": trace.base,
        "duration_ns": trace.duration_ns,
        "gomaxprocs": trace.gomaxprocs,
        "states": {"width_ns": over_time.width_ns},
        "group_states": group_states,
        "windows": list(mmu.lengths),
        "left_out": {
            "gc": len(collections.cycles) + collections.left_out[0] - cycles.rows,
            "stw": len(collections.stops) + collections.left_out[1] - stops.rows,
        },
    }
    return Stream({**header, "strings": strings.values()}, blocks)


def _states(over_time: OverTime) -> Block:
    bins = over_time.bins
    sums = ("running", "runnable", "waiting", "syscall", "syscall_blocked", "stw", "gc")
    columns = [column(name, [getattr(each, name) for each in bins]) for name in sums]
    capacity = column("capacity", [-1 if each.procs is None else each.procs for each in bins], ZIGZAG)
    return Block("states", (*columns, capacity))
