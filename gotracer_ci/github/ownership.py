"""Change the owner of files that the container writes as root: a self-hosted runner could not delete them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def hand_over(paths: Iterable[Path], workspace: Path) -> None:
    """Give the files, and the directories created for them below the workspace, to the workspace's owner."""
    owner = workspace.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in paths:
        directories = [
            directory for directory in path.parents if directory != workspace and directory.is_relative_to(workspace)
        ]
        for item in (path, *directories):
            # A file of another user existed before, and a link could lead out of the workspace.
            if item.lstat().st_uid == 0:
                os.chown(item, owner.st_uid, owner.st_gid, follow_symlinks=False)
