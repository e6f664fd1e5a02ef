"""Decide whether a group is new, worse or better. One of three criteria is enough for a regression.

- Total: the lowest trace of the run exceeds the worst of several jobs and of the base traces.
- Number: the same for the number of waits. Numbers vary from run to run by a tenth of what totals do, so they show many
  additional short waits even if the totals of a noisy machine hide them.
- Medians: the run waited longer and more often than base traces of the same job, by the medians of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gotracer_ci.baseline.measurements import middle
from gotracer_ci.baseline.verdicts import NEEDED_JOBS, Status
from gotracer_ci.limits import MS, Limit

NEEDED_TRACES: Final = 3
MANY_JOBS: Final = 8
FEWER: Final = Limit("count", 2, 1.5)
"""How far a peak may fall that must not: 4 at once become at least 2. Peaks that vary by more are not compared."""
NUMBER: Final = Limit("count", 1.5, 50, noun="waits")
_SMALL_NS: Final = 5 * MS
_MORE_THAN_BASE: Final = Limit("count", 1.2, 10)
_MORE_THAN_JOBS: Final = Limit("count", 1.1, 10)


class Seen(NamedTuple):
    """One value of a group, its total or its number of events, with its limit.

    now: one for each trace of the run. past: one for each job in the file, None without a file. base: one for each base
    trace.
    """

    limit: Limit
    now: tuple[float, ...]
    past: Sequence[float] | None
    base: tuple[float, ...]

    def bounds(self) -> tuple[float, float]:
        """Return what the lowest trace must exceed to be above the file's jobs, and to be above all references."""
        of_file = 0.0 if self.past is None else self.limit.above(highest(self.past))
        if not self.base:
            return of_file, of_file
        # the base is an entry too, and an entry is as high as the highest of its traces
        return of_file, max(of_file, self.limit.above(max(self.base)))


class Decision(NamedTuple):
    """What the numbers or the medians decide.

    seen: the values that decided, without the file's if these are medians. bound: what had to be exceeded. is_older:
    known, because the base is above the file's bound, too. waits: if the medians decided, the number of waits in the
    base and in the run.
    """

    status: Status
    seen: Seen
    bound: float
    is_older: bool = False
    waits: tuple[float, float] | None = None


def by_total(seen: Seen, bound: float) -> Status:
    """Return worse if the lowest trace of the run is above the bound, and new if no reference has the group.

    Better is the reverse: going back to the lowest value of each reference would be worse. Fixed is better and gone
    from all traces. (`update` drops the old values of a fixed group, so that a relapse counts as worse.)
    """
    limit, now, past, base = seen
    if min(now) > bound:
        return _new_or_worse(seen)
    if limit.fewer:
        return Status.WORSE if fell_below(seen) else Status.KNOWN
    most = max(now)
    way_back = limit.above(most)
    if base and min(base) <= way_back:
        return Status.KNOWN
    if past is not None and (max(past, default=0.0) <= way_back or lowest(past, limit) <= way_back):
        return Status.KNOWN
    return Status.FIXED if limit.gone(most) else Status.BETTER


def fell_below(seen: Seen) -> float:
    """Return what even the highest trace of the run is below, if a peak fell too much; 0 if it did not."""
    before = (*(seen.past or ()), *seen.base)
    least = min(before, default=0.0)
    if min(seen.now) == 0 or max(before, default=0.0) > FEWER.above(least) or FEWER.above(max(seen.now)) >= least:
        return 0.0
    return (least - FEWER.floor) / FEWER.tolerance


def by_more_waits(totals: Seen, numbers: Callable[[Limit], Seen | None], before: float) -> Decision | None:
    """Decide by the medians, or else by the numbers, if the totals have not changed. None if they add nothing.

    Args:
        numbers: returns the group's numbers of events, None if no trace has more than the file's jobs by this limit.
            Most groups do not need them.
        before: the median of the file's totals; of the base's without a file.
    """
    limit, now, past, base = totals
    if min(now) <= _SMALL_NS:  # a file does not hold small times, so many of them may not be new
        return None
    usual = middle(now)
    has_base = len(base) >= NEEDED_TRACES
    if has_base and limit.by_medians and len(now) >= NEEDED_TRACES:
        bound = limit.above(middle(base))
        if usual > bound and (counted := numbers(_MORE_THAN_JOBS)) and (waits := _more_waits(counted)):
            return Decision(_new_or_worse(totals), totals._replace(past=None), bound, waits=waits)
    has_jobs = past is not None and len(past) >= NEEDED_JOBS
    if usual <= before or not (has_jobs or has_base):  # where more waits add up to less, nothing is worse
        return None
    counted = numbers(NUMBER)
    if counted is None:
        return None
    of_file, bound = counted.bounds()
    often = min(counted.now)
    if often > bound:
        return Decision(_new_or_worse(counted), counted, bound)
    is_older = has_jobs and bool(base) and often > of_file
    return Decision(Status.KNOWN, counted, bound, is_older) if is_older else None


def highest(past: Sequence[float]) -> float:
    """Return the largest value of a few jobs, or the second largest of many: one odd job must not hide the rest."""
    return sorted(past)[-2 if len(past) >= MANY_JOBS else -1] if past else 0.0


def lowest(past: Sequence[float], limit: Limit) -> float:
    """Return the smallest value while the group existed; the last entries may no longer have it."""
    there = len(past)
    while there and limit.gone(past[there - 1]):
        there -= 1
    return min(past[:there], default=0.0)


def _new_or_worse(seen: Seen) -> Status:
    return Status.NEW if seen.limit.gone(max(*(seen.past or ()), *seen.base, 0.0)) else Status.WORSE


def _more_waits(numbers: Seen) -> tuple[float, float] | None:
    """Return the median number of waits in the base and in the run, None if the run does not have more.

    Traces recorded in turns meet the same conditions of the machine, so noise between jobs cancels out, and the median
    ignores an odd trace. What noise is left in the totals does not show in the numbers. The file's jobs ran at other
    times: they only tell whether so many waits are new. The scheduler's waits are not judged by medians: some programs
    run in one of two modes, and all traces of one moment may be in the same one.
    """
    before, often = middle(numbers.base), middle(numbers.now)
    if often <= _MORE_THAN_BASE.above(before):
        return None
    if numbers.past is not None and often <= _MORE_THAN_JOBS.above(highest(numbers.past)):
        return None
    return before, often
