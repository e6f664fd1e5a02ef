"""What a verdict rests on, in words: the figures before and now, and how many traces and jobs they are from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final

from gotracer_ci.baseline.criteria import MANY_JOBS
from gotracer_ci.baseline.measurements import MB, MS, Conditions, TraceGroups, limit_of, middle
from gotracer_ci.baseline.records import Part
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key

_ALIKE: Final = 2
_NAMED: Final = 3
_TO: Final = "\N{EN DASH}"
_TIMES: Final = "\N{MULTIPLICATION SIGN}"


def within(now: Sequence[float], limit: float) -> str:
    """What there is to say of a group that is as it was."""
    above = sum([value > limit for value in now]) if max(now) > limit else 0
    return f"{above} of {len(now)} traces above the limit"


def sentence(
    verdict: Verdict, past: Sequence[float], waits: tuple[float, float] | None = None, *, is_number: bool = False
) -> str:
    """How many traces crossed which line, the median and range of the jobs, the range of the traces, how sure.

    As in "3 of 3 traces above the highest of 5 jobs: 740 (710-770) → 1,500-1,600 ms, 2.1 x; base in this job 745 ms;
    confirmed".

    Args:
        verdict: the verdict, all but its evidence.
        past: the values of the jobs that it was compared with; none for the base alone.
        waits: where the medians decided: how many waits the base had, and the run.
        is_number: whether the values are numbers of waits.
    """
    traces, status = len(verdict.now), verdict.status
    figure, unit = _scale(verdict.unit, max(*past, *verdict.base, *verdict.now, verdict.limit))
    unit = " times" if is_number else unit
    alone = bool(verdict.base) and not past
    reference = verdict.base if alone else past
    before = _range(reference, figure)
    if len(reference) > 1 and _TO in before:
        before = f"{figure(middle(reference))} ({before})"
    figures = f"{before} → {_range(verdict.now, figure)}{unit}"
    whose = plural(len(reference), "base trace" if alone else "job")
    if verdict.level is Level.INCONCLUSIVE:
        also = f" and {plural(len(verdict.base), 'base trace')}" if verdict.base and past else ""
        return f"not compared with {whose}{also} of another environment: {figures}; {verdict.level}"
    if status is Status.FIXED:
        said = f"gone from {traces} of {traces} traces"
    elif status is Status.BETTER:
        said = f"{traces} of {traces} traces below the lowest of {whose}"
    elif waits:
        said = f"median of {plural(traces, 'trace')} above that of {whose} in this job"
    else:
        line = f"{'waited more often than' if is_number else 'above'} the {'second ' * (len(past) >= MANY_JOBS)}highest"
        said = f"{traces} of {traces} traces {line} of {whose}"
    times = f", {_two_digits(verdict.ratio)} {_TIMES}" if verdict.ratio else ""
    if waits:
        times += f", {waits[0]:,.0f} → {waits[1]:,.0f} waits"
    base = f"; base in this job {_range(verdict.base, figure)}{unit}" if verdict.base and past else ""
    return f"{said}: {figures}{times}{base}; {'not of this change' if verdict.is_older else verdict.level}"


def missing(traces: int, base: int, *, needs_file: bool) -> str:
    """What would confirm a change in time: so many more traces of it, and of its base.

    The base can be traced at once, in the same job. More jobs of the main branch in the baseline would do as well, but
    take days; the file is asked for only where there is none.
    """
    wanted = [f"{plural(traces, 'more trace')} of this change"] if traces > 0 else []
    if base > 0:
        number = str(base) if wanted else plural(base, "trace")
        wanted.append(f"{number} of the base commit in the same job (--base)")
    if needs_file:
        wanted.append("a baseline of at least 1 job (--baseline)")
    return " and ".join(wanted)


def moved(verdicts: dict[Key, Verdict]) -> None:
    """Where a group is gone and a similar one is new, its function was probably renamed: both verdicts say so.

    Of several a function of the same name goes first (its package or type was renamed), then the nearest in size.
    """
    new = [(middle(v.now), v.key) for v in verdicts.values() if v.status is Status.NEW and v.unit == _unit(v.key)]
    old = [(v.before, v.key) for v in verdicts.values() if v.status is Status.FIXED and v.before]
    for part in (_named, _kind):
        pairs = list(_pairs(new, old, part))
        for (_, to), (_, since) in pairs:
            verdicts[to].evidence += f"; possibly moved from {since.place}"
            verdicts[since].evidence += f"; possibly moved to {to.place}"
        paired = {group for pair in pairs for group in pair}
        new, old = [group for group in new if group not in paired], [group for group in old if group not in paired]


def _unit(key: Key) -> str:
    """Of the group's values; a verdict by numbers of waits has those instead, which no size of another is like."""
    limit = limit_of(key)
    return limit.unit if limit else ""


_Sized = tuple[float, Key]


def _kind(key: Key) -> tuple[str, ...]:
    return key[:2]


def _named(key: Key) -> tuple[str, ...]:
    words = key.place.split(".")
    while len(words) > 1 and words[-1] == "func":  # closures
        words.pop()
    return (*key[:2], words[-1])


def _pairs(
    new: list[_Sized], old: list[_Sized], part: Callable[[Key], tuple[str, ...]]
) -> Iterator[tuple[_Sized, _Sized]]:
    """The new and old groups of one part that are about as large, each at most once; in one walk by size."""
    of_part: dict[tuple[str, ...], list[_Sized]] = {}
    for group in sorted(old):
        of_part.setdefault(part(group[1]), []).append(group)
    walks: dict[tuple[str, ...], list[_Sized]] = {}
    for group in sorted(new):
        walks.setdefault(part(group[1]), []).append(group)
    for name, mine in walks.items():
        theirs = of_part.get(name, [])
        i = j = 0
        while i < len(mine) and j < len(theirs):
            apart = _apart(mine[i], theirs[j])
            if j + 1 < len(theirs) and _apart(mine[i], theirs[j + 1]) < apart:
                j += 1
            elif i + 1 < len(mine) and _apart(mine[i + 1], theirs[j]) < apart:
                i += 1
            else:
                if apart <= _ALIKE:
                    yield mine[i], theirs[j]
                i, j = i + 1, j + 1


def _apart(one: _Sized, other: _Sized) -> float:
    """How many times the smaller the larger is; a new group is above its floor, and an old one was."""
    return max(one[0] / other[0], other[0] / one[0])


def warnings(baseline: Part, conditions: Conditions, wall_ns: int) -> Iterator[str]:
    """What a reader must know of the comparison with the baseline as a whole."""
    same = [entry for entry in baseline.entries if entry.conditions.matches(conditions)]
    if others := len(baseline.entries) - len(same):
        yield _elsewhere(f"{others} of {plural(len(baseline.entries), 'baseline job')}", conditions)
    if same:
        yield from _lengths(wall_ns, "the baseline's", median(entry.wall_ms for entry in same) * MS)


def base_warnings(base: Sequence[TraceGroups], conditions: Conditions, wall_ns: int) -> Iterator[str]:
    """The same for the traces of the base commit."""
    same = [trace for trace in base if trace.conditions.matches(conditions)]
    if others := len(base) - len(same):
        yield _elsewhere(f"{others} of {plural(len(base), 'base trace')}", conditions)
    if same:
        yield from _lengths(wall_ns, "the base traces", median(trace.wall_ns for trace in same))


def older(verdicts: dict[Key, Verdict]) -> Iterator[str]:
    """Whether the base is over the baseline's limits as well: then it is the baseline that is wrong, or the machine."""
    found = [key for key, verdict in verdicts.items() if verdict.is_older]
    if found:
        names = ", ".join(" ".join(part for part in key if part) for key in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        yield (
            f"over the baseline's limit, but in the base traces of this job too, so not of this change: {names}{more}; "
            "update the baseline if it stays so"
        )


def _elsewhere(which: str, conditions: Conditions) -> str:
    return (
        f"{which} ran in another environment than these traces ({conditions}): only goroutine counts are compared "
        "with them"
    )


def _lengths(wall_ns: float, whose: str, before: float) -> Iterator[str]:
    if not before / _ALIKE <= wall_ns <= before * _ALIKE:
        yield (
            f"these traces are {_two_digits(wall_ns / 1e9)} s long, {whose} {_two_digits(before / 1e9)} s: "
            "waits add up with the length, so record the same length unless the program itself decides it"
        )


def plural(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _range(values: Sequence[float], figure: Callable[[float], str]) -> str:
    low, high = figure(min(values, default=0)), figure(max(values, default=0))
    return high if low == high else f"{low}{_TO}{high}"


def _two_digits(value: float) -> str:
    """1543 → "1,500", 0.3149 → "0.31"."""
    short = float(f"{value:.2g}")
    return f"{short:,.0f}" if short.is_integer() else f"{short:g}"


def _scale(unit: str, largest: float) -> tuple[Callable[[float], str], str]:
    """How to write values of a unit, and the unit's name to go after them. Counts are written in full."""
    if unit == "count":
        return "{:,.0f}".format, ""
    factor, name = (MS, " ms") if unit == "ns" else (MB, " MB") if largest >= MB else (1000, " kB")
    return lambda value: _two_digits(value / factor), name
