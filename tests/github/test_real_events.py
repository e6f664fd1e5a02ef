"""Real payloads of each event that can trigger the action, in whole runs of the process."""

from __future__ import annotations

from typing import Any

import pytest

from tests.github.hub import Hub
from tests.github.steps import BASELINE, COMMITTED, LEAK, Workflow
from tests.runner import Runner

Payloads = dict[str, list[dict[str, Any]]]


def one_of_each_action(examples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({example.get("action"): example for example in examples}.values())


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_pull_requests(runner: Runner, hub: Hub, payloads: Payloads, event: str) -> None:
    workflow = Workflow(runner, hub)
    # A run takes seconds and the payloads hardly differ, so use one per action. test_event.py reads all of them.
    for number, example in enumerate(one_of_each_action(payloads["pull_request"])[:3], 1):
        pull = {**example["pull_request"], "number": number}
        hub.state.pull(number, pull["head"]["ref"], pull["head"]["sha"])
        hub.state.put(BASELINE, COMMITTED, pull["base"]["ref"])
        runner.says(event, {**example, "pull_request": pull}, GITHUB_REF=f"refs/pull/{number}/merge")

        step = workflow.step(LEAK)

        assert (step.exit_code, step.outputs["new"]) == (1, "1")
        assert f"{BASELINE} on {pull['base']['ref']} (2 of 5 jobs)" in step.log
        assert pull["head"]["sha"][:7] in hub.state.bodies(number)[0]


@pytest.mark.parametrize("event", ["push", "merge_group", "schedule", "workflow_dispatch", "release", "issue_comment"])
def test_events_without_a_pull_request(runner: Runner, hub: Hub, payloads: Payloads, event: str) -> None:
    workflow = Workflow(runner, hub)
    # a schedule has no webhook, and its payload has only the schedule
    examples = payloads.get(event, [{"schedule": "17 3 * * *"}])
    runner.says(event, examples[0], GITHUB_REF="refs/heads/main")

    step = workflow.step(LEAK)

    assert (step.exit_code, step.outputs["new"]) == (1, "1")
    assert "comment-url" not in step.outputs
    assert hub.writes == []


def test_the_end_of_another_run(runner: Runner, hub: Hub, payloads: Payloads) -> None:
    Workflow(runner, hub)
    for example in one_of_each_action(payloads["workflow_run"]):
        runner.says("workflow_run", example, GITHUB_REF="refs/heads/main")

        step = runner.step(traces="", github_token="ghs_write")

        assert step.exit_code == 0
        assert "nothing to comment" in step.log
