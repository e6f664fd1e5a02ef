"""The pull request that a run was of. The payload of workflow_run names none when it came from a fork."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gotracer_ci.github.client import READ_PULLS, Client


@dataclass(frozen=True, slots=True)
class Found:
    """number: None where there is none to comment on; reason says why, in one line."""

    number: int | None
    reason: str


def find(client: Client, owner: str, branch: str, sha: str) -> Found:
    """The open pull request from that branch, if its head is still that commit. Of two into two branches, the older.

    Args:
        owner: whose repository the branch is in; "" when it has been deleted.
    """
    if not (owner and branch and sha):
        return Found(None, "the fork that the run was of has been deleted")
    head = f"{owner}:{branch}"
    pulls = [pull for pull in _pulls(client, owner, branch, "open") if isinstance(pull.get("number"), int)]
    current = [pull["number"] for pull in pulls if _head(pull).get("sha") == sha]
    if current:
        return Found(min(current), "")
    if pulls:
        tip = str(_head(pulls[0]).get("sha"))[:7]
        return Found(None, f"pull request {pulls[0]['number']} has moved on to {tip}, and the run was of {sha[:7]}")
    if closed := _pulls(client, owner, branch, "closed"):
        return Found(None, f"pull request {closed[0].get('number')} is closed")
    return Found(None, f"there is no pull request from {head}")


def _pulls(client: Client, owner: str, branch: str, state: str) -> list[dict[str, Any]]:
    """The latest first. Whether a head is the one that was asked for is not left to the filter."""
    found = client.pages("pulls", READ_PULLS, {"head": f"{owner}:{branch}", "state": state})
    return [pull for pull in found if _head(pull).get("ref") == branch and _owner(pull) == owner.lower()]


def _head(pull: dict[str, Any]) -> dict[str, Any]:
    head = pull.get("head")
    return head if isinstance(head, dict) else {}


def _owner(pull: dict[str, Any]) -> str:
    """Of the head's repository, in lower case. That is null when the fork is gone; the user stays."""
    user = _head(pull).get("user")
    return str(user.get("login")).lower() if isinstance(user, dict) else ""
