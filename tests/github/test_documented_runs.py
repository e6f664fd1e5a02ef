"""The documented workflows, step by step as a runner would, on a repository of three packages.

Go records the traces once: of main, of a change that holds a lock for longer, and of one that adds a test. In the
workflows, a stand-in for `go` copies the traces of the source that it finds.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import once
from tests.github.hub import Hub, state
from tests.github.jobs import Job, Machine
from tests.github.test_docs_workflows import shown, workflow
from tests.lint.blocks import ROOT
from tests.recording.conftest import ORDERS, STOCK, git, go_environment, write_repository
from tests.variants import variant

BASELINE = ".gotracer-ci/baseline.json"
TEST = "orders/orders_test.go"
LOCK = ORDERS.replace("Sleep(time.Millisecond)\n\t\t\t\tmu", "Sleep(3 * time.Millisecond)\n\t\t\t\tmu")
ADDED = STOCK.replace("package stock", "package orders").replace("TestCount", "TestMore")
CHANGES: dict[str, dict[str, str]] = {"main": {}, "lock": {TEST: LOCK}, "added": {"orders/more_test.go": ADDED}}
COPIES = 15
COMMITTED: dict[int, str] = {}
"""Baselines by number of jobs, each of which the first test that needs it records."""
GO = """#!/bin/sh
# the traces of this source, one after the other
[ "$1 $2 $4" = "test -count=1 ./orders" ] || exit 3
source=main
grep -q '3 \\* time' orders/orders_test.go && source=lock
[ -e orders/more_test.go ] && source=added
number=$(ls "$TRACES/used" | wc -l)
touch "$TRACES/used/$number"
cp "$TRACES/$source/$((number % COPIES)).trace" "${3#-trace=}"
"""
GH = '#!/bin/sh\nprintf "%s " "$@" >> "$HOME/gh.log"; echo >> "$HOME/gh.log"\n'
(CONFIRM,) = shown(ROOT / "docs/confirm.md")


def record(directory: Path) -> None:
    """Record three traces of each source with Go, and make more of them that count as other runs."""
    (directory / "repository").mkdir(parents=True)
    (directory / "tmp").mkdir()
    environment = go_environment(directory / "tmp")
    write_repository(directory / "repository")
    for source, files in CHANGES.items():
        (directory / source).mkdir()
        for name, text in files.items():
            (directory / "repository" / name).write_text(text, encoding="utf-8")
        for i in range(3 if source != "added" else 1):
            trace = f"-trace={directory}/{source}.{i}"
            command = ["go", "test", "-count=1", "-o", str(directory / "test"), trace, "./orders"]
            subprocess.run(command, cwd=directory / "repository", env=environment, check=True, capture_output=True)
        recorded = [file.read_bytes() for file in sorted(directory.glob(f"{source}.?"))]
        for i in range(COPIES):
            (directory / source / f"{i}.trace").write_bytes(variant(recorded[i % len(recorded)], i + 1))
        git(directory / "repository", "checkout", "-q", ".")
        git(directory / "repository", "clean", "-q", "-f", "-d")


@pytest.fixture(scope="session")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "documented-runs", record)


@pytest.fixture
def machine(tmp_path: Path, hub: Hub, traces: Path) -> Machine:
    """A runner whose origin has the three packages on main."""
    (tmp_path / "used").mkdir()
    script = GO.replace("$TRACES/used", str(tmp_path / "used")).replace("$TRACES", str(traces))
    machine = Machine(tmp_path, hub, {"go": script.replace("COPIES", str(COPIES)), "gh": GH})
    (tmp_path / "first").mkdir()
    write_repository(tmp_path / "first")
    machine.origin.parent.mkdir(parents=True)
    git(tmp_path, "clone", "-q", "--bare", str(tmp_path / "first"), str(machine.origin))
    git(machine.origin, "branch", "-M", "main")
    return machine


def commit(machine: Machine, branch: str, files: Mapping[str, str]) -> None:
    """Commit files to a branch of the origin, which starts at main."""
    work = machine.directory / f"commit-{branch}"
    git(machine.directory, "clone", "-q", str(machine.origin), str(work))
    git(work, "checkout", "-q", "-B", branch, "origin/main")
    for name, text in files.items():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    git(work, "add", ".")
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    git(work, *identity, "commit", "-q", "--allow-empty", "-m", branch)
    git(work, "push", "-q", "origin", branch)
    shutil.rmtree(work)


def opened(machine: Machine, source: str, fork: str = "") -> state.Pull:
    """Open a pull request with a change. The job checks out its merge commit, whose first parent is main."""
    commit(machine, source, CHANGES[source])
    repository = machine.hub.state.repository
    pull = machine.hub.state.pull(7, source, repository=fork or repository)
    head = {"ref": source, "sha": pull.sha, "repo": {"full_name": pull.repository}}
    base = {"ref": "main", "sha": "b" * 40, "repo": {"full_name": repository}}
    payload = {"pull_request": {"number": 7, "head": head, "base": base}}
    machine.event = ("pull_request", payload, {"GITHUB_REF": "refs/pull/7/merge"})
    machine.checked_out = source
    machine.token = state.READ if fork else state.WRITE
    machine.artifacts.clear()
    return pull


def five_jobs(machine: Machine) -> Job:
    """Run the workflow that records five jobs, and merge its pull request."""
    jobs = workflow("Trace baseline of five jobs")["jobs"]
    for leg in range(5):
        ran = machine.run("record", jobs["record"], leg)
        assert ran.exit_code == 0, ran.log
    proposed = machine.run("propose", jobs["propose"])
    assert proposed.exit_code == 0, proposed.log
    branch = jobs["propose"]["env"]["BRANCH"]
    assert git(machine.origin, "diff", "--name-only", "main", branch).split() == [BASELINE]
    git(machine.origin, "update-ref", "refs/heads/main", branch)
    publish(machine, "main")
    COMMITTED[5] = git(machine.origin, "show", f"main:{BASELINE}")
    return proposed


def with_five_jobs(machine: Machine) -> None:
    """Commit a baseline of five jobs to main."""
    if 5 in COMMITTED:
        commit(machine, "main", {BASELINE: COMMITTED[5]})
        publish(machine, "main")
    else:
        five_jobs(machine)


def publish(machine: Machine, branch: str) -> None:
    """Let the stand-in for GitHub have the baseline that the origin has on a branch."""
    machine.hub.state.put(BASELINE, git(machine.origin, "show", f"{branch}:{BASELINE}"), branch)


def jobs_on(machine: Machine, branch: str) -> list[str]:
    (program,) = json.loads(git(machine.origin, "show", f"{branch}:{BASELINE}"))["programs"]
    assert program["program"] == "example.com/shop/orders (test)"
    return [entry["id"] for entry in program["entries"]]


def documented(*, comment: str = "") -> Any:
    """Return the job of docs/github.md that records three traces of one package, by its input `comment`."""
    found = [document["jobs"]["traces"] for document in shown(ROOT / "docs/github.md") if document["name"] == "Traces"]
    jobs = [job for job in found if "steps" in job and "strategy" not in job]
    (job,) = (job for job in jobs if action_of(job)["with"].get("comment", "") == comment)
    return job


def action_of(job: Any) -> Any:
    (step,) = (step for step in job["steps"] if step.get("uses", "").startswith("org/gotracer-ci@"))
    return step


def test_after_five_jobs_in_one_run_times_count(machine: Machine) -> None:
    """All five on one runner. A lock that is held for longer is then confirmed by three traces of the change alone."""
    proposed = five_jobs(machine)
    ids = jobs_on(machine, "main")
    assert len(set(ids)) == 5
    assert all(one.startswith("77-1-") for one in ids)
    log = (machine.directory / "gh.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[:2] for line in log] == [["auth", "setup-git"], ["pr", "list"], ["pr", "create"]]
    text = (proposed.workspace / "changes.md").read_text(encoding="utf-8")
    assert text.startswith(f"There is no `{BASELINE}` yet.\n\n- `example.com/shop/orders (test)`: 5 jobs (5 new); ")

    opened(machine, "lock")
    ran = machine.run("traces", documented())
    (step,) = ran.actions
    assert (ran.exit_code, step.outputs["conclusion"]) == (1, "failure"), step.log
    (comment,) = machine.hub.state.bodies(7)
    assert "TestPut" in comment
    assert "report.html" in machine.artifacts["gotracer-ci"]


@pytest.mark.parametrize("source", ["main", "added"])
def test_no_change_and_an_added_test_are_silent(machine: Machine, source: str) -> None:
    with_five_jobs(machine)
    opened(machine, source)
    ran = machine.run("traces", documented())
    (step,) = ran.actions
    assert (ran.exit_code, step.outputs["conclusion"], step.outputs["suspected"]) == (0, "success", "0"), step.log
    assert machine.hub.writes == []


def one_job(machine: Machine) -> None:
    """Commit a baseline of one job to main, as the nightly workflow would."""
    if 1 not in COMMITTED:
        assert machine.run("record", workflow("Trace baseline")["jobs"]["record"]).exit_code == 0
        COMMITTED[1] = machine.artifacts["trace-baseline"][BASELINE].decode()
    commit(machine, "main", {BASELINE: COMMITTED[1]})
    publish(machine, "main")


def test_a_lock_is_suspected_and_then_confirmed_in_the_same_job(machine: Machine) -> None:
    """By docs/confirm.md: one trace is suspected, so the base is built and both are recorded in turns."""
    one_job(machine)
    opened(machine, "lock")
    ran = machine.run("traces", CONFIRM["jobs"]["traces"])
    first, second = ran.actions
    assert (first.exit_code, first.outputs["new"], first.outputs["worse"]) == (0, "0", "0"), first.log
    assert int(first.outputs["suspected"]) > 0
    assert (second.exit_code, ran.exit_code) == (1, 1), second.log
    assert int(second.outputs["worse"]) > 0
    assert {len(list((ran.workspace / name).iterdir())) for name in ("traces", "base-traces")} == {3}
    (comment,) = machine.hub.state.bodies(7)
    assert "confirmed" in comment


def test_without_a_suspicion_the_base_is_not_built(machine: Machine) -> None:
    one_job(machine)
    opened(machine, "main")
    ran = machine.run("traces", CONFIRM["jobs"]["traces"])
    assert (ran.exit_code, len(ran.actions)) == (0, 1), ran.log
    assert not (ran.workspace.parent / "base").exists()
    assert machine.hub.writes == []


def test_the_second_workflow_comments_on_a_forks_pull_request(machine: Machine) -> None:
    with_five_jobs(machine)
    pull = opened(machine, "lock", fork="mallory/shop")
    assert machine.run("traces", documented(comment="never")).exit_code == 1
    assert machine.hub.writes == []
    machine.hub.state.artifact(77, machine.artifacts["gotracer-ci"])
    traced = {
        "id": 77,
        "run_attempt": 1,
        "event": "pull_request",
        "conclusion": "failure",
        "head_sha": pull.sha,
        "head_branch": pull.branch,
        "head_repository": {"owner": {"login": pull.owner}},
        "pull_requests": [],
    }
    machine.event = ("workflow_run", {"workflow_run": traced}, {"GITHUB_REF": "refs/heads/main"})
    machine.token = state.WRITE
    ran = machine.run("comment", workflow("Trace comment")["jobs"]["comment"])
    assert ran.exit_code == 0
    (comment,) = machine.hub.state.bodies(7)
    assert "TestPut" in comment


def test_the_baseline_lives_on_a_branch_of_its_own(machine: Machine) -> None:
    """The first run creates the branch, the next adds to it, and pull requests are compared with it."""
    jobs = workflow("Trace baseline on a branch")["jobs"]
    branch = jobs["store"]["env"]["BRANCH"]
    before = git(machine.origin, "rev-parse", "main")
    for run in (77, 78):
        machine.artifacts.clear()
        machine.variables["GITHUB_RUN_ID"] = str(run)
        assert machine.run("record", jobs["record"]).exit_code == 0
        stored = machine.run("store", jobs["store"])
        assert stored.exit_code == 0, stored.log
        publish(machine, branch)
    assert [one.partition("-")[0] for one in jobs_on(machine, branch)] == ["77", "78"]
    assert git(machine.origin, "ls-tree", "-r", "--name-only", branch).split() == [BASELINE]
    assert "2 jobs (1 new)" in git(machine.origin, "log", "-1", "--format=%b", branch)
    assert git(machine.origin, "log", "--format=%s", branch).splitlines() == ["Update the trace baseline"] * 2
    assert git(machine.origin, "rev-parse", "main") == before

    opened(machine, "main")
    job = documented()
    action_of(job)["with"]["baseline-branch"] = branch
    ran = machine.run("traces", job)
    assert f"{BASELINE} on {branch}" in ran.actions[0].log
    assert ran.exit_code == 0
