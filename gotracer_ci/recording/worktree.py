"""A second worktree for the commit that a change is based on."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gotracer_ci.errors import UsageError


class _GitError(Exception):
    """Git fails. Its message is git's."""


@contextmanager
def checked_out(directory: Path, revision: str) -> Iterator[Path]:
    """Check a commit out elsewhere, and yield the place there of a directory of the repository. Afterwards it is gone.

    Raises:
        UsageError: there is no git, no repository or no such commit, or it does not have the directory.
    """
    git = shutil.which("git")
    if git is None:
        raise UsageError("--base: git not found; install it, or record both sides and use gotracer-ci diff")
    try:
        below = _git(git, directory, "rev-parse", "--show-prefix")
    except _GitError as error:
        raise UsageError(f"--base: {directory} is in no git repository ({error})") from None
    try:
        commit = _git(git, directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except _GitError:
        problem = "git knows no such commit; check the name, or fetch it: git fetch origin"
        raise UsageError(f"--base {revision}: {problem}") from None
    # the real path, as in the traces
    scratch = Path(tempfile.mkdtemp(prefix="gotracer-ci-base-")).resolve()
    place = scratch / "base"
    try:
        try:
            _git(git, directory, "worktree", "add", "--detach", "--quiet", str(place), commit)
        except _GitError as error:
            raise UsageError(f"--base {revision}: git cannot check it out: {error}") from None
        inside = place / below
        if not inside.is_dir():
            raise UsageError(f"--base {revision}: has no directory {below}")
        yield inside
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        subprocess.run([git, "worktree", "prune"], cwd=directory, capture_output=True, check=False)


def changed_files(directory: Path) -> int:
    """Return how many files differ from the latest commit, 0 without git."""
    git = shutil.which("git")
    try:
        return len(_git(git, directory, "status", "--porcelain").splitlines()) if git else 0
    except _GitError:
        return 0


def _git(git: str, directory: Path, *arguments: str) -> str:
    command = [git, *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise _GitError(lines[-1].removeprefix("fatal: "))
    return done.stdout.strip()
