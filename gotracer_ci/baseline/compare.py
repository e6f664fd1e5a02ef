"""The verdicts of a run: its groups against what the baseline's jobs had, by fixed limits and not by statistics.

Tests over single events call nearly every unchanged run a regression, since the events of one run share its noise.
What works is to ask whether even the least of the run's traces exceeds what the worst of several jobs had.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from statistics import median

from gotracer_ci.baseline import evidence
from gotracer_ci.baseline.schema import Baseline, Group
from gotracer_ci.baseline.statistics import MS, Environment, Limit, TraceGroups, common, compared, limit_of
from gotracer_ci.baseline.verdicts import Comparison, Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics

NEEDED_TRACES = 3
NEEDED_JOBS = 5
NEEDED_EVENTS = 5
SHORTEST_NS = 100 * MS
MANY_JOBS = 8
_NOTHING = Statistics("", 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Run:
    """What all verdicts of a run share. same: indices of the entries of the run's own environment."""

    groups: tuple[dict[Key, Statistics], ...]
    shortest_ns: int
    longest_ns: int
    environment: Environment
    same: tuple[int, ...]


def compare(
    current: Sequence[TraceGroups], baseline: Baseline, path: str, rules: Collection[str] | None = None
) -> Comparison:
    """Judges every group that the run or the baseline has and that is compared at all.

    Args:
        current: the run's traces, at least one: repeated runs of the same program.
        baseline: what to compare with.
        path: what the user calls the baseline.
        rules: those that ran, None for all: the groups of a rule that did not run are not gone.
    """
    walls = [trace.wall_ns for trace in current]
    environment = common(trace.environment for trace in current)
    run = _Run(
        tuple(compared(trace.groups) for trace in current),
        min(walls),
        max(walls),
        environment,
        tuple(i for i, entry in enumerate(baseline.entries) if entry.environment.matches(environment)),
    )
    verdicts = {}
    for key in sorted(set(baseline.groups).union(*run.groups)):
        limit = limit_of(key)
        if limit and (rules is None or key.rule in rules):
            verdicts[key] = _judged(key, limit, baseline, run)
    evidence.moved(verdicts)
    warnings = tuple(evidence.warnings(baseline, environment, run.longest_ns))
    return Comparison(path, len(baseline.entries), verdicts, warnings)


def highest(past: Sequence[float]) -> float:
    """B: the largest value of a few jobs; of many the second largest, so that one odd job does not blind the rest."""
    return sorted(past)[-2 if len(past) >= MANY_JOBS else -1] if past else 0.0


def lowest(past: Sequence[float], limit: Limit) -> float:
    """B_min: the smallest value while the group was there; the last entries may already be without it."""
    there = dropwhile(limit.gone, reversed(past))
    return min(there, default=0.0)


def _judged(key: Key, limit: Limit, baseline: Baseline, run: _Run) -> Verdict:
    size = len(baseline.entries)
    group = baseline.groups.get(key) or Group(limit.unit, (0.0,) * size, (0,) * size)
    is_comparable = limit.everywhere or bool(run.same)
    used = run.same if run.same and not limit.everywhere else range(size)
    past = [value for i in used if (value := group.values[i]) is not None]
    found = [groups.get(key, _NOTHING) for groups in run.groups]
    now = tuple(float(statistics.trimmed) for statistics in found)
    bound = limit.above(highest(past), run.longest_ns)

    status = _status(now, past, limit, bound, run.longest_ns) if is_comparable else Status.KNOWN
    counts = [statistics.count for statistics in found]
    if status in (Status.BETTER, Status.FIXED) and limit.is_timing:  # then it is the former events that must suffice
        counts = [group.counts[i] for i in used if not limit.gone(group.values[i] or 0)]
    if not is_comparable:
        level, more = Level.INCONCLUSIVE, f"a baseline entry made with {run.environment}"
    elif status is Status.KNOWN:
        level, more = Level.CONFIRMED, ""
    else:
        level, more = _level(limit, len(now), len(past), median(counts), run.shortest_ns)
    before = median(past) if key in baseline.groups and past else None
    verdict = Verdict(key, status, level, limit.unit, before, bound, now, "", more)
    return replace(verdict, evidence=evidence.sentence(verdict, past, is_second=len(past) >= MANY_JOBS))


def _status(now: Sequence[float], past: Sequence[float], limit: Limit, bound: float, wall_ns: int) -> Status:
    """Worse: even the least of the run's traces is over the limit. New: the same where no job had the group.

    Better is the mirror: the way back would be worse, from the least that the jobs had. Fixed is better and gone
    from all traces. (That the baseline drops what it had of such a group, so that a relapse is caught, is `update`'s.)
    """
    if min(now) > bound:
        return Status.NEW if all(map(limit.gone, past)) else Status.WORSE
    if lowest(past, limit) > limit.above(max(now), wall_ns):
        return Status.FIXED if all(map(limit.gone, now)) else Status.BETTER
    return Status.KNOWN


def _level(limit: Limit, traces: int, jobs: int, events: float, shortest_ns: int) -> tuple[Level, str]:
    """How sure a change is, and what would confirm it. Counters hardly vary: one trace and one job suffice."""
    if not limit.confirms:
        return Level.SUSPECTED, "nothing: a peak depends on when the collector ran; the bytes allocated can confirm"
    if not limit.is_timing:
        return Level.CONFIRMED, ""
    if shortest_ns < SHORTEST_NS:
        return Level.INSUFFICIENT, f"runs of at least {SHORTEST_NS // MS} ms"
    if events < NEEDED_EVENTS:
        return Level.INSUFFICIENT, f"at least {NEEDED_EVENTS} events in a trace (here {events:g})"
    missing = evidence.missing(NEEDED_TRACES - traces, NEEDED_JOBS - jobs)
    return (Level.SUSPECTED, missing) if missing else (Level.CONFIRMED, "")
