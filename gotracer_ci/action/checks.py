"""The part of `gotracer-ci doctor` that needs the runner: its inputs, event, token and permissions.

The checks only read. A write permission cannot be tested without writing, so they only name it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from gotracer_ci.action import setup
from gotracer_ci.action.reference import MAX_BYTES, in_repository
from gotracer_ci.errors import PublishError
from gotracer_ci.github import contents
from gotracer_ci.github.client import COMMENT, READ_ACTIONS, UPLOAD, Client
from gotracer_ci.github.environment import RunnerEnvironment, from_environ
from gotracer_ci.settings import Settings


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. text: one line that says what to do."""

    level: Level
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """The step that `doctor` runs in. settings: the configuration file, overridden by the step's inputs."""

    environment: RunnerEnvironment
    client: Client | None
    settings: Settings

    def checks(self, baseline: Path) -> Iterator[Check]:
        """Check the event, the token, and each permission that the inputs need.

        baseline: the file in the checkout.
        """
        event = self.environment.event
        what = f"{event.name or 'no event'} at commit {event.commit[:10] or 'unknown'}"
        if event.pull_request:
            what += f", pull request {event.pull_request.number} into {event.base_ref}"
        yield Check(Level.OK, "event", what)
        if self.client is None:
            text = "no github-token: no comment, no upload, and the baseline comes from the checkout"
            yield Check(Level.NOTE, "token", text)
            return
        if event.is_read_only:
            text = "read-only, like every token for a fork or Dependabot: a second workflow can write the comment"
            yield Check(Level.NOTE, "token", text)
        else:
            yield Check(Level.OK, "token", "present")
        inside = in_repository(setup.absolute(baseline), self.environment.workspace)
        if event.base_ref and inside:
            read = partial(contents.read, self.client, inside, event.base_ref, MAX_BYTES)
            yield _tried("baseline", f"the base branch {event.base_ref} is readable", read)
        if event.pull_request and self.environment.comment != "never":
            path = f"issues/{event.pull_request.number}/comments"
            text = f"comments are readable; posting one needs {COMMENT}, which cannot be tested"
            yield _tried("comment", text, partial(self.client.get, path, COMMENT, {"per_page": 1}))
        if event.traced_run:
            path = f"actions/runs/{event.traced_run.id}/artifacts"
            get = partial(self.client.get, path, READ_ACTIONS, {"per_page": 1})
            yield _tried("artifact", "artifacts are readable", get)
        if self.environment.upload_sarif:
            yield Check(Level.NOTE, "upload-sarif", f"needs {UPLOAD}, which cannot be tested")


def find_workflow(config: Path | None) -> Workflow | None:
    """Return the step that this process runs in and enter its workspace, or return None outside a runner.

    config: the configuration file, or None for the one that the inputs name.

    Raises:
        GotracerError: the inputs or the configuration file are invalid.
    """
    if "GITHUB_WORKSPACE" not in os.environ:
        return None
    environment = from_environ(os.environ)
    if config:
        environment = replace(environment, config=str(config))
    setup.enter(environment)
    return Workflow(environment, setup.client_of(environment), setup.given(environment))


def _tried(subject: str, text: str, request: Callable[[], object]) -> Check:
    try:
        request()
    except PublishError as error:
        return Check(Level.PROBLEM, subject, str(error))
    return Check(Level.OK, subject, text)
