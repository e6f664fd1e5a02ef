"""Find the pull request of a run. The payload of workflow_run has none if it came from a fork."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gotracer_ci.errors import ForbiddenError
from gotracer_ci.github.client import READ_PULLS, Client


@dataclass(frozen=True, slots=True)
class Found:
    """The result of `find`. number: None if there is no pull request to comment on. reason: one line that says why."""

    number: int | None
    reason: str


def find(client: Client, owner: str, branch: str, sha: str) -> Found:
    """Return the open pull request from this branch if its head is still this commit, and the oldest of several.

    Args:
        owner: the owner of the branch's repository; "" if it has been deleted.
    """
    if not (owner and branch and sha):
        return Found(None, "the fork of the run has been deleted")
    head = f"{owner}:{branch}"
    pulls = [pull for pull in _pulls(client, owner, branch, "open") if isinstance(pull.get("number"), int)]
    current = [pull["number"] for pull in pulls if _head(pull).get("sha") == sha]
    if current:
        return Found(min(current), "")
    if pulls:
        tip = str(_head(pulls[0]).get("sha"))[:7]
        return Found(None, f"the head of pull request {pulls[0]['number']} is now {tip}, but the run was for {sha[:7]}")
    if closed := _pulls(client, owner, branch, "closed"):
        return Found(None, f"pull request {closed[0].get('number')} is closed")
    return Found(None, f"no pull request from {head}")


def is_closed(client: Client, number: int) -> bool:
    """Whether a pull request is closed or merged by now. Without the permission to know, it counts as open."""
    try:
        pull = client.get(f"pulls/{number}", READ_PULLS)
    except ForbiddenError:
        return False
    return isinstance(pull, dict) and pull.get("state") == "closed"


def _pulls(client: Client, owner: str, branch: str, state: str) -> list[dict[str, Any]]:
    """Return the pull requests from this branch, newest first. GitHub's filter is not exact, so check each head."""
    found = client.pages("pulls", READ_PULLS, {"head": f"{owner}:{branch}", "state": state})
    return [pull for pull in found if _head(pull).get("ref") == branch and _owner(pull) == owner.lower()]


def _head(pull: dict[str, Any]) -> dict[str, Any]:
    head = pull.get("head")
    return head if isinstance(head, dict) else {}


def _owner(pull: dict[str, Any]) -> str:
    """Return the owner of the head in lower case. The head's repository is null if the fork was deleted."""
    user = _head(pull).get("user")
    return str(user.get("login")).lower() if isinstance(user, dict) else ""
