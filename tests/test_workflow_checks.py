"""`gotracer-ci doctor` on the repository's workflows: silent about the documented ones, one line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gotracer_ci.action.checks import Check, Level
from gotracer_ci.action.workflow_checks import ACTION_INPUTS, CALLED, CALLED_INPUTS, workflow_checks
from gotracer_ci.commands.doctor import NEWEST_GO
from tests.conftest import ROOT, Run
from tests.lint import blocks

CALLING = """\
name: Traces
on: pull_request
permissions: {}
jobs:
  traces:
    permissions:
      contents: read
      pull-requests: write
    uses: org/gotracer-ci/.github/workflows/regressions.yml@v1
    with:
      packages: ./orders
"""
STEPS = """\
name: Traces
on: pull_request
permissions: {}
jobs:
  traces:
    runs-on: ubuntu-24.04
    permissions:
      contents: read
      pull-requests: write
    steps:
      - uses: actions/checkout@v7
        with:
          fetch-depth: 0
      - run: git worktree add ../base HEAD^1
      - uses: org/gotracer-ci@v1
        with:
          traces: traces/
      - uses: actions/upload-artifact@v7
        if: always()
        with:
          name: gotracer-ci
          path: gotracer-ci/
"""
SECOND = """\
name: Trace comment
on:
  workflow_run:
    workflows: [Traces]
    types: [completed]
permissions: {}
jobs:
  comment:
    runs-on: ubuntu-24.04
    permissions:
      actions: read
      pull-requests: write
    steps:
      - uses: org/gotracer-ci@v1
"""
BASELINE = STEPS.replace("path: gotracer-ci/", "path: ${{ steps.trace.outputs.baseline-file }}")
MATRIX = STEPS.replace("    steps:", "    strategy: {matrix: {job: [1, 2]}}\n    steps:")


def checked(root: Path, **texts: str) -> list[Check]:
    directory = root / ".github" / "workflows"
    directory.mkdir(parents=True)
    for name, text in texts.items():
        (directory / f"{name}.yml").write_text(text, encoding="utf-8")
    return list(workflow_checks(root))


@pytest.mark.parametrize("page", blocks.PAGES, ids=lambda page: page.name)
def test_the_documented_workflows_have_no_problem(page: Path, tmp_path: Path) -> None:
    """A page's workflows together, without those that only show steps."""
    shown = {f"w{line}": text for line, text in blocks.workflows(page) if "name: Shown\n" not in text}
    found = checked(tmp_path, **shown)

    assert found
    assert [check.text for check in found if check.level is Level.PROBLEM] == []


def test_a_correct_repository_has_no_remark(tmp_path: Path) -> None:
    found = checked(tmp_path, a=CALLING, b=STEPS, c=SECOND, other="on: push\njobs: {a: {steps: [{run: make}]}}\n")

    assert [(check.level, check.text) for check in found] == [
        (Level.OK, f".github/workflows/{name}.yml") for name in ("a", "b", "c")
    ]


@pytest.mark.parametrize(
    ("text", "old", "new", "level", "line"),
    [
        (CALLING, "      pull-requests: write\n", "", "problem", "add pull-requests: write to its permissions"),
        (
            CALLING,
            "    permissions:\n      contents: read\n      pull-requests: write\n",
            "",
            "problem",
            "add contents",
        ),
        (CALLING, "packages:", "package:", "problem", "regressions.yml has no input package; did you mean packages?"),
        (CALLING, "@v1", "@main", "note", "@main is no release"),
        (CALLING, "@v1", "@v7.1.0", "note", "@v7.1.0 is another major version than this one"),
        (CALLING, "on: pull_request", "on: pull_request_target", "problem", "use pull_request"),
        (STEPS, "      pull-requests: write\n", "", "problem", "pull-requests: write is missing to comment"),
        (
            STEPS,
            "traces: traces/",
            "base_traces: b",
            "problem",
            "the action has no input base_traces; did you mean base",
        ),
        (STEPS, "traces: traces/", "upload-sarif: true", "problem", "security-events: write is missing"),
        (STEPS, "          fetch-depth: 0\n", "          path: x\n", "problem", "set fetch-depth: 0"),
        (STEPS, "ubuntu-24.04", "windows-2025", "problem", "the action needs Linux, not windows-2025"),
        (STEPS, "        if: always()\n", "", "problem", "add if: always()"),
        (STEPS, "actions/upload-artifact", "actions/cache", "note", "the reports are lost"),
        (BASELINE, "none", "none", "problem", "set include-hidden-files: true"),
        (MATRIX, "none", "none", "problem", "only one job of a matrix can upload gotracer-ci"),
        (SECOND, "[Traces]", "[Trace]", "problem", "it never runs: no workflow has the name Trace"),
        (SECOND, "      actions: read\n", "", "problem", "actions: read is missing"),
        (STEPS, "jobs:", "jobs: [", "problem", "not valid YAML at line"),
        (STEPS, "jobs:", "job:", "problem", "not a workflow: it has no jobs"),
        (STEPS, "on: pull_request", "on: " + "[" * 3_000, "problem", "not valid YAML"),
        (STEPS, "on: pull_request", "on: " + "9" * 9_000, "problem", "not valid YAML"),
    ],
)
def test_a_mistake_has_one_line(tmp_path: Path, text: str, old: str, new: str, level: str, line: str) -> None:
    assert old == "none" or old in text

    every = checked(tmp_path, w=text.replace(old, new), **({"first": CALLING} if text == SECOND else {}))
    found = [check for check in every if check.level is not Level.OK]

    others = [] if old.startswith("    permissions") else found[1:]
    assert [other.text for other in others] == []
    assert found[0].level == level
    assert found[0].text.startswith((".github/workflows/w.yml: ", str(tmp_path)))
    assert line in found[0].text
    assert "\n" not in found[0].text
    assert len(found[0].text) < 300


def test_the_inputs_are_those_of_the_action_and_of_the_workflows() -> None:
    load = YAML(typ="safe").load
    assert set(ACTION_INPUTS) == set(load(ROOT / "action.yml")["inputs"])
    for name, permissions in CALLED.items():
        workflow = load(ROOT / ".github/workflows" / name)
        (job,) = workflow["jobs"].values()
        assert dict(permissions) == job["permissions"]
        assert set(CALLED_INPUTS[name]) == set((workflow["on"]["workflow_call"] or {}).get("inputs", {}))


def test_doctor_checks_workflows_and_the_go_version(run: Run, tmp_path: Path) -> None:
    checked(tmp_path, traces=CALLING.replace("      pull-requests: write\n", ""))
    (tmp_path / "go.mod").write_text(f"module example.com/shop\n\ngo 1.{NEWEST_GO[1] + 1}\n", encoding="utf-8")

    done = run("doctor")

    assert done.returncode == 2
    lines = done.stdout.decode().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("problem")] == ["go", "workflow"]
    assert f"traces of Go 1.11 to 1.{NEWEST_GO[1]}" in (ROOT / "docs/traces.md").read_text(encoding="utf-8")
