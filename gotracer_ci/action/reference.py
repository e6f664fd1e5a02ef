"""Choose the baseline that a run of the action is compared with.

On a pull request it is the base branch's, read through GitHub's API, so that a change cannot raise its own limits. If
that cannot be read, the checkout's is used, and a notice says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gotracer_ci import files
from gotracer_ci.errors import FileError, PublishError
from gotracer_ci.github import contents
from gotracer_ci.github.client import Client
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.settings import MAX_CONFIG_BYTES

MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Reference:
    """path: the file to compare with, None if there is none. name: its name in reports, "" for its path.

    note: one line for the user, "" for none.
    """

    path: Path | None
    name: str = ""
    note: str = ""


def choose(file: Path, environment: RunnerEnvironment, client: Client | None, folder: Path) -> Reference:
    """Return the baseline of the base branch, or else of the checkout.

    Args:
        file: the absolute path in the checkout; it need not exist.
        client: None without a token.
        folder: the directory to store the base branch's file in.
    """
    branch = environment.event.base_ref
    here = file if file.exists() else None
    inside = in_repository(file, environment.workspace)
    if not branch or not inside:
        return Reference(here)
    shown = environment.on_host(file)
    checkout = f"{shown} of the checkout"
    if client is None or not environment.token:
        if client:  # a dry run shows the request
            contents.read(client, inside, branch, MAX_BYTES)
        note = f"Compared with {checkout}: without github-token the baseline of {branch} cannot be read."
        return Reference(here, checkout, note if here else "")
    try:
        data = contents.read(client, inside, branch, MAX_BYTES)
    except PublishError as error:
        note = f"Compared with {checkout}, because the baseline of {branch} could not be read: {error}"
        return Reference(here, checkout, note if here else f"The baseline of {branch} could not be read: {error}")
    if data is None:
        note = f"{branch} has no {shown} yet: compared with {checkout}."
        return Reference(here, checkout, note if here else "")
    copy = folder / "baseline.json"
    files.write(copy, data)
    differs = here is not None and not _holds(here, data)
    note = f"This change has another {shown} than {branch}. It counts once it is merged; until then {branch}'s does."
    return Reference(copy, f"{shown} of {branch}", note if differs else "")


def configured(file: Path, environment: RunnerEnvironment, client: Client | None) -> str:
    """Return one line if the change has another configuration file than the base branch, else "".

    Unlike the baseline it takes effect at once, which a reviewer should not have to find in the diff.

    Args:
        file: the absolute path in the checkout; it need not exist.
    """
    branch = environment.event.base_ref
    inside = in_repository(file, environment.workspace)
    if not (branch and inside and client and environment.token):
        return ""
    try:
        data = contents.read(client, inside, branch, MAX_CONFIG_BYTES)
    except PublishError:
        # reading the baseline needs the same permission, and its note says why that failed
        return ""
    if not file.exists() if data is None else _holds(file, data):
        return ""
    shown = environment.on_host(file)
    return f"This change has another {shown} than {branch}, and is judged by its own: what fails, and which baseline."


def _holds(file: Path, data: bytes) -> bool:
    """Whether a file of the change has this content. It may be a directory, or a link to anything."""
    try:
        return files.read(file, len(data)) == data
    except FileError:
        return False


def in_repository(path: Path, workspace: Path) -> str:
    """Return the path in the repository of a file or directory in its checkout, "" outside of the workspace.

    The workspace need not be the checkout: actions/checkout has an input `path`.
    """
    if not path.is_relative_to(workspace):
        return ""
    folders = [folder for folder in (path, *path.parents) if folder.is_relative_to(workspace)]
    root = next((folder for folder in folders if (folder / ".git").exists()), workspace)
    return path.relative_to(root).as_posix()
