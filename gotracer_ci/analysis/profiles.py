"""All types of profiles from one reading, of the program's own goroutines, as `gotracer-ci profile` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gotracer_ci.analysis.profile import TYPES, Frame, ProfileAnalysis, Sample, part_of
from gotracer_ci.analysis.reading import Limited, LimitedConsumer
from gotracer_ci.analysis.stacks import Stack, Stacks, is_system
from gotracer_ci.trace.reader import Trace


class StackTime(NamedTuple):
    """What a profile has of one stack. state, reason: see `profile.Sample`. number: of intervals, or of CPU samples."""

    stack: Stack
    state: str
    reason: str
    number: int
    ns: int


class ProfilesAnalysis:
    """Makes the profiles by their types (see `reading.Analysis`); cpu has the runtime's own goroutines, too."""

    def __init__(self, trace: Trace) -> None:
        self._wall = ProfileAnalysis(trace, "wall")

    @property
    def observers(self) -> Sequence[Limited]:
        return self._wall.observers

    @property
    def consumers(self) -> Sequence[LimitedConsumer]:
        return self._wall.consumers

    def result(self, trace: Trace, stacks: Stacks) -> Mapping[str, Sequence[StackTime]]:
        wall = self._wall.result(trace, stacks)
        own = wall._replace(samples=[sample for sample in wall.samples if not is_system(sample.group)])
        cpu = self._wall.cpu(trace, stacks).samples
        known: dict[tuple[Frame, ...], Stack] = {}
        return {kind: tuple(_times(cpu if kind == "cpu" else part_of(own, kind), stacks, known)) for kind in TYPES}


def _times(samples: Sequence[Sample], stacks: Stacks, known: dict[tuple[Frame, ...], Stack]) -> Iterator[StackTime]:
    """Yield the sums by stack, state and reason, those with the most time first."""
    sums: dict[tuple[tuple[Frame, ...], str, str], list[int]] = {}
    for sample in samples:
        both = sums.setdefault((sample.stack, sample.state, sample.reason), [0, 0])
        both[0] += sample.number
        both[1] += sample.ns
    for frames, state, reason in sums:
        if frames not in known:
            known[frames] = stacks.resolved(frames)
        yield StackTime(known[frames], state, reason, *sums[frames, state, reason])
