"""Upload a SARIF log to code scanning and wait for the result."""

from __future__ import annotations

import base64
import gzip
import re
from contextlib import suppress
from typing import Any

from gotracer_ci.errors import PublishError
from gotracer_ci.github.client import UPLOAD, Client
from gotracer_ci.github.refusals import MissingError, one_line

INTERVAL = 5.0  # seconds between polls of the upload's status
LOOKS = 24


def upload(client: Client, sarif: str, commit: str, ref: str) -> str:
    """Upload the log and wait until it is processed.

    Args:
        commit: the analyzed commit, 40 hex digits.
        ref: the full ref that matches the commit: `refs/pull/7/merge` for the merge commit.

    Returns:
        The API's URL of the analysis, or of the upload's status if processing takes long. "" in a dry run.

    Raises:
        ForbiddenError: the token lacks a permission, or code scanning is not enabled.
        PublishError: GitHub rejects the log. The message has its reasons.
    """
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise PublishError(f"code scanning needs a commit of 40 hex digits, not {one_line(commit)!r}")
    if not re.fullmatch(r"refs/(heads|tags|pull)/\S+", ref):
        raise PublishError(f"code scanning needs a ref such as refs/heads/main, not {one_line(ref)!r}")
    packed = base64.b64encode(gzip.compress(sarif.encode(), mtime=0)).decode()
    body = {"commit_sha": commit, "ref": ref, "sarif": packed, "tool_name": "gotracer-ci"}
    # Uploading the same log again replaces the first one.
    answer = client.send("POST", "code-scanning/sarifs", UPLOAD, body, again=True)
    return "" if client.is_dry else _processed(client, answer)


def _processed(client: Client, upload: dict[str, Any]) -> str:
    identity = str(upload.get("id"))
    if not re.fullmatch(r"[\w-]{1,100}", identity, re.ASCII):
        raise PublishError("code scanning accepted the upload but returned no valid ID")
    for _ in range(LOOKS):
        state = _state(client, identity)
        if state.get("processing_status") == "complete":
            return str(state.get("analyses_url") or "")
        if state.get("processing_status") == "failed":
            errors = state.get("errors")
            reasons = "; ".join(map(str, errors)) if isinstance(errors, list) and errors else "no reason given"
            raise PublishError(f"code scanning rejected the SARIF log: {one_line(reasons)}")
        client.wait(INTERVAL)
    return str(upload.get("url") or "")


def _state(client: Client, identity: str) -> dict[str, Any]:
    with suppress(MissingError):  # a new upload is not visible immediately
        state = client.get(f"code-scanning/sarifs/{identity}", UPLOAD)
        if isinstance(state, dict):
            return state
    return {}
