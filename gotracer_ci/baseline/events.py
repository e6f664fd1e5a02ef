"""Judge how long single events take: a quantile of all traces of a run together, against that of each job.

Noise makes events longer, and the longest first, so a low quantile hardly moves. Each side has bounds (see
`quantiles`), and only the gap between them counts. What no reference has is not judged: other groups show it.

How fast code runs depends on the machine, too. So the fastest trace of each side counts, and the median of the jobs
instead of the highest one. All pieces of code are corrected by one factor: what two in three of them are slower by is
the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from statistics import median, median_high

from gotracer_ci.baseline.criteria import MANY_JOBS, NEEDED_TRACES, highest
from gotracer_ci.baseline.evidence import UNMEASURED, missing
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.quantiles import FEWEST, Bounds, bounds, fastest, quantiles
from gotracer_ci.baseline.records import KEPT_ENTRIES, Part
from gotracer_ci.baseline.verdicts import NOTHING, Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS, Limit, Limits, limit_of
from gotracer_ci.text import plural, quantity, ratio, span

_SHORTEST_NS = 100 * MS
_SPEED = "how fast code runs depends on the machine; compare CPU profiles"
_OUTSIDE = "how long a usual wait takes depends on the machine; look at what it waits for"
_NEEDED_PIECES = 4
"""Pieces of code that tell how fast the machine is."""
_FASTEST_OF = 3
"""One in so many pieces may be slower by less than the machine is, if there are several traces."""


class Events:
    """Judges the groups of a run whose limit has a quantile.

    Args:
        current: the run's traces of one program.
        base: traces of the base commit, made under the run's conditions.
        part: the program's part of the baseline.
        entries: the indices of its entries that were made under the run's conditions.
        without: the entries that did not measure a rule, by the rules that not all measured.
        conditions: the run's.
    """

    def __init__(
        self,
        current: Sequence[TraceGroups],
        base: Sequence[TraceGroups],
        part: Part,
        entries: Sequence[int],
        without: Mapping[str, frozenset[int]],
        limits: Limits,
        conditions: Conditions,
    ) -> None:
        self._current = current
        self._base = base
        self._part = part
        self._entries = entries
        self._without = without
        self._limits = limits
        self._conditions = conditions
        self._shortest_ns = min(trace.wall_ns for trace in (*current, *base))
        self._known: dict[tuple[Key, float, bool], Bounds | None] = {}

    def judged(self, key: Key, limit: Limit) -> Verdict:
        """Return the verdict on a group."""
        verdict = self._judged(key, limit)
        if limit.of_base and not verdict.flagged and self._base and not self._is_accepted(key):
            # traces of the same moment share its noise, so their medians can be compared, too
            by_median = self._judged(key, limit._replace(quantile=0.5, tolerance=limit.of_base, jobs=0, confirms=False))
            return by_median if by_median.flagged else verdict
        return verdict

    def _judged(self, key: Key, limit: Limit) -> Verdict:
        now = _each(self._current, key, limit.quantile)
        known = Verdict(key, Status.KNOWN, Level.CONFIRMED, limit.unit, None, 0.0, now)
        if not self._entries and not self._base:
            more = f"a baseline entry, or base traces, made with {self._conditions}"
            return known._replace(level=Level.INCONCLUSIVE, evidence="not compared", more=more)
        if not self._base and len(self._without.get(key.rule, ())) == len(self._part.entries):
            return known._replace(status=Status.UNKNOWN, level=Level.INSUFFICIENT, evidence=UNMEASURED)
        run, base = self._of_run(key, limit), self._of_base(key, limit)
        speed = self._speed if limit.by_speed else 1.0
        past = self._past(key) if speed and (limit.jobs or self._is_accepted(key)) else []
        reference = max(_worst(past, limit), base.high if base else 0.0)
        if run is None or not reference:
            return known._replace(evidence=f"not compared: fewer than {FEWEST} times in a trace")
        before = median(past) if past else base.usual if base else None
        verdict = known._replace(
            before=before,
            limit=limit.above(reference),
            base=_each(self._base, key, limit.quantile),
            history=tuple(past)[-KEPT_ENTRIES:],
        )
        low = run.low / (speed or 1.0)
        at_place = max(self._excess[place] for place in _places(key)) if limit.by_speed else 0.0
        if self._is_more(low, reference, run.each, limit, at_place):
            status = Status.WORSE
        elif self._is_more(min([*past, *([base.low] if base else [])]), run.high, run.each, limit):
            status = Status.BETTER
        elif past and base and low > limit.above(_worst(past, limit)):
            return _explained(verdict._replace(is_older=True), past, limit)
        else:
            return verdict._replace(evidence="within the limit")
        level, more = self._level(limit, len(past), base)
        return _explained(verdict._replace(status=status, level=level, more=more), past, limit)

    def _is_more(self, low: float, high: float, each: float, limit: Limit, at_place: float = 0.0) -> bool:
        """Return whether one side's lower bound is far enough above the other's upper one.

        Args:
            each: events in a trace.
            at_place: how much longer all groups at the place are, if they count together.
        """
        return low > limit.above(high) and max((low - high) * each, at_place) > limit.floor

    def _of_run(self, key: Key, limit: Limit) -> Bounds | None:
        return self._bounds(self._current, key, limit, is_base=False)

    def _of_base(self, key: Key, limit: Limit) -> Bounds | None:
        return self._bounds(self._base, key, limit, is_base=True)

    def _bounds(self, traces: Sequence[TraceGroups], key: Key, limit: Limit, *, is_base: bool) -> Bounds | None:
        which = (key, limit.quantile, is_base)
        if which not in self._known:
            of = fastest if limit.by_speed else bounds
            self._known[which] = of((trace.lengths.get(key, {}) for trace in traces), limit.quantile)
        return self._known[which]

    def _past(self, key: Key) -> list[float]:
        """Return the values of the jobs that have the group; none if it is fewer than half of them."""
        group = self._part.groups.get(key)
        if group is None:
            return []
        entries = set(self._entries) - self._without.get(key.rule, frozenset())
        values = [value for i in sorted(entries) if (value := group.values[i]) is not None]
        there = [value for value in values if value]
        return there if 2 * len(there) >= len(values) else []

    def _is_accepted(self, key: Key) -> bool:
        group = self._part.groups.get(key)
        return group is not None and group.accepted != ""

    @cached_property
    def _pieces(self) -> dict[Key, tuple[Bounds, list[float], Bounds | None]]:
        """The groups that depend on the machine's speed: in the run, in the jobs, and in the base traces."""
        found = {}
        for key in sorted(set().union(*(trace.lengths for trace in self._current))):
            limit = limit_of(self._limits, key)
            if limit is None or not limit.by_speed or (run := self._of_run(key, limit)) is None:
                continue
            past, base = self._past(key), self._of_base(key, limit)
            if past or base:
                found[key] = run, past, base
        return found

    @cached_property
    def _speed(self) -> float:
        """By how much the machine is slower than before, at least 1; 0 if too few pieces of code tell it.

        Code that calls something slower is slower too, so a regression may be more than half of the pieces. In one
        trace alone, noise may be: there is no faster one.
        """
        slower = sorted(
            run.usual / (median(past) if past else base.usual if base else 0.0)
            for run, past, base in self._pieces.values()
        )
        rank = (len(slower) - 1) // (_FASTEST_OF if len(self._current) > 1 else 2)
        return max(1.0, slower[rank]) if len(slower) >= _NEEDED_PIECES else 0.0

    @cached_property
    def _excess(self) -> Counter[str]:
        """By place, how much longer than their references all pieces of code there are in a trace, in ns."""
        found: Counter[str] = Counter()
        for key, (run, past, base) in self._pieces.items():
            reference = max(median_high(past) if past and self._speed else 0.0, base.high if base else 0.0)
            excess = (run.low / (self._speed or 1.0) - reference) * run.each
            if reference and excess > 0:
                found.update(dict.fromkeys(_places(key), round(excess)))
        return found

    def _level(self, limit: Limit, jobs: int, base: Bounds | None) -> tuple[Level, str]:
        """Return how sure a change is, and what would confirm it."""
        if not limit.confirms:
            return Level.SUSPECTED, f"{NOTHING}: {_SPEED if limit.by_speed else _OUTSIDE}"
        if self._shortest_ns < _SHORTEST_NS:
            return Level.INSUFFICIENT, f"runs of at least {_SHORTEST_NS // MS} ms"
        traces = len(self._base) if base else 0
        is_referenced = jobs >= limit.jobs > 0 or traces >= NEEDED_TRACES
        if len(self._current) >= NEEDED_TRACES and is_referenced:
            return Level.CONFIRMED, ""
        more = 0 if is_referenced else NEEDED_TRACES - traces
        return Level.SUSPECTED, missing(NEEDED_TRACES - len(self._current), more)


def _worst(past: Sequence[float], limit: Limit) -> float:
    """Return the value of the jobs that a run is compared with."""
    return median_high(past) if limit.by_speed and past else highest(past)


def _places(key: Key) -> frozenset[str]:
    """Return where a piece of code begins and ends."""
    return frozenset(key.place.split(" to "))


def _each(traces: Sequence[TraceGroups], key: Key, q: float) -> tuple[float, ...]:
    """Return the quantile of each trace, 0 for those without such events."""
    found = (trace.lengths.get(key) for trace in traces)
    return tuple([quantiles(counts, (q,))[0] if counts else 0.0 for counts in found])


def _explained(verdict: Verdict, past: Sequence[float], limit: Limit) -> Verdict:
    """Return the verdict with its evidence.

    For example "0.56-0.57 ms → 1.05-1.06 ms (10th percentile), 1.88x, above the highest of 5 baseline jobs; 0.56 ms in
    the base traces of this job (confirmed)".
    """
    which = "median" if limit.quantile == 0.5 else f"{round(100 * limit.quantile)}th percentile"
    reference = past or verdict.base
    values = f"{span(reference, limit.unit)} → {span(verdict.now, limit.unit)} ({which})"
    factor = f", {ratio(verdict.ratio)}" if verdict.ratio else ""
    jobs = plural(len(reference), "baseline job" if past else "base trace")
    end = "second highest" if len(past) >= MANY_JOBS else "highest"
    if verdict.status is Status.BETTER:
        end = "lowest"
    elif limit.by_speed:
        end = "median" if past else "fastest"
    crossed = f"{'below' if end == 'lowest' else 'above'} the {end} of {jobs}"
    beside = ""
    if verdict.base and past:
        beside = f"; {quantity(median(verdict.base), limit.unit)} in the base traces of this job"
    sure = "not caused by this change" if verdict.is_older else verdict.level
    return verdict._replace(evidence=f"{values}{factor}, {crossed}{beside} ({sure})")
