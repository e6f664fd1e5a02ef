"""A step of the action in a workflow on the stand-in for GitHub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.github.hub import Hub, state
from tests.runner import MERGE, ROOT, Runner, Step

BASELINE = ".gotracer-ci/baseline.json"
COMMITTED = (ROOT / "testdata/baseline.json").read_bytes()
RESOLVED = "Everything that an earlier run reported here is resolved"
CLEAN, LEAK = "service-again-go1.27.trace", "service-leak-go1.27.trace"
ORDERS = "orders-go1.27.trace"


class Workflow:
    """Runs a pull request's workflow. The base branch and the checkout have the same baseline."""

    def __init__(self, runner: Runner, hub: Hub) -> None:
        self.runner, self.hub = runner, hub
        self.token = state.WRITE
        hub.state.put(BASELINE, COMMITTED)
        self.lay(COMMITTED)
        (runner.workspace / ".git").mkdir()
        runner.variables |= {
            "GITHUB_API_URL": hub.url,
            "GITHUB_SERVER_URL": hub.server_url,
            "GITHUB_REPOSITORY": hub.state.repository,
            "GITHUB_ACTOR": "octocat",
            "NO_PROXY": "127.0.0.1",
        }

    def lay(self, baseline: bytes) -> None:
        """Put a baseline into the checkout."""
        file = self.runner.workspace / BASELINE
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(baseline)

    def opened(self, number: int = 7, *, fork: str = "", event: str = "pull_request", **others: Any) -> state.Pull:
        """Open a pull request and run all further steps for it. fork: its repository. others: as in `State.pull`."""
        pull = self.hub.state.pull(number, "change", repository=fork or self.hub.state.repository, **others)
        self.runner.says(event, {"pull_request": self.payload(pull)}, GITHUB_REF=f"refs/pull/{number}/merge")
        return pull

    def payload(self, pull: state.Pull) -> dict[str, Any]:
        repository = {"full_name": pull.repository} if pull.repository else None
        base = {"ref": pull.base, "sha": "b" * 40, "repo": {"full_name": self.hub.state.repository}}
        head = {"ref": pull.branch, "sha": pull.sha, "repo": repository}
        return {"number": pull.number, "head": head, "base": base}

    def step(self, trace: str, **inputs: str) -> Step:
        for old in self.runner.workspace.glob("*.trace"):
            old.unlink()
        self.runner.add(trace)
        return self.runner.step(**{"github_token": self.token, **inputs})

    def file(self, step: Step, output: str) -> Path:
        return self.runner.workspace / step.outputs[output]

    def written(self) -> list[str]:
        """Return the writes to GitHub, as method and last part of the path."""
        return [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in self.hub.writes]


__all__ = ["BASELINE", "CLEAN", "COMMITTED", "LEAK", "MERGE", "ORDERS", "RESOLVED", "Workflow"]
