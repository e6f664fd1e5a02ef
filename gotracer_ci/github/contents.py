"""Read a file of a branch through the API."""

from __future__ import annotations

import posixpath
from urllib.parse import quote

from gotracer_ci.github.client import READ_CONTENTS, Client


def read(client: Client, path: str, ref: str, limit: int) -> bytes | None:
    """Return the file's content, or None if the file or the branch does not exist.

    Args:
        path: relative to the repository's root.
        ref: a branch, tag or commit.
        limit: the maximum size in bytes. A larger file raises PublishError.
    """
    inside = posixpath.normpath(path)
    # In a URL, such a path would address another resource.
    if inside.startswith(("/", "..")) or inside == ".":
        return None
    # File names in git are bytes and may be invalid UTF-8.
    name = quote(inside.encode(errors="surrogateescape"))
    accept = "application/vnd.github.raw+json"
    return client.raw(f"contents/{name}", READ_CONTENTS, accept=accept, limit=limit, params={"ref": ref})
