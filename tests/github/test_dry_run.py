"""`action --dry-run` and `doctor`: they show exactly what a run would do, without doing it."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import Run, path_of
from tests.github.hub import Hub, state
from tests.github.steps import CLEAN, LEAK, Workflow
from tests.runner import ROOT, Runner

DOCTOR = "from gotracer_ci import cli; cli.main(['doctor'])"
DRY = "from gotracer_ci import cli; cli.main(['action', '--dry-run'])"


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    workflow = Workflow(runner, hub)
    workflow.opened()
    return workflow


def planned(log: str) -> list[tuple[str, str, str, dict[str, str]]]:
    """Return (permission, method, URL, body) of each request that a dry run shows."""
    found = re.findall(r"^would send, with (.+?): (\w+) (\S+)\n((?:  .*\n)*)", log, re.MULTILINE)
    return [(permission, method, url, json.loads(body)) for permission, method, url, body in found]


def test_a_dry_run_shows_the_request_that_a_real_run_sends(workflow: Workflow) -> None:
    dry = workflow.runner.step(DRY, traces=str(ROOT / "testdata/traces" / LEAK), github_token=state.WRITE)
    assert workflow.written() == []
    workflow.runner.runs -= 1

    workflow.runner.step(traces=str(ROOT / "testdata/traces" / LEAK), github_token=state.WRITE)

    ((permission, method, url, body),) = planned(dry.log)
    (sent,) = workflow.hub.writes
    assert dry.exit_code == 1
    assert permission == "pull-requests: write"
    assert (method, url.removeprefix(workflow.hub.url)) == (sent.method, sent.path)
    assert body == sent.body


def test_a_dry_run_reads_existing_comments(workflow: Workflow) -> None:
    workflow.step(LEAK)

    dry = workflow.step(CLEAN, dry_run="true", upload_sarif="true")

    methods = {method: url for _, method, url, _ in planned(dry.log)}
    assert re.search(r"/issues/comments/\d+$", methods["PATCH"])
    assert methods["POST"].endswith("/code-scanning/sarifs")
    assert "uploaded" not in dry.log
    assert workflow.written() == ["POST comments"]
    assert dry.exit_code == 0
    assert "comment updated" not in dry.log
    assert "uploaded" not in dry.log
    assert "comment-url" not in dry.outputs


def test_without_a_token_a_dry_run_also_shows_reads(workflow: Workflow) -> None:
    dry = workflow.step(LEAK, dry_run="true", github_token="")

    assert [method for _, method, _, _ in planned(dry.log)] == ["GET", "GET", "POST"]
    assert workflow.hub.requests == []
    assert state.WRITE not in dry.log
    assert "reading the baseline of main needs github-token" in dry.log


def test_doctor_finds_no_problem_in_a_valid_workflow(workflow: Workflow) -> None:
    workflow.runner.add(CLEAN)

    seen = workflow.runner.step(DOCTOR, github_token=state.WRITE)

    assert seen.exit_code == 0
    lines = [line.split(maxsplit=2) for line in seen.log.splitlines()]
    subjects = {subject: level for level, subject, _ in lines}
    assert {"decoder", "repository", "traces", "places", "baseline", "event", "token", "comment"} <= subjects.keys()
    assert "problem" not in subjects.values()
    assert workflow.written() == []


def test_doctor_names_missing_permissions(workflow: Workflow) -> None:
    workflow.lay(b"{")
    workflow.token = state.NOTHING

    seen = workflow.runner.step(DOCTOR, traces="no*.trace", github_token=state.NOTHING)

    problems = {line.split(maxsplit=2)[1]: line for line in seen.log.splitlines() if line.startswith("problem")}
    assert seen.exit_code == 2
    assert problems.keys() == {"traces", "baseline", "comment"}
    assert "pull-requests: write" in problems["comment"]
    assert "contents: read" in seen.log


def test_traces_on_the_command_line_override_the_steps(workflow: Workflow) -> None:
    workflow.runner.add(CLEAN)

    seen = workflow.runner.step(DOCTOR.replace("['doctor']", "['doctor', 'missing.trace']"))

    assert "problem  traces       missing.trace: no such file" in seen.log


def test_an_invalid_input_is_a_problem(workflow: Workflow) -> None:
    seen = workflow.runner.step(DOCTOR, comment="sometimes")

    assert seen.exit_code == 2
    assert "comment" in seen.log


def test_outside_a_runner_doctor_checks_only_the_checkout(run: Run) -> None:
    good = run("doctor", path_of("service-go1.27"), "--root", ROOT / "testdata/programs")
    bad = run("doctor", "no.trace")
    both = run("doctor", path_of("idle-go1.27"), "no.trace")

    assert good.returncode == 0
    assert "example.com/programs" in good.stdout.decode()
    assert b"token" not in good.stdout
    assert bad.returncode == 2
    assert b"problem  traces" in bad.stdout
    assert [line[:15] for line in both.stdout.decode().splitlines() if "no.trace" in line] == ["problem  traces"]


def test_flags_override_the_inputs(workflow: Workflow) -> None:
    named = DOCTOR.replace("'doctor'", "'doctor', 'mine.trace', '--baseline', 'mine.json'")

    seen = workflow.runner.step(named, github_token=state.WRITE)

    assert "mine.trace" in seen.log
    assert "mine.json" in seen.log
