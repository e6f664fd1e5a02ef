"""The part of `gotracer-ci doctor` that reads the repository's workflows.

Each check is about a mistake with which GitHub refuses to start a run, or a run does not do what its author expects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gotracer_ci import __version__
from gotracer_ci.action.checks import Check, Level
from gotracer_ci.action.workflow_files import Job, Step, WorkflowFile, paths, read
from gotracer_ci.errors import GotracerError
from gotracer_ci.spelling import did_you_mean

ACTION_INPUTS = (
    "annotations", "artifact", "base-traces", "baseline", "baseline-branch", "comment", "comment-id", "config",
    "dry-run", "fail-on", "findings", "github-token", "html", "job-index", "job-summary", "json", "markdown",
    "path-map", "sarif", "sarif-results", "strict", "top", "traces", "update-baseline", "upload-sarif",
)  # fmt: skip
CALLED = {
    "regressions.yml": (("contents", "read"), ("pull-requests", "write")),
    "comment.yml": (("actions", "read"), ("pull-requests", "write")),
}
"""Our workflows that others call, and the permissions of their jobs."""
CALLED_INPUTS = {
    "regressions.yml": ("baseline-branch", "comment", "go-version-file", "packages", "test-flags", "traces"),
    "comment.yml": (),
}
_OURS = re.compile(r"[\w.-]+/gotracer-ci(?:/\.github/workflows/([\w-]+\.yml))?@(.+)")
_RELEASE = re.compile(r"v(\d+)(?:\.\d+\.\d+)?|[0-9a-f]{40}")
_OLDER = re.compile(r"HEAD[\^~]|\bgotracer-ci test\b[^\n]*\s--base\b")
_EVEN_IF_FAILED = re.compile(r"always\(\)|cancelled\(\)|failure\(\)")


def workflow_checks(root: Path) -> Iterator[Check]:
    """Check each workflow of a repository that uses gotracer-ci, and each that cannot be read."""
    read_files: list[WorkflowFile] = []
    for path in paths(root):
        try:
            read_files.append(read(path, root))
        except GotracerError as error:
            yield Check(Level.PROBLEM, "workflow", str(error))
    names = {file.name for file in read_files}
    for file in read_files:
        found = list(_of_file(file, names))
        yield from found
        if not found and any(_is_ours(job) for job in file.jobs):
            yield Check(Level.OK, "workflow", file.path)


def _of_file(file: WorkflowFile, names: set[str]) -> Iterator[Check]:
    for job in file.jobs:
        found = [*_older_commit(job)]
        if _is_ours(job):
            found += [*_of_job(file, job, names)]
        for level, text in found:
            yield Check(level, "workflow", f"{file.path}: job {job.name}: {text}")


def _is_ours(job: Job) -> bool:
    return bool(_OURS.fullmatch(job.uses)) or any(_OURS.fullmatch(step.uses) for step in job.steps)


def _of_job(file: WorkflowFile, job: Job, names: set[str]) -> Iterator[tuple[Level, str]]:
    if "pull_request_target" in file.events:
        yield Level.PROBLEM, "pull_request_target runs a fork's code with a write token; use pull_request"
    unknown = [name for name in file.follows if name not in names]
    if unknown and "workflow_run" in file.events:
        near = did_you_mean(unknown[0], sorted(names))
        yield Level.PROBLEM, f"it never runs: no workflow has the name {unknown[0]}{near}"
    yield from _called(job)
    for number, step in enumerate(job.steps):
        if found := _OURS.fullmatch(step.uses):
            yield from _version(found[2])
            yield from _inputs(step.given, ACTION_INPUTS, "the action")
            yield from _step(file, job, step)
            yield from _uploads(job, job.steps[number + 1 :])


def _called(job: Job) -> Iterator[tuple[Level, str]]:
    """Check a job that calls one of our workflows."""
    found = _OURS.fullmatch(job.uses)
    if not found or found[1] not in CALLED:
        return
    yield from _version(found[2])
    yield from _inputs(job.given, CALLED_INPUTS[found[1]], found[1])
    needs = CALLED[found[1]]
    if job.permissions is None:
        every = ", ".join(f"{scope}: {access}" for scope, access in needs)
        yield Level.NOTE, f"no permissions: GitHub starts it only if the repository's default has them; add {every}"
    for scope, access in needs:
        if job.lacks(scope, access):
            yield Level.PROBLEM, f"GitHub refuses to start {found[1]}; add {scope}: {access} to its permissions"


def _version(ref: str) -> Iterator[tuple[Level, str]]:
    release = _RELEASE.fullmatch(ref)
    major = __version__.partition(".")[0]
    if not release:
        yield Level.NOTE, f"@{ref} is no release, and runs the image of the last one; use @v{major}"
    elif release[1] and release[1] != major:
        yield Level.NOTE, f"@{ref} is another major version than this one, {__version__}; use @v{major}"


def _inputs(given: Mapping[str, Any], known: Sequence[str], of: str) -> Iterator[tuple[Level, str]]:
    for name in map(str, given):
        if name.lower() not in known:
            yield Level.PROBLEM, f"{of} has no input {name}{did_you_mean(name, known)}"


def _step(file: WorkflowFile, job: Job, step: Step) -> Iterator[tuple[Level, str]]:
    if re.search(r"macos|windows", job.runs_on, re.IGNORECASE):
        yield Level.PROBLEM, f"the action needs Linux, not {job.runs_on}; record there, and analyze in a second job"
    comments = str(step.given.get("comment", "auto")) != "never" and file.events & {"pull_request", "workflow_run"}
    needs = [("pull-requests", "write", "comment; add it, or set comment: never")] if comments else []
    if file.events & {"pull_request"}:
        needs.append(("contents", "read", "read the code and the base branch's baseline; add it"))
    if file.events & {"workflow_run"}:
        needs.append(("actions", "read", "read the artifact; add it"))
    if str(step.given.get("upload-sarif")).lower() == "true":
        needs.append(("security-events", "write", "upload the SARIF log; add it"))
    for scope, access, what in needs:
        if job.lacks(scope, access):
            yield Level.PROBLEM, f"permissions: {scope}: {access} is missing to {what}"


def _older_commit(job: Job) -> Iterator[tuple[Level, str]]:
    """Check that a job which uses an older commit has it."""
    scripts = [step.run for step in job.steps]
    if not any(map(_OLDER.search, scripts)) or any("git fetch" in script for script in scripts):
        return
    for step in job.steps:
        if step.uses.startswith("actions/checkout@") and str(step.given.get("fetch-depth", 1)) == "1":
            yield Level.PROBLEM, "the checkout has one commit, so the base is missing; set fetch-depth: 0"


def _uploads(job: Job, later: Sequence[Step]) -> Iterator[tuple[Level, str]]:
    """Check the steps after the action that keep its files."""
    uploads = [step for step in later if step.uses.startswith("actions/upload-artifact@")]
    if not uploads and any(step.uses.startswith("actions/checkout@") for step in job.steps):
        yield Level.NOTE, "the reports are lost; add actions/upload-artifact with if: always() and path: gotracer-ci/"
    for step in uploads:
        path, name = str(step.given.get("path", "")), str(step.given.get("name", "artifact"))
        is_hidden = ".gotracer-ci" in path or "baseline-file" in path
        if not is_hidden and "gotracer-ci" in path and not _EVEN_IF_FAILED.search(step.condition):
            yield Level.PROBLEM, "a regression fails the step before, and its reports are lost; add if: always()"
        if is_hidden and str(step.given.get("include-hidden-files")).lower() != "true":
            yield Level.PROBLEM, "the upload leaves out .gotracer-ci; set include-hidden-files: true"
        if job.is_matrix and "${{" not in name:
            yield Level.PROBLEM, f"only one job of a matrix can upload {name}; put a value of the matrix into the name"
