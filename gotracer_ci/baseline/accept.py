"""Accept a regression: raise its line in the baseline to the run's values and store the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.programs import Runs, part_of
from gotracer_ci.baseline.records import Baseline, Part, absent
from gotracer_ci.baseline.shares import of_traces
from gotracer_ci.baseline.verdicts import Comparison
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key

_LONGEST = 200


def accept(baseline: Baseline, comparison: Comparison, runs: Runs, wanted: Iterable[tuple[str, str]]) -> Baseline:
    """Return the baseline with these lines and those of their effects raised.

    A group that is not a regression stays unchanged.

    Args:
        comparison: the comparison of these runs with this baseline.
        wanted: (fingerprint, reason) for each regression to accept.

    Raises:
        UsageError: a reason is too long or has several lines, or a fingerprint is unknown.
    """
    parts = dict(baseline.parts)
    for fingerprint, reason in wanted:
        if not reason.strip() or not reason.isprintable() or len(reason) > _LONGEST:
            raise UsageError(f"--accept {fingerprint}: needs a --reason of one line and at most {_LONGEST} characters")
        key = next((key for key in comparison.verdicts if key.fingerprint == fingerprint), None)
        if key is None:
            raise UsageError(
                f"--accept {fingerprint}: no group of this run has this fingerprint, so nothing was accepted; see the "
                "JSON report of these traces"
            )
        name = part_of(baseline, key.program, runs)
        if name is None:
            raise UsageError(
                f"--accept {fingerprint}: the baseline has no data for {key.program}; add it with --update-baseline"
            )
        if comparison.verdicts[key].flagged:
            for raised in (key, *(effect.key for effect in comparison.effects(fingerprint))):
                parts[name] = _raised(parts[name], raised._replace(program=""), runs[key.program], reason.strip())
    return Baseline(parts)


def _raised(part: Part, key: Key, traces: Sequence[TraceGroups], reason: str) -> Part:
    """Raise each entry to the worst of the traces, so that the line counts as long as any of the entries."""
    found = [statistics for trace in traces if (statistics := trace.groups.get(key))]
    now, count, unit = max(float(s.trimmed) for s in found), max(s.count for s in found), found[0].unit
    old = part.groups.get(key) or absent(key, unit, part.entries)
    values = tuple(
        max(value or 0.0, now) if entry.measured(key.rule) else None
        for entry, value in zip(part.entries, old.values, strict=True)
    )
    group = replace(old, values=values, counts=tuple(max(n, count) for n in old.counts))
    if not group.shares:
        group = replace(group, shares=of_traces(key, traces))
    return replace(part, groups={**part.groups, key: group.measured_from(now, reason)})
