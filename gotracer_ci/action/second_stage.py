"""The action under `workflow_run`: comment for a run with a read-only token (forks and Dependabot).

This stage has a write token and runs on the default branch, after a run of untrusted code. It treats that run's
artifact as untrusted data: it reads one named file, in memory, with a size limit, and checks it against the schema. It
renders the text itself, and finds the pull request through the API by the head commit that GitHub reports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gotracer_ci.action.publish import lines_of, write_comment
from gotracer_ci.errors import UsageError
from gotracer_ci.github import artifacts, pulls
from gotracer_ci.github.client import Client
from gotracer_ci.github.environment import RunnerEnvironment, leg_of
from gotracer_ci.report import comment
from gotracer_ci.report.model import Report
from gotracer_ci.report.schema import MAX_BYTES, read
from gotracer_ci.rules.registry import all_rules

MEMBER = "findings.json"
PAGE = "report.html"


@dataclass(frozen=True, slots=True)
class Commented:
    """The outcome of the second stage. report: None if there was nothing to comment on. log: lines for the log."""

    report: Report | None
    comment_url: str
    log: tuple[str, ...]


def run(environment: RunnerEnvironment, client: Client | None) -> Commented:
    """Comment on the pull request of the run that triggered this one.

    Raises:
        UsageError: the event has no run, the token is missing, or the artifact is not a report.
        PublishError: a request to GitHub failed.
    """
    traced = environment.event.traced_run
    if traced is None:
        raise UsageError("the event's payload has no workflow_run: commenting for another run needs `on: workflow_run`")
    if client is None:
        raise UsageError("github-token: this input is required under workflow_run")
    if traced.event != "pull_request":
        return _nothing(f"the run was triggered by {traced.event or 'an unknown event'}, not by pull_request")
    if environment.comment == "never":
        return _nothing("the input comment is never")
    try:
        stored = artifacts.member(client, traced.id, environment.artifact, MEMBER, MAX_BYTES)
    except artifacts.MissingArtifactError as error:
        if traced.conclusion == "success":
            raise
        return _nothing(f"{error}; the run's conclusion is {traced.conclusion or 'unknown'}")
    rules = {rule.name: rule.info for rule in all_rules()}
    report = read(stored.content, f"{MEMBER} in artifact {environment.artifact}", rules)
    found = pulls.find(client, traced.head_owner, traced.head_branch, traced.head_sha)
    if found.number is None:
        return Commented(report, "", (f"no comment: {found.reason}",))
    create = environment.comment == "always" or comment.is_due(report)
    # The comment belongs to the traced run, so its attempt orders comments, not this run's.
    traced_by = replace(environment, run=(traced.id, traced.attempt), leg=leg_of(environment.artifact))
    # Neither the commit nor the run is taken from the artifact.
    report = replace(report, commit=environment.event.commit, run=traced_by.run_url)
    page = traced_by.artifact_url(stored.artifact_id) if PAGE in stored.names else ""
    posted = write_comment(report, traced_by, client, found.number, create=create, artifact=page)
    return Commented(report, "", ()) if client.is_dry else Commented(report, posted.url, tuple(lines_of(posted)))


def _nothing(reason: str) -> Commented:
    return Commented(None, "", (f"nothing to comment: {reason}",))
