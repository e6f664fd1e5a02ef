"""Code scanning in whole runs of the action's process: what is uploaded, and what is not."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import PROGRAMS
from tests.github.hub import Hub, state
from tests.github.steps import BASELINE, CLEAN, LEAK, MERGE, ORDERS, Workflow
from tests.runner import TRACES, Runner


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    return Workflow(runner, hub)


def test_sarif_is_uploaded_for_the_merge_commit(workflow: Workflow) -> None:
    workflow.opened()

    step = workflow.step(LEAK, upload_sarif="true", comment="never")

    (upload,) = workflow.hub.state.uploads
    assert (upload.commit, upload.ref) == (MERGE, "refs/pull/7/merge")
    assert upload.sarif["runs"][0]["automationDetails"]["id"] == "gotracer-ci/default/example.com/programs/service/"
    assert "automationDetails" not in workflow.file(step, "sarif-file").read_text(encoding="utf-8")
    assert step.exit_code == 1


PULL = "refs/pull/7/merge"
LOCK = "service-lock-go1.27.trace"


def code(workflow: Workflow) -> None:
    """Check out the traced programs, so that findings have a place and are alerts."""
    for name in ("go.mod", "service/main.go"):
        (workflow.runner.workspace / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(PROGRAMS / name, workflow.runner.workspace / name)


def test_an_alert_closes_when_its_regression_is_gone(workflow: Workflow) -> None:
    code(workflow)
    workflow.opened()

    bad = workflow.step(LEAK, upload_sarif="true")
    assert workflow.hub.state.alerts(PULL) == {"GoroutineLeak"}
    good = workflow.step(CLEAN, upload_sarif="true")

    assert (bad.outputs["uploadable"], good.outputs["uploadable"]) == ("true", "true")
    assert workflow.hub.state.alerts(PULL) == set()


@pytest.mark.parametrize("how", ["suspected", "update", "another environment", "no reference", "broken baseline"])
def test_no_alert_closes_without_evidence(workflow: Workflow, how: str) -> None:
    code(workflow)
    workflow.opened()
    workflow.step(LEAK, upload_sarif="true")

    if how == "suspected":  # one trace cannot confirm a time that several did
        step = workflow.step(LOCK, upload_sarif="true")
        assert int(step.outputs["suspected"]) > 0
    elif how == "update":
        step = workflow.step(LEAK, upload_sarif="true", update_baseline="true")
    elif how == "another environment":
        step = workflow.step("service-lock-go1.23.trace", upload_sarif="true")
    elif how == "no reference":
        workflow.hub.state.files["main"].clear()
        (workflow.runner.workspace / BASELINE).unlink()
        step = workflow.step(CLEAN, upload_sarif="true")
    else:
        workflow.hub.state.put(BASELINE, "<<<<<<< ours")
        step = workflow.step(CLEAN, upload_sarif="true")

    assert step.outputs["uploadable"] == "false"
    assert "not uploaded to code scanning: " in step.log
    assert workflow.hub.state.alerts(PULL) == {"GoroutineLeak"}


def test_all_results_are_uploaded_without_a_reference(workflow: Workflow) -> None:
    code(workflow)
    workflow.opened()
    workflow.hub.state.files["main"].clear()
    (workflow.runner.workspace / BASELINE).unlink()

    step = workflow.step(LEAK, upload_sarif="true", sarif_results="all")

    assert step.outputs["uploadable"] == "true"
    assert len(workflow.hub.state.alerts(PULL)) > 1


def test_a_job_with_another_program_keeps_the_alerts(workflow: Workflow) -> None:
    """Two jobs of a matrix, both with the default comment-id."""
    code(workflow)
    workflow.opened()

    workflow.step(LEAK, upload_sarif="true")
    workflow.runner.runs -= 1
    workflow.step(ORDERS, upload_sarif="true", sarif_results="all")

    assert "GoroutineLeak" in workflow.hub.state.alerts(PULL)
    both = workflow.runner.step(
        github_token=workflow.token, traces=f"{TRACES / LEAK}\n{TRACES / ORDERS}", upload_sarif="true"
    )
    assert both.outputs["uploadable"] == "true"
    assert [run["automationDetails"]["id"] for run in workflow.hub.state.uploads[-1].sarif["runs"]] == [
        "gotracer-ci/default/example.com/programs/orders%20%28test%29/",
        "gotracer-ci/default/example.com/programs/service/",
    ]


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
