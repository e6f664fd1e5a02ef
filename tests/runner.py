"""Run a step of the action as the runner does: a process with its environment and files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import forked
from tests.variants import variant

ROOT = Path(__file__).parents[1]
TRACES = ROOT / "testdata/traces"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MERGE = "f" * 40
# A fake clock skips the pauses between writes, and the process sees the time pass.
CLOCK = """
import sys, time
waited, now = [], time.time
time.sleep = waited.append
time.time = lambda: now() + sum(waited)
"""
START = f"{CLOCK}from gotracer_ci.action.main import main; sys.exit(main())"


@dataclass(frozen=True)
class Step:
    """The results of one step."""

    exit_code: int
    log: str
    outputs: dict[str, str]
    summary: str

    def annotations(self, level: str) -> list[str]:
        return re.findall(rf"^::{level}\b.*", self.log, re.MULTILINE)


class Runner:
    """A workspace for traces, and the variables that the runner sets."""

    def __init__(self, directory: Path) -> None:
        self.workspace = directory / "work"
        self.output, self.summary, self.event = (directory / name for name in ("output", "summary", "event.json"))
        self.workspace.mkdir()
        self.variables: dict[str, str] = {}
        self.says("pull_request", {"pull_request": {"head": {"sha": COMMIT}}})
        self.runs = 0

    def says(self, event: str, payload: Mapping[str, Any], **variables: str) -> None:
        """Set the event that triggers all further steps."""
        self.event.write_text(json.dumps(payload), encoding="utf-8")
        self.variables |= {"GITHUB_EVENT_NAME": event, **variables}

    def add(self, trace: str, name: str = "run.trace", number: int = 0) -> None:
        """Add a committed trace to the workspace, with a number as a variant that counts as another run."""
        data = (TRACES / trace).read_bytes()
        (self.workspace / name).parent.mkdir(exist_ok=True)
        (self.workspace / name).write_bytes(variant(data, number) if number else data)

    def step(self, code: str = START, /, **inputs: str) -> Step:
        self.runs += 1
        self.output.write_text("", encoding="utf-8")
        self.summary.write_text("", encoding="utf-8")
        given = {"traces": "*.trace", **inputs}
        environ = {
            "PATH": os.environ["PATH"],
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "octo/programs",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_EVENT_PATH": str(self.event),
            "GITHUB_SHA": MERGE,
            "GITHUB_RUN_ID": str(self.runs),
            "GITHUB_RUN_ATTEMPT": "1",
            "RUNNER_WORKSPACE": "/home/runner/work/programs",
            **self.variables,
            **{f"INPUT_{name.replace('_', '-').upper()}": value for name, value in given.items()},
        }
        done = forked.run(forked.Request((), self.workspace, environ, code=code))
        assert done.stderr == b""
        outputs = dict(line.split("=", 1) for line in self.output.read_text(encoding="utf-8").splitlines())
        return Step(done.returncode, done.stdout.decode(), outputs, self.summary.read_text(encoding="utf-8"))
