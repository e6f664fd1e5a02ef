"""Verdicts on groups: new, worse, known, better, fixed or not in the reference, and how certain that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from gotracer_ci.baseline.measurements import middle
from gotracer_ci.errors import GotracerError
from gotracer_ci.findings import LEFT_OUT, Doc, Key, Natural
from gotracer_ci.notes import Note

NEEDED_JOBS: Final = 5
"""A baseline of this many jobs confirms times."""
NOTHING: Final = "nothing"
"""The first word of `Verdict.more` if no evidence can confirm it."""
NEEDED_BASE: Final = 2
"""With this many traces of the base commit, a baseline of one job does too."""


class Status(StrEnum):
    """What became of a group.

    UNKNOWN, NOT_IN_BASE: the baseline, or the base traces without one, do not know its program or test, so it is no
    regression.
    """

    NEW = "new"
    WORSE = "worse"
    KNOWN = "known"
    BETTER = "better"
    FIXED = "fixed"
    UNKNOWN = "not in the baseline"
    NOT_IN_BASE = "not in the base traces"


class Level(StrEnum):
    """How certain a verdict is. Confirmed fails a run, suspected only with --strict, the other two never."""

    CONFIRMED = "confirmed"
    SUSPECTED = "suspected"
    INCONCLUSIVE = "inconclusive"
    INSUFFICIENT = "insufficient"


class Verdict(NamedTuple):
    """One group compared with the baseline. A named tuple, because a run creates thousands."""

    key: Key
    status: Status
    level: Level
    unit: Annotated[str, Doc("ns, bytes or count, of all the values; count if the number of waits decided.")]
    before: Annotated[
        float | None,
        Doc(
            "The median of the baseline's jobs, or of the base traces if there is no baseline or their medians "
            "decided; null if there was nothing."
        ),
    ]
    limit: Annotated[float, Doc("The value that had to be exceeded.")]
    now: Annotated[tuple[float, ...], Doc("One value for each trace.")]
    base: Annotated[tuple[float, ...], Doc("One value for each comparable trace of the base commit.")] = ()
    is_older: Annotated[bool, Doc("Above the baseline's limit, but known because the base is as high.")] = False
    history: Annotated[tuple[float, ...], Doc("One value for each comparable job of the baseline, oldest first.")] = ()
    evidence: Annotated[str, Doc("One sentence.")] = ""
    more: Annotated[str, Doc("What would confirm it; empty if nothing is missing.")] = ""
    cause: Annotated[
        str, Doc("The fingerprint of the regression of which this one is an effect; empty if it stands alone.")
    ] = ""

    @property
    def flagged(self) -> bool:
        """Whether this is a regression, confirmed or not."""
        return self.status in (Status.NEW, Status.WORSE)

    @property
    def is_unknown(self) -> bool:
        """Whether the reference does not know the group's program, test or rule."""
        return self.status in (Status.UNKNOWN, Status.NOT_IN_BASE)

    @property
    def can_be_confirmed(self) -> bool:
        """Whether this is only suspected, and more evidence could confirm it."""
        return self.level is Level.SUSPECTED and not self.more.startswith(NOTHING)

    @property
    def ratio(self) -> float | None:
        """The median of the current values over the one before; None without one."""
        return middle(self.now) / self.before if self.before and self.now else None


class LimitChange(NamedTuple):
    """How the limit of a group differs between two baselines, in its unit; None where a baseline lacks the group."""

    key: Key
    unit: str
    before: float | None
    after: float | None

    @property
    def ratio(self) -> float:
        """The limit after over the one before. More than any ratio if it is new, 0 if it is gone."""
        return self.after / self.before if self.before and self.after else float("inf") if self.after else 0.0


class ProgramChange(NamedTuple):
    """How a program's part differs between two baselines.

    jobs: how many the new one has. added, removed: how many of them are new, and how many of the old are gone.
    limits: those that differ, by key. warning: what a reader must know of the new jobs, "" otherwise.
    """

    program: str
    jobs: int
    added: int
    removed: int
    limits: tuple[LimitChange, ...]
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The verdicts of a whole run, for every group that the run or something it was compared with has."""

    baseline: Annotated[str, Doc("The file; empty if there were only traces of the base commit.")]
    entries: Annotated[Natural, Doc("How many jobs the baseline holds.")]
    base_traces: Annotated[Natural, Doc("How many traces of the base commit it was compared with.")] = 0
    comparable: Annotated[
        Natural | None,
        Doc("How many jobs were made as this run was, for the program with the fewest; null if unknown."),
    ] = None
    elsewhere: Annotated[
        str, Doc("How the reference was made that a program could not be compared with; empty if all could be.")
    ] = ""
    is_diff: Annotated[
        bool, Doc("Two sets of traces were compared by gotracer-ci diff: what improved is judged as regressions are.")
    ] = False
    is_update: Annotated[bool, Doc("The run was then added to the baseline, so nothing fails.")] = False
    added: Annotated[tuple[str, ...], Doc("The programs and groups that an update added, without regressions.")] = ()
    changed: tuple[ProgramChange, ...] = field(default=(), metadata=LEFT_OUT)
    """What an update changed in the file."""
    warnings: tuple[str, ...] = ()
    verdicts: dict[Key, Verdict]

    @property
    def flagged(self) -> set[Key]:
        """The groups that got worse, confirmed or not."""
        return {key for key, verdict in self.verdicts.items() if verdict.flagged}

    def regressions(self, *, strict: bool = False) -> list[Verdict]:
        """Return the confirmed regressions without their effects, with `strict` also the suspected ones; by key."""
        levels = (Level.CONFIRMED, Level.SUSPECTED) if strict else (Level.CONFIRMED,)
        found = (v for v in self.verdicts.values() if v.flagged and v.level in levels and not v.cause)
        return sorted(found, key=lambda v: v.key)

    def effects(self, fingerprint: str) -> list[Verdict]:
        """Return the verdicts on the effects of a regression, sorted by key."""
        return sorted((v for v in self.verdicts.values() if v.cause == fingerprint), key=lambda v: v.key)


class Judged(NamedTuple):
    """A run after the comparison. comparison: None if there was no reference, or it could not be used."""

    comparison: Comparison | None
    notes: Sequence[Note] = ()
    errors: Sequence[GotracerError] = ()
