"""What the runner tells a container action, read once into a frozen value.

It takes the environment as a mapping; `action` alone reads the process's own. Of files only the event's is read.
"""

from __future__ import annotations

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
REPORTS = ("sarif", "html", "json", "markdown")


@dataclass(frozen=True)
class RunnerEnvironment:
    """The inputs and the runner's own variables. None: not given, so that a configuration file may decide.

    reports: format → path as given. token: "" without one.
    artifact: the name of the one to read in a workflow that another one's end started.
    commit, ref: GITHUB_SHA and GITHUB_REF, in a pull request the merge's; `event.commit` is what was traced.
    run: the run's id and attempt, 0 where they are not known. api_url, server_url: without a slash at the end.
    repository: owner/name, "" where it is not known.
    mapping: (host's, container's) folders, most specific first.
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
    baseline: str | None
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
    upload_sarif: bool
    artifact: str
    dry_run: bool
    mapping: Pairs

    @property
    def run_id(self) -> str:
        """The job's name in a baseline. A re-run measures again: it is a job of its own."""
        return "-".join(str(part) for part in self.run if part)

    @property
    def run_url(self) -> str:
        """The page of the run, "" where it is not known."""
        number, attempt = self.run
        if not self.repository or not number:
            return ""
        url = f"{self.server_url}/{self.repository}/actions/runs/{number}"
        return f"{url}/attempts/{attempt}" if attempt else url

    def built_in(self, folder: Path) -> list[str]:
        """Where this job's other steps have a folder of the workspace: what they built holds these paths."""
        names = (replace_prefix(str(folder), ((container, host),)) for host, container in self.mapping)
        return [name for name in names if name != str(folder)]

    def on_host(self, path: Path) -> str:
        """What a later step of the job calls a file: relative to the workspace, or else the host's own path."""
        if path.is_relative_to(self.workspace):
            return path.relative_to(self.workspace).as_posix()
        return replace_prefix(str(path), turned(self.mapping))


def from_environ(environ: Mapping[str, str]) -> RunnerEnvironment:
    """Reads the inputs, the variables and the event of a step.

    Raises:
        UsageError: naming the input (or variable) that is missing or malformed.
    """
    if not environ.get("GITHUB_WORKSPACE"):
        raise UsageError("GITHUB_WORKSPACE is not set: this command is what the GitHub Action runs; use `analyze` here")
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
        baseline=inputs.path("baseline"),
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
        upload_sarif=inputs.flag("upload-sarif") is True,
        artifact=inputs.checked(
            "artifact", "gotracer-ci", r"[^\x00-\x1f\x7f\ud800-\udfff\"*/:<>?\\|]{1,256}", "the name of an artifact"
        ),
        dry_run=inputs.flag("dry-run") is True,
        mapping=mapping,
    )


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _number(environ: Mapping[str, str], name: str) -> int:
    return int(events.text(re.compile("[1-9][0-9]{0,15}"), environ.get(name)) or 0)


def _url(environ: Mapping[str, str], name: str, default: str) -> str:
    """The token is sent there, and readers are: nothing but a plain address, with a path or without."""
    url = environ.get(name) or default
    if not re.fullmatch(r"https?://[\w.-]+(:[0-9]+)?(/[\w.-]+)*/?", url, re.ASCII):
        raise UsageError(f"{name}: {url[:200]!r} is not the address of a GitHub server")
    return url.rstrip("/")
