"""Compare a run's groups with those of the baseline's jobs, by fixed limits instead of statistical tests.

Tests over single events call nearly every unchanged run a regression, because the events of one run share its noise.
What works is to ask whether even the lowest trace of the run exceeds the worst of several jobs (see criteria).

Traces of the base commit from the same job are a second reference. They share the job's noise, which a file of other
jobs cannot: what is above the file's limit but not above theirs comes from the machine, or was there before the change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import cast

from gotracer_ci.baseline import ended, evidence, slow_machine, turns, work
from gotracer_ci.baseline.criteria import NEEDED_TRACES, NUMBER, Seen, by_more_waits, by_total, fell_below, highest
from gotracer_ci.baseline.events import Events
from gotracer_ci.baseline.measurements import Conditions, TraceGroups, common, compared, middle
from gotracer_ci.baseline.moved import Sized, pairs
from gotracer_ci.baseline.parts import factor, kept, without
from gotracer_ci.baseline.records import KEPT_ENTRIES, Group, Part
from gotracer_ci.baseline.verdicts import NEEDED_BASE, NEEDED_JOBS, NOTHING, Comparison, Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS, Limit, Limits, limit_of

SHORTEST_NS = 100 * MS
_NOTHING = Statistics("", 0, 0, 0, 0)
_Groups = tuple[Mapping[Key, Statistics], ...]
_Each = list[Statistics]


_PEAK = "a peak depends on when the collector ran; the bytes allocated can confirm"
_CONTENTION = "how long waits take in all depends on the machine; longer holds and calls, or other waits, can confirm"


@dataclass(frozen=True, slots=True)
class _Context:
    """What all verdicts of a run share.

    every: the indices of all entries of the part; same: of those made under the run's conditions. without: the entries
    that did not measure a rule, by the rules that not all measured. any_base: all base traces; base: the indices of
    those made under the run's conditions. work: how the run's work differs; groups and any_base lack the tests that
    only one side has. is_scaled, is_cut: the reference has another amount of work, or tests that the run lacks.
    """

    part: Part
    every: Sequence[int]
    same: Sequence[int]
    without: Mapping[str, frozenset[int]]
    any_base: _Groups
    base: Sequence[int]
    groups: _Groups
    shortest_ns: int
    conditions: Conditions
    work: work.Difference
    is_scaled: bool
    is_cut: bool

    def past(self, group: Group | None, entries: Sequence[int], limit: Limit) -> Sequence[float]:
        """Return a group's values in these entries without those that were dropped; 0 if an entry never had it."""
        if group is None:
            return (0.0,) * len(entries)
        if self.is_scaled or self.is_cut:
            times = self._times(group, limit)
            return [value * times[i] for i in entries if (value := group.values[i]) is not None]
        if len(entries) == len(group.values) and all(group.values):
            return cast(tuple[float, ...], group.values)  # the common case; copying thousands takes time
        return [value for i in entries if (value := group.values[i]) is not None]

    def of_base(self, values: Sequence[int], traces: Sequence[int], limit: Limit) -> tuple[float, ...]:
        """Return a group's values in these base traces for as much work as the run did."""
        if not self.is_scaled:
            return tuple(map(float, values))
        return tuple([value * factor(self.work.of_base[i], limit) for value, i in zip(values, traces, strict=True)])

    def numbers(
        self, group: Group | None, ours: _Each, theirs: _Each, traces: Sequence[int], limit: Limit, least: Limit
    ) -> Seen | None:
        """Return the numbers of waits of a group of times, None if no more than the file's jobs may have by `least`.

        Args:
            group: the group of the baseline.
            ours, theirs: the group in each trace of the run, and in these base traces.
        """
        past = self._past_numbers(group, limit) if self.same else None
        if past is not None and max([one.count for one in ours]) <= least.above(highest(past)):
            return None
        now = tuple([float(one.count) for one in ours])
        return Seen(NUMBER, now, past, self.of_base([one.count for one in theirs], traces, limit))

    def _past_numbers(self, group: Group | None, limit: Limit) -> Sequence[float]:
        """Return the numbers of waits of a group in the file's jobs."""
        if group is None:
            return (0,) * len(self.same)
        past: Sequence[float] = group.counts
        if self.is_scaled or self.is_cut:
            times = self._times(group, limit)
            past = [past[i] * times[i] for i in self.same if group.values[i] is not None]
        elif len(self.same) < len(past) or None in group.values:
            past = [past[i] for i in self.same if group.values[i] is not None]
        return past

    def _times(self, group: Group, limit: Limit) -> list[float]:
        """Return the factor for each entry: for the tests that the run has too, and for as much work as it did."""
        left = kept(group, self.work.gone)
        if limit.fewer or limit.unit == "each":
            left = float(left > 0)
        return [left * factor(times, limit) for times in self.work.of_jobs]


def compare(
    current: Sequence[TraceGroups],
    baseline: Part,
    path: str,
    limits: Limits,
    rules: Collection[str] | None = None,
    base: Sequence[TraceGroups] = (),
) -> Comparison:
    """Return a verdict for each group of the run or of a reference that has a limit.

    Args:
        current: the run's traces of one program, at least one.
        baseline: the program's part of a baseline file. If it has no entries, only the base is compared.
        path: what the user calls the baseline.
        limits: the limits of all rules.
        rules: the rules that ran, None for all. Groups of other rules do not count as gone.
        base: traces of the same program at the base commit, from the same job.
    """
    conditions = common(trace.conditions for trace in current)
    longest_ns = max(trace.wall_ns for trace in current)
    limits = {pair: limit.of_run(longest_ns) for pair, limit in limits.items()}
    did = work.difference(current, baseline, base)
    own_base = [i for i, trace in enumerate(base) if trace.conditions.matches(conditions)]
    any_base = tuple(compared(without(trace, did.gone, limits).groups, limits) for trace in base)
    run = _Context(
        part=baseline,
        every=range(len(baseline.entries)),
        same=[i for i, entry in enumerate(baseline.entries) if entry.conditions.matches(conditions)],
        without=baseline.without({rule for rule, _ in limits}),
        any_base=any_base,
        base=own_base,
        groups=tuple(compared(without(trace, did.new, limits).groups, limits) for trace in current),
        shortest_ns=min(trace.wall_ns for trace in (*current, *(base[i] for i in own_base))),
        conditions=conditions,
        work=did,
        is_scaled=did.is_scaled,
        is_cut=bool(did.gone),
    )
    keys = dict.fromkeys(baseline.groups)  # sorting is nearly free, because they come in long sorted runs
    for groups in (*run.groups, *any_base, *(compared(trace.groups, limits) for trace in current if did.new)):
        keys.update(dict.fromkeys(groups))
    verdicts = {}
    events = Events(current, [base[i] for i in own_base], baseline, run.same, run.without, limits, conditions)
    for key in sorted(keys):
        limit = limit_of(limits, key)
        if limit and (rules is None or key.rule in rules):
            verdicts[key] = events.judged(key, limit) if limit.quantile else _judged(key, limit, run)
    verdicts |= _moved(verdicts, limits, run)
    verdicts |= {} if did.is_scaled else turns.judged(verdicts, limits, baseline, run.without)
    verdicts |= work.judged(verdicts, did, limits, current, baseline, base)
    verdicts |= ended.judged(verdicts, limits)
    verdicts |= slow_machine.unsure_of_locks(verdicts, limits)
    verdicts |= slow_machine.unsure(verdicts, limits, current, baseline, run.same)
    usual_ns = median(trace.wall_ns for trace in current)
    warnings = (
        *evidence.warnings(baseline, conditions, usual_ns),
        *evidence.base_warnings(base, conditions, usual_ns),
        *evidence.older(verdicts),
        *evidence.unmeasured(key.rule for key, verdict in verdicts.items() if verdict.evidence is evidence.UNMEASURED),
        *work.warnings(did),
    )
    made = [entry.conditions for entry in baseline.entries] or [trace.conditions for trace in base]
    return Comparison(
        baseline=path,
        entries=len(baseline.entries),
        base_traces=len(base),
        comparable=len(run.same),
        elsewhere="" if run.same or run.base else evidence.environments(made),
        warnings=warnings,
        verdicts=verdicts,
    )


def _moved(verdicts: Mapping[Key, Verdict], limits: Limits, run: _Context) -> dict[Key, Verdict]:
    """Return verdicts on the groups that probably moved: what the new place has is compared with the old one's.

    Groups that are new come first. What then seems fixed may have moved to where it is only in some of the traces.
    """
    new = [key for key, verdict in verdicts.items() if verdict.status is Status.NEW]
    if not new and all(verdict.status is not Status.FIXED for verdict in verdicts.values()):
        return {}

    def totals(key: Key) -> list[int]:
        return [groups.get(key, _NOTHING).trimmed for groups in run.groups]

    def former(key: Key, verdict: Verdict, limit: Limit) -> float:
        """Return how much the references have: usually, or else at most, as some leaks are not there at every end."""
        # base traces share the run's noise
        if usual := middle(verdict.base) or verdict.before:
            return usual
        entries = run.every if limit.everywhere else run.same
        return max((*verdict.base, *run.past(run.part.groups.get(key), entries, limit)), default=0)

    gone = [
        (size, key)
        for key, verdict in verdicts.items()
        if verdict.level is not Level.INCONCLUSIVE
        and (limit := limit_of(limits, key))
        and limit.gone(max(totals(key)))
        and not limit.gone(size := former(key, verdict, limit))
    ]
    found: dict[Key, Verdict] = {}

    def pair(fresh: Iterable[Key], old: Iterable[Sized]) -> None:
        sized = [(middle(values) or max(values), key) for key in fresh if any(values := totals(key))]
        for to, since in pairs(sized, old, limits):
            if (limit := limit_of(limits, to)) is None:
                continue
            verdict = _judged(to, limit, run, since)
            found[to] = verdict._replace(evidence=f"{verdict.evidence}; possibly moved from {since.place}")
            left = verdicts[since]._replace(status=Status.KNOWN, level=Level.CONFIRMED, more="")
            found[since] = left._replace(evidence=f"possibly moved to {to.place}")

    pair(new, gone)
    fixed = [one for one in gone if one[1] not in found and verdicts[one[1]].status is Status.FIXED]
    if fixed:
        pair(
            (
                key
                for key, verdict in verdicts.items()
                if verdict.status is Status.KNOWN and not verdict.before and not any(verdict.base)
            ),
            fixed,
        )
    return found


def _judged(key: Key, limit: Limit, run: _Context, since: Key | None = None) -> Verdict:
    """Return the verdict on a group. since: the group that the references have instead, if it moved."""
    former = since or key
    ours = [groups.get(key, _NOTHING) for groups in run.groups]
    entries = run.every if limit.everywhere else run.same
    of_base: Sequence[int] = range(len(run.any_base)) if limit.everywhere else run.base
    if without := run.without.get(key.rule):
        if len(without) == len(run.every) and not of_base:
            now = tuple([float(one.trimmed) for one in ours])
            return Verdict(
                key, Status.UNKNOWN, Level.INSUFFICIENT, limit.unit, None, 0.0, now, evidence=evidence.UNMEASURED
            )
        entries = [i for i in entries if i not in without]
    is_comparable = bool(entries or of_base)
    if not is_comparable:  # in that case they are only shown
        entries, of_base = run.every, range(len(run.any_base))
    group = run.part.groups.get(former)
    past = run.past(group, entries, limit)
    theirs = [run.any_base[i].get(former, _NOTHING) for i in of_base]
    now = tuple([float(one.trimmed) for one in ours])
    base = run.of_base([one.trimmed for one in theirs], of_base, limit)
    if limit.unit == "each":
        limit = limit.of_all(middle([one.count for one in ours]))
    seen = Seen(limit, now, past if entries else None, base)
    before = middle(past if entries else base)
    of_file, bound = seen.bounds()
    status = by_total(seen, bound) if is_comparable else Status.KNOWN
    if limit.fewer and status is Status.WORSE and min(now) <= bound:
        bound = fell_below(seen)
    is_older, waits = False, None
    if status is Status.KNOWN and is_comparable:
        is_older = bool(entries and base) and min(now) > of_file
        numbers = partial(run.numbers, group, ours, theirs, of_base, limit)
        found = by_more_waits(seen, numbers, before) if limit.unit == "ns" and key.place else None
        if found and (found.status is not Status.KNOWN or not is_older):
            status, seen, bound, is_older, waits = found
            before = middle(seen.base if seen.past is None else seen.past)
            limit = limit._replace(confirms=False)
    if limit.varies and status is Status.WORSE:
        limit = limit._replace(confirms=False)
    level, more, within = Level.CONFIRMED, "", ""
    if not is_comparable:
        level, more = Level.INCONCLUSIVE, f"a baseline entry, or base traces, made with {run.conditions}"
    elif status is not Status.KNOWN:
        counts: Sequence[int] = [one.count for one in ours]
        if status in (Status.BETTER, Status.FIXED) and limit.is_timing:  # the reference needs enough events
            counts = _former_counts(limit, group, entries, theirs)
        level, more = _level(limit, len(now), len(past), len(base), middle(counts), run.shortest_ns)
    elif not is_older:
        within = evidence.within(seen.now, bound)
    is_known = any(seen.base) if seen.past is None else group is not None
    was = before if is_known else None
    unit = seen.limit.unit
    jobs = tuple(seen.past or ())[-KEPT_ENTRIES:]
    verdict = Verdict(key, status, level, unit, was, bound, seen.now, seen.base, is_older, jobs, within, more)
    if within:
        return verdict
    return verdict._replace(
        evidence=evidence.sentence(
            verdict, seen.past or (), seen.limit, waits, run.work.scaling(limit) if run.is_scaled else ""
        )
    )


def _former_counts(limit: Limit, group: Group | None, entries: Sequence[int], of_base: _Each) -> Sequence[int]:
    """Return the numbers of events while the group existed, in the file or else in the base."""
    if group is None or not entries:
        return [one.count for one in of_base]
    return [group.counts[i] for i in entries if group.counts and not limit.gone(group.values[i] or 0)]


def _level(limit: Limit, traces: int, jobs: int, base: int, events: float, shortest_ns: int) -> tuple[Level, str]:
    """Return how sure a change is, and what would confirm it.

    Values of the whole program hardly vary, so one trace and one job are enough; counts at a place need three traces.
    The base alone confirms no times: it flags every tenth unchanged run. Together with a file of one job it flags one
    in two hundred, with one of five jobs even fewer (see docs/statistics.md).
    """
    if not limit.confirms:
        return Level.SUSPECTED, f"{NOTHING}: {_PEAK if limit.unit == 'bytes' else _CONTENTION}"
    if not limit.is_timing:
        if limit.jobs > 1 and traces < NEEDED_TRACES:  # more of one trace alone are in 6 % of the unchanged runs
            return Level.SUSPECTED, evidence.missing(NEEDED_TRACES - traces, 0)
        if max(jobs, base) >= limit.jobs:
            return Level.CONFIRMED, ""
        return Level.SUSPECTED, f"a baseline of at least {limit.jobs} jobs, or {limit.jobs} base traces (--base)"
    if shortest_ns < SHORTEST_NS:
        return Level.INSUFFICIENT, f"runs of at least {SHORTEST_NS // MS} ms"
    if events < limit.events:
        return Level.INSUFFICIENT, f"at least {limit.events} events in a trace (here {events:g})"
    is_referenced = jobs >= NEEDED_JOBS or (jobs >= limit.jobs and base >= NEEDED_BASE)
    if traces >= NEEDED_TRACES and is_referenced:
        return Level.CONFIRMED, ""
    more_base = 0 if is_referenced or base >= NEEDED_BASE else NEEDED_TRACES - base
    return Level.SUSPECTED, evidence.missing(NEEDED_TRACES - traces, more_base, limit.jobs if jobs < limit.jobs else 0)
