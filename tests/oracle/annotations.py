"""Compare `regions --go-compat` and `tasks --go-compat` with the summary of Go's own internal/trace, field by field."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gotracer_ci.analysis.go_summary import GoRegion, summarize
from gotracer_ci.analysis.go_tasks import GoTask
from gotracer_ci.analysis.region_times import Region, go_regions
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.analysis.tasks import Task, go_tasks
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace


def compare_regions(oracle: Path, path: Path) -> tuple[int, list[str]]:
    """Return how many regions were compared, and the differences."""
    trace = open_trace(str(path))
    regions = go_regions(trace, SourceMap(Repository.scan(path.parent))).regions
    mine = [_region(region, trace.start_ns) for region in regions]
    return _compared("region", mine, _theirs(oracle, "-regions", path))


def compare_tasks(oracle: Path, path: Path) -> tuple[int, list[str]]:
    """Return how many tasks were compared, and the differences."""
    return _compared("task", list(_tasks(path)), _theirs(oracle, "-tasks", path))


def _theirs(oracle: Path, option: str, path: Path) -> list[dict[str, Any]]:
    done = subprocess.run([oracle, option, path], capture_output=True, text=True, timeout=300, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _compared(noun: str, mine: Sequence[Any], its: Sequence[Any]) -> tuple[int, list[str]]:
    ours, theirs = (Counter(json.dumps(each, sort_keys=True) for each in found) for found in (mine, its))
    more, less = sorted((ours - theirs).elements()), sorted((theirs - ours).elements())
    differences = [f"{noun}:\n- Go's: {line}" for line in less[:3]] + [f"{noun}:\n+ ours: {line}" for line in more[:3]]
    return len(its), differences


def _region(region: Region, start_ns: int) -> dict[str, Any]:
    times = region.times
    return {
        "Goroutine": region.goroutine,
        "Type": region.type,
        "Task": region.task,
        "Begin": 0 if region.begin_ns is None else region.begin_ns + start_ns,
        "End": 0 if region.end_ns is None else region.end_ns + start_ns,
        "Stack": _stack(region.stack),
        "Exec": times.running,
        "Sched": times.runnable,
        "Syscall": times.syscall,
        "SyscallBlock": times.syscall_blocked,
        "Total": region.duration_ns,
        "Unknown": times.unknown,
        "Block": region.waits,
        "Stopped": region.ranges.stw,
        "Assist": region.ranges.assist,
        "Sweep": region.ranges.sweep,
    }


def _stack(stack: Stack) -> str:
    return ";".join(f"{frame.function}@{frame.file}:{frame.line}" for frame in stack.frames) or "-"


def _tasks(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the tasks that the command shows, with the lists that it only counts."""
    trace = open_trace(str(path))
    _, wholes = summarize(trace)
    for task in go_tasks(open_trace(str(path))).tasks:
        yield _task(task, wholes[task.id], trace)


def _task(task: Task, whole: GoTask, trace: Trace) -> dict[str, Any]:
    assert (task.regions, task.logs) == (len(whole.regions), len(whole.logs))
    text = trace.tables.string
    return {
        "ID": task.id,
        "Parent": -1 if task.parent is None else task.parent,
        "Name": task.type,
        "Begin": 0 if task.begin_ns is None else task.begin_ns + trace.start_ns,
        "End": 0 if task.end_ns is None else task.end_ns + trace.start_ns,
        "Complete": task.complete,
        "Regions": [_task_region(region, trace) for region in sorted(whole.regions, key=_order)] or None,
        "Logs": [
            {"Time": now, "Goroutine": g, "Category": text(category), "Message": text(message)}
            for now, g, category, message in whole.logs
        ]
        or None,
        "Children": list(task.children) or None,
        "Goroutines": list(task.goroutines) or None,
    }


def _order(region: GoRegion) -> tuple[int, int]:
    return region.begin or 0, region.end or 0


def _task_region(region: GoRegion, trace: Trace) -> dict[str, Any]:
    return {"Type": trace.tables.string(region.name), "Begin": region.begin or 0, "End": region.end or 0}
