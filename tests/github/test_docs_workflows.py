"""The workflows in the docs: versions, permissions, who can request a baseline, and their shell scripts, executed."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gotracer_ci import __version__
from tests.lint.blocks import PAGES, ROOT, workflows

GITHUB = ROOT / "docs/github.md"
COMMAND = "/gotracer update-baseline"
BASELINES = {
    "Trace baseline": ["asked", "propose"],
    "Trace baseline of five jobs": ["propose"],
    "Trace baseline on a branch": ["store"],
}
"""The workflows that update the baseline, with the jobs that may write."""


def shown(page: Path) -> list[Any]:
    return [YAML(typ="safe").load(text) for _, text in workflows(page)]


def workflow(name: str) -> Any:
    return next(found for found in shown(GITHUB) if found["name"] == name)


def steps(document: Any) -> list[Any]:
    return [step for job in document["jobs"].values() for step in job.get("steps", ())]


def test_the_tables_match_the_action() -> None:
    made = runpy.run_path(str(ROOT / "docs/action.py"))["page"]()

    assert GITHUB.read_text(encoding="utf-8") == made, "run: python docs/action.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_use_the_actions_major_tag_and_the_images_exact_tag(page: Path) -> None:
    major = __version__.partition(".")[0]
    text = page.read_text(encoding="utf-8")

    assert set(re.findall(r"uses: \S+/gotracer-ci(?:/\S+)?@([^\s`]+)", text)) == {f"v{major}"}
    assert set(re.findall(r"uses: (\S+)/gotracer-ci[/@]", text)) == {"org"}
    assert set(re.findall(r"ghcr\.io/\S*?:([\w.-]*\w)", text)) <= {f"v{__version__}"}


def test_the_base_is_checked_out_on_a_runner_that_keeps_its_directories(tmp_path: Path) -> None:
    """Also if an earlier run left the directory, or only git's note of it."""
    (document,) = shown(ROOT / "docs/confirm.md")
    (line,) = (
        line.strip() for step in steps(document) for line in step.get("run", "").splitlines() if "worktree" in line
    )
    work = tmp_path / "work"
    work.mkdir()
    git = "git -c user.name=a -c user.email=a@example.com commit --allow-empty -qm"
    subprocess.run(["sh", "-ec", f"git init -q . && {git} base && {git} change"], cwd=work, check=True)

    for before in ("true", "true", "rm -r ../base"):
        done = subprocess.run(["sh", "-ec", f"{before}\n{line}"], cwd=work, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    named = subprocess.run(["git", "log", "--format=%s"], cwd=tmp_path / "base", check=True, capture_output=True)
    assert named.stdout == b"base\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_job_names_its_permissions(page: Path) -> None:
    for document in shown(page):
        assert document["permissions"] == {}
        for job in document["jobs"].values():
            uses = [job.get("uses", ""), *(step.get("uses", "") for step in job.get("steps", ()))]
            checks_out = any(name.startswith("actions/checkout@") or "/regressions.yml@" in name for name in uses)
            pushes = any("git push" in step.get("run", "") for step in job.get("steps", ()))
            # a fragment of a job has no permissions
            if document["name"] != "Shown":
                assert ("contents" in job["permissions"]) == (checks_out or pushes)
                assert (job["permissions"].get("contents") == "write") == pushes


def test_the_shortest_workflow_is_as_short_as_documented() -> None:
    """Without its head and without the steps that such a job already has."""
    _, (_, text) = islice(workflows(GITHUB), 2)

    text = text.partition("runs-on: ubuntu-24.04\n")[2]
    added = re.sub(r" +- uses: actions/(?:checkout|setup-go)@.*\n +with:\n.*\n", "", text)
    assert len(text.splitlines()) - len(added.splitlines()) == 6
    assert f" {len(added.splitlines())} lines" in GITHUB.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_workflow_keeps_the_reports_also_of_a_run_that_fails(page: Path) -> None:
    """Except a fragment without a recording, the comment's second stage and the update of the baseline."""
    recorded = [
        document for document in shown(page) if any("go test" in step.get("run", "") for step in steps(document))
    ]
    names = set()
    for document in recorded:
        last = steps(document)[-1]
        if document["name"] in BASELINES:
            continue
        assert last["uses"].startswith("actions/upload-artifact@")
        assert (last["if"], last["with"]["path"]) == ("always()", "gotracer-ci/")
        names.add(last["with"]["name"])
    default = YAML(typ="safe").load(ROOT / "action.yml")["inputs"]["artifact"]["default"]
    assert all(name == default or name.startswith(f"{default}-${{{{ matrix.") for name in names)


def test_the_second_stage_runs_nothing_of_the_pull_request() -> None:
    document = workflow("Trace comment")

    assert list(document["on"]) == ["workflow_run"]
    assert [list(step) for step in steps(document)] == [["uses"]]
    first = workflow("Traces")["name"]
    assert document["on"]["workflow_run"]["workflows"] == [first]


def test_the_two_stages_agree_on_the_artifact() -> None:
    default = YAML(typ="safe").load(ROOT / "action.yml")["inputs"]["artifact"]["default"]
    uploads = [s for d in shown(GITHUB) for s in steps(d) if s.get("with", {}).get("path", "") == "gotracer-ci/"]

    assert [step["with"]["name"] for step in uploads] == [default, default, "gotracer-ci-${{ matrix.package }}"]


@pytest.mark.parametrize("name", BASELINES)
def test_the_baseline_workflows_run_no_foreign_code_and_put_nothing_untrusted_into_the_shell(name: str) -> None:
    document = workflow(name)

    refs = [step["with"]["ref"] for step in steps(document) if step.get("uses", "").startswith("actions/checkout@")]
    assert refs == ["main"] * len(refs) != []
    assert not [step for step in steps(document) if "${{" in step.get("run", "")]
    writers = [name for name, job in document["jobs"].items() if "write" in job["permissions"].values()]
    assert writers == BASELINES[name]
    tools = {word for name in writers for step in document["jobs"][name]["steps"] for word in _commands(step)}
    assert tools <= {"mkdir", "cp", "git", "gh", "if", "else", "fi"}
    used = {step.get("uses", "") for name in writers for step in document["jobs"][name]["steps"]}
    own = {"actions/checkout", "actions/download-artifact", "docker://ghcr.io/org/gotracer-ci", ""}
    assert {re.split("@|:v", use)[0] for use in used} <= own


def _commands(step: Any) -> list[str]:
    """Return the first word of each command, without continuation lines and the variables that it sets."""
    text = re.sub(r"\\\n", " ", step.get("run", ""))
    text = re.sub(r"^ *\w+=(\$\(|\S+$)", "", text, flags=re.MULTILINE).replace("\n\n", "\n")
    return [line.split()[0] for line in text.splitlines()]


def asked(**event: Any) -> bool:
    """Evaluate the condition of the baseline workflow for an event, as GitHub does."""
    text = workflow("Trace baseline")["jobs"]["asked"]["if"]
    text = re.sub(r"'[^']*'", lambda literal: f"r{literal[0]}", text)
    text = text.replace("&&", "and").replace("||", "or").replace("\n", " ")
    functions: dict[str, Callable[..., Any]] = {
        "contains": lambda items, item: item in items,
        "fromJSON": json.loads,
        "startsWith": lambda text, start: text.lower().startswith(start.lower()),
    }
    return bool(eval(text, {"__builtins__": {}}, {**functions, "github": Node(event)}))


class Node(dict[str, Any]):
    """A context of GitHub's expressions. Missing members are empty."""

    def __getattr__(self, name: str) -> Any:
        value = self.get(name, {})
        return Node(value) if isinstance(value, dict) else value


def commented(body: str, association: str = "MEMBER", **issue: Any) -> bool:
    comment = {"body": body, "author_association": association}
    return asked(
        event_name="issue_comment", event={"comment": comment, "issue": {"pull_request": {"url": "u"}, **issue}}
    )


@pytest.mark.parametrize("name", ["schedule", "workflow_dispatch"])
def test_a_schedule_and_a_manual_start_need_no_comment(name: str) -> None:
    assert asked(event_name=name)


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
@pytest.mark.parametrize("body", [COMMAND, f"{COMMAND}\nplease", f"{COMMAND}\r\nplease"])
def test_a_maintainer_can_request_a_baseline(association: str, body: str) -> None:
    assert commented(body, association)


@pytest.mark.parametrize(
    "association", ["CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN", "NONE", ""]
)
def test_other_users_cannot_request_a_baseline(association: str) -> None:
    assert not commented(COMMAND, association)


@pytest.mark.parametrize(
    "body", ["", f" {COMMAND}", f"{COMMAND}s", f"{COMMAND} now", f"> {COMMAND}", f"hello\n{COMMAND}"]
)
def test_other_comments_do_nothing(body: str) -> None:
    assert not commented(body)


def test_a_comment_on_an_issue_does_nothing() -> None:
    assert not commented(COMMAND, pull_request={})


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Return a repository with a main branch, and a clone with main checked out, as in the job."""
    make = (
        "git init -q --bare -b main origin && git clone -q origin first && cd first && git checkout -q -b main "
        "&& echo 1 > main.go && git add . && git -c user.name=x -c user.email=x@x commit -qm first "
        "&& git push -q origin main"
    )
    subprocess.run(["bash", "-ec", make], cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True)
    return tmp_path / "origin"


def environment(directory: Path, **variables: str) -> dict[str, str]:
    """Return a step's environment. Its gh logs its arguments and prints OPEN for open pull requests."""
    tools = directory / "tools"
    tools.mkdir(exist_ok=True)
    gh = f'#!/bin/sh\nprintf "%s " "$@" >> {directory}/gh.log; echo >> {directory}/gh.log\n'
    (tools / "gh").write_text(gh + 'case "$*" in "pr list"*) printf "%s" "$OPEN";; esac\n')
    (tools / "gh").chmod(0o755)
    return {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(directory),
        "GIT_CONFIG_NOSYSTEM": "1",
        "RUNNER_TEMP": str(directory / "temp"),
        "BRANCH": "gotracer-ci/baseline",
        **variables,
    }


def propose(origin: Path, baseline: str, *, is_open: bool = False) -> list[str]:
    """Run the last job's script on a fresh checkout. Return the arguments of each call of gh."""
    (script,) = [
        step["run"]
        for step in workflow("Trace baseline")["jobs"]["propose"]["steps"]
        if "git push" in step.get("run", "")
    ]
    directory = origin.parent
    for name, text in ((".gotracer-ci/baseline.json", baseline), ("gotracer-ci/baseline-changes.md", "raises 1")):
        file = directory / "temp/trace-baseline" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    # extra files in the artifact and in the checkout
    (directory / "temp/trace-baseline/evil.yml").write_text("evil")
    (directory / "gh.log").unlink(missing_ok=True)
    variables = environment(directory, OPEN="7" if is_open else "", GITHUB_REPOSITORY="o/r")
    prepare = "rm -rf work && git clone -q origin work && echo evil > work/main.go"
    subprocess.run(["bash", "-ec", prepare], cwd=directory, env=variables, check=True, capture_output=True)
    subprocess.run(["bash", "-ec", script], cwd=directory / "work", env=variables, check=True, capture_output=True)
    return (directory / "gh.log").read_text().splitlines()


def git(origin: Path, *arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=origin, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_baseline_becomes_one_commit_of_one_file_and_one_pull_request(origin: Path) -> None:
    calls = propose(origin, "one")

    assert [line.split()[:2] for line in calls] == [["auth", "setup-git"], ["pr", "list"], ["pr", "create"]]
    assert all("--head gotracer-ci/baseline --base main" in line for line in calls[1:])
    changes = origin.parent / "temp/trace-baseline/gotracer-ci/baseline-changes.md"
    assert f"--body-file {changes}" in calls[2]
    assert git(origin, "diff", "--name-only", "main", "gotracer-ci/baseline") == [".gotracer-ci/baseline.json"]

    calls = propose(origin, "two", is_open=True)

    assert [line.split()[:2] for line in calls] == [["auth", "setup-git"], ["pr", "list"], ["api", "--method"]]
    assert f"PATCH repos/o/r/pulls/7 -F body=@{changes}" in calls[2]
    assert git(origin, "show", "gotracer-ci/baseline:.gotracer-ci/baseline.json") == ["two"]
    assert len(git(origin, "log", "--format=%s", "main..gotracer-ci/baseline")) == 1


@pytest.mark.parametrize("file", [".github/workflows/self-test.yml", "docs/github.md"])
def test_the_self_test_uses_an_image_built_from_the_checkout(file: str, tmp_path: Path) -> None:
    (command,) = re.findall(r"^ +(sed -i .*) \S*action\.yml$", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    action = tmp_path / "action.yml"
    action.write_text((ROOT / "action.yml").read_text(encoding="utf-8"), encoding="utf-8")

    subprocess.run(["bash", "-ec", f"{command} action.yml"], cwd=tmp_path, check=True)

    document = YAML(typ="safe").load(ROOT / "action.yml")
    assert YAML(typ="safe").load(action) == {**document, "runs": {**document["runs"], "image": "Dockerfile"}}
