"""Find the checkout of the repository in a runner's workspace: actions/checkout can put it into a directory of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from gotracer_ci import files
from gotracer_ci.errors import FileError

_DEEPEST = 3
_MAX_ENTRIES = 10_000
_MAX_CONFIG_BYTES = 1 << 20


def find(workspace: Path, repository: str, traces: Sequence[str]) -> Path:
    """Return the directory of the checkout, relative to the workspace; the workspace itself if there is no other.

    Of several checkouts it is one of the workflow's repository, and rather one that has traces.

    Args:
        repository: "owner/name", "" if unknown.
        traces: the names of the run's traces, relative to the workspace.
    """
    if (workspace / ".git").exists():
        return Path()
    found = list(_checkouts(workspace))
    of_repository = [path for path in found if _is_of(workspace / path, repository)]

    def has_traces(path: Path) -> bool:
        return any((workspace / trace).is_relative_to(workspace / path) for trace in traces)

    return max(of_repository or found, key=has_traces, default=Path())


def _checkouts(workspace: Path) -> Iterator[Path]:
    """Yield the checkouts below the workspace, nearest and then in order. Nothing is searched inside one."""
    directories = [Path()]
    seen = 0
    for directory in directories:  # grows while it is walked
        try:
            with os.scandir(workspace / directory) as entries:
                inside = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            continue
        for name in inside:
            seen += 1
            path = directory / name
            if seen > _MAX_ENTRIES:
                return
            if (workspace / path / ".git").exists():
                yield path
            elif len(path.parts) < _DEEPEST and name != "node_modules":
                directories.append(path)


def _is_of(checkout: Path, repository: str) -> bool:
    """Whether git fetched the checkout from this repository."""
    try:
        config = files.read(checkout / ".git" / "config", _MAX_CONFIG_BYTES).decode(errors="replace")
    except FileError:
        return False
    urls = [line.partition("=")[2].strip() for line in config.splitlines() if line.strip().startswith("url")]
    ends = (f"/{repository}", f":{repository}")
    return repository != "" and any(url.removesuffix(".git").endswith(ends) for url in urls)
