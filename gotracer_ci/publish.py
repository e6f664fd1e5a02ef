"""What a run tells GitHub beside the runner: the pull request's comment, and code scanning.

Everything has been written before. What a token may not do is told, with the permission that it needs; only what was
asked for by name, or what broke on the way, fails the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gotracer_ci.errors import BaselineError, ForbiddenError, GotracerError, PublishError
from gotracer_ci.github import code_scanning, comments
from gotracer_ci.github.client import Client
from gotracer_ci.github.commands import Annotation
from gotracer_ci.github.comments import Posted, Run
from gotracer_ci.github.environment import Environment
from gotracer_ci.github.event import PullRequest
from gotracer_ci.reference import in_repository
from gotracer_ci.report import comment, sarif, view
from gotracer_ci.report.line_hash import line_hashes
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report

_SECOND_STAGE = (
    "The token of a pull request from a fork, or by Dependabot, may not write. The findings are in the job's summary; "
    "to have them as a comment, add the second workflow of docs/github.md."
)
_LARGEST_SOURCE = 8 << 20  # bytes
_DONE = {
    "created": "comment created",
    "updated": "comment updated",
    "superseded": "comment left alone: a newer run has written it",
}


@dataclass(slots=True)
class Published:
    """comment_url: "" without one. log: what was done, a line each. errors: what fails the step."""

    comment_url: str = ""
    log: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    errors: list[GotracerError] = field(default_factory=list)


def links_of(environment: Environment, root: Path) -> Links:
    """Where a report's places lead: to the lines of the traced commit.

    root: absolute; the report's paths begin there.
    """
    repository = f"{environment.server_url}/{environment.repository}"
    folder = in_repository(root, environment.workspace).strip("./")
    commit = environment.event.commit
    blob = f"{repository}/blob/{commit}/{folder}{'/' if folder else ''}" if commit and environment.repository else ""
    return Links(blob=blob, run=environment.run_url, commit=commit)


def publish(
    report: Report, problems: Sequence[GotracerError], environment: Environment, client: Client | None, root: Path
) -> Published:
    """Comments and uploads, as the inputs ask for it. One that fails does not keep the other from being tried.

    Args:
        problems: what was wrong with the run's traces and baseline.
        client: None without a token.
        root: absolute; the report's paths begin there.
    """
    published = Published()
    pull_request = environment.event.pull_request
    steps: list[Callable[[], None]] = []
    if pull_request and environment.comment != "never":
        steps.append(lambda: _comment(report, problems, environment, client, pull_request, root, published))
    if environment.upload_sarif:
        steps.append(lambda: _upload(report, problems, environment, client, root, published))
    for step in steps:
        try:
            step()
        except PublishError as error:
            published.errors.append(error)
    return published


def post(
    report: Report, environment: Environment, client: Client, number: int, run: Run, links: Links, *, create: bool
) -> Posted:
    """Writes the sticky comment of the step's `comment-id`."""
    body = comment.render(report, links, comments.BODY_LIMIT)
    return comments.publish(client, number, environment.comment_id, run, body, create=create)


def told(posted: Posted) -> list[str]:
    """What was done with the comment, for the log; nothing in a dry run."""
    return [f"{_DONE[posted.action]}: {posted.url}"] if posted.action in _DONE and posted.url else []


def _comment(
    report: Report,
    problems: Sequence[GotracerError],
    environment: Environment,
    client: Client | None,
    pull_request: PullRequest,
    root: Path,
    published: Published,
) -> None:
    must = environment.comment == "always"
    # without its baseline every finding would be an alarm: what is wrong with the file is one already
    compared = not any(isinstance(problem, BaselineError) for problem in problems)
    create = must or (compared and comment.is_due(report))
    if client is None:
        if must:
            raise PublishError("comment: always needs github-token")
        return
    run = Run(*environment.run)
    try:
        posted = post(report, environment, client, pull_request.number, run, links_of(environment, root), create=create)
    except ForbiddenError as error:
        if must and not environment.event.is_read_only:
            raise
        published.log.append(f"no comment: {error}")
        if create and environment.event.is_read_only:
            published.annotations.append(Annotation("notice", f"No comment: {_SECOND_STAGE}", "gotracer-ci"))
        elif create:
            published.annotations.append(Annotation("warning", f"No comment: {error}", "gotracer-ci"))
        return
    published.comment_url = posted.url
    published.log += told(posted)


def _upload(
    report: Report,
    problems: Sequence[GotracerError],
    environment: Environment,
    client: Client | None,
    root: Path,
    published: Published,
) -> None:
    # half a result would close the alerts of the other half
    reason = str(problems[0]) if problems else "" if view.is_decided(report) else "nothing could be compared"
    if reason:
        published.log.append(f"not uploaded to code scanning: {reason}")
        return
    if client is None:
        raise PublishError("upload-sarif: true needs github-token")
    log = sarif.render(report, category=f"gotracer-ci/{environment.comment_id}", line_hash=_line_hash(root))
    try:
        url = code_scanning.upload(client, log, *_analysed(environment))
    except ForbiddenError:
        if not environment.event.is_read_only:
            raise
        text = (
            "Not uploaded to code scanning: the token of a pull request from a fork, or by Dependabot, may not write."
        )
        published.annotations.append(Annotation("notice", text, "gotracer-ci"))
        return
    published.log.append(f"uploaded to code scanning: {url}")


def _analysed(environment: Environment) -> tuple[str, str]:
    """Commit and ref that an analysis is of: those of the event, which match each other.

    pull_request_target runs on the base branch, so there it is the pull request's head.
    """
    event = environment.event
    if event.name == "pull_request_target" and event.pull_request:
        return event.pull_request.head_sha, f"refs/pull/{event.pull_request.number}/head"
    return environment.commit, environment.ref


def _line_hash(root: Path) -> Callable[[str, int], str | None]:
    @cache
    def hashes(path: str) -> Sequence[str]:
        try:
            with (root / path).open("rb") as file:
                data = file.read(_LARGEST_SOURCE + 1)
        except OSError:
            return ()
        return line_hashes(data.decode("utf-8", "replace")) if len(data) <= _LARGEST_SOURCE else ()

    def of(path: str, line: int) -> str | None:
        known = hashes(path)
        return known[line - 1] if 0 < line <= len(known) else None

    return of
