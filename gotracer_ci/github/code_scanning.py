"""A SARIF log handed to code scanning, and what became of it."""

from __future__ import annotations

import base64
import gzip
import re
from contextlib import suppress
from typing import Any

from gotracer_ci.errors import PublishError
from gotracer_ci.github.client import UPLOAD, Client
from gotracer_ci.github.refusals import MissingError, one_line

INTERVAL = 5.0  # seconds between two looks at the processing
LOOKS = 24


def upload(client: Client, sarif: str, commit: str, ref: str) -> str:
    """Uploads it and waits until it is processed.

    Args:
        commit: what was analysed, 40 hex digits.
        ref: the full ref that matches it: `refs/pull/7/merge` goes with the merge commit.

    Returns:
        The API's address of the analysis; where processing takes long, of its state; "" in a dry run.

    Raises:
        ForbiddenError: the token may not, or code scanning is not enabled.
        PublishError: GitHub does not take it. Its reasons are in the message.
    """
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise PublishError(f"code scanning needs a commit of 40 hex digits, not {one_line(commit)!r}")
    if not re.fullmatch(r"refs/(heads|tags|pull)/\S+", ref):
        raise PublishError(f"code scanning needs a ref such as refs/heads/main, not {one_line(ref)!r}")
    packed = base64.b64encode(gzip.compress(sarif.encode(), mtime=0)).decode()
    body = {"commit_sha": commit, "ref": ref, "sarif": packed, "tool_name": "gotracer-ci"}
    # the same again takes the place of the first
    answer = client.send("POST", "code-scanning/sarifs", UPLOAD, body, again=True)
    return "" if client.is_dry else _processed(client, answer)


def _processed(client: Client, upload: dict[str, Any]) -> str:
    identity = str(upload.get("id"))
    if not re.fullmatch(r"[\w-]{1,100}", identity, re.ASCII):
        raise PublishError("code scanning took the upload, but did not say how to ask after it")
    for _ in range(LOOKS):
        state = _state(client, identity)
        if state.get("processing_status") == "complete":
            return str(state.get("analyses_url") or "")
        if state.get("processing_status") == "failed":
            errors = state.get("errors")
            reasons = "; ".join(map(str, errors)) if isinstance(errors, list) and errors else "it does not say why"
            raise PublishError(f"code scanning rejected the SARIF log: {one_line(reasons)}")
        client.wait(INTERVAL)
    return str(upload.get("url") or "")


def _state(client: Client, identity: str) -> dict[str, Any]:
    with suppress(MissingError):  # an upload is not known everywhere at once
        state = client.get(f"code-scanning/sarifs/{identity}", UPLOAD)
        if isinstance(state, dict):
            return state
    return {}
