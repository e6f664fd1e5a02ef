"""Judge runs that did other work than their reference: other tests, or benchmarks that run for a time.

More work takes more time and memory without any regression. The trace does not tell which test needed what, so only
what a known test did for the first time still counts. What only new tests did is not in the baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits, limit_of
from gotracer_ci.text import plural

_NAMED: Final = 3
_FIXED_WORK: Final = "a fixed number of iterations (-benchtime 100x)"


class Difference(NamedTuple):
    """How the work of a run differs from its reference.

    known: the test functions of the reference. new: those that only the run has. ran: the fewest and most tests of its
    traces. before: the same of the reference, None if one of both ran no tests or is unknown. timed: benchmarks ran for
    a time.
    """

    known: frozenset[str]
    new: frozenset[str]
    ran: tuple[int, int]
    before: tuple[int, int] | None
    timed: bool

    @property
    def more(self) -> bool:
        return self.before is not None and self.ran[0] > self.before[1]

    @property
    def fewer(self) -> bool:
        return self.before is not None and self.ran[1] < self.before[0]


def difference(
    current: Sequence[TraceGroups], known: Iterable[str], counts: Iterable[int], base: Sequence[TraceGroups]
) -> Difference:
    """Compare the work of a run with that of its reference.

    Args:
        known: the test functions that the baseline knows.
        counts: how many tests each of its jobs ran, 0 unknown.
        base: the comparable traces of the base commit.
    """
    names = frozenset(known).union(*(trace.tests for trace in base))
    own = names.union(*(trace.tests for trace in current))
    ran = [trace.ran for trace in current]
    before = [number for number in (*counts, *(trace.ran for trace in base)) if number]
    return Difference(
        known=names,
        new=own - names if before else frozenset(),
        ran=(min(ran), max(ran)),
        before=(min(before), max(before)) if before and any(ran) else None,
        timed=any(trace.timed for trace in current),
    )


def judged(
    verdicts: Mapping[Key, Verdict], work: Difference, limits: Limits, tests_of: Callable[[Key], frozenset[str]]
) -> dict[Key, Verdict]:
    """Return new verdicts for the groups that changed because of other work, or may have.

    Args:
        tests_of: returns the tests in which the run has a group, as far as they are known.
    """
    if not (work.new or work.more or work.fewer or work.timed):
        return {}
    found = {}
    for key, verdict in verdicts.items():
        if verdict.level is Level.INCONCLUSIVE or verdict.status in (Status.KNOWN, Status.UNKNOWN):
            continue
        limit = limit_of(limits, key)
        tests = tests_of(key) | {_last(key.place)} & work.new if verdict.status is Status.NEW and work.new else None
        if tests and tests <= work.new:
            text = f"only in tests that the baseline does not know: {_list(tests)}"
            found[key] = verdict._replace(
                status=Status.UNKNOWN, level=Level.INSUFFICIENT, more="", evidence=text, history=()
            )
        elif work.timed and not (limit and limit.everywhere):
            found[key] = _undecided(verdict, _FIXED_WORK)
        elif (work.fewer and not verdict.flagged) or (
            work.more and verdict.flagged and not (tests or set()) & work.known
        ):
            found[key] = _undecided(verdict, "a run of the same tests as in the baseline")
    return found


def warnings(work: Difference, changed: Mapping[Key, Verdict]) -> Iterator[str]:
    """Say how the work differs, and what was not compared because of that."""
    if work.timed:
        yield (
            "benchmarks ran for a time, and a faster one does more in it, so only goroutine counts are compared; to "
            f"compare everything, record {_FIXED_WORK}"
        )
    # a quick test may leave no stack in a trace, so a name that no job has need not be a new test
    names = f"not seen in them: {_list(work.new)}" if work.new else ""
    if work.before and (work.more or work.fewer):
        numbers = f"{plural(work.ran[1], 'test')} and subtests, {work.before[1]:,} in the baseline's jobs"
        why = names or "some are missing" if work.fewer else names or "other tests, or another -count"
        effect = (
            "what is better or fixed may only be missing"
            if work.fewer
            else "what they add to totals and counts cannot be told from a regression and does not count"
        )
        yield f"this run ran other tests ({numbers}; {why}), so {effect}; update the baseline once it is merged"
    elif any(verdict.status is Status.UNKNOWN for verdict in changed.values()):
        yield f"no job of the baseline shows these tests: {_list(work.new)}; what only they do is not compared"


def _undecided(verdict: Verdict, more: str) -> Verdict:
    evidence = verdict.evidence.replace(f"({verdict.level})", f"({Level.INSUFFICIENT})")
    return verdict._replace(level=Level.INSUFFICIENT, evidence=evidence, more=more)


def _last(place: str) -> str:
    """Return the function of a place without its package, and the function around a closure."""
    return place.removesuffix(".func").rpartition(".")[2]


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMED:,} more" if len(ordered) > _NAMED else ""
    return f"{', '.join(ordered[:_NAMED])}{more}"
