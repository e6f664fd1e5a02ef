"""action.yml and the workflows are valid by GitHub's schemas and match the code."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gotracer_ci import __version__
from gotracer_ci.github.environment import from_environ

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


class Recorded(Mapping[str, str]):
    """An environment that records which inputs are read."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values_given = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        if name.startswith("INPUT_"):
            self.asked.add(name.removeprefix("INPUT_").lower())
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def test_the_action_declares_exactly_the_inputs_that_are_read() -> None:
    environ = Recorded({"GITHUB_WORKSPACE": "/github/workspace", "INPUT_TRACES": "a.trace"})

    from_environ(environ)

    assert environ.asked == set(YAML().load(ROOT / "action.yml")["inputs"])


def test_the_actions_defaults_match_the_code() -> None:
    inputs = YAML().load(ROOT / "action.yml")["inputs"]
    defaults = {
        f"INPUT_{name.upper()}": declared["default"] for name, declared in inputs.items() if "default" in declared
    }
    environ = {"GITHUB_WORKSPACE": "/github/workspace", "INPUT_TRACES": "a.trace"}

    assert defaults.pop("INPUT_GITHUB-TOKEN") == "${{ github.token }}"
    assert defaults.pop("INPUT_JOB-INDEX") == "${{ strategy.job-index }}"
    assert from_environ({**environ, **defaults}) == from_environ(environ)


def test_the_action_is_valid() -> None:
    check("github-actions", ROOT / "action.yml")


def test_the_action_uses_the_image_of_this_version() -> None:
    """By exact tag, so that a commit always runs the same image."""
    runs = YAML(typ="safe").load(ROOT / "action.yml")["runs"]

    assert (runs["using"], runs["image"]) == ("docker", f"docker://ghcr.io/org/gotracer-ci:v{__version__}")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert runs["post-entrypoint"] == "/opt/gotracer-ci/bin/gotracer-ci-post"
    assert scripts["gotracer-ci-post"] == "gotracer_ci.action.main:post"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_valid_and_has_minimal_permissions(workflow: Path) -> None:
    check("github-workflows", workflow)
    document = YAML(typ="safe").load(workflow)
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert "permissions" in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_third_party_actions_are_pinned_with_a_version_for_dependabot() -> None:
    text = "".join(workflow.read_text(encoding="utf-8") for workflow in WORKFLOWS)
    used = set(re.findall(r"uses: (?!\./ )(?!org/gotracer-ci@)(.*)", text))

    assert used
    assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", name) for name in used)
    assert len({name.partition("@")[0] for name in used}) == len(used), "one action in two versions"
    check("dependabot", ROOT / ".github/dependabot.yml")


def check(schema: str, file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_image_pins_every_dependency_by_hash() -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for file, requirements in (
        ("requirements.lock", needed["project"]["dependencies"]),
        ("requirements-build.lock", needed["build-system"]["requires"]),
    ):
        locked = (ROOT / file).read_text(encoding="utf-8")
        names = set(re.findall(r"^([\w.-]+)==\S+ \\\n    --hash=sha256:", locked, re.MULTILINE))
        assert {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in requirements} <= names
        assert "://" not in locked


def test_the_runner_can_use_the_image() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()

    final = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert not [line for line in final if line.startswith(("USER ", "WORKDIR "))]
    assert 'ENTRYPOINT ["/' in final[-1]
    assert all("@sha256:" in line for line in lines if line.startswith("FROM "))
