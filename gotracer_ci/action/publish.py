"""Publish a run through GitHub's API: the pull request comment and code scanning.

All files are written before this. If the token lacks a permission, the step names it. It fails only if an input
explicitly asked for the result, or if GitHub failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from gotracer_ci.action import upload
from gotracer_ci.errors import ForbiddenError, GotracerError, PublishError
from gotracer_ci.github import comments, pulls
from gotracer_ci.github.client import Client
from gotracer_ci.github.commands import Annotation, remark
from gotracer_ci.github.comments import Posted
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.github.parts import WorkflowRun, part
from gotracer_ci.report import comment
from gotracer_ci.report.model import Report

_READ_ONLY = "the token of a pull request from a fork or by Dependabot is read-only."
_SECOND_STAGE = (
    f"{_READ_ONLY} The findings are in the job summary; to get them as a comment, add the second workflow in "
    "docs/github.md."
)
_SHARED = (
    "Another job of this run commented on the same programs. Give each of these jobs its own comment-id: later runs "
    "and code scanning cannot tell them apart."
)
_DONE = {
    "created": "comment created",
    "updated": "comment updated",
    "superseded": "comment unchanged: a newer run has already updated it",
}


@dataclass(slots=True)
class Published:
    """The outcome of `publish`.

    comment_url: "" if there is no comment. log: lines for the step's log. errors: problems that fail the step.
    """

    comment_url: str = ""
    log: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    errors: list[GotracerError] = field(default_factory=list)


def publish(
    report: Report, kept_back: str, environment: RunnerEnvironment, client: Client | None, root: Path
) -> Published:
    """Comment and upload, as the inputs ask. If one fails, the other is still tried.

    Args:
        kept_back: why nothing is uploaded to code scanning, "" otherwise.
        client: None without a token.
        root: the absolute directory that the report's paths are relative to.
    """
    published = Published()
    run = _Finished(report, kept_back, environment, client, root, published)
    for step in (run.comment, run.upload):
        try:
            step()
        except PublishError as error:
            published.errors.append(error)
    return published


def write_comment(
    report: Report, environment: RunnerEnvironment, client: Client, number: int, *, create: bool, artifact: str = ""
) -> Posted:
    """Render the report and publish it as the comment with the step's `comment-id`, on behalf of its run.

    artifact: the URL of the artifact with the HTML report, if it is known.
    """
    body = comment.render(report, replace(report.links, artifact=artifact), comments.BODY_LIMIT)
    programs = {trace.program for trace in report.traces}
    mine = part(WorkflowRun(*environment.run), body, programs, environment.leg)
    return comments.publish(client, number, environment.comment_id, mine, create=create)


def lines_of(posted: Posted) -> list[str]:
    """Return the log lines for a comment."""
    return [f"{_DONE[posted.action]}: {posted.url}"] if posted.action in _DONE and posted.url else []


@dataclass(frozen=True, slots=True)
class _Finished:
    """A finished run, and what has been published so far."""

    report: Report
    kept_back: str
    environment: RunnerEnvironment
    client: Client | None
    root: Path
    published: Published

    def comment(self) -> None:
        pull_request, asked = self.environment.event.pull_request, self.environment.comment
        if asked == "never":
            return
        if not pull_request:
            if asked == "always":
                name = self.environment.event.name or "an unknown event"
                why = f"No comment, although comment is always: this run of {name} has no pull request."
                self.published.annotations.append(remark("notice", why))
            return
        if self.client is None:
            if asked == "always":
                raise PublishError("comment: always needs github-token")
            return
        if not self.client.is_dry and pulls.is_closed(self.client, pull_request.number):
            self.published.log.append(f"no comment: pull request {pull_request.number} is closed")
            return
        create = asked == "always" or comment.is_due(self.report)
        try:
            posted = write_comment(self.report, self.environment, self.client, pull_request.number, create=create)
        except ForbiddenError as error:
            self._no_comment(error, asked == "always", create)
            return
        except PublishError as error:
            if create:
                raise
            # There is nothing new to show. At worst an older comment stays outdated.
            self.published.annotations.append(remark("warning", f"Could not check for a comment to update: {error}"))
            return
        if not self.client.is_dry:
            self.published.comment_url = posted.url
            self.published.log += lines_of(posted)
            if posted.is_shared:
                self.published.annotations.append(remark("warning", _SHARED))

    def _no_comment(self, error: ForbiddenError, must: bool, create: bool) -> None:
        is_read_only = self.environment.event.is_read_only
        if must and not is_read_only:
            raise error
        if not (create and is_read_only):  # a fork cannot be granted the permission
            self.published.log.append(f"no comment: {error}")
        if create:
            level, reason = ("notice", _SECOND_STAGE) if is_read_only else ("warning", str(error))
            self.published.annotations.append(remark(level, f"No comment: {reason}"))

    def upload(self) -> None:
        if not self.environment.upload_sarif:
            return
        if self.kept_back:
            self.published.log.append(f"not uploaded to code scanning: {self.kept_back}")
            return
        if self.client is None:
            raise PublishError("upload-sarif: true needs github-token")
        try:
            urls = upload.upload(self.report, self.environment, self.client, self.root)
        except ForbiddenError:
            if not self.environment.event.is_read_only:
                raise
            self.published.annotations.append(remark("notice", f"Not uploaded to code scanning: {_READ_ONLY}"))
            return
        self.published.log += [f"uploaded to code scanning: {url}" for url in urls]
