"""Find the repository's files and modules without git. Nothing else in the package reads source files.

A file is read only if the scan found it below the root, so no path of a trace reaches the file system.
"""

from __future__ import annotations

import copy
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gotracer_ci import files
from gotracer_ci.errors import FileError, UsageError
from gotracer_ci.source.gomod import Module, ModuleKind, modules_of, vendored_in
from gotracer_ci.source.names import declared_as
from gotracer_ci.source.scan import MODULE_FILES, Tree, scanned

MAX_SOURCE_BYTES = 64 << 20
MAX_MODULE_FILE_BYTES = 4 << 20

_GO = ("std", "cmd")
_MARKS = (".git", "go.mod", "go.work")
_MAX_LINKS = 8
_MAX_LINES = 100

# Not compiled here: many runs need none of these.
_GENERATED = rb"(?m)^// Code generated .* DO NOT EDIT\.\r?$"
_PACKAGE = rb"(?m)^package\s"
# Possessive quantifiers keep the time linear in the length of a hostile line.
_NAME = rb"([\w\x80-\xff]++)"
_RECEIVER = rb"(?:\(\s*+(?:[\w\x80-\xff]++\s++)?\*?+" + _NAME + rb"[^)\n]*+\)\s*+)?"
_DECLARED = rb"(?m)^func\s*+" + _RECEIVER + _NAME


class SourceFile(NamedTuple):
    """A source file: its number of lines, and whether its header says that it is generated."""

    lines: int
    generated: bool


class Repository:
    """The source files below a root, by their relative paths with `/`, and the Go modules among them.

    They are looked for when they are first needed. found: False if the root is in no repository, so that there are no
    files.
    """

    def __init__(self, root: Path, *, found: bool = True) -> None:
        self.root = root
        self.found = found
        self._link_targets: dict[str, str | None] = {}
        self._sources: dict[str, SourceFile] = {}
        self._declared: dict[str, dict[str, list[range]]] = {}

    @classmethod
    def at(cls, root: Path) -> Repository:
        """Return the repository of a directory that is in one. What lies below another one is unrelated to the program.

        Raises:
            UsageError: the root is not a directory.
        """
        return cls(root, found=False) if root.is_dir() and not is_repository(root) else cls.scan(root)

    @classmethod
    def scan(cls, root: Path) -> Repository:
        """Return what is below a directory, in a repository or not.

        Raises:
            UsageError: the root is not a directory.
        """
        if not root.is_dir():
            raise UsageError(f"{root}: no such directory; --root must be the repository's")
        return cls(root)

    @cached_property
    def _tree(self) -> Tree:
        return scanned(self.root) if self.found else Tree()

    @cached_property
    def files(self) -> frozenset[str]:
        """The source files and module files."""
        return self._tree.files

    @cached_property
    def _links(self) -> frozenset[str]:
        return self._tree.links

    @cached_property
    def places(self) -> tuple[str, str]:
        """Where the root is: its absolute path, and the same with links resolved."""
        return os.path.abspath(self.root), os.path.realpath(self.root)

    def known(self) -> Repository:
        """Return the repository with all that frames may ask for: it can then be pickled, and needs no files."""
        for path in self.files:
            self.source(path)
            self._extents(path)
        for link in self._links:
            self._target(link)
        _ = self.places, self._all_modules
        return self

    @property
    def complete(self) -> bool:
        """False if the scan stopped at its bound. Then files are missing, the deepest ones first."""
        return self._tree.complete

    def directory(self, workspace: Path | None = None) -> str:
        """Return the root's path in the checkout that contains it; "" at its top.

        Without a .git it is the path in the workspace, "" outside it: without git, actions/checkout unpacks an archive.
        """
        root = Path(os.path.abspath(self.root))
        top = next((directory for directory in (root, *root.parents) if (directory / ".git").exists()), workspace)
        return "" if top is None or top == root or not root.is_relative_to(top) else root.relative_to(top).as_posix()

    @cached_property
    def modules(self) -> dict[str, list[Module]]:
        """Module path → where the repository has it, the likeliest directory first."""
        found: dict[str, set[Module]] = {}
        for module in self._all_modules:
            if module.kind is not ModuleKind.OUTSIDE:
                found.setdefault(module.path, set()).add(module)
        return {path: sorted(same, key=lambda m: (m.kind, m.directory.count("/"), m)) for path, same in found.items()}

    @cached_property
    def outside(self) -> list[str]:
        """The directories of modules beside the repository, relative to its root or absolute."""
        return sorted({module.directory for module in self._all_modules if module.kind is ModuleKind.OUTSIDE})

    @cached_property
    def _all_modules(self) -> set[Module]:
        return {module for file in self._module_files for module in self._modules_in(file)}

    @cached_property
    def _module_files(self) -> list[str]:
        return [file for file in self.files if file.endswith(MODULE_FILES)]

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.modules), default=0)

    @cached_property
    def _homes(self) -> dict[str, Module]:
        """Directory → the module that its go.mod declares."""
        return {module.directory: module for module in sorted(self._all_modules) if module.kind is ModuleKind.OWN}

    @cached_property
    def _workspaces(self) -> list[str]:
        return [posixpath.dirname(file) for file in self._module_files if posixpath.basename(file) == "go.work"]

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """File name → the sorted paths of the files with that name."""
        found: dict[str, list[str]] = {}
        for file in sorted(self.files):
            found.setdefault(file.rpartition("/")[2], []).append(file)
        return found

    def find(self, path: str) -> str | None:
        """Return the path of a file in the repository with links resolved, None if it is not there."""
        for _ in range(_MAX_LINKS):
            if path in self.files:
                return path
            target = self._follow(path) if self._links else None
            if target is None:
                break
            path = target
        return None

    def locate(self, import_path: str) -> tuple[str | None, Module | None]:
        """Return the file for an import path with a file name, and its module.

        The longest module path that has the file wins. If there is none, or if two modules of that path have the file,
        return None and the module with the longest matching path, which still tells who owns the code.
        """
        nearest = None
        for module_path, rest in self._splits(import_path):
            modules = self.modules[module_path]
            nearest = nearest or modules[0]
            path, module = self._only(modules, rest)
            if module:
                return path, module
        return None, nearest

    def locate_copy(self, module_path: str, rest: str, version: str) -> tuple[str | None, Module | None]:
        """Return the file of a module that the build took from a local directory: replaced, or vendored."""
        modules = self.modules.get(module_path, ())
        return self._only((m for m in modules if m.kind is ModuleKind.REPLACED or m.version == version), rest)

    def locate_cached(self, directory: str, rest: str, version: str) -> str | None:
        """Return the vendored copy of a file in the module cache. directory: the module's directory there."""
        at = max(len(directory) - self._longest - 1, 0)
        while (at := directory.find("/", at) + 1) > 0:
            modules = self.modules.get(directory[at:], ())
            path, _ = self._only((m for m in modules if m.kind is ModuleKind.VENDORED and m.version == version), rest)
            if path:
                return path
        return None

    def locate_std(self, path: str) -> str | None:
        """Return the file of the standard library, by its path below GOROOT/src, if this is the repository of Go."""
        candidates = (self.find(f"{directory}{path}") for directory in ("src/", ""))
        return next((file for file in candidates if file and (home := self.home(file)) and home.path in _GO), None)

    def locate_replaced(self, import_path: str, by: str | None) -> str | None:
        """Return the file of a module that a directory of the repository replaces.

        by: the directory of the go.mod or go.work that says so, None for any.
        """
        for module_path, rest in self._splits(import_path):
            modules = self.modules[module_path]
            path, _ = self._only((m for m in modules if m.kind is ModuleKind.REPLACED and by in (None, m.by)), rest)
            if path:
                return path
        return None

    def _splits(self, import_path: str) -> Iterator[tuple[str, str]]:
        """Yield the module paths at the start of an import path, longest first, and the rest after each."""
        end = len(import_path)
        while end > 0:
            if end <= self._longest and import_path[:end] in self.modules:
                yield import_path[:end], import_path[end + 1 :]
            end = import_path.rfind("/", 0, min(end, self._longest + 1))

    def _only(self, modules: Iterable[Module], rest: str) -> tuple[str | None, Module | None]:
        """Return the file and the first module that has it; no file if another module of the same kind has one, too."""
        found: tuple[str | None, Module | None] = None, None
        for module in modules:
            path = self.find(posixpath.join(module.directory, rest))
            if path is not None and found[1] is None:
                found = path, module
            elif path is not None and found[1] and path != found[0] and module.kind is found[1].kind:
                return None, module
        return found

    def home(self, path: str) -> Module | None:
        """Return the module that a file belongs to: that of the nearest go.mod above it."""
        end = len(path)
        while end > 0:
            end = max(path.rfind("/", 0, end), 0)
            if path[:end] in self._homes:
                return self._homes[path[:end]]
        return None

    @property
    def module(self) -> Module | None:
        """The module nearest to the root."""
        return min(self._homes.values(), key=lambda home: (home.directory.count("/"), home.directory), default=None)

    def import_path(self, path: str) -> str | None:
        """Return the import path of a file's package, None if no go.mod is above it."""
        home = self.home(path)
        return home and posixpath.join(home.path, posixpath.dirname(path)[len(home.directory) :].strip("/")).rstrip("/")

    def as_built(self, mains: Iterable[str]) -> Repository:
        """Return the repository with only the modules that a build of the main modules in these directories has.

        This leaves out what another go.mod replaces, what another vendor directory holds, and other modules with a main
        module's path. In a workspace, all of its modules count.
        """
        known = set(mains)
        if not known:
            return self
        spaces = [space for space in self._workspaces if any(_is_below(main, space) for main in known)]

        def counts(module: Module, same: list[Module]) -> bool:
            if module.kind is ModuleKind.OWN:
                return module.directory in known or not any(
                    m.kind is ModuleKind.OWN and m.directory in known for m in same
                )
            return module.by in known or any(_is_below(module.by, space) for space in spaces)

        built = copy.copy(self)
        # overrides the cached property
        built.__dict__["modules"] = {
            path: kept for path, same in self.modules.items() if (kept := [m for m in same if counts(m, same)])
        }
        return built

    def source(self, path: str) -> SourceFile:
        """Describe a file that `find` or `locate` returned. A file that vanished or is far too large has no lines."""
        if path not in self._sources:
            text = self._read(path, MAX_SOURCE_BYTES)
            package = re.search(_PACKAGE, text)
            header = text[: package.start()] if package else b""
            lines = text.count(b"\n") + (not text.endswith(b"\n") and text != b"")
            self._sources[path] = SourceFile(lines, re.search(_GENERATED, header) is not None)
        return self._sources[path]

    def declares(self, path: str, function: str, lines: Sequence[int]) -> int:
        """Return the line where a file from `find` or `locate` declares the function, or the one around a closure.

        0 if it does not, or if the function does not cover the lines that ran.
        """
        extents = declared_as(function, self._extents(path)) or ()
        seen = (line for line in lines[:_MAX_LINES] if line > 0)
        fits = all(any(line in extent for extent in extents) for line in seen)
        return extents[0].start if extents and fits else 0

    def _extents(self, path: str) -> dict[str, list[range]]:
        """Return the lines of each function of a file, "f" or "T.m", up to the next function."""
        if path not in self._declared:
            text = self._read(path, MAX_SOURCE_BYTES)
            extents: dict[str, list[range]] = {}
            at, line, name = 0, 1, ""
            for match in (*re.finditer(_DECLARED, text), None):
                end = match.start() if match else len(text)
                next_line = line + text.count(b"\n", at, end)
                if name:
                    extents.setdefault(name, []).append(range(line, next_line if match else next_line + 1))
                at, line = end, next_line
                name = b".".join(filter(None, match.groups())).decode(errors="replace") if match else ""
            self._declared[path] = extents
        return self._declared[path]

    def _modules_in(self, file: str) -> Iterator[Module]:
        directory, _, name = file.rpartition("/")
        vendored = directory == "vendor" or directory.endswith("/vendor")
        if name == "modules.txt" and vendored:
            return vendored_in(self._text(file), directory)
        if name in {"go.mod", "go.work"} and "/vendor/" not in f"/{file}":
            return modules_of(self._text(file), directory)
        return iter(())

    def _text(self, path: str) -> str:
        return self._read(path, MAX_MODULE_FILE_BYTES).decode(errors="replace")

    def _read(self, path: str, limit: int) -> bytes:
        try:
            return files.read(self.root / path, limit)
        except FileError:
            return b""

    def _follow(self, path: str) -> str | None:
        """Replace the first link in the path by its target; None without a link, or if the target is outside."""
        end = -1
        while end < len(path):
            end = path.find("/", end + 1)
            end = len(path) if end < 0 else end
            if path[:end] in self._links:
                target = self._target(path[:end])
                return None if target is None else (target + path[end:]).lstrip("/")
        return None

    def _target(self, link: str) -> str | None:
        if link not in self._link_targets:
            root = os.path.realpath(self.root).rstrip(os.sep)
            target = os.path.realpath(self.root / link)
            inside = f"{target}{os.sep}".startswith(f"{root}{os.sep}")
            self._link_targets[link] = target[len(root) + 1 :].replace(os.sep, "/") if inside else None
        return self._link_targets[link]


def is_repository(directory: Path) -> bool:
    """Whether a directory is in a repository: it, or one above it, has a .git, go.mod or go.work."""
    absolute = Path(os.path.abspath(directory))
    return any((above / mark).exists() for above in (absolute, *absolute.parents) for mark in _MARKS)


def nearest(root: Path, files: Iterable[str]) -> Path:
    """Return the root, or if it is in no repository, the one below it that has all of these files, if there is one.

    actions/checkout can put the repository into a directory of the workspace, where later steps begin.
    """
    if is_repository(root):
        return root
    top = Path(os.path.abspath(root))
    found = {_outermost(top, Path(os.path.abspath(file))) for file in files}
    inside = found.pop() if len(found) == 1 else None
    return root / inside.relative_to(top) if inside else root


def _outermost(top: Path, file: Path) -> Path | None:
    """Return the outermost repository below a directory that has the file, None without one."""
    if not file.is_relative_to(top):
        return None
    directories = [top.joinpath(*file.relative_to(top).parts[:n]) for n in range(1, len(file.relative_to(top).parts))]
    marked = ((directory, mark) for mark in _MARKS for directory in directories)
    return next((directory for directory, mark in marked if os.path.exists(directory / mark)), None)


def _is_below(directory: str, above: str) -> bool:
    return not above or f"{directory}/".startswith(f"{above}/")
