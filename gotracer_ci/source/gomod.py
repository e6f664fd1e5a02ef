"""Read from go.mod, go.work and vendor/modules.txt which directory holds which module."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple


class ModuleKind(IntEnum):
    """Why a module is in the repository. Of two candidates the lower one is the source and the other a copy.

    OUTSIDE: it is not in the repository, but a go.mod names its directory beside it.
    """

    OWN = 0
    REPLACED = 1
    VENDORED = 2
    OUTSIDE = 3


class Module(NamedTuple):
    """A module whose files are in the repository.

    directory: its directory relative to the root; may be absolute if it is outside. version: of a vendored module, ""
    otherwise. by: the directory that holds the go.mod, go.work or vendor directory that declares it.
    """

    path: str
    directory: str
    kind: ModuleKind
    version: str = ""
    by: str = ""


def modules_of(text: str, directory: str) -> Iterator[Module]:
    """Yield the module that a go.mod declares, and the modules that it, or a go.work, replaces by a local directory."""
    for verb, *words in _statements(text):
        if verb == "module" and words:
            yield Module(words[0], directory, ModuleKind.OWN, by=directory)
        elif verb == "replace" and "=>" in words[1:]:
            yield from _replaced(words, directory)


def vendored_in(text: str, directory: str) -> Iterator[Module]:
    """Yield the modules that a modules.txt lists as copied to its directory, and the other places they are in."""
    by = directory.removesuffix("vendor").rstrip("/")
    for line in text.splitlines():
        sign, *words = line.split() or [""]
        if sign != "#" or len(words) < 2:
            continue
        copy = f"{directory}/{words[0]}"
        if words[1].startswith("v"):
            yield Module(words[0], copy, ModuleKind.VENDORED, words[1], by)
        if "=>" in words:
            yield from _replaced(words, by)
            source = words[words.index("=>") + 1 :]
            if len(source) == 2:  # the module cache holds it under its replacement's name
                yield Module(source[0], copy, ModuleKind.VENDORED, source[1], by)


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


def _replaced(words: list[str], directory: str) -> Iterator[Module]:
    """Yield what "path [version] => target" replaces by a directory."""
    target = words[words.index("=>") + 1 :]
    if len(target) == 1:
        path = posixpath.normpath(posixpath.join(directory, target[0]))
        if path.startswith(("../", "/")) or path == "..":
            yield Module(words[0], path, ModuleKind.OUTSIDE, by=directory)
        elif target[0].startswith("."):
            yield Module(words[0], "" if path == "." else path, ModuleKind.REPLACED, by=directory)
