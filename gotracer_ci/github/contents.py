"""Read a file of a branch through the API."""

from __future__ import annotations

import base64
import json
import posixpath
from contextlib import suppress
from urllib.parse import quote

from gotracer_ci.errors import PublishError
from gotracer_ci.github.client import READ_CONTENTS, Client

_RAW = "application/vnd.github.raw+json"
_AROUND = 64 << 10  # bytes of JSON around a file's content


def read(client: Client, path: str, ref: str, limit: int) -> bytes | None:
    """Return the file's content, or None if the file or the branch does not exist.

    GitHub answers with the content itself. Gitea and Forgejo answer with a JSON object that has it in Base64.

    Args:
        path: relative to the repository's root.
        ref: a branch, tag or commit.
        limit: the maximum size in bytes. A larger file raises PublishError.

    Raises:
        PublishError: the request fails, or the answer is an object without the file's content.
    """
    inside = posixpath.normpath(path)
    # In a URL, such a path would address another resource.
    if inside.startswith(("/", "..")) or inside == ".":
        return None
    # File names in git are bytes and may be invalid UTF-8.
    name = quote(inside.encode(errors="surrogateescape"))
    most = limit * 3 // 2 + _AROUND  # Base64, with line ends
    answer = client.raw(f"contents/{name}", READ_CONTENTS, accept=_RAW, limit=most, params={"ref": ref})
    data = None if answer is None else _content(answer, f"GET contents/{inside}")
    if data is not None and len(data) > limit:
        raise PublishError(f"GET contents/{inside}: the response exceeds the limit of {limit:,} bytes")
    return data


def _content(answer: bytes, name: str) -> bytes:
    start = answer[:_AROUND].lstrip()[:1]
    if start != b"[" and not (start == b"{" and b'"encoding"' in answer):
        return answer  # without parsing a large baseline
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return answer
    # every server describes a file so; no file that is read here is such an object itself
    if isinstance(value, dict) and not {"sha", "type", "path"} <= value.keys():
        return answer
    with suppress(KeyError, TypeError, AttributeError, ValueError):
        if value["type"] == "file" and value["encoding"] == "base64":
            return base64.b64decode(value["content"].replace("\n", ""), validate=True)
    raise PublishError(f"{name}: the server describes the file instead of sending it")
