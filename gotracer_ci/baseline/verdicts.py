"""What a comparison says of one group: new, worse, known, better or fixed, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gotracer_ci.baseline.measurements import middle
from gotracer_ci.findings import Key

NOT_COMPARED = "not compared with a baseline: "
"""How the note of a run begins whose baseline could not be used; why not follows."""


class Status(StrEnum):
    NEW = "new"
    WORSE = "worse"
    KNOWN = "known"
    BETTER = "better"
    FIXED = "fixed"


class Level(StrEnum):
    """How sure: confirmed gates; suspected gates only with --strict; the other two never do."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    INCONCLUSIVE = "inconclusive"
    INSUFFICIENT = "insufficient"


class Verdict(NamedTuple):
    """One group against the baseline. A named tuple, because a run makes thousands.

    unit: "ns", "count" or "bytes" of all the values; "count" of a time whose number of waits decided. before: the
    median of the baseline's entries (of the base traces where there is no baseline, or where their medians decided),
    None when it holds nothing. limit: what had to be exceeded. now: one value per trace of the current run,
    in the traces' order. evidence: one sentence for a reader; more: what would confirm it, "" where nothing is missing.
    base: one value per trace of the base commit from the same job. is_older: over the limit of the baseline, but known
    because the base is as high. history: of a regression, what the baseline's comparable jobs had, oldest first.
    """

    key: Key
    status: Status
    level: Level
    unit: str
    before: float | None
    limit: float
    now: tuple[float, ...]
    evidence: str
    more: str = ""
    base: tuple[float, ...] = ()
    is_older: bool = False
    history: tuple[float, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether this is a regression, however sure."""
        return self.status in (Status.NEW, Status.WORSE)

    @property
    def ratio(self) -> float | None:
        """The median of the current values over the one before; None without one."""
        return middle(self.now) / self.before if self.before and self.now else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdicts of a whole run. `verdicts` holds every group that the run or one of its references has.

    baseline: the file's name, "" where there is none. base_traces: how many of the base commit it was compared with.
    """

    baseline: str
    entries: int
    verdicts: dict[Key, Verdict]
    warnings: tuple[str, ...] = field(default=())
    base_traces: int = 0

    def regressions(self, *, strict: bool = False) -> list[Verdict]:
        """New or worse, confirmed (with `strict` also suspected), sorted by key."""
        levels = (Level.CONFIRMED, Level.SUSPECTED) if strict else (Level.CONFIRMED,)
        return sorted((v for v in self.verdicts.values() if v.flagged and v.level in levels), key=lambda v: v.key)
