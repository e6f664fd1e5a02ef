"""Choose the baseline for a run of the action.

A pull request is compared with the base branch's baseline, read through GitHub's API. Otherwise a change could raise
its own limits. If that baseline cannot be read, the run uses the checkout's and says so. A repository can also have its
baseline on a branch that has nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gotracer_ci import files
from gotracer_ci.errors import BaselineError, FileError, PublishError, UsageError
from gotracer_ci.github import contents
from gotracer_ci.github.client import Client
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.settings import MAX_CONFIG_BYTES

MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Reference:
    """The baseline to compare with.

    path: None if there is none. name: its name in reports, "" for its path. note: one line for the user, or "".
    """

    path: Path | None
    name: str = ""
    note: str = ""


def choose(file: Path, environment: RunnerEnvironment, client: Client | None, directory: Path) -> Reference:
    """Return the baseline of its own branch or of the base branch, or else the checkout's.

    Args:
        file: the absolute path of the checkout's baseline, which may not exist.
        client: None without a token.
        directory: where to store the base branch's baseline.
    """
    branch = environment.baseline_branch or environment.event.base_ref
    here = file if file.exists() else None
    inside = in_repository(file, environment.workspace)
    if not branch or not inside:
        return Reference(here)
    checkout = f"{inside} in the checkout"
    if client is None or not environment.token:
        if client:  # a dry run shows the request
            contents.read(client, inside, branch, MAX_BYTES)
        note = f"Compared with {checkout}: reading the baseline of {branch} needs github-token."
        return Reference(here, checkout, note if here else "")
    try:
        data = contents.read(client, inside, branch, MAX_BYTES)
    except PublishError as error:
        note = f"Compared with {checkout}, because the baseline of {branch} could not be read: {error}"
        return Reference(here, checkout, note if here else f"The baseline of {branch} could not be read: {error}")
    if data is None:
        note = f"Compared with {checkout}: {branch} has no {inside} yet."
        return Reference(here, checkout, note if here else "")
    copy = directory / "baseline.json"
    files.write(copy, data)
    differs = not environment.baseline_branch and here is not None and not _holds(here, data)
    note = f"This change modifies {inside}. Until it is merged, the version on {branch} applies."
    return Reference(copy, f"{inside} on {branch}", note if differs else "")


def to_update(file: Path, environment: RunnerEnvironment, client: Client | None) -> bytes | None:
    """Return the file of the baseline's own branch, or None if that branch does not have it yet.

    Raises:
        BaselineError: it cannot be read. An update of another file would lose its jobs.
        UsageError: the file is outside of the checkout.
    """
    branch = environment.baseline_branch
    inside = in_repository(file, environment.workspace)
    if not inside:
        raise UsageError(f"baseline-branch: {file} is not a file of the repository; name one below the checkout")
    problem = f"{inside} on {branch}: not updated, because it could not be read"
    if client is None or not environment.token:
        raise BaselineError(f"{problem}; pass github-token")
    try:
        return contents.read(client, inside, branch, MAX_BYTES)
    except PublishError as error:
        raise BaselineError(f"{problem}: {error}") from None


def configured(file: Path, environment: RunnerEnvironment, client: Client | None) -> str:
    """Return a warning if the change modifies the configuration file, or else "".

    Unlike the baseline, a modified configuration file takes effect at once, and reviewers should know.

    Args:
        file: the absolute path of the checkout's file, which may not exist.
    """
    branch = environment.event.base_ref
    inside = in_repository(file, environment.workspace)
    if not (branch and inside and client and environment.token):
        return ""
    try:
        data = contents.read(client, inside, branch, MAX_CONFIG_BYTES)
    except PublishError:
        # Reading the baseline needs the same permission, and its note gives the reason.
        return ""
    if not file.exists() if data is None else _holds(file, data):
        return ""
    return f"This change modifies {inside}, which decides what fails and which baseline applies."


def _holds(file: Path, data: bytes) -> bool:
    """Report whether a file of the change has this content. It may also be a directory or a link."""
    try:
        return files.read(file, len(data)) == data
    except FileError:
        return False


def in_repository(path: Path, workspace: Path) -> str:
    """Return a path relative to the top of its checkout, or "" if it is outside the workspace.

    The checkout may be a subdirectory of the workspace: actions/checkout takes a `path`.
    """
    if not path.is_relative_to(workspace):
        return ""
    directories = [directory for directory in (path, *path.parents) if directory.is_relative_to(workspace)]
    root = next((directory for directory in directories if (directory / ".git").exists()), workspace)
    return path.relative_to(root).as_posix()
