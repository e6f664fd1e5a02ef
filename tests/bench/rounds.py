"""Rounds: each contender runs once per round, so that the machine's noise affects all equally."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.contenders import Contender, about
from tests.bench.installed import Installed
from tests.bench.processes import Usage

Progress = Callable[[str], None]


@dataclass
class Measured:
    """The runs on one trace, by contender, in the order of the rounds."""

    name: str
    size: int
    events: int
    compiled: bool
    runs: dict[str, list[Usage]] = field(default_factory=dict)

    def cpu_s(self, contender: str) -> float:
        return median(usage.cpu_s for usage in self.runs[contender])

    def fastest_s(self, contender: str) -> float:
        """Return the time of the fastest round, the one with the least noise."""
        return min(usage.cpu_s for usage in self.runs[contender])

    def ns_per_event(self, contender: str) -> float:
        return self.cpu_s(contender) * 1e9 / self.events

    def peak(self, contender: str) -> float:
        return median(usage.peak for usage in self.runs[contender])

    def beyond_file(self, contender: str) -> float:
        """Return the peak memory minus the file's size."""
        return self.peak(contender) - self.size

    def ratio(self, slow: str, fast: str) -> float:
        """Return the median over rounds of the ratio of CPU times."""
        pairs = zip(self.runs[slow], self.runs[fast], strict=True)
        return median(one.cpu_s / other.cpu_s for one, other in pairs)


def measure(
    name: str, trace: Path, contenders: Sequence[Contender], rounds: int, installed: Installed, progress: Progress
) -> Measured:
    """Run all contenders in rounds. The first round, which fills the system's caches, does not count."""
    facts = about(installed, trace)
    runs: dict[str, list[Usage]] = {contender.name: [] for contender in contenders}
    measured = Measured(name, trace.stat().st_size, facts.events, facts.compiled, runs)
    for number in range(rounds + 1):
        progress(f"{name}: round {number} of {rounds}")
        for contender in contenders:
            usage = contender.run(trace)
            if number:
                measured.runs[contender.name].append(usage)
    return measured
