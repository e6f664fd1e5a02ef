"""Profiles: how often and how long goroutines were in which state at which stack, as samples with labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from gotracer_ci.analysis.cpu_samples import NO_LIFE, CpuSamples, Windows
from gotracer_ci.analysis.lives import reason_of
from gotracer_ci.analysis.reading import Limited, LimitedConsumer
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.source.names import normalise
from gotracer_ci.source.place import outermost
from gotracer_ci.trace.observers.go_profile import GoProfile
from gotracer_ci.trace.observers.profile import BLOCKED, MAX_GROUPS, Profile
from gotracer_ci.trace.observers.windows import Windows as Limits
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import BEFORE, OPEN, GoState
from gotracer_ci.trace.tables import Tables

Frame = tuple[str, str, int]
"""Function, file, line."""

CPU_RATE: Final = 100
"""Go's default: CPU samples per second of running time. The trace does not say it."""
RUNNING: Final = "(running)"
"""The leaf of running time that has no CPU samples."""
NO_STACK: Final = "(no stack)"
RUNTIME: Final = "(runtime)"
"""The group of CPU samples outside all goroutines."""
_EVERY: Final = sum(1 << state for state in (GoState.RUNNABLE, GoState.RUNNING, GoState.SYSCALL, GoState.WAITING))
_STATES: Final[Mapping[str, int]] = {
    "net": 1 << GoState.WAITING,
    "sync": 1 << GoState.WAITING,
    "syscall": 1 << GoState.SYSCALL,
    "sched": 1 << GoState.RUNNABLE,
    "block": 1 << GoState.WAITING,
    "wall": _EVERY,
    "cpu": 0,
}
TYPES: Final = tuple(_STATES)
GO_TYPES: Final = ("net", "sync", "syscall", "sched")
"""Those that `go tool trace` has."""
_STATE_NAMES: Final = {**{int(state): state.name.lower() for state in GoState}, BLOCKED: "syscall_blocked"}


class Sample(NamedTuple):
    """Intervals, or CPU samples, that have everything but their length in common.

    stack: leaf first, without frames if there is none. place: the topmost function of the program's own code, else the
    leaf; "" if places were not asked for. group: the function in which the goroutines began. waker: what made a
    runnable goroutine so, in the same words as place. is_open: they had not ended when the trace did. number: how many.
    """

    stack: tuple[Frame, ...]
    place: str
    state: str
    reason: str
    group: str
    waker: str
    is_open: bool
    number: int
    ns: int


class StackProfile(NamedTuple):
    """A profile of one trace, or of several.

    still_open: count and ns by group of what had not ended when the trace did, whether samples have it or not. merged:
    intervals whose stacks were left out, because there were too many different ones.
    """

    type: str
    samples: Sequence[Sample]
    still_open: Mapping[str, tuple[int, int]]
    merged: int
    duration_ns: int

    @property
    def open_count(self) -> int:
        return sum(count for count, _ in self.still_open.values())

    @property
    def open_ns(self) -> int:
        return sum(ns for _, ns in self.still_open.values())


class ProfileAnalysis:
    """Makes a profile (see `reading.Analysis`).

    Args:
        kind: one of `TYPES`.
        closed: leave out intervals that began before the trace or had not ended when it did.
        places: find the own code of each stack.
        cpu_rate: CPU samples per second.
        windows: only what is in these windows of each life.
    """

    def __init__(
        self,
        trace: Trace,
        kind: str,
        *,
        closed: bool = False,
        places: bool = False,
        cpu_rate: int = CPU_RATE,
        windows: Windows | None = None,
    ) -> None:
        self._kind = kind
        self._closed = closed
        self._places = places or kind == "sched"  # a waker is a place
        self._cpu_rate = cpu_rate
        self._groups = _Groups(trace.tables)
        why = partial(reason_of, trace.tables)
        has_samples = kind in ("wall", "cpu")
        self._observer = Profile(_STATES[kind], why, self._groups.number, kind == "sched", has_samples)
        self._samples = CpuSamples() if has_samples else None
        if windows is not None:
            self._observer.restrict(Limits(windows))
            if self._samples:
                self._samples.restrict(windows)

    @property
    def observers(self) -> Sequence[Limited]:
        return (self._observer,)

    @property
    def consumers(self) -> Sequence[LimitedConsumer]:
        return (self._samples,) if self._samples else ()

    def result(self, trace: Trace, stacks: Stacks) -> StackProfile:
        frames = _Frames(trace.tables, stacks if self._places else None)
        names = self._groups.names()
        reasons = ["", *self._observer.reasons()]
        cpu = self._cpu(frames, names)
        if self._kind == "cpu":
            return self._of_samples(cpu, trace)
        running = _by_group(cpu)
        sums: dict[tuple[tuple[Frame, ...], str, str, str, str, str, bool], list[int]] = {}
        still: dict[str, tuple[int, int]] = {}
        for state, reason, stack, waker, group, flags, count, ns in self._observer.rows():
            why = reasons[reason]
            if not _belongs(self._kind, why):
                continue
            name, root = names[group], self._groups.roots[group]
            is_open = bool(flags & OPEN)
            if is_open:
                _add(still, name, count, ns)
            if self._closed and flags & (OPEN | BEFORE):
                continue
            parts: Iterable[tuple[tuple[Frame, ...], str, int, int]]
            if state == GoState.RUNNING:
                parts = _shared(running.get(name), count, ns) or [((_frame(RUNNING), *root), RUNNING, count, ns)]
            else:
                parts = [(*frames.at(stack, root), count, ns)]
            by = frames.place(waker) if waker else ""
            for where, place, n, time in parts:
                both = sums.setdefault((where, place, _STATE_NAMES[state], why, name, by, is_open), [0, 0])
                both[0] += n
                both[1] += time
        samples = [Sample(*key, count, ns) for key, (count, ns) in sums.items() if count or ns]
        return StackProfile(self._kind, _sorted(samples), still, self._observer.merged(), trace.duration_ns)

    def cpu(self, trace: Trace, stacks: Stacks) -> StackProfile:
        """Return the profile of the CPU samples, which wall needs as well."""
        frames = _Frames(trace.tables, stacks if self._places else None)
        return self._of_samples(self._cpu(frames, self._groups.names()), trace)

    def _of_samples(self, cpu: Mapping[tuple[tuple[Frame, ...], str, str], int], trace: Trace) -> StackProfile:
        samples = [_cpu_sample(*key, n, n * 1_000_000_000 // self._cpu_rate) for key, n in cpu.items()]
        return StackProfile("cpu", _sorted(samples), {}, 0, trace.duration_ns)

    def _cpu(self, frames: _Frames, names: Sequence[str]) -> dict[tuple[tuple[Frame, ...], str, str], int]:
        """Return CPU samples by (stack, place, group)."""
        found: dict[tuple[tuple[Frame, ...], str, str], int] = {}
        for (life, stack), count in (self._samples.result() if self._samples else {}).items():
            group = RUNTIME if life == NO_LIFE else names[self._observer.group_of(life)]
            key = (*frames.at(stack, ()), group)
            found[key] = found.get(key, 0) + count
        return found


class GoProfileAnalysis:
    """Makes a profile as `go tool trace` of Go 1.26 and later does (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self, trace: Trace, kind: str, *, places: bool = False) -> None:
        self._kind = kind
        self._places = places
        (state,) = (state for state in GoState if _STATES[kind] == 1 << state)
        self._observer = GoProfile(state, lambda reason, _: trace.tables.string(reason))

    @property
    def observers(self) -> Sequence[Limited]:
        return (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> StackProfile:
        frames = _Frames(trace.tables, stacks if self._places else None)
        reasons = self._observer.reasons()
        sums: dict[int, list[int]] = {}
        for reason, stack, count, ns in self._observer.rows():
            if _belongs(self._kind, reasons[reason], go=True):
                both = sums.setdefault(stack, [0, 0])
                both[0] += count
                both[1] += ns
        samples = [
            Sample(frames[stack], frames.place(stack), "", "", "", "", False, *both) for stack, both in sums.items()
        ]
        still = {"": self._observer.still_open()}
        return StackProfile(self._kind, _sorted(samples), still, self._observer.merged(), trace.duration_ns)


def total(profiles: Sequence[StackProfile]) -> StackProfile:
    """Return one profile with the samples of all; there is at least one."""
    first, *rest = profiles
    if not rest:
        return first
    sums: dict[Sample, list[int]] = {}
    still: dict[str, tuple[int, int]] = {}
    for profile in profiles:
        for group, both_open in profile.still_open.items():
            _add(still, group, *both_open)
        for sample in profile.samples:
            both = sums.setdefault(sample._replace(number=0, ns=0), [0, 0])
            both[0] += sample.number
            both[1] += sample.ns
    return StackProfile(
        first.type,
        _sorted([sample._replace(number=count, ns=ns) for sample, (count, ns) in sums.items()]),
        still,
        sum(profile.merged for profile in profiles),
        sum(profile.duration_ns for profile in profiles),
    )


def per_trace(profile: StackProfile, traces: int) -> StackProfile:
    """Return a profile of several traces with what one of them has on average, in whole numbers."""
    if traces == 1:
        return profile
    samples = [
        sample._replace(number=round(sample.number / traces), ns=round(sample.ns / traces))
        for sample in profile.samples
    ]
    return profile._replace(
        samples=samples,
        still_open={group: (round(n / traces), round(ns / traces)) for group, (n, ns) in profile.still_open.items()},
        duration_ns=round(profile.duration_ns / traces),
    )


def part_of(wall: StackProfile, kind: str) -> list[Sample]:
    """Return the samples of wall that another type has, but for cpu; those of sched lack their wakers."""
    bits = {**{name: state for state, name in _STATE_NAMES.items()}, _STATE_NAMES[BLOCKED]: GoState.SYSCALL}
    names = {name for name, bit in bits.items() if _STATES[kind] >> bit & 1}
    return [sample for sample in wall.samples if sample.state in names and _belongs(kind, sample.reason)]


def of_groups(profile: StackProfile, chosen: Callable[[str], bool]) -> StackProfile:
    """Return the profile of the chosen groups of goroutines."""
    return profile._replace(
        samples=[sample for sample in profile.samples if chosen(sample.group)],
        still_open={group: both for group, both in profile.still_open.items() if chosen(group)},
    )


class _Groups:
    """Groups of goroutines by number: those whose first functions differ only in closures and type arguments are one.

    roots: by number, the frame of the first function, or nothing. Number 0 is unknown.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._numbers: dict[str, int] = {}
        self._names: list[set[str]] = [set()]
        self.roots: list[tuple[Frame, ...]] = [()]

    def number(self, stack: int) -> int:
        frames = self._tables.stack(stack)
        functions = [function for function, _, _ in frames]
        name = outermost(functions) or (functions[-1] if functions else "")
        key = normalise(name)
        number = self._numbers.get(key)
        if number is None:
            if not name or len(self.roots) >= MAX_GROUPS:
                return 0
            number = self._numbers[key] = len(self.roots)
            self.roots.append((next(frame for frame in reversed(frames) if frame[0] == name),))
            self._names.append(set())
        self._names[number].add(name)
        return number

    def names(self) -> list[str]:
        """Return what the groups are called: by their function, or without what differs between several."""
        return ["", *(min(names) if len(names) == 1 else normalise(min(names)) for names in self._names[1:])]


class _Frames:
    """The stacks of one trace, leaf first, by index; with `stacks` also their places."""

    def __init__(self, tables: Tables, stacks: Stacks | None) -> None:
        self._tables = tables
        self._resolved = stacks
        self._frames: dict[int, Frame] = {}
        self._stacks: dict[int, tuple[Frame, ...]] = {}

    def __getitem__(self, stack: int) -> tuple[Frame, ...]:
        found = self._stacks.get(stack)
        if found is None:
            found = self._stacks[stack] = tuple([self._frame(i) for i in self._tables.stacks[stack]])
        return found

    def at(self, stack: int, root: tuple[Frame, ...]) -> tuple[tuple[Frame, ...], str]:
        """Return a stack and its place; without one, the goroutine's first function has a stand-in above it."""
        frames = self[stack]
        if any(function for function, _, _ in frames):
            return frames, self.place(stack)
        return (_frame(NO_STACK), *root), NO_STACK if self._resolved else ""

    def place(self, stack: int) -> str:
        if self._resolved is None:
            return ""
        known = self._resolved[stack]
        return known.own.function if known.own else next(filter(None, known.functions), NO_STACK)

    def _frame(self, index: int) -> Frame:
        found = self._frames.get(index)
        if found is None:
            found = self._frames[index] = self._tables.frame(index)
        return found


def _add(sums: dict[str, tuple[int, int]], name: str, count: int, ns: int) -> None:
    before = sums.get(name, (0, 0))
    sums[name] = (before[0] + count, before[1] + ns)


def _frame(name: str) -> Frame:
    return name, "", 0


def _belongs(kind: str, reason: str, *, go: bool = False) -> bool:
    """Return whether a profile has waits with this reason."""
    if kind == "net":
        return reason == "network"
    if kind == "sync":
        return any(word in reason for word in ("chan", "sync", "select")) or (reason == "forever" and not go)
    return True


def _cpu_sample(stack: tuple[Frame, ...], place: str, group: str, count: int, ns: int) -> Sample:
    return Sample(stack, place, "running", "", group, "", False, count, ns)


def _by_group(
    cpu: Mapping[tuple[tuple[Frame, ...], str, str], int],
) -> dict[str, list[tuple[tuple[Frame, ...], str, int]]]:
    groups: dict[str, list[tuple[tuple[Frame, ...], str, int]]] = {}
    for (stack, place, group), count in cpu.items():
        groups.setdefault(group, []).append((stack, place, count))
    return groups


def _shared(
    samples: Sequence[tuple[tuple[Frame, ...], str, int]] | None, count: int, ns: int
) -> list[tuple[tuple[Frame, ...], str, int, int]]:
    """Share intervals among CPU samples in proportion, without a rest."""
    if not samples:
        return []
    weights = [weight for _, _, weight in samples]
    shares = zip(samples, _portions(count, weights), _portions(ns, weights), strict=True)
    return [(stack, place, n, time) for (stack, place, _), n, time in shares]


def _portions(whole: int, weights: Sequence[int]) -> list[int]:
    """Return whole numbers in proportion to the weights that sum to `whole`: the largest remainders are rounded up."""
    every = sum(weights)
    found = [whole * weight // every for weight in weights]
    largest = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % every), i))
    for i in largest[: whole - sum(found)]:
        found[i] += 1
    return found


def _sorted(samples: Iterable[Sample]) -> list[Sample]:
    """Return the samples, the longest first; no order depends on the trace's indices."""
    return sorted(samples, key=lambda sample: (-sample.ns, -sample.number, sample))
