"""Goroutines that the program left waiting for another goroutine.

Detects
-------
Goroutines that were created during the trace and at its end wait for a channel, a lock or another goroutine, or wait
forever.

Why it matters
--------------
A goroutine that nobody wakes keeps its stack and everything that it refers to. In a test it outlives the test.

How it is measured
------------------
The goroutines at the end of the trace that were created during it and wait in a channel operation, a `select`, package
sync, a coroutine (`iter.Pull`) or forever, grouped by the function of the nearest own code that led to them, as in
GoroutineLeakGrowth. Closures count with the function around them.
The location is the line where they wait, if that is own code. The goroutines of the runtime and of package testing are
left out.

Where main is at work when the trace ends, as in `go test`, everything else should be over. If other goroutines still
run, only waits of at least 10 ms count. If main waits itself, as in a service, the trace ends in the middle of
requests, and only waits of at least 1 s count.

Idle connections do not count: where a library's goroutines wait for the network, neither do those that it has beside
them in a `select`. net/http has one beside each connection.

With a baseline or base traces, one goroutine more than ever before at a place is a regression, and 5 % more where there
are many. Growth at the same place counts with it.

One leak is one finding: that of GoroutineLeakGrowth if it is more severe, or that of MutexContention if all of them
wait for locks.

Thresholds
----------
`info` and `error`: how many were left at one place. Most programs leave some on purpose, so the number alone hardly
ever is an error. To allow none, as goleak does, use `--set GoroutineLeak.error=1`.

What to do
----------
Look at what they wait for. Close the channel, cancel the context, unlock the lock, call Done, or make the channel
buffered so that a late answer needs no receiver. Close response bodies, databases, tickers and caches when you are done
with them. A goroutine that is meant to stay can be accepted once, with `--accept`.

Limits
------
A worker that waits for its next task looks the same as one that was forgotten. Without a baseline the finding is
therefore informational. Leaked goroutines that sleep, run, or wait for the network or a system call are not found here;
GoroutineLeakGrowth counts them. If a test timed out or all goroutines wait for each other, TestTimeout or Deadlock
reports it instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Alive
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.findings import Finding, Key, More, Statistics
from gotracer_ci.limits import LEAKS, Limit
from gotracer_ci.rules import stuck, wording
from gotracer_ci.rules.deadlock import all_blocked
from gotracer_ci.rules.forgotten import forgotten
from gotracer_ci.rules.rule import Measured, Rule, documented, severity
from gotracer_ci.rules.sync_waits import MUTEX, READ_LOCK, WRITE_LOCK
from gotracer_ci.source.place import without_closures
from gotracer_ci.text import count, duration, plural

KIND = "goroutines left"
_FOR_ANOTHER = frozenset({"chan receive", "chan send", "select", "sync", "sync.(*Cond).Wait", "forever", "coroutine"})
"""Go's reasons for waiting until another goroutine does something, which may be never."""
_NETWORK, _BESIDE = "network", "select"
_LOCKS = (MUTEX, WRITE_LOCK, READ_LOCK)
_SHOWN = 5


class _Left(NamedTuple):
    """Goroutines that are alike, and how many of them were left."""

    group: Alive
    n: int


class GoroutineLeak(Rule):
    """Counts the goroutines that each place left waiting."""

    def limits(self) -> dict[str, Limit]:
        return {KIND: LEAKS}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for place, left in _by_place(facts).items():
            n = sum(some.n for some in left)
            yield Measured(
                Key(self.name, KIND, place),
                severity(n, self.thresholds),
                Statistics("count", n, n, n, n),
                by_test=stuck.by_test((some.group.test, some.n) for some in left),
            )

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        left = _by_place(facts)[measured.key.place]
        first = left[0].group
        shown = first.stack if first.stack.own else first.creator
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=_message(left),
            detail="\n".join(_detail(left, facts)),
            suggestion=self.suggestion,
            location=wording.location(first.stack.primary or first.creator.primary),
            stack=wording.frames(shown),
            goroutine=first.first if measured.statistics.total == 1 else -1,
            timestamp_ns=max(0, first.since_ns - facts.start_ns),
            statistics=measured.statistics,
            groups=wording.groups(some.group.entry for some in left),
            more=More.CREATED,
        )


def place_of(group: Alive) -> str:
    """Return the function that led to these goroutines, or where they wait if no own code created them.

    Which of several goroutines at a channel is left depends on which was faster. Those that a function and its closures
    create therefore count together.
    """
    place = group.creator.place if group.creator.own or not group.stack.own else group.stack.place
    return without_closures(place)


def lock_places(facts: Facts, place: str) -> set[str]:
    """Return where the goroutines of a place wait, if these are all waits for locks; else nothing."""
    left = _by_place(facts).get(place, [])
    if all(stuck.doing(group) in _LOCKS for group, _ in left):
        return {group.stack.place for group, _ in left}
    return set()


def _by_place(facts: Facts) -> dict[str, list[_Left]]:
    """Return the goroutines that were left, by place: those in own code first, then the most."""
    if stuck.alarm(facts) or all_blocked(facts):
        return {}
    every_wait = facts.goroutines.is_over and not any(_works(group) for group in facts.goroutines.alive)
    places: dict[str, list[Alive]] = {}
    for group in facts.goroutines.alive:
        if group.created and not group.entry.startswith("testing."):
            places.setdefault(place_of(group), []).append(group)
    found = {}
    for place, groups in sorted(places.items()):
        idle = _idle(groups)
        left = []
        for group in groups:
            n = group.count if every_wait else group.settled
            if group.doing in _FOR_ANOTHER and n:
                beside = min(n, idle[group.entry])
                idle[group.entry] -= beside
                left.append(_Left(group, n - beside))
        left = [some for some in left if some.n]
        if left:
            waits = _waits(left)
            left.sort(key=lambda some: (not some.group.stack.own, -waits[_wait(some.group)], some.group.first))
            found[place] = left
    return found


def _works(group: Alive) -> bool:
    """Whether one of these goroutines may be about to wake another one. Main does not: it stops the trace."""
    if group.is_main:
        return False
    return group.doing in ("running", "runnable") or (group.doing == "syscall" and group.settled < group.count)


def _idle(groups: Sequence[Alive]) -> Counter[str]:
    """Return by entry function how many goroutines a library has beside its idle connections.

    A connection has a goroutine that waits for the network, and at most one of each other function beside it.
    """
    readers: Counter[str] = Counter()
    for group in groups:
        if group.doing == _NETWORK and not group.stack.own:
            readers[group.entry] += group.count
    connections = readers.total()
    beside = {group.entry for group in groups if group.doing == _BESIDE and not group.stack.own}
    return Counter(dict.fromkeys(beside - readers.keys(), connections))


def _message(left: Sequence[_Left]) -> str:
    n = sum(some.n for some in left)
    (wait, most), *others = _waits(left).items()
    of = f"{count(most)} of them " if others else ""
    return f"{plural(n, 'goroutine')} left, {of}{wait}{_created_by(left[0].group)}"


def _waits(left: Sequence[_Left]) -> dict[str, int]:
    """Return how many wait for what, and where."""
    waits: Counter[str] = Counter()
    for group, n in left:
        waits[_wait(group)] += n
    return waits


def _wait(group: Alive) -> str:
    """Return what they wait for, and where: "blocked in chan send at main.ask.func1"."""
    what = wording.doing(stuck.doing(group))
    function = group.stack.function or "an unknown place"
    return f"{what if what.startswith('blocked') else f'blocked {what}'} at {function}"


def _created_by(group: Alive) -> str:
    return f", created by {group.creator.function}" if group.creator.own else ""


def _detail(left: Sequence[_Left], facts: Facts) -> Iterator[str]:
    """Yield a line for each wait: how many, where, for how long, and where they come from."""
    lines: dict[tuple[str, str], tuple[int, int]] = {}
    for group, n in left:
        wait = _wait(group) + _at(group.stack)
        why = forgotten(group.entry, group.stack.functions)
        end = _created_by(group) + _at(group.creator) + (f": {why}" if why else "")
        before, longest_ns = lines.get((wait, end), (0, 0))
        lines[wait, end] = before + n, max(longest_ns, stuck.waits_ns(group, facts))
    for (wait, end), (n, longest_ns) in [*lines.items()][:_SHOWN]:
        yield f"{count(n)} {wait}, for up to {duration(longest_ns)}{end}"
    if len(lines) > _SHOWN:
        yield f"… and {plural(len(lines) - _SHOWN, 'other wait')}"


def _at(stack: Stack) -> str:
    shown = stack.primary or stack.own
    return f" ({shown.path or shown.file}:{shown.line})" if shown else ""


RULE = GoroutineLeak(
    info=documented("GoroutineLeak", __doc__, info=(1, "count"), error=(10_000, "count")),
    suggestion=(
        "End them: close the channel, cancel the context, unlock, call Done, or buffer the channel. If they are meant "
        "to stay, accept them."
    ),
    change="leaves {now goroutines} behind",
)
