"""The event that triggered the workflow, read from the payload file.

GitHub writes the payload, but others control much of its content, and some events lack common members. A member that
is missing or malformed counts as unknown. Only a file that is not a payload at all is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gotracer_ci import files
from gotracer_ci.errors import FileError, MissingFileError, UsageError

# GitHub limits a payload to 25 MB
MAX_BYTES: Final = 32_000_000
DEPENDABOT: Final = "dependabot[bot]"
# for these events Dependabot gets a read-only token, like a fork
_DEPENDABOT_EVENTS: Final = frozenset(
    {
        "create", "deployment", "deployment_status", "pull_request", "pull_request_review",
        "pull_request_review_comment", "push",
    }
)  # fmt: skip
SHA: Final = re.compile(r"(?!0+\Z)[0-9a-f]{40}(?:[0-9a-f]{24})?")
# Characters that git rejects in names, and lone surrogates, which are valid in JSON but not in a URL or request.
REF: Final = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]{1,1024}")
REPOSITORY: Final = re.compile(r"[\w-]{1,100}/(?!\.\.?\Z)[\w.-]{1,100}", re.ASCII)
_OWNER: Final = re.compile(r"[\w-]{1,100}", re.ASCII)
_WORD: Final = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The pull request of an event.

    head_sha: 40 or 64 hexadecimal digits, "" if unknown. is_fork: true for a deleted fork too.
    """

    number: int
    head_sha: str
    is_fork: bool


@dataclass(frozen=True, slots=True)
class TracedRun:
    """The run that a `workflow_run` event is about. Strings are "" if unknown.

    event, conclusion: GitHub's words, such as pull_request and success. head_owner: "" if the fork was deleted.
    """

    id: int
    attempt: int
    event: str
    conclusion: str
    head_sha: str
    head_branch: str
    head_owner: str


@dataclass(frozen=True, slots=True)
class Event:
    """The event that triggered the workflow.

    name: as under `on:` in a workflow. commit: the traced commit, which links point to; "" if unknown.
    base_ref: the target branch of the change, without refs/heads/; "" if there is none.
    is_read_only: by default the workflow's token is read-only, because it is a fork's or Dependabot's. Settings and
    `permissions:` can grant more, so that only GitHub's answer is certain.
    """

    name: str
    pull_request: PullRequest | None
    traced_run: TracedRun | None
    commit: str
    base_ref: str
    is_read_only: bool


def read(environ: Mapping[str, str]) -> Event:
    """Return the event of GITHUB_EVENT_NAME and GITHUB_EVENT_PATH. Without a payload it has only the variables' values.

    Raises:
        UsageError: the file is not a payload.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    payload = _payload(environ.get("GITHUB_EVENT_PATH", ""))
    group = _member(payload, "merge_group")
    head, base = (_member(_member(payload, "pull_request"), side) for side in ("head", "base"))
    # other events have this member too: for a deployment it is the run that deploys
    traced = _member(payload, "workflow_run") if name == "workflow_run" else {}
    pull_request = _pull_request(payload)
    return Event(
        name=name,
        pull_request=pull_request,
        traced_run=_traced_run(traced),
        commit=text(SHA, head.get("sha"), group.get("head_sha"), traced.get("head_sha"), environ.get("GITHUB_SHA")),
        base_ref=text(REF, base.get("ref"), group.get("base_ref"), environ.get("GITHUB_BASE_REF")).removeprefix(
            "refs/heads/"
        ),
        is_read_only=_is_read_only(name, environ.get("GITHUB_ACTOR", ""), pull_request),
    )


def _payload(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        document = files.parse_json(files.read_text(Path(path), MAX_BYTES), path)
    except MissingFileError:
        return {}
    except FileError as error:
        raise UsageError(f"GITHUB_EVENT_PATH: {error}") from None
    if not isinstance(document, dict):
        raise UsageError(f"GITHUB_EVENT_PATH: {path}: not an event payload: not a JSON object")
    return document


def _pull_request(payload: dict[str, Any]) -> PullRequest | None:
    found = _member(payload, "pull_request")
    head, base = _member(found, "head"), _member(found, "base")
    number = _number(found, "number")
    if not number:
        return None
    source = text(REPOSITORY, _member(head, "repo").get("full_name"))
    target = text(REPOSITORY, _member(base, "repo").get("full_name"), _member(payload, "repository").get("full_name"))
    return PullRequest(
        number=number,
        head_sha=text(SHA, head.get("sha")),
        # It does not matter whether the repository itself is a fork.
        is_fork=not source or source.lower() != target.lower(),
    )


def _traced_run(found: dict[str, Any]) -> TracedRun | None:
    number = _number(found, "id")
    if not number:
        return None
    return TracedRun(
        id=number,
        attempt=_number(found, "run_attempt"),
        event=text(_WORD, found.get("event")),
        conclusion=text(_WORD, found.get("conclusion")),
        head_sha=text(SHA, found.get("head_sha")),
        head_branch=text(REF, found.get("head_branch")),
        head_owner=text(_OWNER, _member(_member(found, "head_repository"), "owner").get("login")),
    )


def _is_read_only(name: str, actor: str, pull_request: PullRequest | None) -> bool:
    if actor == DEPENDABOT and name in _DEPENDABOT_EVENTS:
        return True
    # pull_request_target runs the code of the base branch, with its permissions
    is_source = name.startswith("pull_request") and name != "pull_request_target"
    return is_source and pull_request is not None and pull_request.is_fork


def _member(value: dict[str, Any], name: str) -> dict[str, Any]:
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def _number(value: dict[str, Any], name: str) -> int:
    """Return a positive number that is exact in every JSON parser, or 0."""
    number = value.get(name)
    return number if type(number) is int and 0 < number < 2**53 else 0


def text(pattern: re.Pattern[str], *values: object) -> str:
    """Return the first value that is a string matching the pattern, or ""."""
    return next((value for value in values if isinstance(value, str) and pattern.fullmatch(value)), "")
