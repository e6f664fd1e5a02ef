"""The state of the stand-in: one repository and everything in it. Tests fill and inspect it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

REPOSITORY = "octo-org/service"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class User:
    login: str
    id: int
    type: str = "User"


ACTIONS = User("github-actions[bot]", 41898282, "Bot")
DEPENDABOT = User("dependabot[bot]", 49699333, "Bot")
OCTOCAT = User("octocat", 583231)


@dataclass(frozen=True, slots=True)
class Token:
    """A token. rights: as under `permissions:` in a workflow, None for all. A bot's token is an installation's."""

    author: User
    rights: Mapping[str, str] | None


WRITE = "ghs_write"  # of a workflow with all permissions that the action uses
READ = "ghs_read"  # of a workflow run for a fork
NOTHING = "ghs_nothing"  # of a workflow with `permissions: {}`
PERSONAL = "ghp_personal"

TOKENS = {
    WRITE: Token(
        ACTIONS, {"contents": "read", "actions": "read", "pull-requests": "write", "security-events": "write"}
    ),
    READ: Token(ACTIONS, {"contents": "read", "actions": "read", "pull-requests": "read", "security-events": "read"}),
    NOTHING: Token(ACTIONS, {}),
    PERSONAL: Token(OCTOCAT, None),
}


@dataclass(slots=True)
class Comment:
    id: int
    number: int
    author: User
    body: str
    created: str
    updated: str


@dataclass(slots=True)
class Pull:
    """A pull request. repository: the head's, "" if the fork was deleted. owner: the head's, needed only then."""

    number: int
    branch: str
    sha: str
    repository: str = REPOSITORY
    base: str = "main"
    state: str = "open"
    locked: bool = False
    owner: str = ""

    def __post_init__(self) -> None:
        self.owner = self.owner or self.repository.partition("/")[0] or "ghost"


@dataclass(slots=True)
class Artifact:
    id: int
    run: int
    name: str
    content: bytes
    expired: bool
    created: str


@dataclass(slots=True)
class Upload:
    """An uploaded SARIF log. answers: the responses to requests for its status; the last one repeats."""

    id: str
    commit: str
    ref: str
    sarif: Any
    answers: list[Mapping[str, Any]]


@dataclass
class State:
    repository: str = REPOSITORY
    repository_id: int = 1296269
    default_branch: str = "main"
    private: bool = True
    tokens: dict[str, Token] = field(default_factory=lambda: dict(TOKENS))
    files: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {}})
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)
    has_raw_contents: bool = True  # not on Gitea and Forgejo, which always answer with JSON
    code_scanning: bool = True
    upload_limit: int = 10_000_000
    processing: list[Mapping[str, Any]] = field(
        default_factory=lambda: [{"processing_status": "pending"}, {"processing_status": "complete"}]
    )
    _count: int = 100

    def next_id(self) -> int:
        self._count += 1
        return self._count

    def now(self) -> str:
        """Return a time later than all previous ones, the same in every run."""
        return (EPOCH + timedelta(seconds=self.next_id())).strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(self, path: str, content: bytes | str, ref: str = "") -> None:
        """Put a file into a branch, tag or commit; by default the default branch."""
        content = content.encode() if isinstance(content, str) else content
        self.files.setdefault(ref or self.default_branch, {})[path] = content

    def pull(self, number: int, branch: str = "change", sha: str = "", **others: Any) -> Pull:
        """Open a pull request, which a comment needs."""
        self.pulls[number] = Pull(number, branch, sha or sha_of(f"{number} {branch}"), **others)
        return self.pulls[number]

    def comment(self, number: int, body: str, author: User = ACTIONS) -> Comment:
        now = self.now()
        comment = Comment(self.next_id(), number, author, body, now, now)
        self.comments[comment.id] = comment
        return comment

    def bodies(self, number: int) -> list[str]:
        """Return the bodies of the comments on a pull request, oldest first."""
        return [comment.body for comment in self.comments_of(number)]

    def comments_of(self, number: int) -> list[Comment]:
        return [comment for _, comment in sorted(self.comments.items()) if comment.number == number]

    def alerts(self, ref: str) -> set[str]:
        """Return the rules with an open alert on a ref: GitHub keeps the newest log of each category."""
        open_by_category: dict[str, set[str]] = {}
        for upload in self.uploads:
            for run in upload.sarif["runs"] if upload.ref == ref else ():
                category = run.get("automationDetails", {}).get("id", "").rpartition("/")[0]
                open_by_category[category] = {result["ruleId"] for result in run["results"]}
        return set().union(*open_by_category.values())

    def artifact(
        self, run: int, content: Mapping[str, bytes | str] | bytes, name: str = "gotracer-ci", expired: bool = False
    ) -> Artifact:
        """Add an artifact of a run, given as the bytes of a zip or as its members."""
        packed = content if isinstance(content, bytes) else zipped(content)
        artifact = Artifact(self.next_id(), run, name, packed, expired, self.now())
        self.artifacts[artifact.id] = artifact
        return artifact


def sha_of(text: str) -> str:
    """Return a commit hash derived from a text."""
    return hashlib.sha1(text.encode()).hexdigest()


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
