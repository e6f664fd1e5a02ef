"""The targets and the measured values. Nothing fails here, because measurements on a shared machine are noisy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.contenders import ANALYZE, DECODE, READER, TOOL, UNCOMPILED, VIEWS
from tests.bench.processes import Usage
from tests.bench.rounds import Measured
from tests.bench.traces import MB


@dataclass(frozen=True, slots=True)
class Check:
    """A target. at_least: whether the target is a lower limit instead of an upper one."""

    figure: str
    trace: str
    value: float
    target: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def verdict(self) -> str:
        if self.met:
            return "met"
        return f"missed by {abs(self.value - self.target) / self.target:.0%}".replace("%", " %")


def large(measured: Measured, beats_reader: float) -> Iterator[Check]:
    name = measured.name
    yield Check("Go's reader ÷ decode", name, measured.ratio(READER, DECODE), beats_reader, "×", at_least=True)
    yield Check("Go's reader ÷ analyze", name, measured.ratio(READER, ANALYZE), 1.8, "×", at_least=True)
    yield Check("go tool trace ÷ decode", name, measured.ratio(TOOL, DECODE), 25, "×", at_least=True)
    yield Check("decode, peak beyond the file", name, measured.beyond_file(DECODE) / MB, 40, "MB")
    yield Check("analyze, peak beyond the file", name, measured.beyond_file(ANALYZE) / MB, 60, "MB")
    for view in VIEWS:
        yield Check(f"{view} ÷ decode", name, measured.ratio(view, DECODE), 1.5, "×")
        yield Check(f"{view}, peak beyond the file", name, measured.beyond_file(view) / MB, 100, "MB")


def small(measured: Measured) -> Iterator[Check]:
    name = measured.name
    yield Check("decode", name, measured.cpu_s(DECODE) * 1000, 60, "ms")
    yield Check("analyze", name, measured.cpu_s(ANALYZE) * 1000, 150, "ms")
    yield Check("decode uncompiled, an event", name, measured.ns_per_event(UNCOMPILED) / 1000, 3.5, "µs")


def tiny(measured: Measured) -> Iterator[Check]:
    yield Check("analyze", measured.name, measured.cpu_s(ANALYZE) * 1000, 80, "ms")


def old(measured: Measured) -> Iterator[Check]:
    yield Check("analyze", measured.name, measured.cpu_s(ANALYZE) * 1000, 300, "ms")


def comparison(rounds: int) -> Iterator[Check]:
    # Import late: measured processes start with this one's memory as their peak.
    from tests.bench.comparison import compare_ms

    for with_base, name in ((False, "5,000 groups, 10 jobs"), (True, "the same and 3 base traces")):
        yield Check("compare", name, compare_ms(with_base=with_base, rounds=rounds), 60, "ms")


def big(name: str, size: int, usage: Usage) -> Iterator[Check]:
    yield Check("analyze, peak beyond the file", name, (usage.peak - size) / MB, 60, "MB")
    yield Check("analyze, private memory", name, usage.private / MB, 120, "MB")
