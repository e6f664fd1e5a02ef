"""One file of a branch, as it is there now."""

from __future__ import annotations

import posixpath
from urllib.parse import quote

from gotracer_ci.github.client import READ_CONTENTS, Client


def read(client: Client, path: str, ref: str, limit: int) -> bytes | None:
    """The file's bytes; None when the branch has none of that name, or there is no such branch.

    Args:
        path: from the repository's root.
        ref: a branch, tag or commit.
        limit: bytes; PublishError for a larger file.
    """
    inside = posixpath.normpath(path)
    # as part of an address, such a path would lead to another request
    if inside.startswith(("/", "..")) or inside == ".":
        return None
    # a name need not be valid text: its bytes are what git knows
    name = quote(inside.encode(errors="surrogateescape"))
    accept = "application/vnd.github.raw+json"
    return client.raw(f"contents/{name}", READ_CONTENTS, accept=accept, limit=limit, params={"ref": ref})
