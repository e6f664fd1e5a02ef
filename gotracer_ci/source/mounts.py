"""Find where the traced build had the repository: by the user's path map, by its root, or by votes of other paths."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gotracer_ci.errors import UsageError
from gotracer_ci.source.names import is_closure, package_of
from gotracer_ci.source.repository import Repository

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_TEST_PACKAGE = "_test"
_MAX_ASKED = 500


def normal(file: str) -> str:
    """Return a path with `/` as separator, one at the start, an upper-case drive, and without `.` and `..`."""
    if _DRIVE.match(file):
        file = file[0].upper() + file[1:].replace("\\", "/")
    elif file.startswith("\\\\"):  # a Windows share
        file = file.replace("\\", "/")
    if file and ("//" in file or "./" in file):
        clean = posixpath.normpath(file)
        clean = clean[clean.startswith("//") :]
        return file if clean == file else normal(clean)  # a leading ./ can hide a drive or a share
    return file


def is_absolute(file: str) -> bool:
    return file.startswith("/") or _DRIVE.match(file) is not None


class Mount(NamedTuple):
    """A directory of the traced build ("" for `/`) and the repository's directory that it held ("" for the root)."""

    start: str
    directory: str

    def inside(self, file: str) -> str | None:
        """Return the path that the build's file has in the repository, None if it is not below the mount."""
        if not file.startswith(self.start + "/"):
            return None
        rest = file[len(self.start) + 1 :]
        return f"{self.directory}/{rest}" if self.directory else rest


def configured(repository: Repository, path_map: Sequence[tuple[str, str]]) -> list[Mount]:
    """Return the user's path map, longest first, then the repository's root, as given and with links resolved.

    Raises:
        UsageError: a path map that leads out of the repository.
    """
    known = list(dict.fromkeys(normal(root).rstrip("/") for root in repository.places))
    maps = [Mount(normal(start).rstrip("/"), _directory(start, normal(to), known)) for start, to in path_map]
    maps.sort(key=lambda mount: -len(mount.start))
    return maps + [Mount(root, "") for root in known]


def _directory(start: str, to: str, roots: Iterable[str]) -> str:
    """Return the target of a path map as a directory of the repository."""
    inside = next((to[len(root) :].lstrip("/") for root in roots if f"{to}/".startswith(f"{root}/")), to)
    directory = posixpath.normpath(inside or ".")
    if not start or is_absolute(directory) or f"{directory}/".startswith("../"):
        raise UsageError(f"--path-map {start}={to}: needs FROM=TO, with TO a directory of the repository")
    return "" if directory == "." else directory


def vote(file: str, seen: Mapping[str, Sequence[int]], repository: Repository) -> list[Mount]:
    """Return a file's votes: the mount that maps it to a file of its package in the repository, if any.

    The build's path may contain only a part of the repository's: `COPY service/ /app/` turns service/db/x.go into
    /app/db/x.go. A closure has the name of the function that it was inlined into, which may belong to another package.
    So a closure votes only if nothing else ran in the file, and only where the file declares it.

    Args:
        seen: the functions that ran in the file, and their lines.
    """
    theirs = file.split("/")
    best = 0
    found: list[Mount] = []
    named = {(package_of(function), "") for function in seen if not is_closure(function)}
    for package, closure in sorted(named or {(package_of(function), function) for function in seen}):
        for directory in (package, package.removesuffix(_TEST_PACKAGE)):
            expected, _ = repository.locate(f"{directory}/{theirs[-1]}")
            if expected is None or (closure and not repository.declares(expected, closure, seen[closure])):
                continue
            ours = expected.split("/")
            common = shared_end(theirs, ours)
            if common > best:
                best, found = common, [_mount(theirs, ours)]
    return found


def suggested(files: Sequence[str], repository: Repository) -> str:
    """Return the path map that finds most of the files, quoted for a shell; "" if none stands out."""
    found: Counter[tuple[str, str]] = Counter()
    for file in files[:_MAX_ASKED]:
        theirs = file.split("/")
        for path in repository.by_name.get(theirs[-1], ())[:_MAX_ASKED]:
            mount = _mount(theirs, path.split("/"))
            found[mount.start or file[: file.startswith("/")], mount.directory] += 1
    most = max(found.values(), default=0)
    nearest = min((_depth(directory) for (_, directory), count in found.items() if count == most), default=0)
    best = [mount for mount, count in found.items() if count == most and _depth(mount[1]) == nearest]
    if len(best) != 1 or 2 * most < len(files[:_MAX_ASKED]):
        return ""
    start, directory = best[0]
    usable = start and start.isprintable() and "=" not in start
    return shlex.quote(f"{start}={directory or '.'}") if usable else ""


def _depth(directory: str) -> int:
    return directory.count("/") + (directory != "")


def _mount(theirs: Sequence[str], ours: Sequence[str]) -> Mount:
    """Return the mount that turns a path of the build into one of the repository with the same name."""
    shared = shared_end(theirs, ours)
    return Mount("/".join(theirs[:-shared]), "/".join(ours[:-shared]))


def shared_end(left: Sequence[str], right: Sequence[str]) -> int:
    """Count the elements that two paths share at their ends."""
    shared = 0
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if a != b:
            break
        shared += 1
    return shared
