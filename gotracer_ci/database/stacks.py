"""The rows of stacks and frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from gotracer_ci.analysis.stacks import Stacks, is_system
from gotracer_ci.database.schema import FRAME, STACK, STACK_FRAME, Definition
from gotracer_ci.database.sink import Ids, Sink
from gotracer_ci.source.frames import OWN
from gotracer_ci.source.place import entry, place
from gotracer_ci.trace.tables import Tables

_PART: Final = 1024
"""Stacks or frames that are written at once."""


def write_stacks(tables: Tables, stacks: Stacks, sink: Sink, ids: Ids, wanted: Collection[Definition]) -> None:
    """Write all stacks of a trace that has been read, and their frames."""
    trace, stack, frame = ids.trace, ids.before(STACK), ids.before(FRAME) + 1
    # stack 0 is no stack; the others keep their order, because rows refer to them by their index
    if STACK in wanted:
        for part in _parts(range(1, len(tables.stacks))):
            rows = [(index + stack, trace, *_place(stacks, tables.stacks[index])) for index in part]
            sink.add(STACK, tuple(zip(*rows, strict=True)))
    if STACK_FRAME in wanted:
        for part in _parts(range(1, len(tables.stacks))):
            places = [
                (index + stack, depth, at + frame) for index in part for depth, at in enumerate(tables.stacks[index])
            ]
            if places:
                sink.add(STACK_FRAME, tuple(zip(*places, strict=True)))
    if FRAME in wanted:
        for part in _parts(range(len(tables.frames))):
            found = [stacks.frames[index] for index in part]
            sink.add(
                FRAME,
                (
                    [index + frame for index in part],
                    [trace] * len(part),
                    [one.function for one in found],
                    [one.file for one in found],
                    [one.line for one in found],
                    [one.owner for one in found],
                    [one.path for one in found],
                ),
            )
    ids.take(STACK, max(len(tables.stacks) - 1, 0))
    ids.take(FRAME, len(tables.frames))


def _place(stacks: Stacks, indices: Sequence[int]) -> tuple[Any, ...]:
    frames = [stacks.frames[index] for index in indices]
    if not any(frame.function for frame in frames):
        return None, None, None, None, 0
    own = next((frame for frame in frames if frame.owner == OWN), None)
    system = int(is_system(frames[-1].function))
    if own is None:
        return place(frames), entry(frames), None, None, system
    return place(frames), own.function, own.path or own.file, own.line, system


def _parts(indices: range) -> Iterator[Sequence[int]]:
    rest: Iterator[Any] = iter(indices)
    while part := list(islice(rest, _PART)):
        yield part
