"""Compare mutator utilisation with that of Go's own internal/trace.

Go's is right for stop-the-world, assists and sweeps of traces since Go 1.22. It begins with the first event that tells
GOMAXPROCS, and what mark workers do never ends in it. In rare traces a minimum of Go's is too high: by it, a window
loses less time than a shorter one that fits into it. In others it counts an assist that does not run (see
`is_miscounted`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from gotracer_ci.analysis import mmu
from gotracer_ci.analysis.collector_work import CollectorWork
from gotracer_ci.analysis.reading import read
from gotracer_ci.analysis.utilisation import Busy, Cause
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from tests.trace.lines import lines

WORK: tuple[tuple[Cause, ...], ...] = (("stw",), ("assist",), ("sweep",), ("stw", "assist", "sweep"))
EXECUTING = ("Running", "Syscall")
_WINDOWS = 25
_CLOSE = 1e-9
Steps = list[tuple[int, float]]


def windows(trace: Trace) -> list[int]:
    """Return the lengths to compare, ns. In Go that of 1 ns is always 0: the end counts as without utilisation."""
    return sorted({max(2, round(trace.duration_ns ** (i / _WINDOWS))) for i in range(1, _WINDOWS)})


def theirs(oracle: Path, path: Path, work: tuple[Cause, ...], lengths: list[int]) -> tuple[Steps, Steps]:
    """Return Go's steps, and the minimum of each window."""
    command = [str(oracle), "-utilization", ",".join(work), "-windows", ",".join(map(str, lengths)), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    found = [(kind, int(number), float(value)) for kind, number, value in lines]
    steps, minima = ([(n, value) for what, n, value in found if what == kind] for kind in ("step", "mmu"))
    return steps, minima


def compare_utilisation(oracle: Path, path: Path) -> tuple[int, list[str]]:
    """Return how many steps and minima were compared, and the differences. The trace must be complete."""
    compared = 0
    different: dict[tuple[Cause, ...], list[str]] = {}
    for work in WORK:
        trace = open_trace(str(path))
        busy = Busy(work)
        read(trace, SourceMap(None), CollectorWork(trace, busy))
        first, last = trace.start_ns, trace.start_ns + trace.duration_ns
        lengths = windows(trace)
        steps, minima = theirs(oracle, path, work, lengths)
        (series,) = busy.series(0, steps[0][0], last, trace.gomaxprocs_at_start)
        mine = _changes(zip(series.times, (value / series.whole for value in series.values), strict=False))
        its = _changes(steps[:-1])
        if not _alike(mine, its):
            at = next((i for i, pair in enumerate(zip(mine, its, strict=False)) if pair[0] != pair[1]), 0)
            around = slice(max(0, at - 1), at + 3)
            different.setdefault(work, []).append(
                f"{','.join(work)}: step {at} after {first}:\n- Go's: {its[around]}\n+ ours: {mine[around]}"
            )
        points = [(window, mmu.point([series], window).minimum) for window in lengths if window < series.length]
        if not _alike(points, possible(minima[: len(points)])):
            different.setdefault(work, []).append(f"{','.join(work)}: MMU\n- Go's: {minima}\n+ ours: {points}")
        compared += len(its) + len(points)
    if different and is_miscounted(lines(open_trace(str(path)))):
        different = {work: found for work, found in different.items() if "assist" not in work}
    return compared, [one for found in different.values() for one in found]


def is_miscounted(events: Iterable[str]) -> bool:
    """Report whether a trace begins while a goroutine is in a mark assist and does not run.

    Go counts such an assist on the P that tells of it, and does not stop (`EventRangeActive` in internal/trace/gc.go).

    Args:
        events: as the oracle prints them.
    """
    states: dict[str, str] = {}
    generations = 0
    for event in events:
        kind, *fields = event.split("\t")
        if kind == "Sync":
            generations += 1
            if generations > 1:
                return False
        elif kind == "StateTransition" and fields[4] == "Goroutine":
            states[fields[5]] = fields[7]
        elif kind == "RangeActive" and fields[4] == '"GC mark assist"' and states.get(fields[6]) not in EXECUTING:
            return True
    return False


def possible(minima: Steps) -> Steps:
    """Return the minima, lowered where a shorter window already loses more time: a longer one can contain it."""
    found: Steps = []
    lost = 0.0
    for window, value in minima:
        lost = max(lost, (1 - value) * window)
        found.append((window, 1 - lost / window))
    return found


def _changes(steps: Iterable[tuple[int, float]]) -> Steps:
    found: Steps = []
    for time, value in steps:
        if not found or abs(found[-1][1] - value) > _CLOSE:
            found.append((time, value))
    return found


def _alike(one: Steps, other: Steps) -> bool:
    pairs = list(zip(one, other, strict=False))
    return len(one) == len(other) and all(a[0] == b[0] and abs(a[1] - b[1]) <= _CLOSE for a, b in pairs)
