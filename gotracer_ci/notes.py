"""Notes: what a reader must know about a run besides its findings."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple


class NoteKind(Enum):
    """What a note is about. Code decides by this, never by the text.

    UNMAPPED: own code that is not in the repository. CHANGED: the checkout differs from the traced build.
    PARTIAL: the repository is too large to be scanned. REFERENCE: what the run was compared with, and the update of it.
    UNCOMPARED: there is a baseline, but it could not be used.
    """

    UNMAPPED = "unmapped"
    CHANGED = "changed"
    PARTIAL = "partial"
    REFERENCE = "reference"
    UNCOMPARED = "uncompared"


class Note(NamedTuple):
    """One line for the reader. about: the file or option that tells it from another note of its kind."""

    kind: NoteKind
    text: str
    about: str = ""


def distinct(notes: Iterable[Note]) -> list[Note]:
    """Return the first of the notes that have the same kind and are about the same thing, in their order."""
    first: dict[tuple[NoteKind, str], Note] = {}
    for note in notes:
        first.setdefault((note.kind, note.about), note)
    return list(first.values())


NO_BASELINE = Note(
    NoteKind.REFERENCE, "no baseline: every finding counts; make one with --baseline FILE --update-baseline"
)
