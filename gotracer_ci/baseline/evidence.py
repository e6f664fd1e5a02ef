"""What a verdict rests on, in words: the figures before and now, and how many traces and jobs they are from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import Final

from gotracer_ci.baseline.schema import Baseline
from gotracer_ci.baseline.statistics import MB, MS, Environment
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key

_ALIKE: Final = 2
_TO: Final = "\N{EN DASH}"
_TIMES: Final = "\N{MULTIPLICATION SIGN}"


def sentence(verdict: Verdict, past: Sequence[float], *, is_second: bool) -> str:
    """How many traces crossed which line, the median and range of the jobs, the range of the traces, how sure.

    As in "3 of 3 traces above the highest of 5 jobs: 740 (710-770) → 1,500-1,600 ms, 2.1 x; confirmed".

    Args:
        verdict: the verdict, all but its evidence.
        past: the values of the jobs that it was compared with.
        is_second: whether the limit goes by the second highest of them.
    """
    traces, over = len(verdict.now), sum(value > verdict.limit for value in verdict.now)
    jobs = _plural(len(past), "job")
    figure, unit = _scale(verdict.unit, max(*past, *verdict.now, verdict.limit))
    lowest, highest = figure(min(past, default=0)), figure(max(past, default=0))
    before = highest if lowest == highest else f"{figure(median(past))} ({lowest}{_TO}{highest})"
    least, most = figure(min(verdict.now)), figure(max(verdict.now))
    figures = f"{before} → {most if least == most else f'{least}{_TO}{most}'}{unit}"
    if verdict.level is Level.INCONCLUSIVE:
        return f"not compared with {jobs} of another environment: {figures}; {verdict.level}"
    if verdict.status is Status.KNOWN:
        return f"{over} of {traces} traces above the limit of {figure(verdict.limit)}{unit}: {figures}"
    if verdict.status is Status.FIXED:
        said = f"gone from {traces} of {traces} traces"
    elif verdict.status is Status.BETTER:
        said = f"{traces} of {traces} traces below the lowest of {jobs}"
    else:
        said = f"{over} of {traces} traces above the {'second ' * is_second}highest of {jobs}"
    times = f", {_two_digits(verdict.ratio)} {_TIMES}" if verdict.ratio else ""
    return f"{said}: {figures}{times}; {verdict.level}"


def missing(traces: int, jobs: int) -> str:
    """What would confirm a change in time: so many more traces of it, and so many more jobs in the baseline."""
    wanted = [
        _plural(n, f"more {noun}", f" {where}")
        for n, noun, where in ((traces, "trace", "of this change"), (jobs, "job", "in the baseline"))
        if n > 0
    ]
    return " and ".join(wanted)


def moved(verdicts: dict[Key, Verdict]) -> None:
    """Where a group is gone and a similar one is new, its function was probably renamed: both verdicts say so."""
    gone = [v for v in verdicts.values() if v.status is Status.FIXED and v.before]
    for new in [v for v in verdicts.values() if v.status is Status.NEW]:
        for old in gone:
            if old.key[:2] == new.key[:2] and 1 / _ALIKE <= median(new.now) / (old.before or 1) <= _ALIKE:
                verdicts[new.key] = replace(new, evidence=f"{new.evidence}; possibly moved from {old.key.place}")
                verdicts[old.key] = replace(old, evidence=f"{old.evidence}; possibly moved to {new.key.place}")
                gone.remove(old)
                break


def warnings(baseline: Baseline, environment: Environment, wall_ns: int) -> Iterator[str]:
    """What a reader must know of the comparison as a whole."""
    same = [entry for entry in baseline.entries if entry.environment.matches(environment)]
    if others := len(baseline.entries) - len(same):
        yield (
            f"{others} of {_plural(len(baseline.entries), 'baseline job')} ran in another environment than these "
            f"traces ({environment}): only goroutine counts are compared with them"
        )
    before = median(entry.wall_ms for entry in same) * MS if same else wall_ns
    if not before / _ALIKE <= wall_ns <= before * _ALIKE:
        yield (
            f"these traces are {_two_digits(wall_ns / 1e9)} s long, the baseline's {_two_digits(before / 1e9)} s: "
            "waits add up with the length, so record the same length unless the program itself decides it"
        )


def _plural(n: int, noun: str, rest: str = "") -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}{rest}"


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
