"""Find regressions that are effects of another one: one cause is one finding.

Who waits for a lock must also be scheduled again when it is free. A new lock therefore brings scheduling latency at the
same place, and often Ps that are idle meanwhile. Goroutines that were left are also alive at the end. Such groups
count with their cause, and are accepted with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gotracer_ci.baseline.measurements import TraceGroups, middle
from gotracer_ci.baseline.verdicts import Level, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits, limit_of

_JUDGED = (Level.CONFIRMED, Level.SUSPECTED)


def linked(verdicts: Mapping[Key, Verdict], current: Sequence[TraceGroups], limits: Limits) -> dict[Key, Verdict]:
    """Return the verdicts on groups that are effects, each with its cause.

    A cause is a wait that the program's own code causes, at the place where the effect was mostly seen, or a leak at
    the place where more goroutines are alive. It is at least as certain as the effect.

    Args:
        verdicts: those on one program.
        current: the traces of this program.
    """
    causes: dict[tuple[str, str], list[Verdict]] = {}
    effects = []
    for key, verdict in verdicts.items():
        limit = limit_of(limits, key) if verdict.flagged and verdict.level in _JUDGED else None
        if limit and limit.is_cause:
            causes.setdefault((key.place, limit.unit), []).append(verdict)
        elif limit and limit.is_effect:
            effects.append((verdict, limit.unit))
    found = {}
    for effect, unit in effects if causes else ():
        certain = [
            cause
            for cause in causes.get((_place(effect.key, current), unit), ())
            if effect.level is Level.SUSPECTED or cause.level is Level.CONFIRMED
        ]
        if certain:
            worst = max(certain, key=lambda cause: (middle(cause.now), cause.key))
            found[effect.key] = effect._replace(cause=worst.key.fingerprint)
    return found


def _place(key: Key, current: Sequence[TraceGroups]) -> str:
    """Return where a group was seen: its place, or that of most of its worst intervals."""
    if key.place:
        return key.place
    seen = Counter(place for trace in current for place in trace.places_of(key._replace(program="")))
    (place, number), *_ = [*seen.most_common(1), ("", 0)]
    return place if 2 * number > seen.total() else ""
