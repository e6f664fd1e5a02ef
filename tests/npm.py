"""Packages of npm that tests use as data or as tools, each installed once below build/npm."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NPM = Path(__file__).parents[1] / "build" / "npm"


def package(name: str, version: str) -> Path:
    """The folder of a package, e.g. of "@octokit/webhooks-examples" "7.6.1"; its dependencies are beside it."""
    prefix = NPM / f"{name.strip('@').replace('/', '-')}-{version}"
    with locked(prefix):
        if not prefix.exists():
            # what was broken off is never taken for a whole installation
            part = prefix.with_name(f"{prefix.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            _install(part, name, version)
            part.rename(prefix)
    return prefix / "node_modules" / name


@contextmanager
def passing(name: str, version: str) -> Iterator[Path]:
    """The folder of a package that is too large to be kept; deleted at the end of the with."""
    prefix = NPM / f"{name.strip('@').replace('/', '-')}-{version}.passing"
    with locked(prefix):
        try:
            _install(prefix, name, version)
            yield prefix / "node_modules" / name
        finally:
            shutil.rmtree(prefix, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Makes other processes that want to make the same path wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(prefix: Path, name: str, version: str) -> None:
    prefix.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    subprocess.run(["npm", "install", "--prefix", prefix, *quiet, f"{name}@{version}"], check=True)
