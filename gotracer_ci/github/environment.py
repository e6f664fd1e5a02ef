"""The environment of a container action, read once into a frozen value.

The environment variables are passed as a mapping; only `action` reads the process's own. The only file that this
module reads is the event payload.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from gotracer_ci.errors import UsageError
from gotracer_ci.github import event as events
from gotracer_ci.github.action_inputs import ActionInputs
from gotracer_ci.github.comments import check_id
from gotracer_ci.github.event import Event
from gotracer_ci.github.paths import Pairs, mapping_of, replace_prefix, turned

Comment = Literal["auto", "always", "never"]
SarifResults = Literal["regressions", "all"]
REPORTS = ("sarif", "html", "json", "markdown")
_BRANCH = r"[^\x00-\x20\x7f~^:?*\[\\]{1,250}"
_OF_JOB = ("GITHUB_JOB", "RUNNER_NAME", "RUNNER_TRACKING_ID")


@dataclass(frozen=True)
class RunnerEnvironment:
    """The step's inputs and the runner's variables. A missing input is None, so that the configuration file decides.

    reports: format → path. token: "" for none.
    findings: reports of earlier jobs to join, instead of traces.
    pending: the directory for notices that a later step of the job may clear; None if they are printed at once.
    artifact: the name of the artifact to read in a workflow_run workflow.
    baseline_branch: the branch that has the baseline, "" for that of the pull request's base.
    commit, ref: GITHUB_SHA and GITHUB_REF, which belong to the merge commit in a pull request. `event.commit` is the
    traced commit.
    leg: identifies the job among those of its run; "" if unknown.
    run: the run's ID and attempt, 0 if unknown. api_url, server_url: without a trailing slash.
    repository: "owner/name", "" if unknown.
    mapping: (host, container) directories, most specific first.
    """

    workspace: Path
    output: Path | None
    summary: Path | None
    event: Event
    commit: str
    ref: str
    repository: str
    api_url: str
    server_url: str
    token: str = field(repr=False)
    run: tuple[int, int]
    traces: tuple[str, ...]
    base_traces: tuple[str, ...]
    findings: tuple[str, ...]
    baseline: str | None
    baseline_branch: str
    update_baseline: bool | None
    strict: bool | None
    config: str | None
    fail_on: str | None
    top: str | None
    path_map: Pairs
    reports: Mapping[str, str]
    annotations: bool
    job_summary: bool
    comment: Comment
    comment_id: str
    leg: str
    upload_sarif: bool
    sarif_results: SarifResults
    artifact: str
    dry_run: bool
    pending: Path | None
    mapping: Pairs

    @property
    def run_id(self) -> str:
        """The ID of the job in a baseline. A re-run measures again and a leg of a matrix alone, so each has its own."""
        return "-".join(str(part) for part in (*self.run, self.leg) if part) if any(self.run) else ""

    @property
    def run_url(self) -> str:
        """The URL of the run, "" if unknown."""
        number, attempt = self.run
        if not self.repository or not number:
            return ""
        url = f"{self.server_url}/{self.repository}/actions/runs/{number}"
        return f"{url}/attempts/{attempt}" if attempt else url

    def artifact_url(self, artifact: int) -> str:
        """Return the URL that downloads an artifact of the run, by its ID, for readers who are logged in."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run[0]}/artifacts/{artifact}"

    def built_in(self, directory: Path) -> list[str]:
        """Return the paths of a directory in other steps of this job. Programs built there contain these paths."""
        names = (replace_prefix(str(directory), ((container, host),)) for host, container in self.mapping)
        return [name for name in names if name != str(directory)]

    def on_host(self, path: Path) -> str:
        """Return the path of a file for later steps: relative to the workspace, or else absolute on the host."""
        if path.is_relative_to(self.workspace):
            return path.relative_to(self.workspace).as_posix()
        return replace_prefix(str(path), turned(self.mapping))


def from_environ(environ: Mapping[str, str]) -> RunnerEnvironment:
    """Read the inputs, the variables and the event of a step.

    Raises:
        UsageError: an input or a variable is missing or malformed.
    """
    if not environ.get("GITHUB_WORKSPACE"):
        raise UsageError("GITHUB_WORKSPACE is not set: this command runs only as a GitHub Action; use `analyze` here")
    mapping = mapping_of(environ)
    inputs = ActionInputs(environ, mapping)
    return RunnerEnvironment(
        workspace=Path(environ["GITHUB_WORKSPACE"]),
        output=_path(environ, "GITHUB_OUTPUT"),
        summary=_path(environ, "GITHUB_STEP_SUMMARY"),
        event=events.read(environ),
        commit=events.text(events.SHA, environ.get("GITHUB_SHA")),
        ref=events.text(events.REF, environ.get("GITHUB_REF")),
        repository=events.text(events.REPOSITORY, environ.get("GITHUB_REPOSITORY")),
        api_url=_url(environ, "GITHUB_API_URL", "https://api.github.com"),
        server_url=_url(environ, "GITHUB_SERVER_URL", "https://github.com"),
        token=inputs.text("github-token") or "",
        run=(_number(environ, "GITHUB_RUN_ID"), _number(environ, "GITHUB_RUN_ATTEMPT")),
        traces=inputs.paths("traces"),
        base_traces=inputs.paths("base-traces"),
        findings=inputs.paths("findings"),
        baseline=inputs.path("baseline"),
        baseline_branch=inputs.checked("baseline-branch", "", _BRANCH, "the name of a branch"),
        update_baseline=inputs.flag("update-baseline"),
        strict=inputs.flag("strict"),
        config=inputs.path("config"),
        fail_on=inputs.text("fail-on"),
        top=inputs.text("top"),
        path_map=inputs.path_map(),
        reports={name: path for name in REPORTS if (path := inputs.path(name))},
        annotations=inputs.flag("annotations") is not False,
        job_summary=inputs.flag("job-summary") is not False,
        comment=cast(Comment, inputs.checked("comment", "auto", "auto|always|never", "auto, always or never")),
        comment_id=check_id(inputs.text("comment-id") or "default"),
        leg=leg_of(*(environ.get(name, "") for name in _OF_JOB), inputs.text("job-index") or ""),
        upload_sarif=inputs.flag("upload-sarif") is True,
        sarif_results=cast(
            SarifResults, inputs.checked("sarif-results", "regressions", "regressions|all", "regressions or all")
        ),
        artifact=inputs.checked(
            "artifact", "gotracer-ci", r"[^\x00-\x1f\x7f\ud800-\udfff\"*/:<>?\\|]{1,256}", "an artifact name"
        ),
        dry_run=inputs.flag("dry-run") is True,
        pending=pending_of(environ),
        mapping=mapping,
    )


def pending_of(environ: Mapping[str, str]) -> Path | None:
    """Return the directory for pending notices. Without action.yml no step at the end of the job would print them."""
    temporary = _path(environ, "RUNNER_TEMP")
    is_printed_later = environ.get("GOTRACER_CI_POST") == "true" and temporary and temporary.is_dir()
    return temporary / "gotracer-ci" if temporary and is_printed_later else None


def leg_of(*names: str) -> str:
    """Return a short hash of what identifies a job, "" if nothing does.

    The jobs of a matrix have one name. Their index tells them apart also where one runner runs all of them.
    """
    return hashlib.sha256("\0".join(names).encode(errors="replace")).hexdigest()[:8] if any(names) else ""


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _number(environ: Mapping[str, str], name: str) -> int:
    return int(events.text(re.compile("[1-9][0-9]{0,15}"), environ.get(name)) or 0)


def _url(environ: Mapping[str, str], name: str, default: str) -> str:
    """Return a base URL from the environment. The token is sent to it, so only a plain URL is valid."""
    url = environ.get(name) or default
    if "@" in url:
        # Omit the value: it may contain a password.
        raise UsageError(f"{name}: remove the user name and password from this URL; the token is an input of its own")
    if not re.fullmatch(r"https?://[\w.-]+(:[0-9]+)?(/[\w.-]+)*/?", url, re.ASCII):
        raise UsageError(f"{name}: {url[:200]!r} is not the URL of a GitHub server")
    return url.rstrip("/")
