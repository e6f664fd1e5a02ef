"""Find the traces that a user means: files, directories, globs and standard input."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from gotracer_ci.errors import TraceError, UsageError
from gotracer_ci.trace.open import GZIP_MAGIC, STDIN
from gotracer_ci.trace.spec import HEADER

_HEADER_START = HEADER[:5]
_URL = re.compile(r"https?://|[\w.-]+(:\d+)?/debug/pprof/", re.IGNORECASE)
MAX_TRACES = 10_000


def expand(names: Iterable[str]) -> list[str]:
    """Return the traces that `names` refer to, in order and without duplicates. In directories, search for trace files.

    Raises:
        TraceError: a directory contains no traces, or a glob matches nothing.
        UsageError: there are no traces, or too many.
    """
    found: dict[str, None] = {}
    for name in names:
        found.update(dict.fromkeys(_of(name)))
    if not found:
        raise UsageError("no trace given; name files, directories or globs, or - for standard input")
    if len(found) > MAX_TRACES:
        raise UsageError(f"{len(found):,} traces exceed the limit of {MAX_TRACES:,} per run")
    return list(found)


def expand_base(names: Collection[str], traces: Iterable[str]) -> list[str]:
    """Return the traces of the base commit.

    Raises:
        TraceError: same as for `expand`.
        UsageError: a trace is also one of the change's, or there are too many.
    """
    found = expand(names) if names else []
    mine = {os.path.realpath(name) for name in traces}
    for name in found:
        if os.path.realpath(name) in mine:
            raise UsageError(f"{name}: given both as a trace of the change and with --base")
    return found


def shown(name: str, root: Path) -> str:
    """Return a file's name for reports: relative to the root if it is below it, so it is the same in every checkout."""
    if name == STDIN:
        return name
    try:
        return Path(os.path.abspath(name)).relative_to(os.path.abspath(root)).as_posix()
    except ValueError:
        return Path(name).as_posix()


def _of(name: str) -> list[str]:
    if name == STDIN:
        return [name]
    if _URL.match(name):
        raise TraceError(name, "is a URL; capture is not available yet: download it with curl -o service.trace URL")
    if os.path.isdir(name):
        inside = sorted(file for file in _files_below(name) if os.path.isfile(file) and _is_trace(Path(file)))
        if not inside:
            raise TraceError(name, "directory without traces; record one with runtime/trace or go test -trace")
        return inside
    if not os.path.exists(name) and glob.has_magic(name):
        matching = sorted(match for match in glob.glob(name, recursive=True) if Path(match).is_file())
        if not matching:
            raise TraceError(name, "no file matches this glob")
        return matching
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
    try:
        with file.open("rb") as stream:
            head = stream.read(len(_HEADER_START))
    except OSError:
        # Report it instead of skipping it.
        return ".trace" in file.name
    # A program that exited too early leaves an empty file. Report it instead of skipping it.
    is_empty = not head and file.suffix == ".trace"
    return head == _HEADER_START or (head[:2] == GZIP_MAGIC and ".trace" in file.name) or is_empty
