"""Notes of several traces: the same note with other numbers is shown once."""

from __future__ import annotations

from gotracer_ci.notes import Note, NoteKind, distinct

UNMAPPED = Note(NoteKind.UNMAPPED, "only 1 of 9 frames is in this repository; --path-map /a=.", "/a=.")


def test_the_first_note_of_a_kind_and_subject_is_kept() -> None:
    again = Note(NoteKind.UNMAPPED, "only 2 of 7 frames are in this repository; --path-map /a=.", "/a=.")
    assert distinct([UNMAPPED, again]) == [UNMAPPED]


def test_notes_with_other_subjects_keep_their_order() -> None:
    other = UNMAPPED._replace(text="only 1 of 9 frames is in this repository; --path-map /b=.", about="/b=.")
    changed = Note(NoteKind.CHANGED, "the checkout differs from the traced build", "/a=.")
    assert distinct([other, changed, UNMAPPED, other]) == [other, changed, UNMAPPED]
