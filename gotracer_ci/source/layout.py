"""Infer from all frames of a trace where the build had GOROOT, the repository and own code."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from gotracer_ci.source.gomod import ModuleKind
from gotracer_ci.source.libraries import can_be_own, is_std, origin
from gotracer_ci.source.mounts import Mount, is_absolute, vote
from gotracer_ci.source.names import MAIN_PACKAGES, is_closure, package_of
from gotracer_ci.source.repository import Repository

TOOLCHAIN = "/golang.org/toolchain@"
# A module in the module cache, or with -trimpath any module but the main ones: "path@v1.2.3/".
VERSIONED = re.compile(r"@(v\d[^/]*)/")

_VOTES_NEEDED = 0.1
_TEST_PACKAGE = "_test"


class Layout(NamedTuple):
    """Where a build had its files.

    goroot: GOROOT's `…/src/`, "" if paths are trimmed. mounts: found by votes, most votes first. tested: the import
    path of the package under test, "" if unknown. of_std: the package under test if it is one of the standard library,
    or the directory of one of Go's own commands; "" for other programs. gopath: `…/src/` of the workspaces of GOPATH
    mode. home: import paths above own code. versioned: paths contain the versions of modules that are not main ones.
    installed: the module's directory if the main package belongs to a versioned module ("go install path@version").
    functions: normalised file → the functions that ran in it, and their lines. repository: with only the modules that
    this build has.
    """

    goroot: str = ""
    mounts: tuple[Mount, ...] = ()
    tested: str = ""
    of_std: str = ""
    gopath: tuple[str, ...] = ()
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

    def below_gopath(self, file: str) -> str | None:
        """Return the import path of a file's package in GOPATH mode, None if the file is in no such workspace."""
        start = next((start for start in self.gopath if file.startswith(start)), None)
        return None if start is None else posixpath.dirname(file[len(start) :])

    def below_goroot(self, file: str) -> str | None:
        """Return the path of a file in GOROOT/src, None if it is elsewhere. Trimmed paths are not in GOROOT."""
        if TOOLCHAIN in file:
            _, is_below, path = file.partition(TOOLCHAIN)[2].partition("/src/")
            return path if is_below else None
        return file[len(self.goroot) :] if self.goroot and file.startswith(self.goroot) else None

    def is_own_std(self, path: str, *, test: bool) -> bool:
        """Whether a file of the standard library, by its path below GOROOT/src, belongs to the traced program."""
        directory = posixpath.dirname(path)
        if test or not self.of_std:
            return test
        return directory == self.of_std or (self.of_std.startswith("cmd/") and directory.startswith(f"{self.of_std}/"))


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
    tested = _tested(functions)
    of_std = ""
    gopath = _gopath(functions, goroot)
    versioned = False
    votes: Counter[Mount] = Counter()
    layout = Layout(goroot, gopath=gopath)
    for file, names in functions.items():
        version = VERSIONED.search(file)
        is_program = file.endswith("_test.go") or "main.main" in names
        if version and TOOLCHAIN not in file:
            if "main.main" in names:
                installed = file[: version.end()]
            versioned = versioned or not is_absolute(file)
        elif is_absolute(file):
            std, package = layout.below_goroot(file), layout.below_gopath(file)
            if is_program and std is not None:
                of_std = tested if file.endswith("_test.go") else posixpath.dirname(std)
            elif is_program and package:
                home.add(origin(package))
            if repository and std is None and all(mount.inside(file) is None for mount in known):
                votes.update(vote(file, names, repository))
        elif "/" in file and file.endswith(".go") and _is_own_for_certain(file, names, repository):
            directory = posixpath.dirname(file)
            if is_std(file) and not (repository and repository.locate(file)[0]):
                of_std = tested if file.endswith("_test.go") else directory
            else:
                home.add(origin(directory))
    enough = _VOTES_NEEDED * votes.total()
    mounts = tuple(mount for mount, count in votes.most_common() if count >= enough)
    of_std = of_std if can_be_own(of_std) else ""
    return Layout(goroot, mounts, tested, of_std, gopath, frozenset(home), versioned, installed, repository, functions)


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


def _tested(functions: Mapping[str, Iterable[str]]) -> str:
    """Return the package under test: Go compiles test files only into the test binary of their own package."""
    found = Counter(
        package_of(name).removesuffix(_TEST_PACKAGE)
        for file, names in functions.items()
        if file.endswith("_test.go")
        for name in names
        if not is_closure(name)
    )
    return min(found, key=lambda package: (-found[package], package), default="")


def _gopath(functions: Mapping[str, Iterable[str]], goroot: str) -> tuple[str, ...]:
    """Return the directories that have packages below their import paths, as the workspaces of GOPATH mode do."""
    found: set[str] = set()
    for file, names in functions.items():
        if "/src/" not in file or not is_absolute(file) or file.startswith(goroot or "\0") or VERSIONED.search(file):
            continue
        directory = f"{posixpath.dirname(file)}/"
        for package in {package_of(name).removesuffix(_TEST_PACKAGE) for name in names} - {"", *MAIN_PACKAGES}:
            start = directory.removesuffix(f"/{package}/")
            if start != directory and start.endswith("/src"):
                found.add(f"{start}/")
    return tuple(sorted(found))
