"""Read what `gotracer-ci doctor` checks of workflow files. A value of another type than GitHub expects is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gotracer_ci import files
from gotracer_ci.errors import FileError, UsageError

DIRECTORY = Path(".github", "workflows")
MAX_BYTES = 1_000_000
_ACCESS = ("none", "read", "write")
_ALL = {"read-all": "read", "write-all": "write"}


@dataclass(frozen=True, slots=True)
class Step:
    """A step. given: its inputs. condition: its `if`."""

    uses: str
    run: str
    given: Mapping[str, Any]
    condition: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job. uses: the workflow that it calls. permissions: None if neither it nor the workflow sets them."""

    name: str
    uses: str
    given: Mapping[str, Any]
    permissions: Mapping[str, Any] | str | None
    runs_on: str
    is_matrix: bool
    steps: tuple[Step, ...]

    def lacks(self, scope: str, access: str) -> bool:
        """Whether the permissions are set, and do not include this one."""
        if self.permissions is None:
            return False
        if isinstance(self.permissions, str):
            found = _ALL.get(self.permissions, "none")
        else:
            found = str(self.permissions.get(scope, "none"))
        return found not in _ACCESS or _ACCESS.index(found) < _ACCESS.index(access)


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A workflow. events: what starts it. follows: the names of the workflows whose runs start it."""

    path: str
    name: str
    events: frozenset[str]
    follows: tuple[str, ...]
    jobs: tuple[Job, ...]


def paths(root: Path) -> list[Path]:
    """Return the workflow files of a repository, sorted."""
    directory = root / DIRECTORY
    return sorted(path for suffix in ("yml", "yaml") for path in directory.glob(f"*.{suffix}"))


def read(path: Path, root: Path) -> WorkflowFile:
    """Return what a file says.

    Raises:
        FileError: it is unreadable, larger than MAX_BYTES, or not YAML.
        UsageError: it is no workflow.
    """
    shown = path.relative_to(root).as_posix()
    document = _parsed(files.read_text(path, MAX_BYTES), path)
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        raise UsageError(f"{shown}: not a workflow: it has no jobs")
    on = document.get("on")
    names = [on] if isinstance(on, str) else list(on) if isinstance(on, dict | list) else []
    run = _mapping(_mapping(on).get("workflow_run"))
    permissions = document.get("permissions")
    return WorkflowFile(
        path=shown,
        name=_text(document.get("name")) or shown,
        events=frozenset(map(str, names)),
        follows=tuple(map(str, _list(run.get("workflows")))),
        jobs=tuple(_job(str(name), _mapping(job), permissions) for name, job in document["jobs"].items()),
    )


def _parsed(text: str, path: Path) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise FileError(path, f"not valid YAML{line}: {' '.join(str(error.problem).split())}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise FileError(path, f"not valid YAML: {' '.join(str(error).split())}") from None


def _job(name: str, job: Mapping[str, Any], inherited: object) -> Job:
    given = job.get("permissions", inherited)
    runs_on = job.get("runs-on")
    return Job(
        name=name,
        uses=_text(job.get("uses")),
        given=_mapping(job.get("with")),
        permissions=given if isinstance(given, str | dict) else None,
        runs_on=" ".join(map(str, runs_on)) if isinstance(runs_on, list) else _text(runs_on),
        is_matrix="matrix" in _mapping(job.get("strategy")),
        steps=tuple(_steps(job.get("steps"))),
    )


def _steps(value: object) -> Iterator[Step]:
    for step in map(_mapping, _list(value)):
        yield Step(_text(step.get("uses")), _text(step.get("run")), _mapping(step.get("with")), _text(step.get("if")))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
