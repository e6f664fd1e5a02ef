"""Compare a run's groups with those of the baseline's jobs, by fixed limits instead of statistical tests.

Tests over single events call nearly every unchanged run a regression, because the events of one run share its noise.
What works is to ask whether even the lowest trace of the run exceeds the worst of several jobs (see criteria).

Traces of the base commit from the same job are a second reference. They share the job's noise, which a file of other
jobs cannot: what is above the file's limit but not above theirs comes from the machine, or was there before the change.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import cast

from gotracer_ci.baseline import evidence, work
from gotracer_ci.baseline.criteria import NEEDED_TRACES, NUMBER, Seen, by_more_waits, by_total, fell_below
from gotracer_ci.baseline.events import Events
from gotracer_ci.baseline.measurements import Conditions, TraceGroups, common, compared, middle
from gotracer_ci.baseline.moved import pairs
from gotracer_ci.baseline.parts import factor, kept, without
from gotracer_ci.baseline.records import KEPT_ENTRIES, Group, Part
from gotracer_ci.baseline.verdicts import NEEDED_BASE, NEEDED_JOBS, NOTHING, Comparison, Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS, Limit, Limits, limit_of

SHORTEST_NS = 100 * MS
_NOTHING = Statistics("", 0, 0, 0, 0)
_Groups = tuple[dict[Key, Statistics], ...]


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
    longest_ns: int
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
        if len(entries) == len(group.values) and None not in group.values:
            return cast(tuple[float, ...], group.values)  # the common case; copying thousands takes time
        return [value for i in entries if (value := group.values[i]) is not None]

    def of_base(self, key: Key, traces: Sequence[int], limit: Limit, *, events: bool = False) -> tuple[float, ...]:
        """Return a group's value in each of these base traces. events: its number of events instead."""
        if not traces:
            return ()
        found = [self.any_base[i].get(key, _NOTHING) for i in traces]
        values = [float(one.count if events else one.trimmed) for one in found]
        if self.is_scaled:
            values = [value * factor(self.work.of_base[i], limit) for value, i in zip(values, traces, strict=True)]
        return tuple(values)

    def numbers(self, key: Key, former: Key, limit: Limit) -> Seen:
        """Return the numbers of waits of a group of times. former: the group that the references have instead."""
        now = tuple([float(groups.get(key, _NOTHING).count) for groups in self.groups])
        base = self.of_base(former, self.base, limit, events=True)
        group = self.part.groups.get(former)
        if group is None:
            return Seen(NUMBER, now, (0,) * len(self.same) if self.same else None, base)
        past: Sequence[float] = group.counts
        if self.is_scaled or self.is_cut:
            times = self._times(group, limit)
            past = [past[i] * times[i] for i in self.same if group.values[i] is not None]
        elif len(self.same) < len(past) or None in group.values:
            past = [past[i] for i in self.same if group.values[i] is not None]
        return Seen(NUMBER, now, past if self.same else None, base)

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
        longest_ns=max(trace.wall_ns for trace in current),
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
    verdicts |= work.judged(verdicts, did, limits, current, baseline, base)
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
    """Return new verdicts on the groups that probably moved: what the new place has is compared with the old one's."""
    new = [key for key, verdict in verdicts.items() if verdict.status is Status.NEW]
    if not new:
        return {}

    def totals(key: Key) -> list[int]:
        return [groups.get(key, _NOTHING).trimmed for groups in run.groups]

    gone = [
        (middle(verdict.base) or verdict.before, key)  # base traces share the run's noise
        for key, verdict in verdicts.items()
        if verdict.before
        and verdict.level is not Level.INCONCLUSIVE
        and (limit := limit_of(limits, key))
        and not limit.gone(verdict.before)
        and limit.gone(max(totals(key)))
    ]
    found = {}
    for to, since in pairs([(middle(totals(key)), key) for key in new], gone, limits, run.longest_ns):
        limit = limit_of(limits, to)
        if limit is None:
            continue
        verdict = _judged(to, limit, run, since)
        found[to] = verdict._replace(evidence=f"{verdict.evidence}; possibly moved from {since.place}")
        old = verdicts[since]._replace(status=Status.KNOWN, level=Level.CONFIRMED, more="")
        found[since] = old._replace(evidence=f"possibly moved to {to.place}")
    return found


def _judged(key: Key, limit: Limit, run: _Context, since: Key | None = None) -> Verdict:
    """Return the verdict on a group. since: the group that the references have instead, if it moved."""
    former = since or key
    entries = run.every if limit.everywhere else run.same
    of_base: Sequence[int] = range(len(run.any_base)) if limit.everywhere else run.base
    if without := run.without.get(key.rule):
        if len(without) == len(run.every) and not of_base:
            now = tuple([float(groups.get(key, _NOTHING).trimmed) for groups in run.groups])
            return Verdict(
                key, Status.UNKNOWN, Level.INSUFFICIENT, limit.unit, None, 0.0, now, evidence=evidence.UNMEASURED
            )
        entries = [i for i in entries if i not in without]
    is_comparable = bool(entries or of_base)
    if not is_comparable:  # in that case they are only shown
        entries, of_base = run.every, range(len(run.any_base))
    group = run.part.groups.get(former)
    past = run.past(group, entries, limit)
    now = tuple([float(groups.get(key, _NOTHING).trimmed) for groups in run.groups])
    base = run.of_base(former, of_base, limit)
    if limit.unit == "each":
        limit = limit.of_all(middle([groups.get(key, _NOTHING).count for groups in run.groups]))
    seen = Seen(limit, now, past if entries else None, base)
    before = middle(past if entries else base)
    of_file, bound = seen.bounds(run.longest_ns)
    status = by_total(seen, bound, run.longest_ns) if is_comparable else Status.KNOWN
    if limit.fewer and status is Status.WORSE and min(now) <= bound:
        bound = fell_below(seen)
    is_older, waits = False, None
    if status is Status.KNOWN and is_comparable:
        is_older = bool(entries and base) and min(now) > of_file
        numbers = partial(run.numbers, key, former, limit)
        found = by_more_waits(seen, numbers, before, run.longest_ns) if limit.unit == "ns" and key.place else None
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
        counts: Sequence[int] = [groups.get(key, _NOTHING).count for groups in run.groups]
        if status in (Status.BETTER, Status.FIXED) and limit.is_timing:  # the reference needs enough events
            counts = _former_counts(former, limit, group, entries, [run.any_base[i] for i in of_base])
        level, more = _level(limit, len(now), len(past), len(base), middle(counts), run.shortest_ns)
    elif not is_older:
        within = evidence.within(seen.now, bound)
    is_known = any(seen.base) if seen.past is None else group is not None
    was = before if is_known else None
    verdict = Verdict(
        key=key,
        status=status,
        level=level,
        unit=seen.limit.unit,
        before=was,
        limit=bound,
        now=seen.now,
        base=seen.base,
        is_older=is_older,
        evidence=within,
        more=more,
    )
    if within:
        return verdict
    return verdict._replace(
        evidence=evidence.sentence(
            verdict, seen.past or (), seen.limit, waits, run.work.scaling(limit) if run.is_scaled else ""
        ),
        history=tuple(seen.past or ())[-KEPT_ENTRIES:] if verdict.flagged else (),
    )


def _former_counts(
    key: Key, limit: Limit, group: Group | None, entries: Sequence[int], of_base: Sequence[dict[Key, Statistics]]
) -> Sequence[int]:
    """Return the numbers of events while the group existed, in the file or else in the base."""
    if group is None or not entries:
        return [groups.get(key, _NOTHING).count for groups in of_base]
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
            return Level.SUSPECTED, evidence.missing(NEEDED_TRACES - traces, 0, needs_file=False)
        if max(jobs, base) >= limit.jobs:
            return Level.CONFIRMED, ""
        return Level.SUSPECTED, f"a baseline of at least {limit.jobs} jobs, or {limit.jobs} base traces (--base)"
    if shortest_ns < SHORTEST_NS:
        return Level.INSUFFICIENT, f"runs of at least {SHORTEST_NS // MS} ms"
    if events < limit.events:
        return Level.INSUFFICIENT, f"at least {limit.events} events in a trace (here {events:g})"
    is_referenced = jobs >= NEEDED_JOBS or (jobs > 0 and base >= NEEDED_BASE)
    if traces >= NEEDED_TRACES and is_referenced:
        return Level.CONFIRMED, ""
    more_base = 0 if is_referenced or base >= NEEDED_BASE else NEEDED_TRACES - base
    return Level.SUSPECTED, evidence.missing(NEEDED_TRACES - traces, more_base, needs_file=jobs == 0)
