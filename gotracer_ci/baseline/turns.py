"""Find a leak that is at one place in one run and at another in the next.

Which of several functions leaves a goroutine may depend on who comes first. Each place alone then has no more than
before in one of the traces, which is what counts, so no place is worse. But all together they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gotracer_ci.baseline import evidence
from gotracer_ci.baseline.criteria import Seen, by_total
from gotracer_ci.baseline.measurements import middle
from gotracer_ci.baseline.records import KEPT_ENTRIES, Part
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limit, Limits, limit_of

_NAMED: Final = 3


def judged(
    verdicts: Mapping[Key, Verdict], limits: Limits, part: Part, without: Mapping[str, frozenset[int]]
) -> dict[Key, Verdict]:
    """Return new verdicts on the numbers of goroutines that are left, if each trace has more of them somewhere.

    The verdict is on the place that most of them were seen at, and names the others. Both these places together and all
    places of the rule must have more than any job and base trace, so what only moved is no regression.

    Args:
        part: the program's part of the baseline.
        without: its entries that did not measure a rule, by the rules that not all measured.
    """
    rules: dict[tuple[str, ...], list[Key]] = {}
    for key in verdicts:
        if (limit := limit_of(limits, key)) is not None and limit.everywhere:
            rules.setdefault(key[:2], []).append(key)
    found = {}
    for keys in rules.values():
        entries = [i for i in range(len(part.entries)) if i not in without.get(keys[0].rule, ())]
        limit = limit_of(limits, keys[0])
        if limit is not None and (verdict := _judged([verdicts[key] for key in keys], limit, part, entries)):
            found[verdict.key] = verdict
    return found


def _judged(every: Sequence[Verdict], limit: Limit, part: Part, entries: Sequence[int]) -> Verdict | None:
    more = [one for one in every if one.status is Status.KNOWN and max(one.now, default=0.0) > one.limit]
    if len(more) < 2 or any(one.flagged or one.level is not Level.CONFIRMED for one in every):
        return None
    seen, whole = _sum(more, limit, part, entries), _sum(every, limit, part, entries)
    _, bound = seen.bounds()
    if not (seen.past or seen.base) or min(seen.now) <= bound or min(whole.now) <= whole.bounds()[1]:
        return None
    more.sort(key=lambda one: (-sum(one.now), one.key))
    first, *others = more
    verdict = Verdict(
        first.key,
        by_total(seen, bound),
        Level.CONFIRMED,
        limit.unit,
        middle(seen.past or seen.base),
        bound,
        seen.now,
        seen.base,
        history=tuple(seen.past or ())[-KEPT_ENTRIES:],
    )
    places = ", ".join([one.key.place for one in others[:_NAMED]])
    places += f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    sentence = evidence.sentence(verdict, seen.past or (), limit)
    return verdict._replace(evidence=f"{sentence}; counted together with {places}, because it is not always the same")


def _sum(group: Sequence[Verdict], limit: Limit, part: Part, entries: Sequence[int]) -> Seen:
    """Return what some groups have together in each trace, job and base trace."""
    known = [stored for one in group if (stored := part.groups.get(one.key))]
    return Seen(
        limit,
        tuple(map(sum, zip(*(one.now for one in group), strict=True))),
        [sum(one.values[i] or 0.0 for one in known) for i in entries] if entries else None,
        tuple(map(sum, zip(*(one.base for one in group if one.base), strict=True))),
    )
