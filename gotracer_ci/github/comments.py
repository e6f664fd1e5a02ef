"""Maintain the one comment on a pull request. A hidden marker and the author identify it. It has a part for each job.

GitHub has no conditional update of comments. So concurrent jobs all repeat the same steps until nothing changes: list
our comments, write the newest parts of all of them into the oldest one, list again, and only then delete the others.
They wait before the second list, so that it includes writes that were based on an older list, and write again if one of
those has overwritten their part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from gotracer_ci.errors import ForbiddenError, PublishError, UsageError
from gotracer_ci.github import parts
from gotracer_ci.github.client import COMMENT, Client, Permission
from gotracer_ci.github.parts import Part
from gotracer_ci.github.refusals import MissingError, StaleError

BODY_LIMIT = parts.LIMIT - 1_200
"""The maximum length of a body in UTF-16 code units: GitHub's limit minus the marker."""
SETTLE = 2.0  # seconds between a write and the next list
ROUNDS = 10

_WHO = Permission("metadata", "read")

Action = Literal["created", "updated", "superseded", "none"]
Author = Callable[[dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Posted:
    """The outcome of `publish`.

    superseded: a newer run's text is kept. url: the comment's, "" if there is none of this job. is_shared: another job
    of the same run traced the same programs, and only this run can tell them apart.
    """

    action: Action
    url: str
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    parts: tuple[Part, ...]
    text: str
    url: str


def check_id(text: str) -> str:
    """Return the comment's ID unchanged.

    Raises:
        UsageError: the ID does not fit into the marker.
    """
    if not parts.ID.fullmatch(text):
        raise UsageError(f"comment-id: {text[:100]!r} is not 1 to 64 letters, digits, dots, hyphens or underscores")
    return text


def publish(client: Client, number: int, comment_id: str, mine: Part, *, create: bool) -> Posted:
    """Update this job's part of our comment with this ID on a pull request, or create it.

    Args:
        mine: Markdown of at most BODY_LIMIT UTF-16 units, and what it is about.
        create: False only replaces an existing part.

    Raises:
        UsageError: the ID is malformed.
        ForbiddenError: the token lacks a permission, or the conversation is locked.
        PublishError: the request fails for another reason.
    """
    conversation = _Conversation(client, number, check_id(comment_id))
    written = False
    created: object = None
    problem: PublishError | None = None
    for _ in range(ROUNDS):
        ours = conversation.comments()
        have = parts.joined(part for comment in ours for part in comment.parts)
        is_there = any(mine.is_same_job(part) for part in have)
        # a concurrent job may have overwritten it
        wanted = have if written and is_there else parts.added(have, mine, create=create)
        text = parts.render(wanted, comment_id, mine)
        try:
            if not ours:
                if not create:
                    return Posted("none", "")
                created = conversation.create(text)
            elif ours[0].text != text:
                conversation.update(ours[0], text)
            else:
                for comment in ours[1:]:
                    conversation.delete(comment)
                return _posted(ours[0], mine, wanted, is_new=ours[0].id == created)
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


def _posted(comment: _Comment, mine: Part, there: Sequence[Part], *, is_new: bool) -> Posted:
    if any(part.replaces(mine) for part in there):
        return Posted("superseded", comment.url)
    if not any(mine.is_same_job(part) for part in there):
        return Posted("none", "")
    is_shared = any((part.run, part.programs) == (mine.run, mine.programs) and part.leg != mine.leg for part in there)
    return Posted("created" if is_new else "updated", comment.url, is_shared)


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
        found = parts.parse(text, self._id) if isinstance(text, str) else ()
        if not found or not isinstance(item.get("id"), int) or not self._is_ours(item):
            return None
        return _Comment(item["id"], found, item["body"], str(item.get("html_url") or ""))

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
