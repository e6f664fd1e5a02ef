"""Tell a slow machine from a slow test or region.

On a busy machine code runs several times as long, timers are late, and how long a disk takes varies by a factor.
Growth that may be nothing else is only suspected. Base traces of the same job meet the same load, so they can confirm
it, but not what a disk did: a longer total of known system calls is only suspected anyway (see `limits.CALLS_IN_ALL`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gotracer_ci.baseline.criteria import NEEDED_TRACES
from gotracer_ci.baseline.evidence import missing
from gotracer_ci.baseline.measurements import TraceGroups, middle
from gotracer_ci.baseline.records import Group, Part
from gotracer_ci.baseline.verdicts import NEEDED_BASE, NOTHING, Level, Status, Verdict
from gotracer_ci.findings import Key, Share
from gotracer_ci.limits import Limit, Limits, limit_of

_AS_MANY: Final = Limit("count", 1.05, 0)
_DISK: Final = "how long a disk takes varies, and the growth is mostly time in as many system calls as before"
_HELD: Final = "the lock is held for no longer than before, so more or other goroutines met there"
_NONE: Final = Share(0, 0)


class _Calls(NamedTuple):
    """The system calls at a place in one run of a test: how many, and how long, in ns.

    A baseline has their time without the longest 1 %.
    """

    number: float
    ns: float


def unsure(
    verdicts: Mapping[Key, Verdict], limits: Limits, current: Sequence[TraceGroups], part: Part, entries: Sequence[int]
) -> dict[Key, Verdict]:
    """Return new verdicts on the tests and regions that a slow machine may have made longer than the limit.

    System calls at a place that got worse for sure are certain. So are those that the baseline does not have.

    Args:
        part: the program's part of the baseline; base traces alone confirm no times.
        entries: the indices of its entries that were made under the run's conditions.
    """
    longer = {key for key, verdict in verdicts.items() if _is_longer(key, verdict, limits)}
    if not longer:
        return {}
    certain = {k.place for k, v in verdicts.items() if v.flagged and v.level is Level.CONFIRMED and k not in longer}
    calls = [
        key
        for key in verdicts
        if key.place not in certain and (limit := limit_of(limits, key)) is not None and limit.varies
    ]
    found = {}
    for key in sorted(longer):
        verdict = verdicts[key]
        is_test = (limit := limit_of(limits, key)) is not None and limit.is_effect
        growth = [_growth(call, key, current, part, entries) for call in calls] if is_test else []
        rest = [now - sum(of_calls) for now, *of_calls in zip(verdict.now, *growth, strict=True)]
        machine = [0 if len(verdict.base) >= NEEDED_BASE else trace.machine.get(key, 0) for trace in current]
        if min(ns - of_machine for ns, of_machine in zip(rest, machine, strict=True)) > verdict.limit:
            continue
        more = f"{NOTHING}: {_DISK}" if min(rest) <= verdict.limit else missing(0, NEEDED_TRACES - len(verdict.base))
        evidence = verdict.evidence.replace(f"({verdict.level})", f"({Level.SUSPECTED})")
        found[key] = verdict._replace(level=Level.SUSPECTED, evidence=evidence, more=more)
    return found


def unsure_of_locks(verdicts: Mapping[Key, Verdict], limits: Limits) -> dict[Key, Verdict]:
    """Return new verdicts on the waits for locks that are held for no longer than before.

    How long all of them wait depends on who meets there. Where it is known how long the lock is held, that tells more.
    """
    longer = [
        key
        for key, verdict in verdicts.items()
        if verdict.status is Status.WORSE
        and verdict.level is Level.CONFIRMED
        and (limit := limit_of(limits, key)) is not None
        and limit.by_medians
        and not limit.varies
    ]
    if not longer:
        return {}
    held = {
        key.place: key.kind
        for key, verdict in verdicts.items()
        if verdict.status is Status.KNOWN
        and verdict.level is Level.CONFIRMED
        and verdict.limit
        and (limit := limit_of(limits, key)) is not None
        and limit.quantile
        and limit.jobs
        and not limit.by_speed
    }
    found = {}
    for key in longer:
        verdict = verdicts[key]
        if held.get(key.place, "").endswith(key.kind):
            evidence = verdict.evidence.replace(f"({verdict.level})", f"({Level.SUSPECTED})")
            found[key] = verdict._replace(level=Level.SUSPECTED, evidence=evidence, more=f"{NOTHING}: {_HELD}")
    return found


def _is_longer(key: Key, verdict: Verdict, limits: Limits) -> bool:
    limit = limit_of(limits, key)
    is_whole = limit is not None and limit.unit == "each" and not limit.quantile
    return is_whole and verdict.flagged and verdict.level is Level.CONFIRMED


def _growth(
    call: Key, test: Key, current: Sequence[TraceGroups], part: Part, entries: Sequence[int]
) -> Sequence[float]:
    """Return by how many ns the calls at a place make a run of a test longer in each trace; 0 if there are more."""
    now = [_of_trace(trace, call, test) for trace in current]
    tests = set[str]().union(*(trace.shares.get(test, ()) for trace in current))
    before = list(_before(part.groups.get(call), part.groups.get(test), tests, entries))
    if not before or middle([one.number for one in now]) > _AS_MANY.above(max(one.number for one in before)):
        return [0.0] * len(now)
    usual = middle([one.ns for one in before])
    return [max(0.0, one.ns - usual) for one in now]


def _before(calls: Group | None, runs: Group | None, tests: Iterable[str], entries: Iterable[int]) -> Iterator[_Calls]:
    """Yield the calls in a run of the test for each of these jobs."""
    if calls is None or runs is None:
        return
    shares = dict(calls.shares)
    part = sum(shares.get(test, 0.0) for test in tests)
    for i in entries:
        value, times = calls.values[i], runs.counts[i]
        if value is not None and times:
            yield _Calls(part * calls.counts[i] / times, part * value / times)


def _of_trace(trace: TraceGroups, call: Key, test: Key) -> _Calls:
    """Return the calls at a place in one run of a test."""
    whole, runs, shares = trace.groups.get(call), trace.groups.get(test), trace.shares.get(call, {})
    if whole is None or runs is None or not whole.total:
        return _Calls(0.0, 0.0)
    mine = [shares.get(name, _NONE) for name in trace.shares.get(test, ())]
    times = max(1, runs.count)
    return _Calls(sum(one.events for one in mine) / times, sum(one.total for one in mine) / times)
