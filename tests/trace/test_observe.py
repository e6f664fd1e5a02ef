"""A new aggregate is one new file: an observer that the kernel knows nothing of, in all builds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from gotracer_ci.trace.spec import Ev, GoState, IntervalKind
from tests.builds import ROOT, Build, new_groups, open_trace
from tests.conftest import once
from tests.trace.conftest import TRACES
from tests.trace.test_kernel import walk

SOURCE = Path(__file__).with_name("time_by_state.py")
COMPILE = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
macros = [("Py_LIMITED_API", "0x030b0000")]  # as the base class, or their types do not fit
extension = Extension("time_by_state", [sys.argv[1]], define_macros=macros, py_limited_api=True)
modules = cythonize([extension], include_path=[sys.argv[2]], build_dir="c", quiet=True)
setup(name="time-by-state", ext_modules=modules, script_args=["-q", "build_ext", "--build-lib", "lib"])
"""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The observer compiled, as a package of somebody else's would compile it."""

    def compiled(directory: Path) -> None:
        directory.mkdir()
        source = str(shutil.copy(SOURCE, directory))
        command = [sys.executable, "-c", COMPILE, source, str(ROOT)]
        subprocess.run(command, cwd=directory, check=True, timeout=300)

    (built,) = (once(tmp_path_factory, "observer", compiled) / "lib").iterdir()
    return built


@pytest.fixture(scope="session")
def observer(build: Build, library: Path, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The observer for this build: compiled for a compiled one, else plain Python."""
    loader: ExtensionFileLoader | SourceFileLoader = SourceFileLoader("time_by_state", str(SOURCE))
    with build.active(), pytest.MonkeyPatch.context() as patch:
        if build.kernel.is_compiled():
            # each build needs a library of its own: Python initialises one only once
            copy = str(shutil.copy(library, tmp_path_factory.mktemp("copy")))
            loader = ExtensionFileLoader("time_by_state", copy)
        else:
            patch.setitem(sys.modules, "cython", None)
        spec = spec_from_loader("time_by_state", loader)
        assert spec is not None
        module = module_from_spec(spec)
        loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_the_times_by_state_of_each_life_are_exact(path: Path, decoder: Build, observer: ModuleType) -> None:
    """They sum to the lifetime, and over all lives to what a plain walk over the events gives."""
    times, groups = observer.TimeByState(), new_groups()
    trace = open_trace(str(path))
    expected = walk(trace, times, groups)
    rows = times.rows()
    totals = trace.totals()
    assert len(rows) == totals["goroutines_at_start"] + totals["goroutines_created"]
    assert all(sum(row[:4]) == row[4] for row in rows)
    for column, state in enumerate((GoState.RUNNABLE, GoState.RUNNING, GoState.SYSCALL, GoState.WAITING)):
        assert sum(row[column] for row in rows) == expected[state][1]


@pytest.mark.parametrize("path", TRACES[::7], ids=lambda path: path.stem)
def test_several_observers_see_what_each_sees_alone(path: Path, decoder: Build, observer: ModuleType) -> None:
    alone, first, last, groups = observer.TimeByState(), observer.TimeByState(), observer.TimeByState(), new_groups()
    for observers in ((alone,), (first, groups, last)):
        for _ in open_trace(str(path)).chunks((), observers):
            pass
    assert alone.rows() == first.rows() == last.rows()
    assert groups.rows()


def test_ranges_are_intervals(decoder: Build) -> None:
    """Stop-the-world, mark assists, sweeps and regions are reported like any other interval, in both formats."""
    for versions in (("go1.19", "go1.21"), ("go1.22", "go1.27")):
        kinds: Counter[IntervalKind] = Counter()
        for path in TRACES:
            if path.stem.endswith(versions):
                groups = new_groups()
                for _ in open_trace(str(path)).chunks((), (groups,)):
                    pass
                kinds.update(IntervalKind(kind) for kind, *_ in groups.rows())
        assert set(kinds) == set(IntervalKind) - {IntervalKind.RUNNING}


def test_a_life_is_a_column(decoder: Build) -> None:
    """Each event of a goroutine has its life, except the status that makes it known; a life has one id."""
    for path in TRACES[::4]:
        ids: dict[int, set[int]] = {}
        unknown = set()
        for chunk in open_trace(str(path)).chunks():
            for kind, goroutine, life in chunk.columns(chunk.types, chunk.goroutines, chunk.lives):
                ids.setdefault(life, set()).add(goroutine)
                if life < 0 and goroutine >= 0:
                    unknown.add(Ev(kind))
        assert unknown <= {Ev.GO_STATUS, Ev.CPU_SAMPLE}
        assert all(len(found) == 1 for life, found in ids.items() if life >= 0)
        assert len(ids) > 2
