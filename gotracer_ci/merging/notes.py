"""What a reader of a joined report must know besides its findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gotracer_ci.notes import Note, NoteKind, distinct
from gotracer_ci.settings import Settings
from gotracer_ci.shards.restore import Recorded, Shard

_NAMED: Final = 3
_OF_RUN: Final = (NoteKind.OBJECTIVE, NoteKind.UNMATCHED)


def of_traces(shards: Sequence[Shard], again: Sequence[tuple[Recorded, Recorded]]) -> Iterator[Note]:
    """Yield the notes on the traces: what all reports say, and which traces are left out."""
    names = {one.report: shard.name for shard in shards for one in (*shard.traces, *shard.base)}
    if again:
        shown = [[f"{trace.summary.path} of {names[trace.report]}" for trace in pair] for pair in again[:_NAMED]]
        parts = [f"{one} (same content as {before})" for one, before in shown]
        parts += [f"{len(again) - _NAMED:,} more"] if len(again) > _NAMED else []
        yield Note(NoteKind.REPEATED, f"left out, because each trace counts once: {', '.join(parts)}")
    every = [note for shard in shards for note in shard.kept.notes]
    yield from dict.fromkeys(note for note in every if note.kind is NoteKind.REPEATED)
    others = distinct(note for note in every if note.kind is not NoteKind.REPEATED)
    kept = [_of_all(note, shards) if note.kind is NoteKind.UNMATCHED else note for note in others]
    yield from sorted(filter(None, kept), key=lambda note: note.kind in _OF_RUN)


def _of_all(note: Note, shards: Sequence[Shard]) -> Note | None:
    """Return the note if all reports have it, with the suggestion of one that has a similar name."""
    same = [[one for one in shard.kept.notes if one[::2] == note[::2]] for shard in shards]
    return max((one for notes in same for one in notes), key=lambda one: len(one.text)) if all(same) else None


def without_reference(shards: Sequence[Shard], settings: Settings, base: Sequence[Recorded]) -> Iterator[Note]:
    """Yield a note if the jobs compared with a baseline, and this run does not."""
    compared = (shard.report.comparison.baseline for shard in shards if shard.report.comparison)
    if settings.baseline is None and not base and (baseline := next(filter(None, compared), "")):
        yield Note(
            NoteKind.REFERENCE, f"the jobs compared with {baseline}; name it with --baseline to do the same here"
        )
