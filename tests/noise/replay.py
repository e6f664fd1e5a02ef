"""One draw: the real comparison of a run with a baseline made from recorded jobs."""

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
    """The new and worse groups. shown: suspected or confirmed (fail with --strict). confirmed: fail the run."""

    shown: frozenset[Key]
    confirmed: frozenset[Key]


def baselines_of(jobs: Sequence[Sequence[TraceGroups]], sizes: Collection[int]) -> dict[int, Part]:
    """Return the baseline after each number of jobs, as read from its file with two significant digits.

    Sizes with too few jobs are left out. 0 means no file.
    """
    part = NO_FILE
    found = {0: NO_FILE} if 0 in sizes else {}
    for size, traces in enumerate(jobs[: max(sizes)], 1):
        part = update(part, traces, f"job {size}", "", LIMITS)
        if size in sizes:
            found[size] = schema.parse(schema.dump(Baseline({"": part})), Path(_NAME)).parts[""]
    return found


def flags(current: Sequence[TraceGroups], baseline: Part, base: Sequence[TraceGroups]) -> Flags:
    """Compare the traces of a run with a baseline, with base traces of the same job, or with both."""
    comparison = compare(current, baseline, _NAME, LIMITS, base=base)
    shown, confirmed = comparison.regressions(strict=True), comparison.regressions()
    return Flags(frozenset(verdict.key for verdict in shown), frozenset(verdict.key for verdict in confirmed))
