"""What the stand-in for GitHub remembers: one repository and all that hangs on it. Tests fill it and look into it."""

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
    """rights: as under `permissions:` of a workflow; None: all. A Bot's token is an installation's."""

    author: User
    rights: Mapping[str, str] | None


WRITE = "ghs_write"  # a workflow's with all rights that it can use
READ = "ghs_read"  # a workflow's of a fork
NOTHING = "ghs_nothing"  # a workflow's with `permissions: {}`
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
    """repository: the head's; "" when the fork was deleted. owner: the head's, said then alone."""

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
    """A SARIF that was uploaded. answers: what each question for its processing is answered, the last one for ever."""

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
        """A time that is later than all before, and the same in every run."""
        return (EPOCH + timedelta(seconds=self.next_id())).strftime("%Y-%m-%dT%H:%M:%SZ")

    def put(self, path: str, content: bytes | str, ref: str = "") -> None:
        """Lays a file into a branch, tag or commit; the default branch when none is said."""
        content = content.encode() if isinstance(content, str) else content
        self.files.setdefault(ref or self.default_branch, {})[path] = content

    def pull(self, number: int, branch: str = "change", sha: str = "", **others: Any) -> Pull:
        """Opens a pull request; a comment needs one."""
        self.pulls[number] = Pull(number, branch, sha or sha_of(f"{number} {branch}"), **others)
        return self.pulls[number]

    def comment(self, number: int, body: str, author: User = ACTIONS) -> Comment:
        now = self.now()
        comment = Comment(self.next_id(), number, author, body, now, now)
        self.comments[comment.id] = comment
        return comment

    def bodies(self, number: int) -> list[str]:
        """What a reader of the pull request sees, from top to bottom."""
        return [comment.body for comment in self.comments_of(number)]

    def comments_of(self, number: int) -> list[Comment]:
        return [comment for _, comment in sorted(self.comments.items()) if comment.number == number]

    def artifact(
        self, run: int, content: Mapping[str, bytes | str] | bytes, name: str = "gotracer-ci", expired: bool = False
    ) -> Artifact:
        """Adds an artifact of a run: the zip's bytes, or the members that it is made of."""
        packed = content if isinstance(content, bytes) else zipped(content)
        artifact = Artifact(self.next_id(), run, name, packed, expired, self.now())
        self.artifacts[artifact.id] = artifact
        return artifact


def sha_of(text: str) -> str:
    """A commit's name that is made of a text."""
    return hashlib.sha1(text.encode()).hexdigest()


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()
