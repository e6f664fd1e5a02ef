"""actions/checkout with `path`: what is shown begins at the top of the repository, not at that of the workspace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gotracer_ci.github import checkout
from tests.conftest import PROGRAMS
from tests.github.hub import Hub
from tests.github.steps import BASELINE, COMMITTED, LEAK, Workflow
from tests.runner import Runner


def check_out(directory: Path, url: str) -> Path:
    (directory / ".git").mkdir(parents=True)
    (directory / ".git/config").write_text(f'[remote "origin"]\n\turl = {url}\n', encoding="utf-8")
    (directory / "go.mod").write_text("module example.com/tools\n", encoding="utf-8")
    return directory


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    """Return a workflow that checks out its repository into src/main, and a tool beside it."""
    workflow = Workflow(runner, hub)
    shutil.rmtree(runner.workspace / ".git")
    shutil.rmtree(runner.workspace / ".gotracer-ci")
    check_out(runner.workspace / "a-tool", "https://github.com/other/tool")
    source = check_out(runner.workspace / "src/main", f"{hub.server_url}/{hub.state.repository}")
    (source / BASELINE).parent.mkdir()
    (source / BASELINE).write_bytes(COMMITTED)
    (source / "service").mkdir()
    for name in ("go.mod", "service/main.go"):
        shutil.copyfile(PROGRAMS / name, source / name)
    return workflow


@pytest.mark.parametrize("trace", ["src/main/run.trace", "run.trace"])
def test_links_paths_and_commands_begin_at_the_top_of_the_repository(workflow: Workflow, trace: str) -> None:
    pull = workflow.opened()
    workflow.runner.add(LEAK, trace)

    step = workflow.runner.step(traces=trace, github_token=workflow.token)

    (body,) = workflow.hub.state.bodies(7)
    assert step.exit_code == 1
    link = f"/{workflow.hub.state.repository}/blob/{pull.sha}/service/main.go#L87"
    assert link in body
    assert link in step.summary
    assert f"{BASELINE} on main" in body
    (run,) = json.loads(workflow.file(step, "sarif-file").read_text(encoding="utf-8"))["runs"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert places == ["service/main.go"]
    assert any("file=service/main.go,line=87" in line for line in step.annotations("error"))
    assert "src/main" not in body
    report = json.loads(workflow.file(step, "json-file").read_text(encoding="utf-8"))
    assert report["folder"] == ""


def test_the_configuration_of_the_checkout_applies(workflow: Workflow) -> None:
    config = workflow.runner.workspace / "src/main/.gotracer-ci/config.toml"
    config.write_text('skip = ["GoroutineLeak", "GoroutineLeakGrowth"]', encoding="utf-8")
    workflow.opened()
    workflow.runner.add(LEAK)
    assert workflow.runner.step(github_token=workflow.token).exit_code == 0


def test_of_several_checkouts_the_workflows_own_counts(tmp_path: Path) -> None:
    """And of two of the same repository, such as the head and the base, the one with the traces."""
    own, url = "octo/shop", "https://github.com/octo/shop"
    assert checkout.find(tmp_path, own, ()) == Path()
    check_out(tmp_path / "a", "https://github.com/octo/other-shop")
    assert checkout.find(tmp_path, own, ()) == Path("a")
    check_out(tmp_path / "base", f"{url}.git")
    assert checkout.find(tmp_path, own, ("a/*.trace",)) == Path("base")
    check_out(tmp_path / "nested/head", "git@github.com:octo/shop.git")
    assert checkout.find(tmp_path, own, ("nested/head/traces/*.trace",)) == Path("nested/head")
    assert checkout.find(tmp_path, own, (str(tmp_path / "nested/head/t.trace"),)) == Path("nested/head")
    assert checkout.find(tmp_path, "", ("a/t.trace",)) == Path("a")
    (tmp_path / ".git").mkdir()
    assert checkout.find(tmp_path, own, ("nested/head/t.trace",)) == Path()
