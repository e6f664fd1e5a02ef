"""Traces → the pictures of a report: what to find in each reading, and the streams made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.cpu_moments import CpuMomentsAnalysis
from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.group_times import GroupTimesAnalysis
from gotracer_ci.analysis.heap_line import HeapLineAnalysis
from gotracer_ci.analysis.lanes import LanesAnalysis
from gotracer_ci.analysis.life_columns import LifeColumnsAnalysis
from gotracer_ci.analysis.logs import LogsAnalysis
from gotracer_ci.analysis.mmu_line import MmuLineAnalysis
from gotracer_ci.analysis.over_time import OverTimeAnalysis
from gotracer_ci.analysis.profiles import ProfilesAnalysis, StackTime
from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.analysis.region_times import RegionsAnalysis
from gotracer_ci.analysis.tasks import TasksAnalysis
from gotracer_ci.analysis.utilisation import Busy
from gotracer_ci.pictures.calls import Calls
from gotracer_ci.pictures.columns import Strings
from gotracer_ci.pictures.groups import Groups
from gotracer_ci.pictures.lanes import budget, lanes
from gotracer_ci.pictures.profiles import profiles
from gotracer_ci.pictures.summary import Traced, summary
from gotracer_ci.pictures.tables import tables
from gotracer_ci.report.picture import Pictures, Stream
from gotracer_ci.trace.reader import Trace

_LEAST: Final = 3_000_000
"""Lanes begin at least as fine as for a page of so many bytes, so that all smaller pages have the same stacks."""


class Drawn(NamedTuple):
    """What the pictures have of one trace.

    profiles: by type. detail: what `detail_analyses` found, None if it was read without them.
    """

    is_base: bool
    summary: Stream
    groups: Groups
    profiles: Mapping[str, Sequence[StackTime]]
    detail: Mapping[str, Any] | None


def analyses(trace: Trace, *, heap: bool = False) -> dict[str, Analysis[Any]]:
    """Begin what the pictures of every trace are made of, by name.

    Args:
        heap: the counts over time have the heap, too, which no picture needs.
    """
    busy = Busy()
    return {
        "over_time": OverTimeAnalysis(heap=heap),
        "groups": GroupTimesAnalysis(),
        "gc": CollectorAnalysis(trace, busy=busy),
        "mmu": MmuLineAnalysis(busy),
        "heap": HeapLineAnalysis(),
        "profiles": ProfilesAnalysis(trace),
    }


def detail_analyses(trace: Trace, size: int, window: tuple[int, int] | None) -> dict[str, Analysis[Any]]:
    """Begin what else the pictures of the worst trace are made of, by name.

    Args:
        size: how many bytes the page may have.
        window: what its timeline shows, ns from the trace's start; None for the whole trace.
    """
    return {
        "lanes": LanesAnalysis(budget(max(size, _LEAST) * 3 // 4), window),
        "lives": LifeColumnsAnalysis(trace),
        "tasks": TasksAnalysis(trace),
        "regions": RegionsAnalysis(trace, each=True),
        "logs": LogsAnalysis(trace),
        "cpu": CpuMomentsAnalysis(),
    }


def drawn(path: str, facts: Facts, found: Mapping[str, Any], *, is_base: bool, has_detail: bool) -> Drawn:
    """Return what the pictures have of a trace that has been read.

    Args:
        found: what its analyses found, by name.
        is_base: it is of the base commit.
        has_detail: `detail_analyses` are among them.
    """
    groups = Groups(found["groups"])
    traced = Traced(path, is_base, facts.duration_ns, facts.gomaxprocs)
    detail = found if has_detail else None
    return Drawn(is_base, summary(traced, found, groups), groups, found["profiles"], detail)


def pictures(traces: Sequence[Drawn], worst: int, detail: Mapping[str, Any], room: int) -> Pictures:
    """Return the pictures of a report.

    Args:
        traces: in the report's order.
        worst: the number of the trace that gets lanes and tables. detail: what `detail_analyses` found in it, and
            its tests as "tests".
        room: how many bytes all streams may have together, before base64; the lanes get what the others leave.
    """
    calls, strings = Calls(), Strings()
    head = [trace.profiles for trace in traces if not trace.is_base]
    base = [trace.profiles for trace in traces if trace.is_base]
    of_run = (*profiles(head, "", calls, strings), *profiles(base, "base_", calls, strings))
    shown = tables(worst, detail, traces[worst].groups, calls)
    nodes = {index: calls.node(stack) for index, stack in detail["lanes"].stacks.items()}
    blocks = (*calls.blocks(strings), *of_run)
    summaries = tuple(
        Stream({**trace.summary.header, "trace": number}, trace.summary.blocks) for number, trace in enumerate(traces)
    )
    header = {"stream": "calls", "traces": len(head), "base_traces": len(base), "strings": strings.values()}
    of_calls = Stream(header, blocks)
    room -= sum(len(stream.deflated) for stream in (*summaries, of_calls, shown))
    return Pictures(summaries, of_calls, worst, lanes(worst, detail["lanes"], nodes, max(room, 0)), shown)
