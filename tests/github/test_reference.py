"""The base branch's baseline and configuration, in whole runs of the action's process."""

from __future__ import annotations

import pytest

from tests.github.hub import Hub, faults
from tests.github.steps import BASELINE, CLEAN, COMMITTED, LEAK, Workflow
from tests.runner import Runner

CONFIG = ".gotracer-ci/config.toml"


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    return Workflow(runner, hub)


def test_a_change_cannot_raise_its_own_limits(workflow: Workflow) -> None:
    workflow.opened()
    workflow.step(LEAK, update_baseline="true", comment="never")  # the baseline in the pull request
    assert (workflow.runner.workspace / BASELINE).read_bytes() != COMMITTED

    step = workflow.step(LEAK)

    assert step.exit_code == 1
    assert f"{BASELINE} on main" in step.log
    assert f"{BASELINE} on main" in step.summary
    assert f"{BASELINE} on main" in workflow.hub.state.bodies(7)[0]
    assert any(f"modifies {BASELINE}" in line for line in step.annotations("notice"))


@pytest.mark.parametrize("what", ["directory", "endless", "dangling"])
def test_whatever_a_change_does_to_its_baseline_is_ignored(workflow: Workflow, what: str) -> None:
    workflow.opened()
    file = workflow.runner.workspace / BASELINE
    file.unlink()
    if what == "directory":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero" if what == "endless" else "nowhere")

    step = workflow.step(CLEAN)

    assert step.exit_code == 0
    assert f"{BASELINE} on main" in step.log
    assert len(step.annotations("notice")) == (what != "dangling")


@pytest.mark.parametrize(
    "text",
    ['fail-on = "never"', 'baseline = "other.json"', 'baseline = "../other.json"', "update-baseline = true", None],
)
def test_a_change_to_the_configuration_file_is_reported(workflow: Workflow, text: str | None) -> None:
    workflow.opened()
    workflow.hub.state.put(CONFIG, b"strict = true")
    file = workflow.runner.workspace / CONFIG
    file.write_text("strict = true", encoding="utf-8")
    same = workflow.step(CLEAN)
    for directory in (workflow.runner.workspace, workflow.runner.workspace.parent):
        (directory / "other.json").write_bytes(COMMITTED)
    if text is None:
        file.unlink()
    else:
        file.write_text(text, encoding="utf-8")

    other = workflow.step(CLEAN)

    assert same.annotations("warning") == []
    (warning,) = other.annotations("warning")
    assert f"modifies {CONFIG}" in warning


def test_a_merge_queue_uses_the_base_branch(workflow: Workflow) -> None:
    group = {"head_sha": "a" * 40, "base_ref": "refs/heads/main", "base_sha": "b" * 40}
    workflow.runner.says("merge_group", {"merge_group": group}, GITHUB_REF="refs/heads/gh-readonly-queue/main/pr-7-b")
    (workflow.runner.workspace / BASELINE).unlink()

    step = workflow.step(LEAK)

    assert (step.exit_code, step.outputs["new"]) == (1, "1")
    assert workflow.written() == []


@pytest.mark.parametrize("how", ["no file", "refused", "too large"])
def test_the_checkouts_baseline_is_the_fallback(workflow: Workflow, how: str) -> None:
    workflow.opened()
    if how == "no file":
        workflow.hub.state.files["main"].clear()
    elif how == "refused":
        workflow.hub.on("GET", "/contents/", faults.refused(403, "Resource not accessible by integration"), times=2)
    else:
        workflow.hub.state.put(BASELINE, bytes(17 << 20))

    step = workflow.step(CLEAN)

    assert step.exit_code == 0
    assert f"{BASELINE} in the checkout" in step.log
    (notice,) = step.annotations("notice")
    assert ("contents: read" in notice) == (how == "refused")


def test_an_invalid_baseline_of_the_base_branch_is_named(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.state.put(BASELINE, b"{")

    step = workflow.step(LEAK)

    assert step.exit_code == 3
    assert f"{BASELINE} on main" in step.annotations("error")[0]
    assert "/tmp" not in step.log
    assert workflow.hub.state.bodies(7) == []  # no comment without a comparison


def test_a_forks_updated_baseline_is_next_to_the_reports(workflow: Workflow) -> None:
    workflow.opened(fork="mallory/service")

    step = workflow.step(LEAK, update_baseline="true")

    assert step.exit_code == 0
    assert step.outputs["baseline-file"] == "gotracer-ci/baseline.json"
    assert workflow.file(step, "baseline-file").read_bytes() != COMMITTED
    assert (workflow.runner.workspace / BASELINE).read_bytes() == COMMITTED


@pytest.mark.parametrize("where", ["there", "link"])
def test_a_forks_updated_baseline_may_already_exist(workflow: Workflow, where: str) -> None:
    workflow.opened(fork="mallory/service")
    there = workflow.runner.workspace / "gotracer-ci/baseline.json"
    there.parent.mkdir()
    if where == "there":
        there.write_bytes(COMMITTED)
    else:
        there.symlink_to(workflow.runner.workspace / BASELINE)

    step = workflow.step(LEAK, update_baseline="true", **({"baseline": str(there)} if where == "there" else {}))

    assert step.exit_code == 0
    assert not there.is_symlink()
    assert there.read_bytes() != COMMITTED
    assert (workflow.runner.workspace / BASELINE).read_bytes() == COMMITTED


@pytest.mark.parametrize(
    ("directory", "problem"),
    [
        (BASELINE, "is a directory, not a regular file"),
        ("gotracer-ci/baseline.json", "cannot be written: it is a directory"),
    ],
)
def test_a_forks_baseline_that_cannot_be_copied_is_one_line(workflow: Workflow, directory: str, problem: str) -> None:
    workflow.opened(fork="mallory/service")
    (workflow.runner.workspace / directory).unlink(missing_ok=True)
    (workflow.runner.workspace / directory).mkdir(parents=True)
    if directory != BASELINE:
        workflow.lay(COMMITTED)

    step = workflow.step(LEAK, update_baseline="true")

    assert step.exit_code == 2
    assert step.annotations("error") == [f"::error title=gotracer-ci::{directory}: {problem}"]


BRANCH = "trace-baseline"


def test_a_baseline_can_be_on_a_branch_of_its_own(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.state.files["main"].clear()
    (workflow.runner.workspace / BASELINE).unlink()
    workflow.hub.state.put(BASELINE, COMMITTED, BRANCH)

    step = workflow.step(LEAK, baseline_branch=BRANCH)

    assert (step.exit_code, step.outputs["new"]) == (1, "1")
    assert f"{BASELINE} on {BRANCH}" in step.summary
    assert step.annotations("notice") == []


def test_an_update_adds_to_the_file_of_the_baselines_branch(workflow: Workflow) -> None:
    """And not to the checkout's."""
    workflow.lay(b"{")
    workflow.runner.says("schedule", {}, GITHUB_REF="refs/heads/main")
    workflow.hub.state.put(BASELINE, COMMITTED, BRANCH)

    step = workflow.step(CLEAN, baseline_branch=BRANCH, update_baseline="true")

    assert step.exit_code == 0
    assert step.outputs["baseline-file"] == BASELINE
    assert workflow.file(step, "baseline-file").read_bytes().count(b'"id":') == COMMITTED.count(b'"id":') + 1
    assert "3 jobs (1 new)" in workflow.file(step, "baseline-changes-file").read_text(encoding="utf-8")


def test_without_the_branch_an_update_starts_from_the_checkouts_file(workflow: Workflow) -> None:
    workflow.runner.says("schedule", {}, GITHUB_REF="refs/heads/main")

    step = workflow.step(CLEAN, baseline_branch=BRANCH, update_baseline="true")

    assert workflow.file(step, "baseline-file").read_bytes().count(b'"id":') == COMMITTED.count(b'"id":') + 1


@pytest.mark.parametrize("how", ["refused", "no token", "elsewhere"])
def test_a_branch_that_cannot_be_read_is_not_updated(workflow: Workflow, how: str) -> None:
    """Its jobs would be lost."""
    workflow.runner.says("schedule", {}, GITHUB_REF="refs/heads/main")
    workflow.hub.on("GET", "/contents/", faults.refused(403, "Resource not accessible by integration"), times=1)
    if how != "refused":
        workflow.token = "" if how == "no token" else workflow.token
    others = {"baseline": "/elsewhere/b.json"} if how == "elsewhere" else {}

    step = workflow.step(CLEAN, baseline_branch=BRANCH, update_baseline="true", **others)

    assert (step.exit_code, step.outputs["conclusion"]) == (2 if how == "elsewhere" else 3, "error")
    (error,) = step.annotations("error")
    expected = {
        "refused": "contents: read",
        "no token": "pass github-token",
        "elsewhere": "name one below the checkout",
    }
    assert expected[how] in error
    assert (workflow.runner.workspace / BASELINE).read_bytes() == COMMITTED
