"""The action under `workflow_run`: comment for a run with a read-only token, from a fork or by Dependabot.

This stage runs on the default branch with a token that may write, after a run of code that anybody may have written.
The author of the pull request controls the artifact, so this stage treats it as untrusted data: it reads one named
member of one artifact in memory, bounded, and checks it against the schema. It renders the text itself, and finds the
pull request through the API by the head commit that GitHub reports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gotracer_ci.action.publish import lines_of, links_of, write_comment
from gotracer_ci.errors import UsageError
from gotracer_ci.github import artifacts, pulls
from gotracer_ci.github.client import Client
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.report import comment
from gotracer_ci.report.model import Report
from gotracer_ci.report.schema import read
from gotracer_ci.rules.registry import all_rules

MEMBER = "findings.json"
MAX_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Commented:
    """report: None if there was nothing to comment on. log: what was done and why, one line each."""

    report: Report | None
    comment_url: str
    log: tuple[str, ...]


def run(environment: RunnerEnvironment, client: Client | None) -> Commented:
    """Comment on the pull request of the run that triggered this one.

    Raises:
        UsageError: the event has no run, there is no token, or the artifact has no report.
        PublishError: a request to GitHub failed.
    """
    traced = environment.event.traced_run
    if traced is None:
        raise UsageError("the event's payload has no workflow_run: this stage needs `on: workflow_run`")
    if client is None:
        raise UsageError("github-token: this input is required under workflow_run")
    if traced.event != "pull_request":
        return _nothing(f"the run was of {traced.event or 'an unknown event'}, not of a pull request")
    if environment.comment == "never":
        return _nothing("comment is never")
    try:
        data = artifacts.member(client, traced.id, environment.artifact, MEMBER, MAX_BYTES)
    except artifacts.MissingArtifactError as error:
        if traced.conclusion == "success":
            raise
        return _nothing(f"{error}; the run ended as {traced.conclusion or 'unknown'}")
    rules = {rule.name: rule.info for rule in all_rules()}
    report = read(data, f"{MEMBER} of the artifact {environment.artifact}", rules)
    found = pulls.find(client, traced.head_owner, traced.head_branch, traced.head_sha)
    if found.number is None:
        return Commented(report, "", (f"no comment: {found.reason}",))
    create = environment.comment == "always" or comment.is_due(report)
    # the comment belongs to the traced run: a re-run of that one replaces it, a re-run of this one does not
    of_run = replace(environment, run=(traced.id, traced.attempt))
    posted = write_comment(report, of_run, client, found.number, links_of(of_run, report.folder), create=create)
    return Commented(report, "", ()) if client.is_dry else Commented(report, posted.url, tuple(lines_of(posted)))


def _nothing(reason: str) -> Commented:
    return Commented(None, "", (f"nothing to comment: {reason}",))
