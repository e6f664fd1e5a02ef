"""Files that a container writes as root get in the way of a self-hosted runner's clean-up: hand them over."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def hand_over(paths: Iterable[Path], workspace: Path) -> None:
    """Gives the files, and the folders made for them below the workspace, to the workspace's owner."""
    owner = workspace.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for path in paths:
        folders = [folder for folder in path.parents if folder != workspace and folder.is_relative_to(workspace)]
        for item in (path, *folders):
            # what somebody else owns was there before; a link is not followed out of the workspace
            if item.lstat().st_uid == 0:
                os.chown(item, owner.st_uid, owner.st_gid, follow_symlinks=False)
