"""Accept a regression: raise its line in the baseline to the run's values and store the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gotracer_ci.baseline.measurements import Runs
from gotracer_ci.baseline.programs import part_of
from gotracer_ci.baseline.records import Baseline, Group, Part, absent
from gotracer_ci.baseline.update import maxima
from gotracer_ci.baseline.verdicts import Comparison, Verdict
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits, limit_of

_LONGEST = 200


def accept(
    baseline: Baseline, comparison: Comparison, runs: Runs, wanted: Iterable[tuple[str, str]], limits: Limits
) -> Baseline:
    """Return the baseline with these lines and those of their effects raised, or lowered where less is worse.

    A group that is not a regression stays unchanged.

    Args:
        comparison: the comparison of these runs with this baseline.
        wanted: (fingerprint, reason) for each regression to accept.
        limits: the limits of all rules.

    Raises:
        UsageError: a reason is too long or has several lines, a fingerprint is unknown, or the baseline has nothing to
            compare with it, because it is older than the rule, or because only base traces are.
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
        verdict = comparison.verdicts[key]
        if not verdict.flagged:
            continue
        if not any(entry.measured(key.rule) for entry in parts[name].entries):
            raise UsageError(
                f"--accept {fingerprint}: no job of the baseline measured {key.rule}; add one with --update-baseline"
            )
        limit = limit_of(limits, key)
        if limit and limit.quantile and not limit.jobs:
            raise UsageError(
                f"--accept {fingerprint}: {key.rule} {key.kind} is compared with base traces only, so there is nothing "
                "to accept; once the change is merged, the base has it too"
            )
        groups = maxima(runs[key.program], limits)
        for one in (verdict, *comparison.effects(fingerprint)):
            parts[name] = _changed(parts[name], one, groups, reason.strip())
    return Baseline(parts)


def _changed(part: Part, verdict: Verdict, groups: Mapping[Key, Group], reason: str) -> Part:
    """Raise each entry to the run's value, so that the line counts as long as any of the entries; or lower it."""
    key = verdict.key._replace(program="")
    new = groups.get(key) or absent(key, verdict.unit, ())
    now = next(iter(new.values), 0.0) or 0.0
    old = part.groups.get(key) or absent(key, new.unit, part.entries)
    is_less = max(verdict.now) < verdict.limit
    values = tuple(
        (min(now if value is None else value, now) if is_less else max(value or 0.0, now))
        if entry.measured(key.rule)
        else None
        for entry, value in zip(part.entries, old.values, strict=True)
    )
    counts = tuple(max(n, *new.counts) for n in old.counts) if new.counts else old.counts
    group = replace(old, values=values, counts=counts, shares=old.shares or new.shares)
    return replace(part, groups={**part.groups, key: group.measured_from(now, reason)})
