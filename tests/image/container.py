"""Run the built image as the runner does: as root, in a workspace of another user."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOL = os.environ.get("IMAGE_TOOL", str(ROOT / "../shared/tools/image"))
IMAGE = os.environ.get("IMAGE", "gotracer-ci")
ENTRYPOINT = ["/opt/gotracer-ci/bin/gotracer-ci", "action"]
OWNER = 1001
NOT_STARTED = "sealing memfd copy: Device or resource busy"
"""What buildah says if it could not start a command, at times on a busy machine."""


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the image tool, again if the container did not start because the machine was busy."""
    for _ in range(3):
        done = subprocess.run([TOOL, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        if NOT_STARTED not in done.stderr:
            break
    return done


def inside(*command: str) -> str:
    done = tool("run", IMAGE, "--", *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Mounts:
    """The runner's mounts at /github: a workspace with a trace and a baseline, and the files for commands."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace = directory / "workspace"
        self.output, self.summary = (directory / "file_commands" / name for name in ("output", "summary"))
        for name in ("workspace/.gotracer-ci", "file_commands", "workflow"):
            (directory / name).mkdir(parents=True)
        self.output.touch()
        self.summary.touch()
        shutil.copyfile(ROOT / "testdata/traces/service-leak-go1.27.trace", self.workspace / "leak.trace")
        shutil.copyfile(ROOT / "testdata/baseline.json", self.workspace / ".gotracer-ci/baseline.json")

    def step(
        self, *command: str, variables: dict[str, str] | None = None, **inputs: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the action or a command in a new container, after giving all files to the workspace's owner."""
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, OWNER, OWNER)
        environ = {
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_REPOSITORY": "octo/hello",
            "GITHUB_RUN_ID": "7",
            "GITHUB_SHA": "f" * 40,
            "RUNNER_WORKSPACE": "/home/runner/work/hello",
            **{f"INPUT_{name.replace('_', '-').upper()}": value for name, value in inputs.items()},
            **(variables or {}),
        }
        options = [f"--env={name}={value}" for name, value in environ.items()]
        return tool("run", IMAGE, "--volume", f"{self.directory}:/github", *options, "--", *(command or ENTRYPOINT))

    def outputs(self) -> list[str]:
        return self.output.read_text(encoding="utf-8").splitlines()

    def not_handed_over(self) -> set[Path]:
        return {path for path in self.directory.rglob("*") if path.stat().st_uid != OWNER}
