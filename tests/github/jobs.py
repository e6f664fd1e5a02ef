"""Run the jobs of a documented workflow step by step, as a runner would.

Real are the shell, git, the commands and the action's process. Stand-ins are GitHub, `gh`, `go` and the actions that
check out, set up Go and move artifacts.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests import forked
from tests.github.hub import Hub, state
from tests.runner import ROOT, Runner, Step

DEFAULTS = {
    name: str(declared["default"])
    for name, declared in YAML(typ="safe").load(ROOT / "action.yml")["inputs"].items()
    if "default" in declared
}
IMAGE = {"entrypoint": "/opt/gotracer-ci/bin/gotracer-ci"}
SERVER = "servers"
"""The directory of the repositories, as that of a server on this machine."""


@dataclass
class Job:
    """A job that ran. actions: the steps of the action, by ID or number."""

    workspace: Path
    exit_code: int = 0
    actions: list[Step] = field(default_factory=list)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""


class Machine:
    """A runner with the repository's origin, the tools for all jobs, and the artifacts of one workflow run."""

    def __init__(self, directory: Path, hub: Hub, tools: Mapping[str, str]) -> None:
        self.directory, self.hub = directory, hub
        self.origin = directory / SERVER / hub.state.repository
        self.artifacts: dict[str, dict[str, bytes]] = {}
        self.token = state.WRITE
        self.variables: dict[str, str] = {"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1", "RUNNER_NAME": "metal"}
        self.event: tuple[str, dict[str, Any], dict[str, str]] = ("schedule", {}, {"GITHUB_REF": "refs/heads/main"})
        self.checked_out = "main"
        self.jobs = 0
        (directory / "tools").mkdir()
        for name, script in tools.items():
            (directory / "tools" / name).write_text(script, encoding="utf-8")
            (directory / "tools" / name).chmod(0o755)

    def run(self, name: str, job: Mapping[str, Any], leg: int = 0) -> Job:
        """Run a job's steps until one fails; after that only those with `if: always()`.

        leg: the index of the job in its matrix, which has the single axis `job`.
        """
        self.jobs += 1
        directory = self.directory / f"job{self.jobs}"
        directory.mkdir()
        runner = Runner(directory)
        runner.says(self.event[0], self.event[1], **self.event[2])
        runner.variables |= {
            **self.variables,
            "GITHUB_JOB": name,
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_SERVER_URL": self.hub.server_url,
            "GITHUB_REPOSITORY": self.hub.state.repository,
            "NO_PROXY": "127.0.0.1",
        }
        (directory / "temp").mkdir()
        done = Job(runner.workspace)
        values = {"runner.temp": str(directory / "temp"), "github.token": self.token, "strategy.job-index": str(leg)}
        if "strategy" in job:
            values["matrix.job"] = str(job["strategy"]["matrix"]["job"][leg])
        for step in job["steps"]:
            if not _runs(step.get("if", "success()"), values, done):
                continue
            given = _evaluated_all(step.get("with", {}), values)
            code, outputs = self._step(step, given, runner, done, _evaluated_all(job.get("env", {}), values), values)
            values |= {f"steps.{step.get('id')}.outputs.{key}": text for key, text in outputs.items()}
            done.exit_code = done.exit_code or code
        return done

    def _step(
        self,
        step: Mapping[str, Any],
        given: dict[str, str],
        runner: Runner,
        done: Job,
        variables: dict[str, str],
        values: Mapping[str, str],
    ) -> tuple[int, dict[str, str]]:
        """Run a step. Return its exit code and outputs."""
        uses = step.get("uses", "run").partition("@")[0]
        workspace = done.workspace
        if uses == "run":
            return self._shell(step["run"], workspace, {**variables, "RUNNER_TEMP": values["runner.temp"]}, done), {}
        if uses == "org/gotracer-ci":
            inputs = {**_evaluated_all(DEFAULTS, values), "traces": "", **given}
            acted = runner.step(**{key.replace("-", "_"): text for key, text in inputs.items()})
            done.actions.append(acted)
            return acted.exit_code, acted.outputs
        if uses.startswith("docker://ghcr.io/org/gotracer-ci:"):
            assert {"entrypoint": given.pop("entrypoint")} == IMAGE
            arguments = tuple(shlex.split(given.pop("args")))
            assert given == {}
            ran = forked.run(forked.Request(arguments, workspace, self._environment()))
            done.log += (ran.stdout + ran.stderr).decode()
            return ran.returncode, {}
        if uses == "actions/checkout":
            assert given["persist-credentials"] == "false"
            depth = given.get("fetch-depth", "1")
            ref = given.get("ref", self.checked_out)
            add = f"git init -q && git remote add origin {self.origin.as_uri()}"
            fetch = f"git fetch -q --depth={depth} origin {ref} && git checkout -q FETCH_HEAD"
            return self._shell(f"{add} && {fetch}", workspace, {}, done), {}
        if uses == "actions/upload-artifact":
            self._upload(workspace, given)
        elif uses == "actions/download-artifact":
            self._download(workspace, given)
        else:
            assert uses == "actions/setup-go", uses
        return 0, {}

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.directory / 'tools'}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def _shell(self, script: str, workspace: Path, variables: Mapping[str, str], done: Job) -> int:
        environment = {
            **self._environment(),
            "PYTHONPATH": str(ROOT),
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_REPOSITORY": self.hub.state.repository,
            "GITHUB_SERVER_URL": str(self.directory / SERVER),
            **variables,
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        ran = subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, check=False)
        done.log += ran.stdout + ran.stderr
        return ran.returncode

    def _upload(self, workspace: Path, given: Mapping[str, str]) -> None:
        """Keep files below the directory that all of them share, without hidden ones unless they are asked for."""
        named = [workspace / line.strip() for line in given["path"].splitlines() if line.strip()]
        files = [file for path in named for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        files = [file for file in files if file.is_file()]
        if given.get("include-hidden-files") != "true":
            files = [file for file in files if "/." not in str(file.relative_to(workspace.parent))]
        assert files or given.get("if-no-files-found") != "error"
        tops = [path if path.is_dir() else path.parent for path in named]
        top = Path(os.path.commonpath(tops))
        assert given["name"] not in self.artifacts
        self.artifacts[given["name"]] = {str(file.relative_to(top)): file.read_bytes() for file in files}

    def _download(self, workspace: Path, given: Mapping[str, str]) -> None:
        pattern = re.escape(given.get("pattern", given.get("name", ""))).replace(r"\*", ".*")
        for name, files in self.artifacts.items():
            if re.fullmatch(pattern, name):
                for path, content in files.items():
                    file = workspace / given["path"] / ("" if "name" in given else name) / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(content)


def _evaluated_all(texts: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Return texts with the values of expressions. YAML's true and false are these words for a runner."""
    words = {name: str(text).lower() if isinstance(text, bool) else str(text) for name, text in texts.items()}
    return {name: _evaluated(text, values) for name, text in words.items()}


def _evaluated(text: str, values: Mapping[str, str]) -> str:
    """Replace expressions by the values of contexts. An output that no step has set is empty."""
    return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: _value(found[1], values), text)


def _value(name: str, values: Mapping[str, str]) -> str:
    return values.get(name, "") if name.startswith("steps.") else values[name]


def _runs(condition: str, values: Mapping[str, str], done: Job) -> bool:
    """Evaluate the few conditions that the documented workflows have."""
    if condition == "always()":
        return True
    if found := re.fullmatch(r"(steps\.\w+\.outputs\.\w+) > 0", condition):
        return done.exit_code == 0 and int(values.get(found[1], 0)) > 0
    assert condition == "success()", condition
    return done.exit_code == 0
