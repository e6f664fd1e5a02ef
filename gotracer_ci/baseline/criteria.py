"""What makes a group new, worse or better: three criteria, of which one is enough for a regression.

- Total: even the least of the run's traces exceeds what the worst of several jobs, and of the base's traces, had.
- Number: the same of how often it waited. Numbers vary from run to run by a tenth of what totals do, so that they show
  what many short waits add, where the totals of a noisy machine hide it.
- Medians: the run waited longer and more often than base traces of the same job, by the medians of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gotracer_ci.baseline.measurements import middle
from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS, Limit

NEEDED_TRACES: Final = 3
NEEDED_JOBS: Final = 5
MANY_JOBS: Final = 8
NUMBER: Final = Limit("count", 1.5, 50, noun="waits")
_SMALL_NS: Final = 5 * MS
_MORE_THAN_BASE: Final = Limit("count", 1.2, 10)
_MORE_THAN_JOBS: Final = Limit("count", 1.1, 10)


class Seen(NamedTuple):
    """One figure of a group, its total or its number of events, and how far that may go.

    now: of each of the run's traces. past: of each job in the file, None without a file. base: of each base trace.
    """

    limit: Limit
    now: tuple[float, ...]
    past: Sequence[float] | None
    base: tuple[float, ...]

    def bounds(self, wall_ns: int = 0) -> tuple[float, float]:
        """What even the least of the traces must exceed to be over the file, and to be over all that there is."""
        of_file = 0.0 if self.past is None else self.limit.above(highest(self.past), wall_ns)
        if not self.base:
            return of_file, of_file
        # the base is an entry too, and an entry is as high as the highest of its traces
        return of_file, max(of_file, self.limit.above(max(self.base), wall_ns))


class Decision(NamedTuple):
    """What the numbers or the medians say, and by which figures.

    seen: the figures that decided; by medians these are without the file. bound: what had to be exceeded. is_older:
    known, since the base is over the file's bound too. waits: by medians, how many waits the base had and the run.
    """

    status: Status
    seen: Seen
    bound: float
    is_older: bool = False
    waits: tuple[float, float] | None = None


def by_total(seen: Seen, bound: float, wall_ns: int) -> Status:
    """Worse: even the least of the run's traces is over the bound. New: the same where nothing had the group.

    Better is the mirror: the way back would be worse, from the least that each reference had. Fixed is better and gone
    from all traces. (That the baseline drops what it had of such a group, so that a relapse is caught, is `update`'s.)
    """
    limit, now, past, base = seen
    if min(now) > bound:
        return _new_or_worse(seen)
    most = max(now)
    way_back = limit.above(most, wall_ns)
    if base and min(base) <= way_back:
        return Status.KNOWN
    if past is not None and (max(past, default=0.0) <= way_back or lowest(past, limit) <= way_back):
        return Status.KNOWN
    return Status.FIXED if limit.gone(most) else Status.BETTER


def by_more_waits(
    key: Key, totals: Seen, numbers: Callable[[Key], Seen], before: float, wall_ns: int
) -> Decision | None:
    """The medians, else the numbers, of times whose totals are as they were. None where these say nothing more.

    Args:
        numbers: gives a group's numbers of events. Most groups do not need them.
        before: the median of the file's totals, without a file of the base's.
        wall_ns: of the run's longest trace.
    """
    limit, now, past, base = totals
    if min(now) <= _SMALL_NS:  # a file does not hold small times, so that many of them may be nothing new
        return None
    usual = middle(now)
    has_base = len(base) >= NEEDED_TRACES
    if has_base and limit.by_medians and len(now) >= NEEDED_TRACES:
        bound = limit.above(middle(base), wall_ns)
        if usual > bound and (waits := _more_waits(numbers(key))):
            return Decision(_new_or_worse(totals), totals._replace(past=None), bound, waits=waits)
    has_jobs = past is not None and len(past) >= NEEDED_JOBS
    if usual <= before or not (has_jobs or has_base):  # where more waits add up to less, nothing is worse
        return None
    counted = numbers(key)
    of_file, bound = counted.bounds()
    often = min(counted.now)
    if often > bound:
        return Decision(_new_or_worse(counted), counted, bound)
    is_older = has_jobs and bool(base) and often > of_file
    return Decision(Status.KNOWN, counted, bound, is_older) if is_older else None


def highest(past: Sequence[float]) -> float:
    """B: the largest value of a few jobs; of many the second largest, so that one odd job does not blind the rest."""
    return sorted(past)[-2 if len(past) >= MANY_JOBS else -1] if past else 0.0


def lowest(past: Sequence[float], limit: Limit) -> float:
    """B_min: the smallest value while the group was there; the last entries may already be without it."""
    there = len(past)
    while there and limit.gone(past[there - 1]):
        there -= 1
    return min(past[:there], default=0.0)


def _new_or_worse(seen: Seen) -> Status:
    return Status.NEW if seen.limit.gone(max(*(seen.past or ()), *seen.base, 0.0)) else Status.WORSE


def _more_waits(numbers: Seen) -> tuple[float, float] | None:
    """How many waits the base has and the run, by their medians; None where these are not more.

    Traces made in turns share the machine's moment, so that the noise that jobs have between them is not in what
    remains; the median takes the odd trace. What is left of it in the totals is not in the numbers, too. The file's
    jobs share no moment with the run: they only say whether so many waits are anything new. The scheduler's waits are
    not judged by this: some programs run in either of two ways, and all traces of a moment may be of one.
    """
    before, often = middle(numbers.base), middle(numbers.now)
    if often <= _MORE_THAN_BASE.above(before):
        return None
    if numbers.past is not None and often <= _MORE_THAN_JOBS.above(highest(numbers.past)):
        return None
    return before, often
