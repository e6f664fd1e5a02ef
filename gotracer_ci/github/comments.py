"""Maintain the one comment on a pull request. A hidden marker and the author identify it, and the newest run wins.

GitHub has no conditional update of comments. So concurrent runs all repeat the same steps until nothing changes: list
our comments, write the newest run's text into the oldest one, list again, and only then delete the others. They wait
before the second list, so that it includes writes that were based on an older list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from gotracer_ci.errors import ForbiddenError, PublishError, UsageError
from gotracer_ci.github.client import COMMENT, Client, Permission
from gotracer_ci.github.refusals import MissingError, StaleError

BODY_LIMIT = 65_536 - 160
"""The maximum length of a body in UTF-16 code units: GitHub's limit minus the marker."""
SETTLE = 2.0  # seconds between a write and the next list
ROUNDS = 10

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MARKER = re.compile(
    rf"<!-- gotracer-ci id=({_ID.pattern}) run=([0-9]{{1,20}}) attempt=([0-9]{{1,10}}) -->(?:\r?\n|\Z)"
)
_WHO = Permission("metadata", "read")

Action = Literal["created", "updated", "superseded", "none"]
Author = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True, order=True)
class WorkflowRun:
    """A workflow run. Runs compare by the order in which they started."""

    id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Posted:
    """The outcome of `publish`. superseded: a newer run's comment is kept. url: the comment's, "" if there is none."""

    action: Action
    url: str


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    run: WorkflowRun
    text: str
    url: str


def check_id(text: str) -> str:
    """Return the comment's ID unchanged.

    Raises:
        UsageError: the ID does not fit into the marker.
    """
    if not _ID.fullmatch(text):
        raise UsageError(f"comment-id: {text[:100]!r} is not 1 to 64 letters, digits, dots, hyphens or underscores")
    return text


def publish(client: Client, number: int, comment_id: str, run: WorkflowRun, body: str, *, create: bool) -> Posted:
    """Update our comment with this ID on a pull request, or create it.

    Args:
        body: Markdown of at most BODY_LIMIT UTF-16 units.
        create: False only updates an existing comment.

    Raises:
        UsageError: the ID is malformed.
        ForbiddenError: the token lacks a permission, or the conversation is locked.
        PublishError: the request fails for another reason.
    """
    conversation = _Conversation(client, number, check_id(comment_id))
    mine = f"<!-- gotracer-ci id={comment_id} run={run.id} attempt={run.attempt} -->\n{body}"
    written = False
    created: object = None
    problem: PublishError | None = None
    for _ in range(ROUNDS):
        ours = conversation.comments()
        newest = max(ours, key=lambda comment: comment.run, default=None)
        try:
            if newest is None:
                if not create:
                    return Posted("none", "")
                created = conversation.create(mine)
            elif newest.run < run or (newest.run == run and newest.text != mine and not written):
                conversation.update(ours[0], mine)
            elif ours[0].run < newest.run:
                conversation.update(ours[0], newest.text)
            else:
                for comment in ours[1:]:
                    conversation.delete(comment)
                action: Action = "created" if ours[0].id == created else "updated"
                return Posted("superseded" if newest.run > run else action, ours[0].url)
        except (StaleError, MissingError) as error:
            if not ours and isinstance(error, MissingError):
                raise
            # The write may have succeeded, or the comment is deleted. The next list shows which.
            problem = error
            continue
        if client.is_dry:
            return Posted("updated", ours[0].url) if ours else Posted("created", "")
        written = True
        client.wait(SETTLE)
    raise problem or PublishError(f"comment on pull request {number}: other runs keep changing it")


class _Conversation:
    """Our comments with one ID on one pull request."""

    def __init__(self, client: Client, number: int, comment_id: str) -> None:
        self._client = client
        self._path = f"issues/{number}/comments"
        self._id = comment_id
        self._is_ours = _author(client)

    def comments(self) -> list[_Comment]:
        """Return our comments, oldest first."""
        found = (self._read(item) for item in self._client.pages(self._path, COMMENT))
        return sorted((comment for comment in found if comment), key=lambda comment: comment.id)

    def _read(self, item: dict[str, Any]) -> _Comment | None:
        text = item.get("body")
        marker = _MARKER.match(text) if isinstance(text, str) else None
        if not marker or marker[1] != self._id or not isinstance(item.get("id"), int) or not self._is_ours(item):
            return None
        return _Comment(
            item["id"], WorkflowRun(int(marker[2]), int(marker[3])), item["body"], str(item.get("html_url") or "")
        )

    def create(self, text: str) -> object:
        """Create a comment and return its ID."""
        return self._client.send("POST", self._path, COMMENT, {"body": text}, again=False).get("id")

    def update(self, comment: _Comment, text: str) -> None:
        self._client.send("PATCH", f"issues/comments/{comment.id}", COMMENT, {"body": text}, again=False)

    def delete(self, comment: _Comment) -> None:
        with suppress(MissingError):
            self._client.send("DELETE", f"issues/comments/{comment.id}", COMMENT, again=True)


def _author(client: Client) -> Author:
    """Return a function that tells whether we wrote a comment.

    Ours are those of the token's user. An app cannot query its own name, so for an app they are those of any bot.
    """
    login = None
    if client.has_user:
        with suppress(ForbiddenError):
            login = _member(client.get("/user", _WHO), "login")
    if login is not None:
        return lambda item: _member(item.get("user"), "login") == login
    return lambda item: _member(item.get("user"), "type") == "Bot"


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
