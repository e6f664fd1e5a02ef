"""The little of go.mod, go.work and vendor/modules.txt that says which folder holds which module."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """How a module came to be in the repository; of two candidates the lower one is the source, the other a copy."""

    OWN = 0
    REPLACED = 1
    VENDORED = 2


class Module(NamedTuple):
    """A module whose files are in the repository. version: of a vendored one, "" otherwise."""

    path: str
    folder: str
    kind: Kind
    version: str = ""


def modules_of(text: str, folder: str) -> Iterator[Module]:
    """The module that a go.mod in the folder declares, and what it, or a go.work, replaces by a local folder."""
    for verb, *words in _statements(text):
        if verb == "module" and words:
            yield Module(words[0], folder, Kind.OWN)
        elif verb == "replace" and "=>" in words[1:]:
            target = words[words.index("=>") + 1 :]
            inside = _inside(folder, target[0]) if len(target) == 1 else None
            if inside is not None:
                yield Module(words[0], inside, Kind.REPLACED)


def vendored_in(text: str, folder: str) -> Iterator[Module]:
    """The modules that a modules.txt lists as copied to the folder."""
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and words[0] == "#" and words[2].startswith("v"):
            yield Module(words[1], f"{folder}/{words[1]}", Kind.VENDORED, words[2])


def _statements(text: str) -> Iterator[list[str]]:
    block = ""
    for line in text.splitlines():
        words = line.split("//", 1)[0].replace("(", " ( ").replace(")", " ) ").split()
        words = [word.strip('"`') for word in words]
        if words == [")"]:
            block = ""
        elif words[1:] == ["("]:
            block = words[0]
        elif words:
            yield [block, *words] if block else words


def _inside(folder: str, target: str) -> str | None:
    """The target of a replacement as a folder of the repository; None for one outside it."""
    if not target.startswith("."):
        return None
    path = posixpath.normpath(posixpath.join(folder, target))
    if path == ".." or path.startswith("../"):
        return None
    return "" if path == "." else path
