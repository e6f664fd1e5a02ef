"""Explain a verdict in words: the values before and now, and how many traces and jobs they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Final

from gotracer_ci.baseline.criteria import MANY_JOBS, NUMBER
from gotracer_ci.baseline.measurements import Conditions, TraceGroups, middle
from gotracer_ci.baseline.records import Part
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS, Limit
from gotracer_ci.text import count, duration, go_releases, plural, quantity, ratio, span

UNMEASURED: Final = "no job of the baseline measured this"
_ALIKE: Final = 2
_NAMED: Final = 3
_DASH: Final = "\N{EN DASH}"


def within(now: Sequence[float], limit: float) -> str:
    """Return the evidence for a group that has not changed."""
    above = sum([value > limit for value in now]) if max(now) > limit else 0
    return f"above the limit in {above} of {plural(len(now), 'trace')}" if above else "not above the limit"


def sentence(
    verdict: Verdict,
    past: Sequence[float],
    limit: Limit,
    waits: tuple[float, float] | None = None,
    scaling: str = "",
) -> str:
    """Return the values before and now, which line how many traces crossed, and how sure that is.

    For example "740 ms (710-770 ms) → 1.51-1.6 s, 2.11x, above the highest of 5 baseline jobs in 3 of 3 traces;
    745 ms in the base traces of this job (confirmed)".

    Args:
        verdict: the verdict without its evidence.
        past: the values of the compared jobs; empty if only base traces were compared.
        limit: what the values were compared by.
        waits: if the medians decided, the number of waits in the base traces and in the run.
        scaling: how the reference's values were changed to fit the run's work.
    """
    alone = bool(verdict.base) and not past
    reference = verdict.base if alone else past
    before = _spread(reference, verdict.unit, usual=middle(reference))
    noun = f" {limit.noun}" if limit.noun else ""
    values = f"{before} → {_spread(verdict.now, verdict.unit)}{noun}"
    which = "base trace" if alone else "baseline job"
    if verdict.level is Level.INCONCLUSIVE:
        others = [plural(len(reference), which)]
        others += [plural(len(verdict.base), "base trace")] if verdict.base and past else []
        return f"{values}, not compared: {' and '.join(others)} ran in another environment ({verdict.level})"
    factor = f", {ratio(verdict.ratio)}" if verdict.ratio else ""
    if waits:
        factor += f", {count(waits[0])} → {count(waits[1])} waits"
    traces = f"{len(verdict.now)} of {len(verdict.now)} traces"
    if verdict.status is Status.FIXED:
        crossed = f"gone from {traces}"
    elif verdict.status is Status.BETTER or (limit.fewer and max(verdict.now) < verdict.limit):
        crossed = f"below the lowest of {plural(len(reference), which)} in {traces}"
    elif waits:
        crossed = f"the median of {plural(len(verdict.now), 'trace')} above that of {plural(len(reference), which)}"
    elif limit is NUMBER:
        crossed = f"waited more often than in {_jobs(len(reference), which, len(past))} in {traces}"
    else:
        highest = "second highest" if len(past) >= MANY_JOBS else "highest"
        crossed = f"above the {highest} of {plural(len(reference), which)} in {traces}"
    base = ""
    if verdict.base and past:
        base = f"; {_spread(verdict.base, verdict.unit)}{noun} in the base traces of this job"
    sure = "not caused by this change" if verdict.is_older else verdict.level
    work = f"; {scaling}" if scaling else ""
    return f"{values}{factor}, {crossed}{base}{work} ({sure})"


def improvement(verdict: Verdict, noun: str) -> str:
    """Return the sentence for a group that improved between two sets of traces. noun: what a count counts, or ""."""
    base, every = plural(len(verdict.base), "base trace"), f"{len(verdict.now)} of {len(verdict.now)} traces"
    values = f"{_spread(verdict.base, verdict.unit)} → {_spread(verdict.now, verdict.unit)}{noun and f' {noun}'}"
    factor = f", {ratio(verdict.ratio)}" if verdict.ratio else ""
    if verdict.status is Status.FIXED:
        crossed = f"gone from {every}"
    elif max(verdict.now) < min(verdict.base):
        crossed = f"below the lowest of {base} in {every}"
    else:
        crossed = f"the median of {plural(len(verdict.now), 'trace')} below that of {base}"
    return f"{values}{factor}, {crossed} ({verdict.level})"


def _jobs(number: int, which: str, jobs: int) -> str:
    """Which of the jobs or base traces waited less often."""
    if number == 1:
        return f"the only {which}"
    return f"{'all but one' if jobs >= MANY_JOBS else 'any'} of the {number} {which}s"


def _spread(values: Sequence[float], unit: str, usual: float | None = None) -> str:
    """The range of some values; with the usual one first, if that is given and they differ."""
    if not values:
        return quantity(0, unit)
    shown = span(values, unit)
    return f"{quantity(usual, unit)} ({shown})" if usual is not None and _DASH in shown else shown


def missing(traces: int, base: int, jobs: int = 0) -> str:
    """Return what would confirm that a time changed: how many more traces of the change and of its base.

    jobs: how many the baseline needs at least, 0 if it has enough.

    The base can be traced immediately, in the same job. More jobs of the main branch in the baseline would also do, but
    take days, so a baseline is suggested only if it lacks the jobs that base traces need beside them.
    """
    wanted = [f"{plural(traces, 'more trace')} of this change"] if traces > 0 else []
    if base > 0:
        number = str(base) if wanted else plural(base, "trace")
        wanted.append(f"{number} of the base commit in the same job (--base)")
    if jobs:
        wanted.append(f"a baseline of at least {plural(jobs, 'job')} (--baseline)")
    return " and ".join(wanted)


def warnings(baseline: Part, conditions: Conditions, wall_ns: float) -> Iterator[str]:
    """Warn about a baseline from other environments, or from traces of another length.

    wall_ns: the median length of the run's traces, so that one slow trace is no reason.
    """
    same = [entry for entry in baseline.entries if entry.conditions.matches(conditions)]
    if others := len(baseline.entries) - len(same):
        yield _elsewhere(f"{others} of {plural(len(baseline.entries), 'baseline job')}", conditions)
    if same:
        yield from _lengths(wall_ns, "the baseline's", median(entry.wall_ms for entry in same) * MS)


def base_warnings(base: Sequence[TraceGroups], conditions: Conditions, wall_ns: float) -> Iterator[str]:
    """Warn about base traces from other environments, or of another length."""
    same = [trace for trace in base if trace.conditions.matches(conditions)]
    if others := len(base) - len(same):
        yield _elsewhere(f"{others} of {plural(len(base), 'base trace')}", conditions)
    if same:
        yield from _lengths(wall_ns, "the base traces", median(trace.wall_ns for trace in same))


def environments(made: Iterable[Conditions]) -> str:
    """Return the environments in words, each once: `Go 1.22, GOMAXPROCS 8 or Go 1.25, GOMAXPROCS 8`."""
    names = list(dict.fromkeys(str(one._replace(go=go_releases(one.go))) for one in made))
    others = len(names) - _NAMED
    return " or ".join(names[:_NAMED]) + (f" or {plural(others, 'other environment')}" if others > 0 else "")


def older(verdicts: dict[Key, Verdict]) -> Iterator[str]:
    """Warn if the base exceeds the baseline's limits too: then the baseline is outdated, or the machine is slower."""
    found = [key for key, verdict in verdicts.items() if verdict.is_older]
    if found:
        names = ", ".join(" ".join(part for part in key if part) for key in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        yield (
            f"above the baseline's limit, but in the base traces of this job too, so not caused by this change: "
            f"{names}{more}; update the baseline if this continues"
        )


def unmeasured(rules: Iterable[str]) -> Iterator[str]:
    """Warn about rules that are newer than the baseline."""
    names = sorted(set(rules))
    if names:
        yield (
            f"not compared yet, because no job of the baseline measured them: {', '.join(names)}; the next "
            "--update-baseline adds them"
        )


def _elsewhere(which: str, conditions: Conditions) -> str:
    return (
        f"{which} ran in another environment than these traces ({conditions}), so only goroutine counts are "
        "compared with them"
    )


def _lengths(wall_ns: float, owner: str, before: float) -> Iterator[str]:
    if not before / _ALIKE <= wall_ns <= before * _ALIKE:
        yield (
            f"these traces are {duration(wall_ns)} long and {owner} {duration(before)}: longer traces have more waits, "
            "so record for the same time unless the program itself decides when it ends"
        )
