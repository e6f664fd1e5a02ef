"""The two stages for a fork: the first is read-only and analyzes, the second comments and runs no code of the fork."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gotracer_ci.errors import UsageError
from gotracer_ci.github.comments import BODY_LIMIT
from gotracer_ci.report import comment, schema
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report
from tests.conftest import PROGRAMS
from tests.github.hub import Hub, state
from tests.github.steps import CLEAN, LEAK, RESOLVED, Workflow
from tests.report.hostile import texts
from tests.runner import Runner, Step

RUN = 4321


@pytest.fixture
def workflow(runner: Runner, hub: Hub) -> Workflow:
    return Workflow(runner, hub)


def first_stage(workflow: Workflow, trace: str = LEAK, run: int = RUN) -> state.Pull:
    """Run the analysis for the fork and store its findings as an artifact."""
    pull = workflow.opened(fork="mallory/service")
    workflow.token = state.READ
    step = workflow.step(trace)
    workflow.hub.state.artifact(run, {"findings.json": workflow.file(step, "json-file").read_bytes()})
    return pull


def second_stage(workflow: Workflow, pull: state.Pull, run: int = RUN, /, **others: Any) -> Step:
    """Run the workflow_run step after the first stage. others: members of its payload, and inputs as `input_NAME`."""
    inputs = {name.removeprefix("input_"): others.pop(name) for name in list(others) if name.startswith("input_")}
    traced = {
        "id": run,
        "run_attempt": 1,
        "event": "pull_request",
        "conclusion": "failure",
        "head_sha": pull.sha,
        "head_branch": pull.branch,
        "head_repository": {"owner": {"login": pull.owner}} if pull.repository else None,
        "pull_requests": [],
        **others,
    }
    workflow.runner.says("workflow_run", {"workflow_run": traced}, GITHUB_REF="refs/heads/main")
    return workflow.runner.step(**{"traces": "", "github_token": state.WRITE, **inputs})


def test_a_forks_findings_become_a_comment(workflow: Workflow) -> None:
    pull = first_stage(workflow)
    assert workflow.hub.state.bodies(7) == []

    step = second_stage(workflow, pull)

    (body,) = workflow.hub.state.bodies(7)
    assert step.exit_code == 0
    assert "startAudit" in body
    assert f"actions/runs/{RUN}/attempts/1" in body
    assert step.outputs["new"] == "1"
    assert step.outputs["comment-url"]


@pytest.mark.parametrize("has_page", [False, True])
def test_the_comment_links_the_artifact_that_has_the_page(workflow: Workflow, has_page: bool) -> None:
    pull = workflow.opened(fork="mallory/service")
    workflow.token = state.READ
    step = workflow.step(LEAK)
    directory = workflow.file(step, "json-file").parent
    kept = {path.name: path.read_bytes() for path in directory.iterdir() if has_page or path.suffix == ".json"}
    artifact = workflow.hub.state.artifact(RUN, kept)

    second_stage(workflow, pull)

    (body,) = workflow.hub.state.bodies(7)
    download = f"/actions/runs/{RUN}/artifacts/{artifact.id}), unzip it, and open `report.html`"
    assert (download in body) is has_page
    assert (f"actions/runs/{RUN}#artifacts" in body) is not has_page


def test_links_lead_into_the_analyzed_directory(workflow: Workflow) -> None:
    for name in ("go.mod", "service/main.go"):
        (workflow.runner.workspace / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROGRAMS / name, workflow.runner.workspace / "shop" / name)
    (workflow.runner.workspace / ".gotracer-ci/config.toml").write_text('root = "shop"', encoding="utf-8")
    pull = first_stage(workflow)

    second_stage(workflow, pull)

    assert f"/blob/{pull.sha}/shop/service/main.go#L87" in workflow.hub.state.bodies(7)[0]


def test_a_fixed_fork_resolves_its_comment(workflow: Workflow) -> None:
    second_stage(workflow, first_stage(workflow))
    assert RESOLVED not in workflow.hub.state.bodies(7)[0]
    fixed = first_stage(workflow, CLEAN, RUN + 1)

    second_stage(workflow, fixed, RUN + 1, conclusion="success")

    assert RESOLVED in workflow.hub.state.bodies(7)[0]


def test_a_clean_fork_is_quiet(workflow: Workflow) -> None:
    step = second_stage(workflow, first_stage(workflow, CLEAN), conclusion="success")

    assert step.exit_code == 0
    assert workflow.hub.state.bodies(7) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sha": "e" * 40}, "is now eeeeeee"),
        ({"state": "closed"}, "closed"),
    ],
    ids=["moved on", "closed"],
)
def test_an_outdated_head_gets_no_comment(workflow: Workflow, change: dict[str, str], reason: str) -> None:
    pull = first_stage(workflow)
    traced = copy.copy(pull)
    for name, value in change.items():
        setattr(pull, name, value)

    step = second_stage(workflow, traced)

    assert (step.exit_code, workflow.hub.state.bodies(7)) == (0, [])
    assert reason in step.log


def test_a_push_gets_no_comment(workflow: Workflow) -> None:
    step = second_stage(workflow, first_stage(workflow), event="push")

    assert step.exit_code == 0
    assert workflow.hub.state.bodies(7) == []
    assert "push" in step.log


def test_a_run_that_failed_before_the_analysis_gets_no_comment(workflow: Workflow) -> None:
    pull = workflow.opened(fork="mallory/service")

    failed = second_stage(workflow, pull)
    passed = second_stage(workflow, pull, conclusion="success")

    assert failed.exit_code == 0
    assert passed.exit_code == 4
    assert "gotracer-ci" in passed.annotations("error")[0]


@pytest.mark.parametrize(
    "content",
    [
        b"no zip",
        {"other.json": "{}"},
        {"findings.json": "{"},
        {"findings.json": "[]"},
        {"findings.json": "[" * 100_000},
    ],
    ids=["no zip", "other member", "no JSON", "no report", "nested"],
)
def test_an_invalid_report_is_one_line(workflow: Workflow, content: Any) -> None:
    pull = workflow.opened(fork="mallory/service")
    workflow.hub.state.artifact(RUN, content)

    step = second_stage(workflow, pull)

    assert step.exit_code in (2, 4)
    assert len(step.annotations("error")) == 1
    assert "Traceback" not in step.log
    assert workflow.written() == []


def test_the_second_stage_needs_a_token_and_the_payload_of_a_run(workflow: Workflow) -> None:
    pull = workflow.opened(fork="mallory/service")

    no_token = second_stage(workflow, pull, input_github_token="")
    workflow.runner.says("workflow_run", {})
    no_run = workflow.runner.step(traces="", github_token=state.WRITE)

    assert no_token.exit_code == no_run.exit_code == 2
    assert "github-token" in no_token.annotations("error")[0]
    assert "workflow_run" in no_run.annotations("error")[0]


# values that a fork may have put into its findings


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the findings of a real run."""
    runner = Runner(tmp_path_factory.mktemp("run"))
    runner.add(LEAK)
    step = runner.step()
    return json.loads((runner.workspace / step.outputs["json-file"]).read_text(encoding="utf-8"))


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of each value that is not a container."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from leaves(item)
        else:
            yield value, key


def lists(value: Any) -> Iterator[list[Any]]:
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from lists(item)
    if isinstance(value, list):
        yield value


def test_only_the_first_invalid_item_of_a_list_is_reported(document: Any) -> None:
    """Each error takes memory, and a small artifact could exhaust it."""
    number = len(list(lists(document)))
    for index in range(number):
        changed = copy.deepcopy(document)
        list(lists(changed))[index][:] = [{}] * 1_000
        with pytest.raises(ValidationError) as caught:
            schema.model(Report).model_validate_json(json.dumps(changed))
        assert caught.value.error_count() < 100


def test_many_unknown_members_are_counted(document: Any) -> None:
    odd_members = {str(number): 0 for number in range(5_000)}
    with pytest.raises(UsageError, match=r"^findings\.json: not a gotracer-ci report: 5,000 members do not match"):
        schema.read(json.dumps({**document, **odd_members}), "findings.json", {})


odd: st.SearchStrategy[Any] = st.one_of(
    texts,
    st.sampled_from([0, -1, 2**31, 2**63 - 1, -(2**63), 2**63, 10**400, 1e308, -1e308, 5e-324, None, True, [], {}]),
    st.integers(),
    st.floats(),
)


@settings(max_examples=500)
@given(data=st.data())
def test_any_value_is_refused_or_rendered_within_the_limit(document: Any, data: st.DataObject) -> None:
    changed = copy.deepcopy(document)
    places = list(leaves(changed))
    for _ in range(data.draw(st.integers(1, 4))):
        container, key = data.draw(st.sampled_from(places))
        container[key] = data.draw(odd)

    try:
        report = schema.read(json.dumps(changed), "findings.json", {})
    except UsageError:
        return
    body = comment.render(report, Links("https://x/blob/s/", "https://x/run", "s"), BODY_LIMIT)
    assert 0 < len(body.encode("utf-16-le")) // 2 <= BODY_LIMIT
