"""One draw: what the real comparison says of a run, with a baseline made from some recorded jobs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.update import update
from gotracer_ci.findings import Key
from tests.noise.data import LIMITS

NO_FILE: Final = Part((), {})
_NAME: Final = "baseline.json"


@dataclass(frozen=True, slots=True)
class Flags:
    """What is new or worse. shown: suspected or confirmed, what --strict fails for. confirmed: what fails the run."""

    shown: frozenset[Key]
    confirmed: frozenset[Key]


def baselines_of(jobs: Sequence[Sequence[TraceGroups]], sizes: Collection[int]) -> dict[int, Part]:
    """The baseline after so many of the jobs, one update each, as its file gives it back: with two significant digits.

    Sizes for which there are too few jobs are left out; 0 is no file.
    """
    part = NO_FILE
    found = {0: NO_FILE} if 0 in sizes else {}
    for size, traces in enumerate(jobs[: max(sizes)], 1):
        part = update(part, traces, f"job {size}", "", LIMITS)
        if size in sizes:
            found[size] = schema.parse(schema.dump(Baseline({"": part})), Path(_NAME)).parts[""]
    return found


def flags(current: Sequence[TraceGroups], baseline: Part, base: Sequence[TraceGroups]) -> Flags:
    """Compares the traces of a run with a baseline, with base traces of the same job, or with both."""
    comparison = compare(current, baseline, _NAME, LIMITS, base=base)
    shown, confirmed = comparison.regressions(strict=True), comparison.regressions()
    return Flags(frozenset(verdict.key for verdict in shown), frozenset(verdict.key for verdict in confirmed))
