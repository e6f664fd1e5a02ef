"""Measure a comparison of many groups with a full baseline, generated from fixed random numbers."""

from __future__ import annotations

import random
import time

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import KEPT_ENTRIES, Entry, Group, Part
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from gotracer_ci.rules.registry import BUILT_IN, limits_of

GROUPS = 5_000
TRACES = 3
LIMITS = limits_of(BUILT_IN)
HERE = Conditions("1.26", 4)


def compare_ms(*, with_base: bool, rounds: int) -> float:
    """Return the CPU time of the fastest round in ms. The program is unchanged, and its times vary realistically."""
    noise = random.Random(1)
    keys = sorted(Key("MutexContention", "sync.(*Mutex).Lock", f"main.(*service).f{i}") for i in range(GROUPS))
    entries = tuple(
        Entry(id=str(i), commit="", go=HERE.go, gomaxprocs=HERE.gomaxprocs, traces=TRACES, wall_ms=1000)
        for i in range(KEPT_ENTRIES)
    )

    def totals(number: int) -> tuple[float, ...]:
        return tuple(MS * noise.lognormvariate(3, 0.5) for _ in range(number))

    def trace() -> TraceGroups:
        groups = {key: Statistics("ns", 100, total, total, total) for key in keys for total in map(int, totals(1))}
        return TraceGroups(HERE, 1000 * MS, groups)

    part = Part(entries, {key: Group("ns", totals(KEPT_ENTRIES), (100,) * KEPT_ENTRIES) for key in keys})
    now = [trace() for _ in range(TRACES)]
    base = [trace() for _ in range(TRACES)] if with_base else []
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        compare(now, part, "baseline.json", LIMITS, base=base)
        taken.append(time.process_time() - begun)
    return min(taken) * 1000
