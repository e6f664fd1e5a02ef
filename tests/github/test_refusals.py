"""One line per error response: the request, GitHub's message, and what to do."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.errors import ForbiddenError
from gotracer_ci.github.refusals import LONGEST, MissingError, message_of, one_line, refusal

WHAT = "POST /repos/octo/hello/issues/7/comments"
NEEDS = "pull-requests: write"


GRANT = "the token needs `pull-requests: write`; add it under `permissions:` of the job"
ENABLE = "enable code scanning in the repository's settings, or leave out `upload-sarif`"


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (401, "Bad credentials", "the token is invalid or expired; it needs `pull-requests: write`"),
        (403, "Resource not accessible by integration", GRANT),
        (403, "", GRANT),
        (
            403,
            "Unable to create comment because issue is locked.",
            "unlock the conversation, or set the input `comment`",
        ),
        (403, "Repository was archived so is read-only.", "an archived repository is read-only"),
        (403, "Code Security must be enabled for this repository to use code scanning.", ENABLE),
        (403, "Code scanning is not enabled for this repository.", ENABLE),
        (403, "Resource protected by organization SAML enforcement.", "authorize the token for the organization's"),
        (404, "Not Found", f"it does not exist, or {GRANT}"),
    ],
)
def test_a_forbidden_request_says_how_to_grant_the_permission(status: int, message: str, says: str) -> None:
    error = refusal(WHAT, status, message, NEEDS)
    answer = f"{status}: {message}" if message else str(status)
    assert str(error).startswith(f"GitHub refused {WHAT} ({answer}): {says}")
    assert isinstance(error, ForbiddenError)
    assert isinstance(error, MissingError) == (status == 404)
    assert error.exit_code == 4


def test_other_failures_are_not_about_permissions() -> None:
    for status in (302, 410, 413, 422, 500):
        error = refusal(WHAT, status, "No.", NEEDS)
        assert not isinstance(error, ForbiddenError)
        assert str(error).startswith((f"GitHub refused {WHAT} ({status}: No.)", f"{WHAT} failed ({status}: No.)"))


def test_the_message_includes_githubs_details() -> None:
    errors = [
        {"resource": "IssueComment", "code": "unprocessable", "message": "Body is too long"},
        "and odd",
        {"code": 1},
    ]
    body = json.dumps({"message": "Validation Failed", "errors": errors}).encode()
    assert message_of(body) == "Validation Failed. Body is too long. and odd"


ODD = [
    "",
    "<html>Unicorn!</html>",
    "[]",
    "null",
    "7",
    '{"message": 7}',
    '{"errors": {}}',
    '{"errors": [[]]}',
    "[" * 100_000,
]


@pytest.mark.parametrize("body", [*ODD, "\ud800"])
def test_a_response_without_a_message_is_handled(body: str) -> None:
    assert message_of(body.encode(errors="surrogatepass")) == ""


VALUES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.fixed_dictionaries({"message": VALUES, "errors": VALUES}))
def test_any_response_gives_one_bounded_line(value: Any) -> None:
    line = message_of(json.dumps(value).encode())
    assert len(line) <= LONGEST
    assert all(char == " " or unicodedata.category(char)[0] not in "ZC" for char in line)


def test_one_line_removes_invisible_characters() -> None:
    assert one_line("a\r\n::error::b\u202ec\u2028d\x1b[31m\u200be") == "a ::error::b c d [31m e"
    assert one_line("x" * 10_000_000) == "x" * (LONGEST - 1) + "…"
