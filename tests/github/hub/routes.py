"""The function and the permission for each operation of the description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.github.hub import comments, repository, runs, scanning
from tests.github.hub.call import Call
from tests.github.hub.description import OPERATIONS, R
from tests.github.hub.exchange import Response


@dataclass(frozen=True, slots=True)
class Route:
    """A route. rights: one of these permissions is enough. is_open: a public repository needs no permission."""

    answer: Callable[[Call], Response]
    rights: tuple[str, ...] = ()
    is_open: bool = True


READ_ISSUES = ("issues: read", "pull-requests: read")
WRITE_ISSUES = ("issues: write", "pull-requests: write")

ROUTES = {
    ("get", "/user"): Route(comments.myself),
    ("get", R): Route(repository.whole),
    ("get", f"{R}/contents/{{path}}"): Route(repository.contents, ("contents: read",)),
    ("get", f"{R}/issues/{{issue_number}}/comments"): Route(comments.listing, READ_ISSUES),
    ("post", f"{R}/issues/{{issue_number}}/comments"): Route(comments.create, WRITE_ISSUES),
    ("patch", f"{R}/issues/comments/{{comment_id}}"): Route(comments.update, WRITE_ISSUES),
    ("delete", f"{R}/issues/comments/{{comment_id}}"): Route(comments.delete, WRITE_ISSUES),
    ("get", f"{R}/pulls"): Route(repository.pulls, ("pull-requests: read",)),
    ("get", f"{R}/pulls/{{pull_number}}"): Route(repository.pull, ("pull-requests: read",)),
    ("get", f"{R}/actions/runs/{{run_id}}/artifacts"): Route(runs.artifacts, ("actions: read",)),
    ("get", f"{R}/actions/artifacts/{{artifact_id}}/{{archive_format}}"): Route(
        runs.download, ("actions: read",), is_open=False
    ),
    ("post", f"{R}/code-scanning/sarifs"): Route(scanning.upload, ("security-events: write",)),
    ("get", f"{R}/code-scanning/sarifs/{{sarif_id}}"): Route(
        scanning.processing, ("security-events: read",), is_open=False
    ),
}
assert set(ROUTES) == set(OPERATIONS)
