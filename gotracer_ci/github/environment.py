"""What the runner tells a container action, read once into a frozen value.

Pure: it takes the environment as a mapping; `action` alone reads the process's own. The runner translates a value
that is or begins with a path of the host, but neither the later lines of an input nor RUNNER_WORKSPACE; both
directions are done here, by the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gotracer_ci.errors import UsageError

Pairs = tuple[tuple[str, str], ...]
REPORTS = ("sarif", "html", "json", "markdown")


@dataclass(frozen=True)
class Environment:
    """The inputs and the runner's own variables. None: not given, so that a configuration file may decide.

    reports: format → path as given. mapping: (host's, container's) folders, most specific first.
    """

    workspace: Path
    output: Path | None
    summary: Path | None
    event: Path | None
    commit: str
    run_id: str
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
    mapping: Pairs

    def built_in(self, folder: Path) -> list[str]:
        """Where this job's other steps have a folder of the workspace: what they built holds these paths."""
        names = (_replace_prefix(str(folder), ((container, host),)) for host, container in self.mapping)
        return [name for name in names if name != str(folder)]

    def on_host(self, path: Path) -> str:
        """What a later step of the job calls a file: relative to the workspace, or else the host's own path."""
        if path.is_relative_to(self.workspace):
            return path.relative_to(self.workspace).as_posix()
        return _replace_prefix(str(path), _turned(self.mapping))


def from_environ(environ: Mapping[str, str]) -> Environment:
    """Reads the inputs and variables of a step.

    Raises:
        UsageError: naming the input (or variable) that is missing or malformed.
    """
    if not environ.get("GITHUB_WORKSPACE"):
        raise UsageError("GITHUB_WORKSPACE is not set: this command is what the GitHub Action runs; use `analyze` here")
    mapping = _mapping(environ)
    inputs = _Inputs(environ, mapping)
    traces = inputs.paths("traces")
    if not traces:
        raise UsageError("traces: this input is required: files, folders or globs, one a line")
    reports = {name: path for name in REPORTS if (path := inputs.path(name))}
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "")
    return Environment(
        workspace=Path(environ["GITHUB_WORKSPACE"]),
        output=_path(environ, "GITHUB_OUTPUT"),
        summary=_path(environ, "GITHUB_STEP_SUMMARY"),
        event=_path(environ, "GITHUB_EVENT_PATH"),
        commit=environ.get("GITHUB_SHA", ""),
        # a re-run measures again: it is a job of its own
        run_id="-".join(part for part in (environ.get("GITHUB_RUN_ID", ""), attempt) if part),
        traces=traces,
        base_traces=inputs.paths("base-traces"),
        baseline=inputs.path("baseline"),
        update_baseline=inputs.flag("update-baseline"),
        strict=inputs.flag("strict"),
        config=inputs.path("config"),
        fail_on=inputs.text("fail-on"),
        top=inputs.text("top"),
        path_map=_path_map(inputs.lines("path-map"), mapping),
        reports=reports,
        annotations=inputs.flag("annotations") is not False,
        job_summary=inputs.flag("job-summary") is not False,
        mapping=mapping,
    )


class _Inputs:
    """The step's inputs by their names in action.yml; an empty one counts as not given."""

    def __init__(self, environ: Mapping[str, str], mapping: Pairs) -> None:
        self._environ = environ
        self._mapping = mapping

    def text(self, name: str) -> str | None:
        # the runner turns spaces into underscores and leaves hyphens alone
        return self._environ.get(f"INPUT_{name.upper()}", "").strip() or None

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in (self.text(name) or "").split("\n") if line.strip()]

    def paths(self, name: str) -> tuple[str, ...]:
        return tuple(_replace_prefix(line, self._mapping) for line in self.lines(name))

    def path(self, name: str) -> str | None:
        text = self.text(name)
        return text and _replace_prefix(text, self._mapping)

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise UsageError(f"{name}: this input is true or false, not {text!r}")
        return None if text is None else text == "true"


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None


def _mapping(environ: Mapping[str, str]) -> Pairs:
    """The folders that steps outside the container know by another name.

    RUNNER_WORKSPACE is the workspace's parent on the host. The steps of a job that itself runs in a container see
    the same folders below /__w.
    """
    parent = PurePosixPath(environ.get("RUNNER_WORKSPACE") or "/")
    repository = environ.get("GITHUB_REPOSITORY", "").rpartition("/")[2]
    if not parent.name or not repository:
        return ()
    pairs = []
    for root in (parent.parent, PurePosixPath("/__w")):
        pairs.append((str(root / parent.name / repository), environ["GITHUB_WORKSPACE"]))
        if environ.get("RUNNER_TEMP"):
            pairs.append((str(root / "_temp"), environ["RUNNER_TEMP"]))
    return tuple(pairs)


def _replace_prefix(text: str, pairs: Pairs) -> str:
    for old, new in pairs:
        if text == old or text.startswith(f"{old}/"):
            return new + text[len(old) :]
    return text


def _path_map(lines: list[str], mapping: Pairs) -> Pairs:
    """The input's FROM=TO lines. FROM is a path of the build's machine: what was translated in it is turned back."""
    pairs = []
    for line in lines:
        old, found, new = line.partition("=")
        if not found or not old.strip():
            raise UsageError(f"path-map: {line!r} is not FROM=TO")
        pairs.append((_replace_prefix(old.strip(), _turned(mapping)), _replace_prefix(new.strip(), mapping)))
    return tuple(pairs)


def _turned(mapping: Pairs) -> Pairs:
    return tuple((container, host) for host, container in mapping)
