"""The last job of a matrix: the action joins the reports of the other jobs."""

from __future__ import annotations

import pytest

from tests.github.hub import Hub, state
from tests.github.steps import CLEAN, LEAK, ORDERS, RESOLVED, Workflow
from tests.github.test_second_stage import RUN, second_stage
from tests.runner import Runner, Step


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    return Workflow(runner, hub)


def last_job(workflow: Workflow, *traces: str, **inputs: str) -> Step:
    """Run a job for each trace, as docs/merge.md shows it, and then the last one."""
    silent = {"comment": "never", "fail_on": "never", "job_summary": "false", "annotations": "false"}
    before = workflow.written()
    for number, trace in enumerate(traces):
        shard = workflow.step(trace, json=f"shards/{number}/findings.json", **silent)
        assert (shard.exit_code, shard.summary) == (0, "")
        assert shard.annotations("error") == []
    assert workflow.written() == before
    given = {"traces": "", "findings": "shards/*/findings.json", "github_token": workflow.token, **inputs}
    return workflow.runner.step(**given)


def test_the_last_job_comments_once_and_fails(workflow: Workflow) -> None:
    workflow.opened()
    workflow.runner.variables["GITHUB_SHA"] = workflow.hub.state.pulls[7].sha
    step = last_job(workflow, LEAK, ORDERS, upload_sarif="true")
    (body,) = workflow.hub.state.bodies(7)
    assert step.exit_code == 1
    assert step.outputs["new"] == "1"
    assert "startAudit" in body
    assert "startAudit" in step.summary
    assert step.outputs["json-file"] == "gotracer-ci/findings.json"
    assert len(step.annotations("error")) == 1
    # one for each program
    assert sum("sarifs" in write for write in workflow.written()) == 1


def test_the_second_stage_reads_the_report_of_the_last_job(workflow: Workflow) -> None:
    pull = workflow.opened(fork="mallory/service")
    workflow.token = state.READ
    for traces, resolved in (((LEAK, ORDERS), False), ((CLEAN, ORDERS), True)):
        step = last_job(workflow, *traces)
        workflow.hub.state.artifact(RUN + resolved, {"findings.json": workflow.file(step, "json-file").read_bytes()})
        commented = second_stage(workflow, pull, RUN + resolved)
        (body,) = workflow.hub.state.bodies(7)
        assert commented.exit_code == 0
        assert (RESOLVED in body) is resolved
        workflow.opened(fork="mallory/service")


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"traces": "*.trace"}, "traces: cannot be used with findings"),
        ({"base_traces": "b.trace"}, "base-traces: cannot be used with findings"),
        ({"path_map": "/a=b"}, "path-map: cannot be used with findings"),
        ({"findings": "none/*.json"}, "none/*.json: no file matches this glob"),
    ],
)
def test_inputs_that_do_not_fit_are_named(runner: Runner, inputs: dict[str, str], problem: str) -> None:
    step = runner.step(**{"traces": "", "findings": "x.json", **inputs})
    assert step.exit_code == 2
    assert problem in step.annotations("error")[0]
