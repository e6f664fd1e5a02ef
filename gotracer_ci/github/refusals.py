"""Turn GitHub's error responses into one line: the request, GitHub's message, and what to do."""

from __future__ import annotations

import json
import unicodedata

from gotracer_ci.errors import ForbiddenError, PublishError

LONGEST = 300
# GitHub responds with 403 not only to a missing permission.
_HINTS = (
    ("locked", "unlock the conversation, or set the input `comment` to never"),
    ("archived", "an archived repository is read-only"),
    ("must be enabled", "enable code scanning in the repository's settings, or leave out `upload-sarif`"),
    ("not enabled", "enable code scanning in the repository's settings, or leave out `upload-sarif`"),
    ("saml", "authorize the token for the organization's single sign-on"),
)


class MissingError(ForbiddenError):
    """404: it does not exist, or the token lacks the permission to see it. GitHub does not tell which."""


class StaleError(PublishError):
    """A write failed temporarily, and may have succeeded. Check before repeating it; no further wait is needed."""


def refusal(what: str, status: int, message: str, needs: str) -> PublishError:
    """Return the error for a response that retrying does not change.

    Args:
        what: the method and path.
        message: GitHub's message, from `message_of`.
        needs: the permission, as written in a workflow.
    """
    answer = f"{status}: {message}" if message else f"{status}"
    grant = f"the token needs `{needs}`; add it under `permissions:` of the job"
    if status == 401:
        return ForbiddenError(f"GitHub refused {what} ({answer}): the token is invalid or expired; it needs `{needs}`")
    if status == 403:
        hint = next((hint for sign, hint in _HINTS if sign in message.lower()), grant)
        return ForbiddenError(f"GitHub refused {what} ({answer}): {hint}")
    if status == 404:
        return MissingError(f"GitHub refused {what} ({answer}): it does not exist, or {grant}")
    if status == 413:
        return PublishError(f"GitHub refused {what} ({answer}): it is too large")
    return PublishError(f"{what} failed ({answer})")


def message_of(body: bytes) -> str:
    """Return GitHub's message in the body of an error response, on one line; "" if it is not JSON."""
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
    """Return untrusted text on one line, truncated, and without invisible characters."""
    # Slice first, so that the work is bounded.
    words = "".join(" " if unicodedata.category(char)[0] in "ZC" else char for char in text[: 4 * LONGEST]).split()
    line = " ".join(words)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _listed(value: object) -> list[object]:
    return value[:10] if isinstance(value, list) else [value]
