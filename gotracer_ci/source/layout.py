"""Infer from all frames of a trace where the build had GOROOT, the repository and own code."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from gotracer_ci.source.gomod import ModuleKind
from gotracer_ci.source.mounts import Mount, is_absolute, vote
from gotracer_ci.source.names import package_of
from gotracer_ci.source.repository import Repository

TOOLCHAIN = "/golang.org/toolchain@"
# A module in the module cache, or with -trimpath any module but the main ones: "path@v1.2.3/".
VERSIONED = re.compile(r"@(v\d[^/]*)/")

_VOTES_NEEDED = 0.1


class Layout(NamedTuple):
    """Where a build had its files.

    goroot: GOROOT's `…/src/`, "" if paths are trimmed. mounts: found by votes, most votes first. home: import paths
    above own code. versioned: paths contain the versions of modules that are not main ones. installed: the module's
    directory if the main package belongs to a versioned module ("go install path@version"). functions: normalised file
    → the functions that ran in it, and their lines. repository: with only the modules that this build has.
    """

    goroot: str = ""
    mounts: tuple[Mount, ...] = ()
    home: frozenset[str] = frozenset()
    versioned: bool = False
    installed: str = ""
    repository: Repository | None = None
    functions: Mapping[str, Mapping[str, list[int]]] = {}

    def is_home(self, import_path: str) -> bool:
        """Whether code that is not in the repository is own code, judging by the rest of the trace.

        A module has a dot in its first element, the standard library does not. With -trimpath only main modules lack
        a version. A vendored build may lack all versions: then code with the main package's origin is own.
        """
        if any(f"{import_path}/".startswith(f"{path}/") for path in self.home):
            return True
        return has_host(import_path) and (self.versioned or not self.home)


def has_host(import_path: str) -> bool:
    """Whether the path belongs to a module that can be downloaded: its first element has a dot."""
    return "." in import_path.split("/", 1)[0]


def read(
    functions: Mapping[str, Mapping[str, list[int]]], known: Sequence[Mount], repository: Repository | None
) -> Layout:
    """Return the layout of a build.

    Args:
        functions: normalised file → the functions that ran in it, and their lines.
        known: the mounts that need no votes.
    """
    if repository:
        repository = repository.as_built(_mains(functions, known, repository))
    goroot = _goroot(functions, repository)
    installed = ""
    home: set[str] = set()
    versioned = False
    votes: Counter[Mount] = Counter()
    for file, names in functions.items():
        version = VERSIONED.search(file)
        if version:
            if "main.main" in names:
                installed = file[: version.end()]
            versioned = versioned or not is_absolute(file)
        elif is_absolute(file):
            std = TOOLCHAIN in file or (goroot and file.startswith(goroot))
            if repository and not std and all(mount.inside(file) is None for mount in known):
                votes.update(vote(file, names, repository))
        elif "/" in file and file.endswith(".go") and _is_own_for_certain(file, names, repository):
            home.add(_origin(file))
    enough = _VOTES_NEEDED * votes.total()
    mounts = tuple(mount for mount, count in votes.most_common() if count >= enough)
    return Layout(goroot, mounts, frozenset(home), versioned, installed, repository, functions)


def _mains(functions: Mapping[str, Iterable[str]], known: Sequence[Mount], repository: Repository) -> set[str]:
    """Return the directories of the modules that the main package or the tests belong to; empty if unknown."""
    mains = set()
    for file, names in functions.items():
        if file.endswith("_test.go") or "main.main" in names:
            inside = (path for mount in known if (path := mount.inside(file)) is not None)
            path = next(filter(None, map(repository.find, inside)), None) or repository.locate(file)[0]
            home = repository.home(path) if path else None
            if home:
                mains.add(home.directory)
    return mains


def _goroot(functions: Mapping[str, Iterable[str]], repository: Repository | None) -> str:
    """Return GOROOT/src/ as most frames of package runtime have it, or else as other packages without a host do."""
    runtime: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for file, names in functions.items():
        if "/src/" not in file or not is_absolute(file):
            continue
        for package in {package_of(name) for name in names} - {"", "main"}:
            start = file[: file.rfind("/") + 1].removesuffix(f"{package}/")
            if not start.endswith("/src/"):
                continue
            if package == "runtime":
                runtime[start] += 1
            elif not has_host(package) and not (repository and repository.locate(package)[1]):
                others[start] += 1
    best = (runtime or others).most_common(1)
    return best[0][0] if best else ""


def _is_own_for_certain(file: str, names: Container[str], repository: Repository | None) -> bool:
    """Whether the file belongs to a main package, to a tested package, or to a main module in the repository."""
    if "main.main" in names or file.endswith("_test.go"):
        return True
    if repository is None:
        return False
    path, module = repository.locate(file)
    return path is not None and module is not None and module.kind is ModuleKind.OWN


def _origin(file: str) -> str:
    """Return what the modules of one organisation share: host and owner, or the first element without a host."""
    directory = posixpath.dirname(file).split("/")
    return "/".join(directory[:2]) if has_host(file) else directory[0]
