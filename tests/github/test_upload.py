"""Code scanning in whole runs of the action's process: what is uploaded, and what is not."""

from __future__ import annotations

import pytest

from tests.github.hub import Hub, state
from tests.github.steps import CLEAN, LEAK, MERGE, Workflow
from tests.runner import TRACES, Runner


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    return Workflow(runner, hub)


def test_sarif_is_uploaded_for_the_merge_commit(workflow: Workflow) -> None:
    workflow.opened()

    step = workflow.step(LEAK, upload_sarif="true", comment="never")

    (upload,) = workflow.hub.state.uploads
    assert (upload.commit, upload.ref) == (MERGE, "refs/pull/7/merge")
    assert upload.sarif["runs"][0]["automationDetails"]["id"] == "gotracer-ci/default/"
    assert "automationDetails" not in workflow.file(step, "sarif-file").read_text(encoding="utf-8")
    assert step.exit_code == 1


def test_pull_request_target_analyzes_the_head(workflow: Workflow) -> None:
    pull = workflow.opened(event="pull_request_target")

    workflow.step(CLEAN, upload_sarif="true")

    (upload,) = workflow.hub.state.uploads
    assert (upload.commit, upload.ref) == (pull.sha, "refs/pull/7/head")


def test_an_incomplete_result_is_not_uploaded(workflow: Workflow) -> None:
    workflow.opened()
    trace = (TRACES / "tour-go1.27.trace").read_bytes()
    (workflow.runner.workspace / "cut").write_bytes(trace[: len(trace) * 9 // 10])

    step = workflow.step(CLEAN, traces="cut", upload_sarif="true")

    assert step.exit_code == 2
    assert workflow.hub.state.uploads == []
    assert "not uploaded" in step.log


def test_code_scannings_reasons_are_reported(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.state.processing = [{"processing_status": "failed", "errors": ["rejected: no such ref"]}]

    step = workflow.step(CLEAN, upload_sarif="true")

    assert step.exit_code == 4
    assert any("no such ref" in line for line in step.annotations("error"))


def test_a_missing_upload_permission_is_named(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.state.tokens["ghs_x"] = state.Token(state.ACTIONS, {"contents": "read", "pull-requests": "write"})
    workflow.token = "ghs_x"

    step = workflow.step(CLEAN, upload_sarif="true")

    assert step.exit_code == 4
    assert any("security-events: write" in line for line in step.annotations("error"))


def test_an_enterprise_server_is_addressed_by_its_own_url(runner: Runner, ghes: Hub) -> None:
    workflow = Workflow(runner, ghes)
    workflow.opened()

    step = workflow.step(LEAK, upload_sarif="true")

    assert step.exit_code == 1
    assert len(ghes.state.bodies(7)) == len(ghes.state.uploads) == 1
    assert "/api/v3" in ghes.url
