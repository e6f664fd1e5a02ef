"""What is compared, and how far a value may go: the tolerance and floor of each class of group.

The measurements behind the figures: run to run, an unchanged program's timing totals vary by a factor (noise that is
larger for the scheduler's waits than for locks and syscalls), its counters by a few percent at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gotracer_ci.findings import Key, Statistics

MS: Final = 1_000_000
MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a program's figures depend on besides its code. Only runs of the same environment are comparable.

    go: Go's minor version as the trace has it ("1.26"), "" unknown. gomaxprocs: 0 unknown.
    platform: "linux/amd64", "" unknown: no trace says it, so that unknown passes for the same.
    """

    go: str
    gomaxprocs: int
    platform: str = ""

    def matches(self, other: Conditions) -> bool:
        if not (self.go and self.gomaxprocs and (self.go, self.gomaxprocs) == (other.go, other.gomaxprocs)):
            return False
        return self.platform == other.platform or not (self.platform and other.platform)

    def __str__(self) -> str:
        words = (self.go and f"Go {self.go}", self.gomaxprocs and f"GOMAXPROCS {self.gomaxprocs}", self.platform)
        return ", ".join(str(word) for word in words if word) or "no one environment"


def common(conditions: Iterable[Conditions]) -> Conditions:
    """Return the conditions that all share. A part in which they differ is unknown, and then matches nothing."""
    first, *others = conditions

    def shared(name: str) -> bool:
        return all(getattr(first, name) == getattr(other, name) for other in others)

    return Conditions(
        first.go if shared("go") else "",
        first.gomaxprocs if shared("gomaxprocs") else 0,
        first.platform if shared("platform") else "",
    )


@dataclass(frozen=True, slots=True)
class TraceGroups:
    """One trace of a run: all its groups, those below every threshold of a rule too."""

    conditions: Conditions
    wall_ns: int
    groups: dict[Key, Statistics]


@dataclass(frozen=True, slots=True)
class Limit:
    """How far the groups of one class may go.

    tolerance, floor: a value is over the limit above `tolerance * before + floor`. share: the floor is at least this
    part of the run's wall time. confirms: whether a value over the limit can be more than suspected.
    everywhere: compared in another environment too.
    """

    unit: str
    tolerance: float
    floor: float
    share: float = 0.0
    confirms: bool = True
    everywhere: bool = False

    @property
    def is_timing(self) -> bool:
        return self.unit == "ns"

    def above(self, before: float, wall_ns: float = 0) -> float:
        """What a value must exceed to be more than noise, where `before` was."""
        return self.tolerance * before + max(self.floor, self.share * wall_ns)

    def gone(self, value: float) -> bool:
        """Whether a group counts as absent: a baseline file does not hold times below 1 ms."""
        return value < (MS if self.is_timing else 1)


WAITS = Limit("ns", 1.5, 5 * MS, share=0.005)
_SCHEDULER = Limit("ns", 3, 20 * MS, share=0.02)
_TIMINGS: Final = {
    "BlockedOnSyscall": WAITS,
    "MutexContention": WAITS,
    "HighSchedulingLatency": _SCHEDULER,
    "GCAssist": _SCHEDULER,
    "GCPauseSpike": _SCHEDULER,
    "ProcessorStarvation": Limit("ns", 2, 20 * MS, share=0.02),
}
_COUNTERS: Final = {
    ("GoroutineLeakGrowth", "goroutines at the end"): Limit("count", 1.1, 2, everywhere=True),
    ("HeapGrowthSpike", "bytes allocated"): Limit("bytes", 1.25, 4 * MB),
    ("HeapGrowthSpike", "peak heap"): Limit("bytes", 2, 8 * MB, confirms=False),
    ("GCPauseSpike", "stop-the-world count"): Limit("count", 1.5, 10),
    ("GCPauseSpike", "GC cycles"): Limit("count", 1.5, 5),
}
# More waiting here is not worse: a worker idle on a Cond waits longer when the program got faster, and whoever waits
# for a WaitGroup waits as long as the work takes, whose own syscalls and locks are compared. Channel waits (LongWait)
# are no class for the same reason.
_AS_MEANT: Final = frozenset({"sync.(*WaitGroup).Wait", "sync.(*Cond).Wait"})


def limit_of(key: Key) -> Limit | None:
    """The class of a group; None for one that is a fact to show and not compared."""
    return _class(key.rule, key.kind)


@lru_cache(maxsize=1000)
def _class(rule: str, kind: str) -> Limit | None:
    if kind in _AS_MEANT:
        return None
    return _COUNTERS.get((rule, kind)) or _TIMINGS.get(rule)


def compared(groups: dict[Key, Statistics]) -> dict[Key, Statistics]:
    """Those groups of a trace that a baseline holds and compares."""
    return {key: s for key, s in groups.items() if (limit := _class(key.rule, key.kind)) and limit.unit == s.unit}


def middle(values: Sequence[float]) -> float:
    """The median; 0 of nothing. (The library's is several times slower, and a comparison takes thousands.)"""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return 0.0
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
