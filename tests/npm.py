"""npm packages that tests use as data or tools, each installed once below build/npm."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

NPM = Path(__file__).parents[1] / "build" / "npm"


def package(name: str, version: str) -> Path:
    """Return the directory of a package, such as "@octokit/webhooks-examples" "7.6.1", beside its dependencies."""
    prefix = NPM / f"{name.strip('@').replace('/', '-')}-{version}"
    with locked(prefix):
        if not prefix.exists():
            # so an interrupted installation is never used
            part = prefix.with_name(f"{prefix.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            _install(part, name, version)
            part.rename(prefix)
    return prefix / "node_modules" / name


def file(name: str, version: str, path: str) -> Path:
    """Return one file of a package, without the rest and without its dependencies."""
    kept = NPM / f"{name.strip('@').replace('/', '-')}-{version}" / PurePosixPath(path).name
    with locked(kept.parent):
        if not kept.exists():
            with tempfile.TemporaryDirectory() as directory:
                pack = ("npm", "pack", f"{name}@{version}", "--pack-destination", directory, "--loglevel=error")
                subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
                (archive,) = Path(directory).iterdir()
                with tarfile.open(archive) as members:
                    member = members.extractfile(f"package/{path}")
                    assert member, f"{name} has no {path}"
                    content = member.read()
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_name(f"{kept.name}.part")
            part.write_bytes(content)
            part.rename(kept)
    return kept


@contextmanager
def passing(name: str, version: str) -> Iterator[Path]:
    """Yield the directory of a package that is too large to keep, and delete it afterwards."""
    prefix = NPM / f"{name.strip('@').replace('/', '-')}-{version}.passing"
    with locked(prefix):
        try:
            _install(prefix, name, version)
            yield prefix / "node_modules" / name
        finally:
            shutil.rmtree(prefix, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let only one process at a time create a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(prefix: Path, name: str, version: str) -> None:
    prefix.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    subprocess.run(["npm", "install", "--prefix", prefix, *quiet, f"{name}@{version}"], check=True)
