"""A plain install of this package. An editable one takes longer to start."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.bench.golang import BUILD, ROOT


@dataclass(frozen=True, slots=True)
class Installed:
    """A virtual environment. python, command: its interpreter and its `gotracer-ci`."""

    python: Path
    command: Path


def install() -> Installed:
    """Build and install the package as it is now.

    It uses this environment's dependencies. Adding their path does not add its editable packages.
    """
    source, directory = BUILD / "source", BUILD / "installed"
    for old in (source, directory):
        shutil.rmtree(old, ignore_errors=True)
    # build in a copy, because a build directory may contain modules that have been renamed since
    unneeded = shutil.ignore_patterns(".*", "build", "tests", "testdata", "*.so", "*.pyd", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=unneeded)
    venv.create(directory, symlinks=True)
    python = directory / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq", "--no-deps"]
    subprocess.run([*pip, str(source)], check=True)
    (site,) = directory.glob("lib/python3*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return Installed(python, directory / "bin" / "gotracer-ci")


def without_libraries(installed: Installed) -> Path:
    """Return a copy of the installed package as plain Python."""
    directory = BUILD / "uncompiled"
    (package,) = installed.python.parents[1].glob("lib/python3*/site-packages/gotracer_ci")
    shutil.rmtree(directory, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(package, directory / "gotracer_ci", ignore=ignored)
    return directory
