"""Translate directories that have different paths in the container and in the rest of the job.

The runner translates a value that starts with a path of the host, but not the later lines of an input, and not
RUNNER_WORKSPACE.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

Pairs = tuple[tuple[str, str], ...]


def mapping_of(environ: Mapping[str, str]) -> Pairs:
    """Return the directories as (host, container), most specific first.

    RUNNER_WORKSPACE is the workspace's parent on the host. The steps of a job that itself runs in a container see
    the same directories below /__w.
    """
    parent = PurePosixPath(environ.get("RUNNER_WORKSPACE") or "/")
    repository = environ.get("GITHUB_REPOSITORY", "").rpartition("/")[2]
    if not parent.name or not repository:
        return ()
    pairs = []
    for root in (parent.parent, PurePosixPath("/__w")):
        pairs.append((str(root / parent.name / repository), environ["GITHUB_WORKSPACE"]))
        if environ.get("RUNNER_TEMP"):
            pairs.append((str(root / "_temp"), environ["RUNNER_TEMP"]))
    return tuple(pairs)


def replace_prefix(text: str, pairs: Pairs) -> str:
    """Return the path with its first matching directory replaced."""
    for old, new in pairs:
        if text == old or text.startswith(f"{old}/"):
            return new + text[len(old) :]
    return text


def turned(mapping: Pairs) -> Pairs:
    """Return the table from the container to the host."""
    return tuple((container, host) for host, container in mapping)
