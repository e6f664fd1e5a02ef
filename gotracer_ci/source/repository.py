"""The repository's files and modules, found without git; the only part of the package that reads source files.

A file is read only if the scan found it below the root: no path of a trace ever reaches the file system.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gotracer_ci.errors import UsageError
from gotracer_ci.source.gomod import Kind, Module, modules_of, vendored_in

MAX_ENTRIES = 500_000
MAX_SOURCE_BYTES = 64 << 20
MAX_MODULE_FILE_BYTES = 4 << 20

# Sources that frames name: Go, assembly, and the grammars and templates whose generators write //line directives.
_SOURCES = (".go", ".s", ".y", ".rl", ".qtpl")
_MODULE_FILES = frozenset({"go.mod", "go.work", "modules.txt"})
_SKIPPED_FOLDERS = frozenset({".git", "node_modules"})
_MAX_LINKS = 8

_GENERATED = re.compile(rb"^// Code generated .* DO NOT EDIT\.\r?$", re.MULTILINE)
_PACKAGE = re.compile(rb"^package\s", re.MULTILINE)
_DECLARED = re.compile(rb"^func\s*(?:\(\s*(?:\w+\s+)?\*?(\w+)[^)\n]*\)\s*)?(\w+)", re.MULTILINE)


class SourceFile(NamedTuple):
    """What is known of a source file: its number of lines, and whether its header says that a tool made it."""

    lines: int
    generated: bool


class Repository:
    """The source files below a root, by their relative paths with `/`, and the Go modules among them.

    complete: False when the scan stopped at its bound; files are then missing, those deepest down first.
    """

    def __init__(self, root: Path, files: frozenset[str], links: frozenset[str], *, complete: bool) -> None:
        self.root = root
        self.files = files
        self.complete = complete
        self._links = links
        self._link_targets: dict[str, str | None] = {}
        self._sources: dict[str, SourceFile] = {}
        self._declared: dict[str, frozenset[str]] = {}

    @classmethod
    def scan(cls, root: Path) -> Repository:
        """Walk the folder, nearest files first. Linked folders are not entered, so there are no loops.

        Raises:
            UsageError: the root is no folder.
        """
        if not root.is_dir():
            raise UsageError(f"{root}: no such folder; --root names the repository's")
        files: list[str] = []
        links: list[str] = []
        seen = 0
        for seen, (folder, entry) in enumerate(_walk(root), 1):
            if seen > MAX_ENTRIES:
                break
            if entry.is_symlink():
                links.append(folder + entry.name)
            elif (entry.name.endswith(_SOURCES) or entry.name in _MODULE_FILES) and entry.is_file():
                files.append(folder + entry.name)
        return cls(root, frozenset(files), frozenset(links), complete=seen <= MAX_ENTRIES)

    @cached_property
    def modules(self) -> dict[str, list[Module]]:
        """Module path → where the repository holds it, the likeliest folder first."""
        found: dict[str, set[Module]] = {}
        for file in self.files:
            for module in self._modules_in(file):
                found.setdefault(module.path, set()).add(module)
        return {path: sorted(same, key=lambda m: (m.kind, m.folder.count("/"), m)) for path, same in found.items()}

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """File name → the paths of the files that have it, sorted."""
        found: dict[str, list[str]] = {}
        for file in sorted(self.files):
            found.setdefault(file.rpartition("/")[2], []).append(file)
        return found

    def find(self, path: str) -> str | None:
        """The path of a file as the repository has it, links resolved; None if it is not there."""
        for _ in range(_MAX_LINKS):
            if path in self.files:
                return path
            target = self._follow(path) if self._links else None
            if target is None:
                break
            path = target
        return None

    def locate(self, import_path: str) -> tuple[str | None, Module | None]:
        """The file that an import path and a file name stand for, and its module.

        The longest module path wins that has the file. Without one: None, and the longest module path that fits,
        which still says whose code it is.
        """
        nearest = None
        end = len(import_path)
        while end > 0:
            for module in self.modules.get(import_path[:end], ()):
                nearest = nearest or module
                path = self.find(posixpath.join(module.folder, import_path[end + 1 :]))
                if path is not None:
                    return path, module
            end = import_path.rfind("/", 0, end)
        return None, nearest

    def locate_copy(self, module_path: str, rest: str, version: str = "") -> tuple[str | None, Module | None]:
        """The file of a module that a build took from a local folder: a replacement, or vendored in the version."""
        for module in self.modules.get(module_path, ()):
            if module.kind is Kind.REPLACED or (version and module.version == version):
                path = self.find(posixpath.join(module.folder, rest))
                if path is not None:
                    return path, module
        return None, None

    def source(self, path: str) -> SourceFile:
        """What is known of a file that `find` or `locate` gave. One that vanished or is far too large has no lines."""
        if path not in self._sources:
            text = self._read(path, MAX_SOURCE_BYTES)
            package = _PACKAGE.search(text)
            header = text[: package.start()] if package else b""
            lines = text.count(b"\n") + (not text.endswith(b"\n") and text != b"")
            self._sources[path] = SourceFile(lines, _GENERATED.search(header) is not None)
        return self._sources[path]

    def declared(self, path: str) -> frozenset[str]:
        """The functions of a file that `find` or `locate` gave, as "f" and "T.m"."""
        if path not in self._declared:
            found = _DECLARED.findall(self._read(path, MAX_SOURCE_BYTES))
            names = (receiver + b"." + name if receiver else name for receiver, name in found)
            self._declared[path] = frozenset(name.decode(errors="replace") for name in names)
        return self._declared[path]

    def _modules_in(self, file: str) -> Iterator[Module]:
        folder, _, name = file.rpartition("/")
        vendored = folder == "vendor" or folder.endswith("/vendor")
        if name == "modules.txt" and vendored:
            return vendored_in(self._text(file), folder)
        if name in {"go.mod", "go.work"} and "/vendor/" not in f"/{file}":
            return modules_of(self._text(file), folder)
        return iter(())

    def _text(self, path: str) -> str:
        return self._read(path, MAX_MODULE_FILE_BYTES).decode(errors="replace")

    def _read(self, path: str, limit: int) -> bytes:
        try:
            with open(self.root / path, "rb") as file:
                text = file.read(limit + 1)
        except OSError:
            return b""
        return text if len(text) <= limit else b""

    def _follow(self, path: str) -> str | None:
        """The path with its first link replaced by what it points to; None without one or if that is outside."""
        end = -1
        while end < len(path):
            end = path.find("/", end + 1)
            end = len(path) if end < 0 else end
            if path[:end] in self._links:
                target = self._target(path[:end])
                return None if target is None else target + path[end:]
        return None

    def _target(self, link: str) -> str | None:
        if link not in self._link_targets:
            root = os.path.realpath(self.root)
            target = os.path.realpath(self.root / link)
            inside = target.startswith(root + os.sep)
            self._link_targets[link] = target[len(root) + 1 :].replace(os.sep, "/") if inside else None
        return self._link_targets[link]


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below the root: (folder with its `/`, entry), folder by folder.

    A folder that cannot be read is passed over: what is not seen is not mapped.
    """
    folders = [""]
    for folder in folders:  # grows while it is walked
        try:
            with os.scandir(f"{root}/{folder}") as entries:
                for entry in entries:
                    yield folder, entry
                    # a name with @ is a module cache: other people's code
                    passed_over = entry.name in _SKIPPED_FOLDERS or "@" in entry.name
                    if entry.is_dir(follow_symlinks=False) and not passed_over:
                        folders.append(f"{folder}{entry.name}/")
        except OSError:
            continue
