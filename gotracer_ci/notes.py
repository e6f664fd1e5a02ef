"""Notes: facts about a run that a reader must know besides its findings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class NoteKind(Enum):
    """What a note is about. Code checks this, never the text.

    UNMAPPED: own code that is not in the repository. CHANGED: the checkout differs from the traced build.
    PARTIAL: the repository is too large to scan. REFERENCE: what the run was compared with, and updates of it.
    UNCOMPARED: there is a baseline, but it could not be used. REGIONS: the program misuses regions of runtime/trace.
    REPEATED: traces that the run has twice. LIMITED: the trace has more of something than is kept. OBJECTIVE: what an
    objective could not judge. UNMATCHED: an objective for something that no trace has.
    """

    UNMAPPED = "unmapped"
    CHANGED = "changed"
    PARTIAL = "partial"
    REFERENCE = "reference"
    UNCOMPARED = "uncompared"
    REPEATED = "repeated"
    REGIONS = "regions"
    LIMITED = "limited"
    OBJECTIVE = "objective"
    UNMATCHED = "unmatched"


class Note(NamedTuple):
    """One line for the reader. about: the file or option that distinguishes it from other notes of its kind."""

    kind: NoteKind
    text: str
    about: str = ""


def distinct(notes: Iterable[Note]) -> list[Note]:
    """Return the notes in order, without those that have the kind and subject of an earlier one."""
    first: dict[tuple[NoteKind, str], Note] = {}
    for note in notes:
        first.setdefault((note.kind, note.about), note)
    return list(first.values())


NOTHING_TO_COMPARE = Note(
    NoteKind.REFERENCE,
    "no baseline and no base traces: nothing can be called a regression, so findings are shown but do not fail the run",
)
NO_BASELINE = Note(
    NoteKind.REFERENCE, "no baseline: every finding counts; create one with --baseline FILE --update-baseline"
)
