"""What GitHub's refusals say, in one line: what was asked, GitHub's own words, and what to do."""

from __future__ import annotations

import json
import unicodedata

from gotracer_ci.errors import ForbiddenError, PublishError

LONGEST = 300
# GitHub says 403 for more than a missing permission
_HINTS = (
    ("locked", "unlock the conversation, or set the input `comment` to never"),
    ("archived", "an archived repository takes nothing"),
    ("must be enabled", "enable code scanning in the repository's settings, or leave out `upload-sarif`"),
    ("not enabled", "enable code scanning in the repository's settings, or leave out `upload-sarif`"),
    ("saml", "authorize the token for the organization's single sign-on"),
)


class MissingError(ForbiddenError):
    """404: it is not there, or the token may not see it. GitHub does not say which."""


class StaleError(PublishError):
    """A write failed in passing, and may have been done. Its time to wait is over: look again before repeating it."""


def refusal(what: str, status: int, message: str, needs: str) -> PublishError:
    """The error for an answer that no waiting mends.

    Args:
        what: method and path.
        message: GitHub's, as `message_of` gives it.
        needs: the permission, as it stands in a workflow.
    """
    said = f"{status}: {message}" if message else f"{status}"
    grant = f"the token needs `{needs}`; add it under `permissions:` of the job"
    if status == 401:
        return ForbiddenError(f"GitHub refused {what} ({said}): the token is wrong or has expired; it needs `{needs}`")
    if status == 403:
        hint = next((hint for sign, hint in _HINTS if sign in message.lower()), grant)
        return ForbiddenError(f"GitHub refused {what} ({said}): {hint}")
    if status == 404:
        return MissingError(f"GitHub refused {what} ({said}): it is not there, or {grant}")
    if status == 413:
        return PublishError(f"GitHub refused {what} ({said}): it is too large")
    return PublishError(f"{what} failed ({said})")


def message_of(body: bytes) -> str:
    """GitHub's words in the answer to a refused request, on one line; "" where it has none, as a gateway's page."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    errors = value.get("errors")
    details = [error.get("message") if isinstance(error, dict) else error for error in _listed(errors)]
    return one_line(". ".join(text for text in (value.get("message"), *details) if isinstance(text, str) and text))


def one_line(text: str) -> str:
    """Text from outside, as it can stand in a message: one line, bounded, nothing invisible."""
    # a slice first: what is thrown away costs nothing
    words = "".join(" " if unicodedata.category(char)[0] in "ZC" else char for char in text[: 4 * LONGEST]).split()
    line = " ".join(words)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _listed(value: object) -> list[object]:
    return value[:10] if isinstance(value, list) else [value]
