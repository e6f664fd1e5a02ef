"""Misused regions of runtime/trace, as notes that name the region, the function and the line."""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.notes import Note, NoteKind
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.regions import CROSSED, MAX_OPEN, UNENDED, UNKNOWN

SHOWN = 5
"""Misuses that are described; the others are counted."""
_LONGEST = 80


def notes(trace: Trace, stacks: Stacks) -> list[Note]:
    """Return a note for each misuse in a trace that has been read."""
    texts = list(dict.fromkeys(_texts(trace, stacks)))
    found = [Note(NoteKind.REGIONS, text, text) for text in texts[:SHOWN]]
    if len(texts) > SHOWN:
        text = f"{len(texts) - SHOWN} more places misuse regions of runtime/trace"
        found.append(Note(NoteKind.REGIONS, text, text))
    return found


def _texts(trace: Trace, stacks: Stacks) -> Iterator[str]:
    for how, name, stack, other, other_stack in trace.misused_regions():
        region, where = _quoted(trace.tables.string(name)), _where(stacks[stack])
        if how == CROSSED:
            inner = f"region {_quoted(trace.tables.string(other))}, begun inside it {_where(stacks[other_stack])},"
            yield (
                f"region {region} ends {where} while {inner} is still open; "
                "end the innermost region first: go tool trace rejects this trace"
            )
        elif how == UNKNOWN:
            yield (
                f"region {region} ends {where} on a goroutine that has not begun it or has already ended it; "
                "end a region once, on the goroutine that began it"
            )
        elif how == UNENDED:
            yield f"region {region}, begun {where}, is still open when its goroutine ends"
        else:
            yield f"more than {MAX_OPEN:,} regions are open at once; the times of further ones are not known"


def _quoted(name: str) -> str:
    return f'"{name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"}"'


def _where(stack: Stack) -> str:
    """Return "in FUNCTION (FILE:LINE)" for the topmost own code, else for the first frame that is known."""
    frame = stack.own or next((frame for frame in stack.frames if frame.function), None)
    return f"in {frame.function} ({frame.path or frame.file}:{frame.line})" if frame else "at an unknown place"
