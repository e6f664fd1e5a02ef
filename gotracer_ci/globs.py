"""Find the files or the names that a glob matches. Unlike Python's own, a wildcard never enters a linked directory."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

_RECURSIVE = "**"


@lru_cache(maxsize=100)
def for_names(pattern: str) -> re.Pattern[str]:
    """Return the expression that fully matches the names that a glob matches; `*` and `?` are its wildcards.

    Brackets are not: names of Go's functions have them.
    """
    # several stars in a row would take exponential time
    glob = re.sub(r"\*+", "*", pattern)
    translated = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in glob)
    return re.compile(translated, re.DOTALL)


def matching(pattern: str) -> Iterator[str]:
    """Yield the existing paths that a glob matches, each once, in no particular order.

    `**` matches any number of directories. Wildcards do not match a dot at the start of a name. A linked directory is
    entered only if the glob names it, so there are no loops and no file has two names.
    """
    parts = [part for part in pattern.split("/") if part]
    start = "/" if pattern.startswith("/") else ""
    todo = [(start, 0)]
    seen = set(todo)
    for directory, at in todo:  # grows while it is walked
        for step in _steps(directory, at, parts):
            if step not in seen:
                seen.add(step)
                if step[1] == len(parts):
                    yield step[0]
                else:
                    todo.append(step)


def _steps(directory: str, at: int, parts: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the paths that the next part of a glob matches, each with the number of parts matched so far."""
    part, is_last = parts[at], at + 1 == len(parts)
    if not glob.has_magic(part):
        path = os.path.join(directory, part)
        if os.path.lexists(path) if is_last else os.path.isdir(path):
            yield path, at + 1
        return
    if part == _RECURSIVE and not is_last:
        yield directory, at + 1
    try:
        with os.scandir(directory or ".") as entries:
            for entry in entries:
                path, is_directory = os.path.join(directory, entry.name), entry.is_dir(follow_symlinks=False)
                if not fnmatchcase(entry.name, part) or (entry.name.startswith(".") and not part.startswith(".")):
                    continue
                if part == _RECURSIVE and is_directory:
                    yield path, at
                if (part != _RECURSIVE or is_last) and (is_last or is_directory):
                    yield path, at + 1
    except OSError:
        return  # as a shell does
