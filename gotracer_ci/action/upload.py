"""Upload the run's SARIF log to code scanning, unless it would close alerts without evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from gotracer_ci import files
from gotracer_ci.errors import FileError, GotracerError
from gotracer_ci.github import code_scanning
from gotracer_ci.github.client import Client
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.report import alerts
from gotracer_ci.report.formats import sarif
from gotracer_ci.report.line_hash import line_hashes
from gotracer_ci.report.model import Report

_LARGEST_SOURCE = 8 << 20  # bytes


def why_not_uploaded(report: Report, problems: Sequence[GotracerError], *, is_update: bool) -> str:
    """Return why the log must not be uploaded, or "" if it may be.

    problems: the errors in the run's traces and baseline. is_update: the run is added to the baseline.
    """
    if problems:
        return str(problems[0])
    if is_update:
        return "an update of the baseline accepts the run, so it has no regressions"
    return alerts.why_not(report)


def upload(report: Report, environment: RunnerEnvironment, client: Client, root: Path) -> list[str]:
    """Upload the report and return the URLs of the analyses; none in a dry run.

    root: the absolute directory that the report's paths are relative to.

    Raises:
        ForbiddenError: the token lacks a permission, or code scanning is not enabled.
        PublishError: GitHub rejects the log.
    """
    top = (root, *root.parents)[len(PurePosixPath(report.folder).parts)]
    logs = sarif.uploads(report, f"gotracer-ci/{environment.comment_id}", _line_hash(top))
    urls = [code_scanning.upload(client, log, *_analysed(environment)) for log in logs]
    return [url for url in urls if url]


def _analysed(environment: RunnerEnvironment) -> tuple[str, str]:
    """Return the commit and the matching ref that were analyzed.

    pull_request_target runs on the base branch, so for it they are those of the pull request's head.
    """
    event = environment.event
    if event.name == "pull_request_target" and event.pull_request:
        return event.pull_request.head_sha, f"refs/pull/{event.pull_request.number}/head"
    return environment.commit, environment.ref


def _line_hash(root: Path) -> Callable[[str, int], str | None]:
    @cache
    def hashes(path: str) -> Sequence[str]:
        try:
            data = files.read(root / path, _LARGEST_SOURCE)
        except FileError:
            return ()
        return line_hashes(data.decode("utf-8", "replace"))

    def of(path: str, line: int) -> str | None:
        known = hashes(path)
        return known[line - 1] if 0 < line <= len(known) else None

    return of
