"""The tables of the worst trace: its goroutines, tasks, regions, logs, tests and CPU samples one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gotracer_ci.analysis.cpu_moments import CpuMoments
from gotracer_ci.analysis.life_columns import WAITS, LifeColumns
from gotracer_ci.analysis.logs import TraceLogs
from gotracer_ci.analysis.ran_tests import RanTests
from gotracer_ci.analysis.region_times import Region, RegionTimes
from gotracer_ci.analysis.tasks import TraceTasks
from gotracer_ci.pictures.calls import Calls
from gotracer_ci.pictures.columns import Strings, block, column, longest
from gotracer_ci.pictures.groups import Groups
from gotracer_ci.report.picture import DELTA, ZIGZAG, Block, Stream

MAX_ROWS: Final = 20_000
"""Tasks, regions and logs, of each; of more tasks and regions the longest."""
_TASKS: Final = (
    ("id", ZIGZAG | DELTA),
    ("type", 0),
    ("parent", ZIGZAG),
    ("start", ZIGZAG | DELTA),
    ("length", 0),
    ("goroutine", ZIGZAG),
    ("open", 0),
    ("before", 0),
)
_REGIONS: Final = (
    ("type", 0),
    ("task", ZIGZAG),
    ("goroutine", ZIGZAG),
    ("node", 0),
    ("start", ZIGZAG | DELTA),
    ("length", 0),
    ("depth", 0),
    ("open", 0),
    ("before", 0),
    ("running", 0),
    ("runnable", 0),
    ("waiting", 0),
    ("syscall", 0),
)
_LOGS: Final = (("at", DELTA), ("task", ZIGZAG), ("goroutine", ZIGZAG), ("category", 0), ("message", 0))
_TESTS: Final = (
    ("name", 0),
    ("start", ZIGZAG | DELTA),
    ("length", 0),
    ("goroutine", ZIGZAG),
    ("depth", 0),
    ("benchmark", 0),
    ("outcome", 0),
)
_CPU: Final = (("at", DELTA), ("node", 0), ("goroutine", ZIGZAG))


def tables(number: int, found: Mapping[str, Any], groups: Groups, calls: Calls) -> Stream:
    """Return the stream of a trace's tables (see docs/report-data.md).

    Args:
        number: of the trace. found: what the analyses of `made.detail_analyses` found, by name.
        groups: those of its summary.
        calls: gets the stacks.
    """
    lives: LifeColumns = found["lives"]
    tasks: TraceTasks = found["tasks"]
    regions: RegionTimes = found["regions"]
    logs: TraceLogs = found["logs"]
    cpu: CpuMoments = found["cpu"]
    strings = Strings()
    blocks = (
        _goroutines(lives, groups, calls, strings),
        _tasks(tasks, strings),
        _regions(regions, calls, strings),
        _logs(logs, strings),
        _tests(found["tests"], strings),
        block("cpu", _CPU, [(sample.at, calls.node(sample.stack), sample.goroutine) for sample in cpu.samples]),
    )
    left_out = {
        "goroutines": lives.left_out,
        "tasks": len(tasks.tasks) + tasks.left_out - blocks[1].rows,
        "regions": regions.counted - blocks[2].rows,
        "logs": len(logs.logs) + logs.left_out - blocks[3].rows,
        "tests": found["tests"].ran - blocks[4].rows,
        "cpu": cpu.left_out,
    }
    return Stream({"stream": "tables", "trace": number, "strings": strings.values(), "left_out": left_out}, blocks)


def _goroutines(lives: LifeColumns, groups: Groups, calls: Calls, strings: Strings) -> Block:
    columns = lives.columns
    names = {entry: strings.number(name) for entry, name in sorted(lives.names.items())}
    nodes = {creation: calls.node(stack) for creation, stack in sorted(lives.creations.items())}
    pairs = list(zip(columns["entry"], columns["creation"], strict=True))
    numbers = {
        (entry, creation): groups.number(lives.names[entry], lives.creations[creation])
        for entry, creation in sorted(set(pairs))
    }
    times = ("total", "running", "runnable", "syscall", "syscall_blocked", "assist", *WAITS)
    return Block(
        "goroutines",
        (
            column("id", columns["id"], ZIGZAG | DELTA),
            column("name", [names[entry] for entry in columns["entry"]]),
            column("group", [numbers[pair] for pair in pairs], ZIGZAG),
            column("creator", columns["creator"], ZIGZAG),
            column("node", [nodes[creation] for creation in columns["creation"]]),
            column("created", columns["created"], ZIGZAG | DELTA),
            column("ended", columns["ended"], ZIGZAG),
            *(column(name, columns[name]) for name in times),
        ),
    )


def _tasks(found: TraceTasks, strings: Strings) -> Block:
    rows = [
        (
            task.id,
            strings.number(task.type),
            task.parent or 0,
            task.begin_ns or 0,
            task.duration_ns,
            task.begin_goroutine,
            int(task.end_ns is None),
            int(task.begin_ns is None),
        )
        for task in longest(found.tasks, MAX_ROWS, lambda task: task.duration_ns)
    ]
    return block("tasks", _TASKS, rows)


def _regions(found: RegionTimes, calls: Calls, strings: Strings) -> Block:
    regions = sorted(found.regions, key=lambda region: (_start(region), -region.duration_ns))
    depths = _depths(regions)
    rows = [
        (
            strings.number(region.type),
            region.task,
            region.goroutine,
            calls.node(region.stack),
            _start(region),
            region.duration_ns,
            depth,
            int(region.end_ns is None),
            int(region.begin_ns is None),
            region.times.running,
            region.times.runnable,
            region.times.waiting,
            region.times.syscall + region.times.syscall_blocked,
        )
        for region, depth in longest(
            list(zip(regions, depths, strict=True)), MAX_ROWS, lambda pair: pair[0].duration_ns
        )
    ]
    return block("regions", _REGIONS, rows)


def _start(region: Region) -> int:
    if region.begin_ns is not None:
        return region.begin_ns
    return 0 if region.end_ns is None else max(0, region.end_ns - region.duration_ns)


def _depths(regions: Sequence[Region]) -> list[int]:
    """Return in how many others of its goroutine each region is. They come in the order of their starts."""
    ends: dict[int, list[int]] = {}
    depths = []
    for region in regions:
        around = ends.setdefault(region.goroutine, [])
        end = _start(region) + region.duration_ns
        while around and around[-1] < end:
            around.pop()
        depths.append(len(around))
        around.append(end)
    return depths


def _logs(found: TraceLogs, strings: Strings) -> Block:
    rows = [
        (log.time_ns, log.task, log.goroutine, strings.number(log.category), strings.number(log.message))
        for log in found.logs[:MAX_ROWS]
    ]
    return block("logs", _LOGS, rows)


def _tests(found: RanTests, strings: Strings) -> Block:
    depths: list[int] = []
    for test in found.tests:
        depths.append(depths[test.parent] + 1 if test.parent >= 0 else 0)
    rows = [
        (
            strings.number(test.name),
            test.begin_ns,
            test.wall_ns,
            test.goroutine,
            depth,
            int(test.is_benchmark),
            strings.number("unfinished" if test.end_ns is None else ""),
        )
        for test, depth in zip(found.tests, depths, strict=True)
    ]
    return block("tests", _TESTS, rows)
