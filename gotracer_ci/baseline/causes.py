"""Find regressions that are effects of another one: one cause is one finding.

Who waits for a lock must also be scheduled again when it is free. A new lock therefore brings scheduling latency at the
same place, and often Ps that are idle meanwhile. One more query per item is many more waits, of several kinds, that
take time, and makes a test longer. Goroutines that were left are also alive at the end. Such groups count with their
cause, and are accepted with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gotracer_ci.baseline.measurements import TraceGroups, middle
from gotracer_ci.baseline.verdicts import Level, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limit, Limits, limit_of

_JUDGED: Final = (Level.CONFIRMED, Level.SUSPECTED)
_WHOLE, _PART, _EFFECT, _TIME, _NUMBER, _LENGTH, _LEFT = range(7)
"""How much a group tells about what changed in the program, the least first."""


class _Flagged(NamedTuple):
    """A regression. rank: one of the above. growth: by how much the median grew."""

    rank: int
    growth: float
    key: Key
    verdict: Verdict
    limit: Limit


def linked(verdicts: Mapping[Key, Verdict], current: Sequence[TraceGroups], limits: Limits) -> dict[Key, Verdict]:
    """Return the verdicts on groups that are effects, each with its cause.

    A cause is at the place where the effect was mostly seen, or in a closure there; that of a longer test or region may
    be anywhere in the test. It is at least as certain as the effect.

    Args:
        verdicts: those on one program.
        current: the traces of this program.
    """
    judged = [found for key, verdict in verdicts.items() if (found := _flagged(key, verdict, limits))]
    if len(judged) < 2:
        return {}
    by_place: dict[str, list[_Flagged]] = {}
    by_test: dict[str, list[_Flagged]] = {}
    for one in judged:
        by_place.setdefault(_function(one.key.place), []).append(one)
        if test := _test(one.key, current):
            by_test.setdefault(test, []).append(one)
    causes = {}
    for effect in judged:
        place = _function(_place(effect.key, current))
        near = [cause for cause in by_place.get(place, ()) if place and _explains(cause, effect)]
        if not near and effect.rank in (_WHOLE, _PART):
            near = [one for one in by_test.get(_test(effect.key, current), ()) if one.rank > effect.rank]
        certain = [one for one in near if effect.verdict.level is Level.SUSPECTED or _is_confirmed(one)]
        if certain:
            causes[effect.key] = max(certain, key=lambda one: one[:3]).key
    return {key: verdicts[key]._replace(cause=[*_chain(key, causes)][-1].fingerprint) for key in causes}


def _flagged(key: Key, verdict: Verdict, limits: Limits) -> _Flagged | None:
    limit = limit_of(limits, key) if verdict.flagged and verdict.level in _JUDGED else None
    if limit is None:
        return None
    rank = _TIME
    if limit.unit == "each" and not limit.quantile:
        rank = _WHOLE if limit.is_effect else _PART
    elif limit.is_effect:
        rank = _EFFECT
    elif limit.unit != "ns":
        rank = _LENGTH if limit.quantile else (_LEFT if limit.everywhere else _NUMBER)
    return _Flagged(rank, abs(middle(verdict.now) - (verdict.before or 0)), key, verdict, limit)


def _explains(cause: _Flagged, effect: _Flagged) -> bool:
    """Report whether one of two regressions at a place is the cause of the other.

    Nothing hides a leak. It is the cause of what counts the same goroutines: those at the end, created or at once.
    """
    if cause[:3] <= effect[:3] or (effect.limit.everywhere and not cause.limit.everywhere):
        return False
    if cause.rank == _LEFT:
        return effect.limit.unit == "count" and 2 * cause.growth >= effect.growth
    if effect.rank == _TIME:  # more of the same waits, or a lock that is held for longer
        return cause.key.kind == effect.key.kind or (cause.rank == _LENGTH and effect.limit.by_medians)
    if effect.rank == _NUMBER:
        return cause.limit.per_work and effect.limit.per_work
    return effect.rank != _LENGTH


def _is_confirmed(one: _Flagged) -> bool:
    return one.verdict.level is Level.CONFIRMED


def _chain(key: Key, causes: Mapping[Key, Key]) -> Iterator[Key]:
    """Yield a group's cause, the cause of that one, and so on: each tells more than the one before."""
    while key in causes:
        key = causes[key]
        yield key


def _place(key: Key, current: Sequence[TraceGroups]) -> str:
    """Return where a group was seen: its place, or that of most of its worst intervals."""
    if key.place:
        return key.place
    seen = Counter(place for trace in current for place in trace.places_of(key._replace(program="")))
    (place, number), *_ = [*seen.most_common(1), ("", 0)]
    return place if 2 * number > seen.total() else ""


def _function(place: str) -> str:
    """Return the innermost function of a place, of a closure the function around it."""
    return place.partition(" ")[0].removesuffix(".func")


def _test(key: Key, current: Sequence[TraceGroups]) -> str:
    """Return the test that most of a group belongs to, "" if there is none."""
    events: Counter[str] = Counter()
    for trace in current:
        for test, share in trace.shares.get(key._replace(program=""), {}).items():
            events[test] += share.events
    (test, number), *_ = [*events.most_common(1), ("", 0)]
    return test if 2 * number > events.total() else ""
