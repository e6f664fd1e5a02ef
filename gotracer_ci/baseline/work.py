"""Judge runs that did other work than their reference: other tests, another -count, or benchmarks that run for a time.

More work takes more time and memory without any regression. So a run is compared on the tests that both sides have,
and with a reference for as much work as it did. What cannot be told apart, such as the memory that a new test needs, is
not decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Final

from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.parts import factor, kept, known_part
from gotracer_ci.baseline.records import Part
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limit, Limits, limit_of
from gotracer_ci.text import plural, ratio

_NAMED: Final = 3
_FEW: Final = 10
"""Fewer tasks or regions than this do not tell how much work a run did: they are part of its start or end."""
_SAME: Final = 0.1
"""Work that differs by less than this is the same."""
_TESTS: Final = "test"
_SEEN: Final = 0.05
"""The part of a group that must be left without some tests: the file has whole percents."""
_WORK: Final = {_TESTS: "runs of each test", "task": "completed tasks", "region": "ended regions"}
_FIXED_WORK: Final = "a fixed number of iterations (-benchtime 100x)"


@dataclass(frozen=True, slots=True)
class Difference:
    """How the work of a run differs from its reference.

    known: the test functions of the reference. new: those that only the run has; gone: those that it lacks, and the
    newest job or the base has. of_jobs, of_base: how many times the work of each job, or base trace, the run did; 1.0
    if that is unknown. unit: in which it is counted. is_counted: the work of every job and base trace is known. ran:
    the fewest and most tests of the run's traces. before: the same of the reference, None if one of both ran no tests
    or is unknown. timed: benchmarks ran for a time. has_file: the reference is a baseline, not only base traces.
    """

    known: frozenset[str]
    new: frozenset[str]
    gone: frozenset[str]
    of_jobs: Sequence[float]
    of_base: Sequence[float]
    unit: str
    is_counted: bool
    ran: tuple[int, int]
    before: tuple[int, int] | None
    timed: bool
    has_file: bool

    @property
    def unknown(self) -> str:
        """What the reference does to the tests that only the run has, in words."""
        return "the baseline does not know" if self.has_file else "the base traces do not have"

    @property
    def is_scaled(self) -> bool:
        return any(times != 1.0 for times in (*self.of_jobs, *self.of_base))

    def scaling(self, limit: Limit) -> str:
        """Return how the reference's values were changed to fit the run's work, "" if they were not."""
        times = [factor(one, limit) for one in (*self.of_jobs, *self.of_base)]
        if all(one == 1.0 for one in times):
            return ""
        return f"the reference scaled by {_range(min(times), max(times))} for as many {_WORK[self.unit]}"

    @property
    def more(self) -> bool:
        """Whether the run ran more tests than its reference, besides those of a higher -count."""
        return self.before is not None and self.ran[0] > self._usual

    @property
    def as_many(self) -> bool:
        """Whether the run ran at least as many tests as its reference, each as often as the run ran it."""
        return self.before is not None and self.ran[0] >= self._usual

    @property
    def _usual(self) -> float:
        return (self.before or (0, 0))[1] * max(1.0, *self.of_jobs, *self.of_base)

    @property
    def fewer(self) -> bool:
        """Whether the run did less than its reference."""
        return self.before is not None and self.ran[1] < self.before[0]


def difference(current: Sequence[TraceGroups], part: Part, base: Sequence[TraceGroups]) -> Difference:
    """Compare the work of a run with that of its reference.

    Args:
        part: the program's part of the baseline.
        base: all traces of the base commit.
    """
    known = part.tests.union(*(trace.tests for trace in base))
    own = frozenset[str]().union(*(trace.tests for trace in current))
    now = _most(current)
    jobs = [dict(entry.work) for entry in part.entries]
    of_base = [trace.work for trace in base]
    ran = [trace.ran for trace in current]
    numbers = [*(entry.tests for entry in part.entries), *(trace.ran for trace in base)]
    before = [number for number in numbers if number]
    found = Difference(
        known=known,
        new=own - known if before else frozenset(),
        gone=part.latest.union(*(trace.tests for trace in base)) - own if any(ran) else frozenset(),
        of_jobs=[_times(now, work) for work in jobs],
        of_base=[_times(now, work) for work in of_base],
        unit=_unit(now),
        is_counted=bool(now) and all((*jobs, *of_base)),
        ran=(min(ran), max(ran)),
        before=(min(before), max(before)) if before and any(ran) else None,
        timed=any(trace.timed for trace in current),
        has_file=bool(part.entries),
    )
    # a trace names no test that never waits: with as many tests as before, none is new, or none is missing
    if found.new and not found.gone and not found.more:
        return replace(found, known=found.known | found.new, new=frozenset())
    if found.gone and not found.new and found.as_many:
        return replace(found, gone=frozenset())
    return found


def _most(current: Sequence[TraceGroups]) -> dict[str, int]:
    """Return the largest number of each unit of work in a trace, as a job of the baseline has it."""
    most: dict[str, int] = {}
    for trace in current:
        for name, number in trace.work.items():
            most[name] = max(number, most.get(name, 0))
    return most


def _times(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """Return how many times the work of a job or base trace a run did, by the lower median over what both have.

    The lower one, because one more query per request is one more region or task per request too, and must not count as
    more work.
    """
    least = 1 if _unit(now) == _TESTS else _FEW
    found = [now[name] / number for name, number in before.items() if number >= least and now.get(name, 0) >= least]
    times = median_low(found) if found else 1.0
    return times if abs(times - 1) > _SAME else 1.0


def _unit(work: Mapping[str, int]) -> str:
    """Return in which units the work is counted: tests, tasks or regions, "" without any."""
    first = next(iter(work), "")
    return first.partition(" ")[0] if first.startswith(("task ", "region ")) else (_TESTS if first else "")


def judged(
    verdicts: Mapping[Key, Verdict],
    work: Difference,
    limits: Limits,
    current: Sequence[TraceGroups],
    part: Part,
    base: Sequence[TraceGroups],
) -> dict[Key, Verdict]:
    """Return new verdicts on the groups that changed because of other work, or may have.

    Args:
        verdicts: those on what the tests did that both sides have.
        current, base: the traces with all their tests.
    """
    if not (work.new or work.gone or work.more or work.fewer or work.timed or work.is_scaled):
        return {}
    found = {}
    for key, verdict in verdicts.items():
        limit = limit_of(limits, key)
        if limit is None or verdict.level is Level.INCONCLUSIVE:
            continue
        if work.new and (tests := _only(key, verdict, work.new, current)):
            text = f"only in tests that {work.unknown}: {_list(tests)}"
            found[key] = verdict._replace(
                status=Status.UNKNOWN if work.has_file else Status.NOT_IN_BASE,
                level=Level.INSUFFICIENT,
                more="",
                evidence=text,
                history=(),
            )
        elif verdict.status is Status.KNOWN or verdict.is_unknown:
            continue
        elif work.timed and not limit.everywhere:
            found[key] = _undecided(verdict, _FIXED_WORK)
        elif not (
            _is_certain(key, verdict, limit, work, current)
            if verdict.flagged
            else _is_less(key, limit, work, part, base)
        ):
            reference = "baseline" if work.has_file else "base traces"
            found[key] = _undecided(verdict, f"a run of the same tests as in the {reference}")
    return found


def _only(key: Key, verdict: Verdict, new: frozenset[str], current: Sequence[TraceGroups]) -> frozenset[str]:
    """Return the new tests in which a group occurs, if it occurs in no other."""
    there = [trace for trace in current if key in trace.groups]
    shares = [trace.shares[key] for trace in there if key in trace.shares]
    if shares:
        return frozenset() if any(verdict.now) else new & frozenset[str]().union(*shares)
    if verdict.status is not Status.NEW:
        return frozenset()
    tests = frozenset[str]().union(*(trace.tests_of(key) for trace in there)) | {_last(key.place)} & new
    return tests if tests <= new else frozenset()


def _is_certain(key: Key, verdict: Verdict, limit: Limit, work: Difference, current: Sequence[TraceGroups]) -> bool:
    """Report whether a group got worse because of what known tests did."""
    if not (work.new or work.more):
        return True
    there = [trace for trace in current if key in trace.groups]
    if work.more and not work.is_counted and verdict.status is not Status.NEW:
        return False  # they may have run more often
    if not any(key in trace.shares for trace in there):
        tests = frozenset[str]().union(*(trace.tests_of(key) for trace in there))
        return verdict.status is Status.NEW and bool(tests & work.known)
    if max(verdict.now) < verdict.limit:
        return True
    parts = [known_part(trace, key, work.known, work.new, limit) for trace in current]
    return min(value * part for value, part in zip(verdict.now, parts, strict=True)) > verdict.limit


def _is_less(key: Key, limit: Limit, work: Difference, part: Part, base: Sequence[TraceGroups]) -> bool:
    """Report whether a group got better because of the program, not because the run did less."""
    shrinks = any(times < 1 for times in (*work.of_jobs, *work.of_base))
    if not (work.gone or work.fewer or shrinks):
        return True
    if not key.place or (shrinks and not limit.per_work) or (work.fewer and not (work.is_counted and shrinks)):
        return False  # the tests that are left may have fewer subtests
    group = part.groups.get(key)
    is_split = group is None or (bool(group.shares) and kept(group, work.gone) >= _SEEN)
    return is_split and (not base or any(key in trace.shares for trace in base))


def warnings(work: Difference) -> Iterator[str]:
    """Say how the work differs, and what was not compared because of that."""
    if work.timed:
        yield (
            "benchmarks ran for a time, and a faster one does more in it, so only goroutine counts are compared; to "
            f"compare everything, record {_FIXED_WORK}"
        )
    reference, its = (
        ("its reference", "the baseline's jobs") if work.has_file else ("the base traces", "the base traces")
    )
    numbers = f"{plural(work.ran[1], 'test')} and subtests, {work.before[1] if work.before else 0:,} in {its}"
    update = "; update the baseline once this is merged" if work.has_file else ""
    if work.new:
        yield (
            f"{work.unknown} {_list(work.new)} ({numbers}): what only new tests do is not compared, and an increase "
            f"that may come from them does not count{update}"
        )
    elif work.more:
        yield (
            f"this run ran more tests ({numbers}; other subtests, or another -count), so an increase that may come "
            f"from them does not count{update}"
        )
    if work.gone:
        yield f"this run shows nothing of {_list(work.gone)} ({numbers}): what is better or fixed may only be missing"
    elif work.fewer and not work.is_scaled:
        yield f"this run ran fewer tests ({numbers}): what is better or fixed may only be missing"
    if work.is_scaled:
        every = (*work.of_jobs, *work.of_base)
        yield (
            f"this run did {_range(min(every), max(every))} the work of {reference} ({_WORK[work.unit]}), so counts "
            f"are compared with as many times those of {reference}"
        )


def _undecided(verdict: Verdict, more: str) -> Verdict:
    evidence = verdict.evidence.replace(f"({verdict.level})", f"({Level.INSUFFICIENT})")
    return verdict._replace(level=Level.INSUFFICIENT, evidence=evidence, more=more)


def _range(low: float, high: float) -> str:
    return ratio(low) if ratio(low) == ratio(high) else f"{ratio(low)} to {ratio(high)}"


def _last(place: str) -> str:
    """Return the function of a place without its package, and the function around a closure."""
    return place.removesuffix(".func").rpartition(".")[2]


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMED:,} more" if len(ordered) > _NAMED else ""
    return f"{', '.join(ordered[:_NAMED])}{more}"
