"""Where the traced build had the repository: as the user says, by its roots, or by the votes of foreign paths."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gotracer_ci.errors import UsageError
from gotracer_ci.source.names import package_of
from gotracer_ci.source.repository import Repository

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_TEST_PACKAGE = "_test"


def normal(file: str) -> str:
    """A path with `/` for separators, an upper-case drive, and no `.` or `..` that can be removed."""
    if _DRIVE.match(file):
        file = file[0].upper() + file[1:].replace("\\", "/")
    if file and ("//" in file or "./" in file):
        file = posixpath.normpath(file)
    return file


def is_absolute(file: str) -> bool:
    return file.startswith("/") or _DRIVE.match(file) is not None


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the traced build ("" for `/`), and the repository's folder that it was ("" for its root)."""

    start: str
    folder: str

    def inside(self, file: str) -> str | None:
        """The repository path that the build's file would have; None for a file that is not below the mount."""
        if not file.startswith(self.start + "/"):
            return None
        rest = file[len(self.start) + 1 :]
        return f"{self.folder}/{rest}" if self.folder else rest


def configured(repository: Repository, path_map: Sequence[tuple[str, str]], roots: Sequence[str]) -> list[Mount]:
    """The user's path map, longest first, then the repository's own roots and those it is also known under.

    Raises:
        UsageError: a path map that leads out of the repository.
    """
    own = (os.path.abspath(repository.root), os.path.realpath(repository.root))
    known = list(dict.fromkeys(normal(root).rstrip("/") for root in (*own, *roots) if root))
    maps = [Mount(normal(start).rstrip("/"), _folder(start, normal(to), known)) for start, to in path_map]
    maps.sort(key=lambda mount: -len(mount.start))
    return maps + [Mount(root, "") for root in known]


def _folder(start: str, to: str, roots: Iterable[str]) -> str:
    """The target of a path map as a folder of the repository."""
    inside = next((to[len(root) :].lstrip("/") for root in roots if f"{to}/".startswith(f"{root}/")), to)
    folder = posixpath.normpath(inside or ".")
    if not start or is_absolute(folder) or f"{folder}/".startswith("../"):
        raise UsageError(f"--path-map {start}={to}: needs FROM=TO, with TO a folder of the repository")
    return "" if folder == "." else folder


def vote(file: str, names: set[str], repository: Repository) -> list[Mount]:
    """A file's vote for the mount that makes it the file of its package in the repository, if it has one.

    Not always all of the build's path is the repository's: `COPY service/ /app/` makes service/db/x.go /app/db/x.go.
    Of several packages (a closure carries the name of the function that it was inlined into) the best match votes.
    """
    theirs = file.split("/")
    best = 0
    found: list[Mount] = []
    for package in sorted({package_of(name) for name in names}):
        for folder in (package, package.removesuffix(_TEST_PACKAGE)):
            expected, _ = repository.locate(f"{folder}/{theirs[-1]}")
            ours = expected.split("/") if expected else []
            common = shared_end(theirs, ours)
            if common > best:
                best = common
                found = [Mount("/".join(theirs[:-common]), "/".join(ours[:-common]))]
    return found


def shared_end(left: Sequence[str], right: Sequence[str]) -> int:
    """How many elements two paths share at their ends."""
    shared = 0
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if a != b:
            break
        shared += 1
    return shared
