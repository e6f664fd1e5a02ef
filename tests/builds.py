"""The decoder in its three builds, side by side in one process.

All builds come from one source: as installed, as plain Python and, if there is a C compiler, compiled with index
checks. Each build is a separate copy of the package `gotracer_ci.trace`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import gotracer_ci
from gotracer_ci.trace import kernel
from tests.npm import locked

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gotracer_ci" / "trace"
NAME = "gotracer_ci.trace"


class Build:
    """One build. `build.kernel` is its module `gotracer_ci.trace.kernel`."""

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self._modules = modules

    def __getattr__(self, name: str) -> ModuleType:
        try:
            return self._modules[f"{NAME}.{name}"]
        except KeyError:
            raise AttributeError(name) from None

    @contextmanager
    def active(self) -> Iterator[Build]:
        """Make this build the one that all imports get inside the `with` block."""
        others = _taken_out()
        sys.modules.update(self._modules)
        setattr(gotracer_ci, "trace", self._modules[NAME])  # noqa: B010 (mypy lets no module be assigned to)
        try:
            yield self
        finally:
            self._modules.update(_taken_out())
            sys.modules.update(others)
            setattr(gotracer_ci, "trace", others[NAME])  # noqa: B010


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == NAME or name.startswith(f"{NAME}.")]
    return {name: sys.modules.pop(name) for name in names}


class _Finder(MetaPathFinder):
    """Finds the package's modules in a directory. compiled: prefer compiled modules."""

    def __init__(self, package: Path, *, compiled: bool) -> None:
        self._package = package
        libraries = [(ExtensionFileLoader, EXTENSION_SUFFIXES)] if compiled else []
        self._loaders: list[Any] = [*libraries, (SourceFileLoader, [".py"])]

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname != NAME and not fullname.startswith(f"{NAME}."):
            return None
        directory = self._package.joinpath(*fullname.split(".")[2:]).parent
        return FileFinder(str(directory), *self._loaders).find_spec(fullname)


def load(package: Path, *, compiled: bool) -> Build:
    """Load another copy of the package. compiled: prefer its compiled modules."""
    finder = _Finder(package, compiled=compiled)
    cython = sys.modules.get("cython")
    others = _taken_out()
    sys.meta_path.insert(0, finder)
    if not compiled:
        sys.modules["cython"] = None  # type: ignore[assignment]  # as where there is no Cython
    try:
        for file in sorted(package.rglob("*.py")):
            parts = file.relative_to(package).with_suffix("").parts
            import_module(".".join((NAME, *(part for part in parts if part != "__init__"))))
        return Build(_taken_out())
    finally:
        sys.meta_path.remove(finder)
        _taken_out()
        sys.modules.update(others)
        setattr(gotracer_ci, "trace", others[NAME])  # noqa: B010
        sys.modules.pop("cython", None)
        if cython is not None:
            sys.modules["cython"] = cython


@cache
def installed() -> Build:
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        import_module(".".join((NAME, *(part for part in parts if part != "__init__"))))
    return Build({name: module for name, module in sys.modules.items() if f"{name}.".startswith(f"{NAME}.")})


@cache
def uncompiled() -> Build:
    """Return the build as plain Python, even if the installed one is compiled."""
    return load(PACKAGE, compiled=False)


def checked_package() -> Path:
    """Return the package compiled with index checks, built once per version of the source."""
    sources = [ROOT / "setup.py", *sorted(PACKAGE.rglob("*.p*"))]
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources if source.is_file())).hexdigest()[:16]
    directory = ROOT / "build" / "checked" / state
    with locked(directory):
        if not directory.exists():
            part = directory.with_name(f"{state}.part")
            shutil.rmtree(part, ignore_errors=True)
            command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", str(part), str(ROOT)]
            # more optimization takes longer than it saves: these traces are small
            subprocess.run(command, check=True, env={**os.environ, "GOTRACER_CI_CHECKED": "1", "CFLAGS": "-O1"})
            part.rename(directory)
    return directory / "gotracer_ci" / "trace"


@cache
def checked() -> Build:
    return load(checked_package(), compiled=True)


BUILDS: dict[str, Callable[[], Build]] = {
    "installed": installed,
    "uncompiled": uncompiled,
    **({"checked": checked} if kernel.is_compiled() else {}),
}


def open_trace(name: str) -> Any:
    """Open a trace with the active build."""
    return import_module(f"{NAME}.open").open_trace(name)


def trace_of(name: str, data: bytes) -> Any:
    """Return a trace in memory, opened with the active build."""
    return import_module(f"{NAME}.reader").Trace(name, memoryview(data))


def new_groups() -> Any:
    """Return a new `Groups` of the active build."""
    return import_module(f"{NAME}.observers.groups").Groups()


def groups_of(trace: Any) -> list[tuple[Any, ...]]:
    """Read a trace with the active build and return its groups of intervals (`Groups.rows`)."""
    groups = new_groups()
    for _ in trace.chunks((), (groups,)):
        pass
    rows: list[tuple[Any, ...]] = groups.rows()
    return rows


def new_lives(trace: Any, *, each: bool = True) -> Any:
    """Return a new `Lives` of the active build for a trace; waits without a reason have the reason ""."""
    lives = import_module(f"{NAME}.observers.lives").Lives
    return lives(lambda reason, _: trace.tables.string(reason), each)


def ancestry_of(trace: Any) -> Any:
    """Read a trace with the active build and return its `Ancestry`."""
    ancestry = import_module(f"{NAME}.observers.ancestry").Ancestry()
    for _ in trace.chunks((), (ancestry,)):
        pass
    return ancestry


def new_holders(explain: Callable[[int, int], Any]) -> Any:
    """Return a new `Holders` of the active build."""
    return import_module(f"{NAME}.observers.holders").Holders(explain)


def new_bins() -> Any:
    """Return a new `Bins` of the active build."""
    return import_module(f"{NAME}.observers.bins").Bins()


def new_wakes(trace: Any) -> Any:
    """Return a new `Wakes` of the active build for a trace; waits without a reason have the reason ""."""
    return import_module(f"{NAME}.observers.wakes").Wakes(lambda reason, _: trace.tables.string(reason))


def new_tests(kind: Callable[[int], int], tells: Callable[[int], int]) -> Any:
    """Return a new `Tests` of the active build."""
    return import_module(f"{NAME}.observers.tests").Tests(kind, tells)


def new_holds(is_lock: Callable[[int], bool], site: Callable[[int], int]) -> Any:
    """Return a new `Holds` of the active build."""
    return import_module(f"{NAME}.observers.holds").Holds(is_lock, site)


def new_lanes(budget: int) -> Any:
    """Return a new `Lanes` of the active build."""
    return import_module(f"{NAME}.observers.lanes").Lanes(budget)


def new_stretches() -> Any:
    """Return a new `Stretches` of the active build."""
    return import_module(f"{NAME}.observers.stretches").Stretches()


def new_proc_times(waits: Sequence[tuple[int, int, int]]) -> Any:
    """Return a new `ProcTimes` of the active build."""
    return import_module(f"{NAME}.observers.proc_times").ProcTimes(waits)
