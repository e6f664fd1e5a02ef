"""The reusable workflows, step by step as a runner would: real tests, real traces, the stand-in for GitHub."""

from __future__ import annotations

import os
import subprocess
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from tests.github.hub import Hub, state
from tests.github.steps import Workflow
from tests.recording.conftest import LEAK, ORDERS, STOCK, environment, git, write_repository
from tests.runner import ROOT, Runner, Step

__all__ = ["environment"]
PLACE = ROOT / ".github/workflows"
DOCUMENT = YAML(typ="safe").load(PLACE / "regressions.yml")
SECOND = YAML(typ="safe").load(PLACE / "comment.yml")
STEPS = DOCUMENT["jobs"]["compare"]["steps"]
(RECORD,) = (step for step in STEPS if step.get("id") == "record")
(ACTION,) = (step for step in STEPS if step.get("uses", "").startswith("org/gotracer-ci@"))
INPUTS = DOCUMENT["on"]["workflow_call"]["inputs"]


class Recorded(NamedTuple):
    """What the step that records did. outputs: as GitHub reads them."""

    exit_code: int
    log: str
    outputs: dict[str, str]


class Pull:
    """A pull request to a repository of three packages, whose checkout is the runner's workspace."""

    def __init__(self, workflow: Workflow, environment: dict[str, str]) -> None:
        self.workflow, self.environment = workflow, environment
        self.root = workflow.runner.workspace
        write_repository(self.root)

    def changes(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")
        git(self.root, "add", ".")
        git(self.root, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "change")

    def record(self, **inputs: str) -> Recorded:
        """Run the step that records, with the inputs' defaults."""
        values = {f"inputs.{name}": str(inputs.get(name, declared["default"])) for name, declared in INPUTS.items()}
        given = {name: values[text.strip("${} ")] for name, text in RECORD["env"].items()}
        output = self.root.parent / "github-output"
        output.write_text("", encoding="utf-8")
        variables = {
            **self.environment,
            **given,
            "GITHUB_OUTPUT": str(output),
            "RUNNER_TEMP": self.environment["TMPDIR"],
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", RECORD["run"]]
        done = subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, check=False)
        outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        return Recorded(done.returncode, done.stdout, outputs)

    def compare(self, recorded: Recorded, comment: str = "auto") -> Step:
        """Run the action with the inputs that the workflow gives it."""
        values = {f"steps.record.outputs.{name}": text for name, text in recorded.outputs.items()}
        values["inputs.comment"] = comment
        inputs = {name.replace("-", "_"): values.get(text.strip("${} "), "") for name, text in ACTION["with"].items()}
        return self.workflow.runner.step(**{"github_token": self.workflow.token, **inputs})


@pytest.fixture
def pull(runner: Runner, hub: Hub, environment: dict[str, str]) -> Pull:
    workflow = Workflow.__new__(Workflow)
    workflow.runner, workflow.hub, workflow.token = runner, hub, state.WRITE
    runner.variables |= {
        "GITHUB_API_URL": hub.url,
        "GITHUB_SERVER_URL": hub.server_url,
        "GITHUB_REPOSITORY": hub.state.repository,
        "GITHUB_ACTOR": "octocat",
        "NO_PROXY": "127.0.0.1",
    }
    return Pull(workflow, environment)


def test_an_unchanged_pull_request_and_an_added_test_are_silent(pull: Pull) -> None:
    pull.workflow.opened()
    pull.changes("stock/more_test.go", STOCK.replace("TestCount", "TestMore"))
    recorded = pull.record()
    assert recorded.exit_code == 0
    traces = {path.name for path in (pull.root / "traces").iterdir()}
    assert traces == {f"example.com_shop_{name}.{i}.trace" for name in ("mail", "orders", "stock") for i in (1, 2, 3)}
    assert {path.name for path in (pull.root / "base-traces").iterdir()} == traces
    step = pull.compare(recorded)
    assert (step.exit_code, step.outputs["conclusion"]) == (0, "success")
    assert pull.workflow.written() == []


def test_a_leak_is_confirmed_on_the_first_pull_request(pull: Pull) -> None:
    opened = pull.workflow.opened()
    pull.changes("mail/mail_test.go", LEAK)
    step = pull.compare(pull.record(packages="./mail ./stock"))
    assert step.exit_code == 1
    (comment,) = pull.workflow.hub.state.bodies(opened.number)
    assert "leaves 9 goroutines behind (0 before)" in comment.splitlines()[1]


def test_a_longer_hold_of_a_lock_is_found(pull: Pull) -> None:
    pull.workflow.opened()
    pull.changes(
        "orders/orders_test.go",
        ORDERS.replace("Sleep(time.Millisecond)\n\t\t\t\tmu", "Sleep(3 * time.Millisecond)\n\t\t\t\tmu"),
    )
    step = pull.compare(pull.record(packages="./orders"))
    assert (step.exit_code, step.outputs["conclusion"]) == (1, "failure")


def test_a_fork_gets_its_comment_from_the_second_workflow(pull: Pull) -> None:
    opened = pull.workflow.opened(fork="mallory/shop")
    pull.workflow.token = state.READ
    pull.changes("mail/mail_test.go", LEAK)
    step = pull.compare(pull.record(packages="./mail", traces="2"), comment="never")
    assert step.exit_code == 1
    assert pull.workflow.written() == []
    (upload,) = (step for step in STEPS if step.get("uses", "").startswith("actions/upload-artifact@"))
    kept = pull.root / upload["with"]["path"]
    pull.workflow.hub.state.artifact(4321, {path.name: path.read_bytes() for path in kept.iterdir()})
    traced = {
        "id": 4321,
        "run_attempt": 1,
        "event": "pull_request",
        "conclusion": "failure",
        "head_sha": opened.sha,
        "head_branch": opened.branch,
        "head_repository": {"owner": {"login": opened.owner}},
        "pull_requests": [],
    }
    pull.workflow.runner.says("workflow_run", {"workflow_run": traced}, GITHUB_REF="refs/heads/main")
    second = pull.workflow.runner.step(traces="", github_token=state.WRITE)
    assert second.exit_code == 0
    (comment,) = pull.workflow.hub.state.bodies(opened.number)
    assert "leaves 9 goroutines behind" in comment


def test_a_package_that_fails_costs_only_itself(pull: Pull) -> None:
    pull.workflow.opened()
    pull.changes("stock/stock_test.go", "package stock\nx")
    recorded = pull.record(packages="./stock ./mail", traces="1")
    assert recorded.exit_code == 1
    assert "::error::example.com/shop/stock: its tests fail" in recorded.log
    assert "stock/stock_test.go:2:1" in recorded.log
    assert pull.compare(recorded).outputs["conclusion"] == "success"
    assert ACTION["if"] == "${{ !cancelled() && steps.record.outputs.traces }}"


def test_a_base_that_fails_is_a_warning(pull: Pull) -> None:
    pull.changes("stock/stock_test.go", "package stock\nx")
    pull.changes("stock/stock_test.go", STOCK)
    recorded = pull.record(packages="./stock", traces="2")
    assert recorded.exit_code == 0
    assert recorded.log.count("::warning::example.com/shop/stock: its tests fail in the base") == 1
    assert recorded.outputs == {"traces": "traces/"}


def test_flags_and_packages_are_words_and_nothing_else(pull: Pull) -> None:
    """What a caller gives is never run."""
    pull.changes("stock/more_test.go", STOCK.replace("TestCount", "TestMore"))
    recorded = pull.record(
        **{"packages": "./stock $(touch a) ;touch b", "test-flags": "-run TestMore -v", "traces": "1"}
    )
    assert recorded.exit_code != 0 or "stock" in recorded.log
    assert not {"a", "b"} & set(os.listdir(pull.root))


@pytest.mark.parametrize("document", [DOCUMENT, SECOND], ids=["regressions", "comment"])
def test_permissions_are_the_least(document: Any) -> None:
    assert document["permissions"] == {}
    jobs = {name: job["permissions"] for name, job in document["jobs"].items()}
    assert jobs in (
        {"compare": {"contents": "read", "pull-requests": "write"}},
        {"comment": {"actions": "read", "pull-requests": "write"}},
    )


def test_the_second_workflow_checks_nothing_out_and_runs_nothing() -> None:
    assert [list(step) for step in SECOND["jobs"]["comment"]["steps"]] == [["uses"]]


def test_no_input_gets_into_a_script() -> None:
    assert not [step for step in STEPS if "${{" in step.get("run", "")]
