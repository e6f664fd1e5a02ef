"""The pull request's one comment: found again by a hidden marker and its author, and never older than the newest run.

GitHub changes a comment without asking what it held before. Runs that are at it at the same time therefore all do the
same until nothing is left to do: list, write what the newest run says into the oldest of our comments, look again,
and only then delete the rest. The look comes a little later, so that a write that was decided on an older list shows.
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
"""UTF-16 units that a body may have: GitHub's limit, less the marker."""
SETTLE = 2.0  # seconds from a write to the look at what became of it
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
    """A workflow run, in the order in which they began."""

    id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Posted:
    """superseded: a newer run has spoken. url: the comment's, "" where there is none."""

    action: Action
    url: str


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    run: WorkflowRun
    text: str
    url: str


def check_id(text: str) -> str:
    """The id of a comment, as it was given.

    Raises:
        UsageError: the marker cannot hold it.
    """
    if not _ID.fullmatch(text):
        raise UsageError(f"comment-id: {text[:100]!r} is not 1 to 64 letters, digits, dots, hyphens and underscores")
    return text


def publish(client: Client, number: int, comment_id: str, run: WorkflowRun, body: str, *, create: bool) -> Posted:
    """Says something on a pull request: in our comment with that id, or in a new one.

    Args:
        body: Markdown of at most BODY_LIMIT UTF-16 units.
        create: without it only a comment that exists is updated.

    Raises:
        UsageError: the id cannot be one.
        ForbiddenError: the token may not comment, or the conversation is locked.
        PublishError: anything else that GitHub does not give or take.
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
                said: Action = "created" if ours[0].id == created else "updated"
                return Posted("superseded" if newest.run > run else said, ours[0].url)
        except (StaleError, MissingError) as error:
            if not ours and isinstance(error, MissingError):
                raise
            # nobody knows what became of the write, or somebody has deleted the comment: what is there decides
            problem = error
            continue
        if client.is_dry:
            return Posted("updated", ours[0].url) if ours else Posted("created", "")
        written = True
        client.wait(SETTLE)
    raise problem or PublishError(f"the comment on pull request {number}: other runs keep changing it")


class _Conversation:
    """Our comments with one id on one pull request."""

    def __init__(self, client: Client, number: int, comment_id: str) -> None:
        self._client = client
        self._path = f"issues/{number}/comments"
        self._id = comment_id
        self._is_ours = _author(client)

    def comments(self) -> list[_Comment]:
        """The oldest first."""
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
        """The new comment's id."""
        return self._client.send("POST", self._path, COMMENT, {"body": text}, again=False).get("id")

    def update(self, comment: _Comment, text: str) -> None:
        self._client.send("PATCH", f"issues/comments/{comment.id}", COMMENT, {"body": text}, again=False)

    def delete(self, comment: _Comment) -> None:
        with suppress(MissingError):
            self._client.send("DELETE", f"issues/comments/{comment.id}", COMMENT, again=True)


def _author(client: Client) -> Author:
    """Whose comments are ours: the token's user's; an app cannot ask for its own name, and takes any bot's."""
    login = None
    if client.has_user:
        with suppress(ForbiddenError):
            login = _member(client.get("/user", _WHO), "login")
    if login is not None:
        return lambda item: _member(item.get("user"), "login") == login
    return lambda item: _member(item.get("user"), "type") == "Bot"


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None
