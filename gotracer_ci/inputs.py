"""Find the traces that a user means: files, directories, globs, URLs and standard input."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from gotracer_ci.duplicates import repeated
from gotracer_ci.errors import TraceError, UsageError
from gotracer_ci.globs import matching
from gotracer_ci.notes import Note, NoteKind
from gotracer_ci.trace.open import GZIP_MAGIC, STDIN
from gotracer_ci.trace.spec import HEADER
from gotracer_ci.urls import is_url, redacted

_HEADER_START = HEADER[:5]
_SERVICE = re.compile(r"(https?://[^/?#]*/?$)|(https?://)?[\w.:@\[\]-]+/debug/pprof/", re.IGNORECASE)
_NAMED_LIKE_A_TRACE = re.compile(r"(?:\.trace|(?:^|[._-])trace\.out)(?:\.gz)?$", re.IGNORECASE)
_NAMED = 3
MAX_TRACES = 10_000


class Inputs(NamedTuple):
    """The traces of a run, each once. left_out: (name, how, the other name) of those that another one repeats."""

    traces: list[str]
    base: list[str]
    left_out: list[tuple[str, str, str]]

    def notes(self, root: Path) -> list[Note]:
        """Return what was left out. root: what files are named relative to."""
        if not self.left_out:
            return []
        parts = [
            f"{shown(name, root)} ({how})" if name == other else f"{shown(name, root)} ({how} as {shown(other, root)})"
            for name, how, other in self.left_out[:_NAMED]
        ]
        parts += [f"{len(self.left_out) - _NAMED:,} more"] if len(self.left_out) > _NAMED else []
        return [Note(NoteKind.REPEATED, f"left out, because each trace counts once: {', '.join(parts)}")]


def find(names: Iterable[str], base: Collection[str]) -> Inputs:
    """Return the traces that the names refer to, in order. In directories, search for trace files.

    A trace that has several names, links or copies counts once, and not as one of the base if it is the change's.

    Args:
        base: the names of the traces of the base commit.

    Raises:
        TraceError: a directory contains no traces, or a glob matches nothing.
        UsageError: there are no traces, too many, or none of the base commit among those of the base.
    """
    traces = _expanded(names)
    every = [*traces, *(_expanded(base) if base else ())]
    again = repeated(every)
    kept = [i for i in range(len(every)) if i not in again]
    found = Inputs(
        [every[i] for i in kept if i < len(traces)],
        [every[i] for i in kept if i >= len(traces)],
        [(every[i], how, every[first]) for i, (first, how) in sorted(again.items())],
    )
    if base and not found.base:
        raise UsageError("--base: all of its traces are also traces of the change, so there is nothing to compare with")
    return found


def sides(base: Iterable[str], head: Iterable[str]) -> Inputs:
    """Return the traces of two sides to compare. A trace counts once on a side, and can be on both.

    Raises:
        TraceError, UsageError: as for `find`.
    """
    before, now = find(base, ()), find(head, ())
    return Inputs(now.traces, before.traces, before.left_out + now.left_out)


def _expanded(names: Iterable[str]) -> list[str]:
    found = [trace for name in names for trace in _of(name)]
    if not found:
        raise UsageError("no trace given; name files, directories, globs or URLs, or - for standard input")
    if len(found) > MAX_TRACES:
        raise UsageError(f"{len(found):,} traces exceed the limit of {MAX_TRACES:,} per run")
    return found


def shown(name: str, root: Path) -> str:
    """Return a file's name for reports: relative to the root if it is below it, so it is the same in every checkout."""
    if name == STDIN or is_url(name):
        return redacted(name)
    try:
        return Path(os.path.abspath(name)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        return Path(name).as_posix()


def _of(name: str) -> list[str]:
    if not name.strip():
        raise UsageError("the name of a trace is empty; is the variable that should hold it unset?")
    if name == STDIN:
        return [name]
    if _SERVICE.match(name):
        raise TraceError(name, "is a service; to fetch and analyze its trace, run gotracer-ci capture URL")
    if is_url(name):
        from gotracer_ci.remote.stores import matching as stored

        return stored(name)
    if os.path.isdir(name):
        inside = sorted(file for file in _files_below(name) if os.path.isfile(file) and _is_trace(Path(file)))
        if not inside:
            raise TraceError(name, "directory without traces; record one with runtime/trace or go test -trace")
        return inside
    if not os.path.exists(name) and glob.has_magic(name):
        found = sorted(match for match in matching(name) if os.path.isfile(match))
        if not found:
            raise TraceError(name, "no file matches this glob")
        return found
    return [name]


def _files_below(directory: str) -> Iterator[str]:
    """Yield the files in a directory and below it.

    Raises:
        TraceError: one of the directories cannot be read.
    """

    def unreadable(error: OSError) -> NoReturn:
        raise TraceError(os.path.normpath(error.filename), f"directory cannot be read: {error.strerror}")

    for place, _, names in os.walk(directory, onerror=unreadable):
        yield from (os.path.normpath(os.path.join(place, name)) for name in names)


def _is_trace(file: Path) -> bool:
    """Whether a file of a directory is read: it starts like a trace, or is named like one.

    If it is only named like one, reading it fails. Skipping it would hide a broken recording.
    """
    if _NAMED_LIKE_A_TRACE.search(file.name):
        return True
    try:
        with file.open("rb") as stream:
            head = stream.read(len(_HEADER_START))
    except OSError:
        return False
    return head == _HEADER_START or (head[:2] == GZIP_MAGIC and ".trace" in file.name)
