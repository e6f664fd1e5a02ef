"""Notes of several traces: the same remark with other figures is one note."""

from __future__ import annotations

from gotracer_ci.notes import Note, NoteKind, distinct

UNMAPPED = Note(NoteKind.UNMAPPED, "only 1 of 9 frames is in this repository; --path-map /a=.", "/a=.")


def test_the_first_note_of_a_kind_about_the_same_thing_stays() -> None:
    again = Note(NoteKind.UNMAPPED, "only 2 of 7 frames are in this repository; --path-map /a=.", "/a=.")
    assert distinct([UNMAPPED, again]) == [UNMAPPED]


def test_notes_about_something_else_stay_in_their_order() -> None:
    other = UNMAPPED._replace(text="only 1 of 9 frames is in this repository; --path-map /b=.", about="/b=.")
    changed = Note(NoteKind.CHANGED, "the checkout differs from the traced build", "/a=.")
    assert distinct([other, changed, UNMAPPED, other]) == [other, changed, UNMAPPED]
