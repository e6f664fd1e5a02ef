"""Notes about misused regions: each names the region, the function and the line."""

from __future__ import annotations

import pytest

from gotracer_ci.analysis import regions
from gotracer_ci.notes import NoteKind
from tests.conftest import facts_of, read


@pytest.mark.parametrize("version", ["1.21", "1.27"])
def test_each_misuse_is_a_note(version: str) -> None:
    notes = [note for note in facts_of(f"regions-go{version}").notes if note.kind is NoteKind.REGIONS]
    assert sorted(note.text.partition(";")[0] for note in notes) == [
        'region "abandoned", begun in main.abandon (regions/main.go:16), is still open when its goroutine ends',
        'region "first" ends in main.endInOrder (regions/main.go:35) while region "third", begun inside it in '
        "main.endInOrder (regions/main.go:32), is still open",
        'region "handed over" ends in main.handOver (regions/main.go:20) on a goroutine that has not begun it or has '
        "already ended it",
        'region "second" ends in main.endInOrder (regions/main.go:35) while region "third", begun inside it in '
        "main.endInOrder (regions/main.go:32), is still open",
        'region "twice" ends in main.endTwice (regions/main.go:26) on a goroutine that has not begun it or has '
        "already ended it",
    ]
    assert facts_of(f"regions-go{version}").damage is None


def test_correct_regions_give_no_note() -> None:
    texts = [note.text for note in facts_of("annotations-go1.26").notes]
    assert [text for text in texts if "region" in text] == [
        'region "left open", begun in main.abandon (annotations/main.go:43), is still open when its goroutine ends'
    ]


def test_only_a_few_misuses_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "SHOWN", 2)
    texts = [note.text for note in read("regions-go1.27").notes if note.kind is NoteKind.REGIONS]
    assert len(texts) == 3
    assert texts[-1] == "3 more places misuse regions of runtime/trace"
