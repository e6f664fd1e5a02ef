"""The comment, in whole runs of the action's process."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.conftest import PROGRAMS
from tests.github.hub import Hub, faults, state
from tests.github.steps import BASELINE, CLEAN, LEAK, ORDERS, RESOLVED, Workflow
from tests.runner import Runner


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    return Workflow(runner, hub)


def test_a_regression_is_commented_on_and_resolved(workflow: Workflow) -> None:
    pull = workflow.opened()

    bad = workflow.step(LEAK)

    (body,) = workflow.hub.state.bodies(7)
    assert bad.exit_code == 1
    assert "1 new" in body
    assert RESOLVED not in body
    assert "startAudit" in body
    assert f"/{workflow.hub.state.repository}/blob/{pull.sha}/" not in body  # the workspace has no source files
    assert bad.outputs["comment-url"].startswith(f"{workflow.hub.server_url}/{workflow.hub.state.repository}/pull/7#")

    good = workflow.step(CLEAN)

    (body,) = workflow.hub.state.bodies(7)
    assert good.exit_code == 0
    assert RESOLVED in body
    assert "startAudit" not in body.partition("<details>")[0]
    assert good.outputs["comment-url"] == bad.outputs["comment-url"]


@pytest.mark.parametrize(("directory", "root"), [("code", "."), (".code", ".code")])
def test_lines_are_linked_at_the_head_commit(workflow: Workflow, directory: str, root: str) -> None:
    pull = workflow.opened()
    (workflow.runner.workspace / ".gotracer-ci/config.toml").write_text(f'root = "{root}"', encoding="utf-8")
    for name in ("go.mod", "service/main.go"):
        (workflow.runner.workspace / directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROGRAMS / name, workflow.runner.workspace / directory / name)

    step = workflow.step(LEAK)

    link = f"/{workflow.hub.state.repository}/blob/{pull.sha}/{directory}/service/main.go#L87"
    assert link in workflow.hub.state.bodies(7)[0]
    assert link in step.summary
    (run,) = json.loads(workflow.file(step, "sarif-file").read_text(encoding="utf-8"))["runs"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert places == [f"{directory}/service/main.go"]


def test_a_clean_run_is_quiet(workflow: Workflow) -> None:
    workflow.opened()

    step = workflow.step(CLEAN)

    assert step.exit_code == 0
    assert workflow.written() == []
    assert "comment-url" not in step.outputs


def test_always_comments_on_a_clean_run_and_never_on_none(workflow: Workflow) -> None:
    workflow.opened()

    assert workflow.step(LEAK, comment="never").exit_code == 1
    assert workflow.written() == []
    assert workflow.step(CLEAN, comment="always").exit_code == 0
    assert "no regressions" in workflow.hub.state.bodies(7)[0].lower()


def test_always_says_why_there_is_no_comment(workflow: Workflow) -> None:
    workflow.runner.says("push", {"ref": "refs/heads/main"}, GITHUB_REF="refs/heads/main")

    always, auto = workflow.step(CLEAN, comment="always"), workflow.step(CLEAN)

    assert always.exit_code == 0
    (notice,) = always.annotations("notice")
    assert "this run of push has no pull request" in notice
    assert auto.annotations("notice") == []


def test_a_closed_pull_request_gets_no_comment(workflow: Workflow) -> None:
    pull = workflow.opened()
    pull.state = "closed"

    step = workflow.step(LEAK, comment="always")

    assert step.exit_code == 1
    assert workflow.written() == []
    assert "no comment: pull request 7 is closed" in step.log


def test_a_broken_baseline_is_the_only_annotation(workflow: Workflow) -> None:
    """Without it nobody knows which findings are old."""
    workflow.opened()
    workflow.hub.state.put(BASELINE, "<<<<<<< ours")

    step = workflow.step(LEAK, fail_on="info")

    assert step.exit_code == 3
    assert len(step.annotations("error")) == 1
    assert step.annotations("warning") == []


def test_a_server_that_answers_with_json_gives_its_baseline(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.state.has_raw_contents = False
    (workflow.runner.workspace / BASELINE).unlink()

    step = workflow.step(CLEAN)

    assert step.exit_code == 0
    assert f"Compared with {BASELINE} on main (2 of 5 jobs)" in step.log


def test_jobs_of_a_matrix_have_a_comment_each(workflow: Workflow) -> None:
    workflow.opened()

    workflow.step(LEAK, comment_id="linux")
    workflow.step(LEAK, comment_id="arm")
    workflow.step(CLEAN, comment_id="linux")

    first, second = workflow.hub.state.bodies(7)
    assert RESOLVED in first
    assert "1 new" in second
    assert RESOLVED not in second


def test_jobs_with_other_programs_share_a_comment(workflow: Workflow) -> None:
    """A clean job neither resolves nor deletes what a failing one found, in whatever order and run they end."""
    workflow.opened()

    bad = workflow.step(LEAK)
    workflow.runner.runs -= 1
    workflow.step(ORDERS)

    (body,) = workflow.hub.state.bodies(7)
    assert "1 new" in body
    assert "example.com/programs/service" in body
    assert RESOLVED not in body
    assert workflow.step(ORDERS).exit_code == 0  # a later run
    assert workflow.hub.state.bodies(7) == [body]

    shown = workflow.step(ORDERS, comment="always")
    (both,) = workflow.hub.state.bodies(7)
    assert both.count("## gotracer-ci: ") == 2
    assert "1 new" in both
    assert shown.outputs["comment-url"] == bad.outputs["comment-url"]

    workflow.step(CLEAN)
    (after,) = workflow.hub.state.bodies(7)
    assert after.count("## gotracer-ci: ") == 2
    assert RESOLVED in after
    assert "1 new" not in after


def test_jobs_that_cannot_be_told_apart_are_named(workflow: Workflow) -> None:
    """Two jobs of a run trace the same program, as in a matrix of flags."""
    workflow.opened()
    workflow.runner.variables["RUNNER_NAME"] = "runner 1"
    first = workflow.step(LEAK)
    workflow.runner.runs -= 1
    again = workflow.step(LEAK)  # a second step of the job
    workflow.runner.runs -= 1
    workflow.runner.variables["RUNNER_NAME"] = "runner 2"
    second = workflow.step(CLEAN, comment="always")

    (body,) = workflow.hub.state.bodies(7)
    assert "1 new" in body
    assert body.count("## gotracer-ci: ") == 2
    assert first.annotations("warning") == again.annotations("warning") == []
    assert any("its own comment-id" in line for line in second.annotations("warning"))


def test_a_push_has_no_pull_request_to_comment_on(workflow: Workflow) -> None:
    workflow.runner.says("push", {"ref": "refs/heads/main", "before": "0" * 40}, GITHUB_REF="refs/heads/main")

    step = workflow.step(LEAK)

    assert step.exit_code == 1
    assert workflow.hub.requests == []


@pytest.mark.parametrize("comment", ["auto", "always"])
def test_a_missing_permission_is_named(workflow: Workflow, comment: str) -> None:
    workflow.opened()
    workflow.hub.state.tokens["ghs_x"] = state.Token(state.ACTIONS, {"contents": "read", "pull-requests": "read"})
    workflow.token = "ghs_x"

    step = workflow.step(LEAK, comment=comment)
    clean = workflow.step(CLEAN, comment=comment)

    assert step.exit_code == 1
    level = "warning" if comment == "auto" else "error"
    assert any("pull-requests: write" in line and "permissions:" in line for line in step.annotations(level))
    assert clean.exit_code == (0 if comment == "auto" else 4)
    assert clean.outputs["conclusion"] == "success"


def test_a_fork_gets_its_findings_without_permissions(workflow: Workflow) -> None:
    workflow.opened(fork="mallory/service")
    workflow.token = state.READ

    step = workflow.step(LEAK, upload_sarif="true")
    clean = workflow.step(CLEAN, upload_sarif="true")

    assert step.exit_code == 1
    assert "startAudit" in step.summary
    assert len(step.annotations("notice")) == 2
    assert any("second workflow" in line for line in step.annotations("notice"))
    assert len(step.annotations("error")) == 1  # the finding
    assert clean.exit_code == 0


def test_an_outage_of_github_fails_the_step_after_the_reports(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.on("GET", "/comments$", faults.refused(410, "Gone"), times=3)

    bad, good, quiet = workflow.step(LEAK), workflow.step(CLEAN, comment="always"), workflow.step(CLEAN)

    assert (bad.exit_code, bad.outputs["conclusion"]) == (1, "failure")
    assert "startAudit" in bad.summary
    assert (good.exit_code, good.outputs["conclusion"]) == (4, "success")
    assert any("410" in line for line in good.annotations("error"))
    # there is no regression to comment on
    assert quiet.exit_code == 0
    assert any("410" in line for line in quiet.annotations("warning"))


def test_an_older_run_does_not_overwrite_a_newer_one(workflow: Workflow) -> None:
    workflow.opened()
    workflow.step(LEAK)
    workflow.runner.runs = -1  # as if run 0 finished late

    late = workflow.step(CLEAN)

    assert "1 new" in workflow.hub.state.bodies(7)[0]
    assert late.exit_code == 0


def test_without_a_token_everything_else_works(workflow: Workflow) -> None:
    workflow.opened()

    step = workflow.step(LEAK, github_token="")

    assert step.exit_code == 1
    assert workflow.hub.requests == []
    assert any("github-token" in line for line in step.annotations("notice"))


def test_the_token_is_nowhere(workflow: Workflow) -> None:
    workflow.opened()
    workflow.hub.on("GET", "/comments$", faults.refused(403, f"no, {state.WRITE}"), times=1)

    step = workflow.step(LEAK, comment="always", upload_sarif="true")

    assert state.WRITE not in step.log + step.summary + json.dumps(step.outputs)
    for file in workflow.runner.workspace.rglob("*"):
        assert not file.is_file() or state.WRITE.encode() not in file.read_bytes()
