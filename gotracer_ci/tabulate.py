"""Traces → what a command wants to know of each: the glue of the commands that print tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from gotracer_ci import inputs
from gotracer_ci.errors import GotracerError, TraceError
from gotracer_ci.notes import Note
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository, nearest
from gotracer_ci.text import date_time
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace

Found = TypeVar("Found")
Watch = Callable[[int, int, Trace], None]
"""Called for every chunk with the trace's number, the number of traces, and the trace."""


class Summary(NamedTuple):
    """One trace.

    path: as the user named it. go_version: the format's. started: when it began, RFC 3339; None if it does not say it.
    damage: what ended the reading early.
    """

    path: str
    go_version: str
    started: str | None
    duration_ns: int
    events: int
    damage: str | None


class Tabulated(NamedTuple, Generic[Found]):
    """What was found in each trace that could be read, in order, and all problems with others and with these."""

    summaries: tuple[Summary, ...]
    found: tuple[Found, ...]
    errors: tuple[GotracerError, ...]
    notes: tuple[Note, ...]


def tabulate(
    names: Sequence[str],
    read: Callable[[Trace, SourceMap], Found],
    *,
    root: Path,
    path_map: Sequence[tuple[str, str]],
    watch: Watch | None,
) -> Tabulated[Found]:
    """Read traces.

    Args:
        names: files, directories, globs or "-".
        read: reads one trace, to its end or to the damage.
        root: the repository, or a directory inside it.
        path_map: see `SourceMap`.

    Raises:
        GotracerError: no trace can be read, or the options are wrong.
    """
    given = inputs.find(names, ())
    repository = Repository.at(nearest(root, given.traces))
    summaries, found = [], []
    errors: list[GotracerError] = []
    for number, name in enumerate(given.traces, 1):
        try:
            trace = open_trace(name)
            trace.watch = watch and partial(watch, number, len(given.traces))
            found.append(read(trace, SourceMap(repository, path_map)))
        except (TraceError, MemoryError) as problem:
            known = problem if isinstance(problem, TraceError) else None
            errors.append(known or TraceError(name, "needs more memory than there is"))
            continue
        damage = trace.damage.damage if trace.damage else None
        started = None if trace.started_ns is None else date_time(trace.started_ns)
        summaries.append(Summary(trace.name, f"1.{trace.version}", started, trace.duration_ns, trace.events, damage))
        errors += [trace.damage] if trace.damage else []
    if not found:
        raise errors[0]
    return Tabulated(tuple(summaries), tuple(found), tuple(errors), tuple(given.notes(root)))
