"""Tell goroutines that end earlier from less parallelism: both are fewer at once.

Whoever closes what was left open, or whose collector runs earlier so that a finalizer does, has fewer goroutines at
once, too. As many are created as before, and fewer are left at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gotracer_ci.baseline.measurements import middle
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limit, Limits, limit_of

_AS_MANY: Final = 0.9
_CLOSURE: Final = ".func"
"""What is left counts for the function around a closure."""


def judged(verdicts: Mapping[Key, Verdict], limits: Limits) -> dict[Key, Verdict]:
    """Return new verdicts on the peaks that would not have fallen with as many goroutines left as before."""
    fell = {
        key: verdict
        for key, verdict in verdicts.items()
        if verdict.flagged and _limit(limits, key).fewer and max(verdict.now) < verdict.limit
    }
    if not fell:
        return {}
    created: dict[str, Verdict] = {}
    ended: dict[str, float] = {}
    for key, verdict in verdicts.items():
        limit, before, now = _limit(limits, key), verdict.before or 0.0, middle(verdict.now)
        if limit.per_work and limit.noun == "goroutines":
            created[key.place] = verdict
        elif limit.everywhere:
            ended[key.place] = max(before - now, ended.get(key.place, 0.0))
    found = {}
    for key, verdict in fell.items():
        starts = created.get(key.place)
        as_many = starts is not None and middle(starts.now) >= _AS_MANY * (starts.before or 0.0)
        if as_many and max(verdict.now) + ended.get(key.place.removesuffix(_CLOSURE), 0.0) >= verdict.limit:
            evidence = verdict.evidence.replace(f"({verdict.level})", "(fewer are left at the end)")
            found[key] = verdict._replace(status=Status.KNOWN, level=Level.CONFIRMED, evidence=evidence, more="")
    return found


def _limit(limits: Limits, key: Key) -> Limit:
    return limit_of(limits, key) or Limit("", 0, 0)
