"""Add a run to the baseline: one entry per job, because the traces of one job share their noise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace as keep
from statistics import median

from gotracer_ci.baseline.criteria import lowest
from gotracer_ci.baseline.measurements import TraceGroups, common, compared
from gotracer_ci.baseline.quantiles import highest
from gotracer_ci.baseline.records import KEPT_ENTRIES, KEPT_WORK, Entry, Group, Part, absent, is_counted
from gotracer_ci.baseline.references import carried, work_change
from gotracer_ci.baseline.shares import changed, of_traces
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS, Limit, Limits, limit_of

_HOLDS = 3


def update(
    part: Part | None,
    current: Sequence[TraceGroups],
    run_id: str,
    commit: str,
    limits: Limits,
    *,
    replace: bool = False,
) -> Part:
    """Return the part with the run as its newest entry: for each group the largest trimmed total and count.

    A job counts once: if the part has an entry with its ID, it is returned unchanged.

    Args:
        part: the program's part of the baseline, None if there is none yet.
        current: the program's traces, at least one.
        run_id: the ID of the job's run. "", as outside CI, derives an ID from the values, so that adding the same
            traces again changes nothing.
        commit: the traced commit, for readers of the file.
        limits: the limits of all rules.
        replace: start over with this entry only.
    """
    old = Part((), {}) if replace or part is None else part
    groups = {key: group for key, group in maxima(current, limits).items() if _is_of_jobs(limit_of(limits, key))}
    did = {*_work(current), *(test for trace in current for test in trace.tests)}
    work = (*old.work, *sorted(did.difference(old.work)))[:KEPT_WORK]
    entry = _entry(current, run_id or _id(current, limits), commit, limits, work)
    if any(other.id == entry.id for other in old.entries):
        return old
    entries = (*old.entries, entry)[-KEPT_ENTRIES:]
    same = [other for other in old.entries if other.conditions.matches(entry.conditions)]
    change = work_change(same[-1] if same else None, entry)
    united = {}
    for key in old.groups.keys() | groups.keys():
        past = old.groups.get(key) or absent(key, groups[key].unit, old.entries)
        new = groups.get(key) or absent(key, past.unit, [entry])
        values = (*past.values, *new.values)[-KEPT_ENTRIES:]
        counts = (*past.counts, *new.counts)[-KEPT_ENTRIES:]
        limit = limit_of(limits, key)
        kept = _without_fixed(values, entries, limit)
        shares = changed(past.shares, new.shares, old.work, did) if key in groups else past.shares
        united[key] = Group(past.unit, kept, counts, shares=shares)
        if kept == values:  # otherwise the old reference and the reason for accepting it no longer apply
            reference = carried(key, past, new, limit, change) if same else new.values[0] or 0.0
            united[key] = united[key].measured_from(reference, past.accepted)
    part = Part(entries, united, old.lines, work, old.rules)
    return part if len(work) <= 2 * len(part.done) else keep(part, work=part.done)


def mixed(part: Part) -> str:
    """Return a warning if the entries come from different environments, "" otherwise."""
    environments = sorted({str(entry.conditions) for entry in part.entries})
    if len(environments) == 1:
        return ""
    return (
        f"the baseline mixes environments ({'; '.join(environments)}): times are compared only with "
        "entries of the run's own; update it on one class of runner, or start over with --replace"
    )


def _entry(current: Sequence[TraceGroups], entry_id: str, commit: str, limits: Limits, work: Collection[str]) -> Entry:
    conditions = common(trace.conditions for trace in current)
    return Entry(
        id=entry_id,
        commit=commit,
        go=conditions.go,
        gomaxprocs=conditions.gomaxprocs,
        platform=conditions.platform,
        traces=len(current),
        wall_ms=round(median(trace.wall_ns for trace in current)) // MS,
        tests=max(trace.ran for trace in current),
        rules=tuple(sorted({rule for rule, _ in limits})),
        work=tuple(sorted((name, times) for name, times in _work(current).items() if name in work)),
    )


def _work(current: Sequence[TraceGroups]) -> dict[str, int]:
    """Return how often a trace did each unit of work, at most."""
    most: dict[str, int] = {}
    for trace in current:
        for name, times in trace.work.items():
            if name and times > most.get(name, 0):
                most[name] = times
    return most


def maxima(current: Sequence[TraceGroups], limits: Limits) -> dict[Key, Group]:
    """Return the groups of a job alone, each with the largest value of its traces."""
    found: dict[Key, Group] = {}
    for trace in current:
        for key, s in compared(trace.groups, limits).items():
            seen = found.get(key, Group(s.unit, (0.0,), (0,)))
            counts = (max(seen.counts[0], s.count),) if is_counted(s.unit) else ()
            found[key] = Group(s.unit, (max(seen.values[0] or 0.0, float(s.trimmed)),), counts)
    for key, group in found.items():
        value, limit = group.values[0], limit_of(limits, key)
        if limit and limit.quantile:
            value = highest((trace.lengths.get(key, {}) for trace in current), limit)
        found[key] = keep(group, values=(value,), shares=of_traces(key, current))
    return found


def _is_of_jobs(limit: Limit | None) -> bool:
    """Return whether a group is compared with other jobs, not only with base traces."""
    return limit is not None and not (limit.quantile and limit.jobs == 0)


def _id(current: Sequence[TraceGroups], limits: Limits) -> str:
    """Return an ID that is the same for the same traces in any order."""
    traces = sorted([str(t.conditions), t.wall_ns, _figures(t, limits)] for t in current)
    return f"local-{hashlib.sha256(json.dumps(traces).encode()).hexdigest()[:12]}"


def _figures(trace: TraceGroups, limits: Limits) -> list[tuple[str | int, ...]]:
    return sorted((*key, s.trimmed, s.count) for key, s in compared(trace.groups, limits).items())


def _without_fixed(
    values: tuple[float | None, ...], entries: tuple[Entry, ...], limit: Limit | None
) -> tuple[float | None, ...]:
    """Drop the older values if the last three jobs are better than all of them, so that a relapse counts as worse.

    If fewer are worse, too, the last three may also be above all of them. Only values from the newest entry's
    environment count.
    """
    own = [i for i, entry in enumerate(entries) if entry.conditions.matches(entries[-1].conditions)]
    older, last = own[:-_HOLDS], own[-_HOLDS:]
    if limit is None or not older:
        return values
    before = [value for i in older if (value := values[i]) is not None]
    now = [values[i] or 0.0 for i in last]
    limit = limit.of_run(entries[-1].wall_ms * MS)
    is_more = limit.fewer and bool(before) and min(now) > limit.above(max(before))
    if not is_more and lowest(before, limit) <= limit.above(max(now)):
        return values
    return tuple(None if i in older else value for i, value in enumerate(values))
