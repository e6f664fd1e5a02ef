"""Find the files of a repository that frames can name, and those that say which modules it has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

MAX_ENTRIES = 500_000
MODULE_FILES = ("go.mod", "go.work", "modules.txt")
# Sources that frames name: Go, assembly, and grammars and templates (their generators write //line directives).
_SOURCES = (".go", ".s", ".y", ".rl", ".qtpl")
_SKIPPED_FOLDERS = frozenset({".git", "node_modules", "site-packages"})


class Tree(NamedTuple):
    """What a scan found. complete: False if it stopped at its bound."""

    files: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    complete: bool = True


def scanned(root: Path) -> Tree:
    """Scan a directory, nearest files first. Linked directories are not entered, so there are no loops.

    A directory that cannot be read is skipped, so its files are not mapped.
    """
    files: list[str] = []
    links: list[str] = []
    seen = 0
    directories = [""]
    for directory in directories:  # grows while it is walked
        try:
            with os.scandir(f"{root}/{directory}") as entries:
                for entry in entries:
                    seen += 1
                    name = entry.name
                    if seen > MAX_ENTRIES:
                        return Tree(frozenset(files), frozenset(links), complete=False)
                    if entry.is_symlink():
                        links.append(directory + name)
                    elif entry.is_dir():
                        # a name with @ belongs to a module cache: not own code
                        if name not in _SKIPPED_FOLDERS and "@" not in name:
                            directories.append(f"{directory}{name}/")
                    elif (name.endswith(_SOURCES) or name in MODULE_FILES) and entry.is_file():
                        files.append(directory + name)
        except OSError:
            continue
    return Tree(frozenset(files), frozenset(links))
