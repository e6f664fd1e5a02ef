"""The image with the stand-in for GitHub on loopback: a whole pull request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.hub import Contract, Hub, state
from tests.image.container import ROOT, Mounts

BASELINE = ".gotracer-ci/baseline.json"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(Contract("api.github.com")) as server:
        yield server
    assert server.violations == []


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    return Mounts(tmp_path)


def variables(hub: Hub, mounts: Mounts, event: str, payload: object) -> dict[str, str]:
    (mounts.directory / "workflow/event.json").write_text(json.dumps(payload), encoding="utf-8")
    return {
        "GITHUB_API_URL": hub.url,
        "GITHUB_SERVER_URL": hub.server_url,
        "GITHUB_REPOSITORY": hub.state.repository,
        "GITHUB_EVENT_NAME": event,
        "GITHUB_REF": "refs/pull/7/merge",
        "NO_PROXY": "127.0.0.1",
    }


def test_a_pull_request_gets_its_comment_its_alerts_and_its_reports(hub: Hub, mounts: Mounts) -> None:
    pull = hub.state.pull(7)
    hub.state.put(BASELINE, (ROOT / "testdata/baseline.json").read_bytes())
    repository = {"full_name": pull.repository}
    payload = {
        "pull_request": {
            "number": 7,
            "head": {"sha": pull.sha, "ref": pull.branch, "repo": repository},
            "base": {"ref": "main", "repo": repository},
        }
    }

    done = mounts.step(
        variables=variables(hub, mounts, "pull_request", payload),
        traces="*.trace",
        github_token=state.WRITE,
        upload_sarif="true",
    )

    assert done.returncode == 1, done.stdout + done.stderr
    (comment,) = hub.state.bodies(7)
    assert "startAudit" in comment
    assert "startAudit" in mounts.summary.read_text(encoding="utf-8")
    assert f"Compared with {BASELINE} on main" in done.stdout
    assert {"conclusion=failure", "new=1", "sarif-file=gotracer-ci/report.sarif"} <= set(mounts.outputs())
    assert any(line.startswith(f"comment-url={hub.server_url}/") for line in mounts.outputs())
    assert (mounts.workspace / "gotracer-ci/report.html").stat().st_size > 0
    assert len(hub.state.uploads) == 1
    assert mounts.not_handed_over() == set()


def test_a_second_stage_comments_for_a_fork(hub: Hub, mounts: Mounts) -> None:
    pull = hub.state.pull(7, repository="mallory/service")
    assert mounts.step(traces="*.trace", baseline=BASELINE).returncode == 1
    findings = mounts.workspace / "gotracer-ci/findings.json"
    hub.state.artifact(99, {"findings.json": findings.read_bytes()})
    payload = {
        "workflow_run": {
            "id": 99,
            "run_attempt": 1,
            "event": "pull_request",
            "conclusion": "failure",
            "head_sha": pull.sha,
            "head_branch": pull.branch,
            "head_repository": {"owner": {"login": pull.owner}},
        }
    }

    done = mounts.step(variables=variables(hub, mounts, "workflow_run", payload), github_token=state.WRITE)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "startAudit" in hub.state.bodies(7)[0]
