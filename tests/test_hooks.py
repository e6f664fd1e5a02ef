"""The hooks for pre-commit, run by pre-commit itself, but with the installed command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.test_workflow_checks import CALLING

BIN = Path(sys.executable).parent
Commit = Callable[[str, str], "subprocess.CompletedProcess[str]"]


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


HOOKS = load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    """Add a file to a repository with the hooks, and commit."""
    local = [{**hook, "language": "system"} for hook in HOOKS]
    with (tmp_path / ".pre-commit-config.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({"repos": [{"repo": "local", "hooks": local}]}, file)
    person = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**person, "PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": "/dev/null"}

    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    def add(name: str, text: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        run("git", "add", ".")
        return run("git", "commit", "-m", "x")

    run("git", "init", "-q")
    installed = run(BIN / "pre-commit", "install")
    assert installed.returncode == 0, installed.stderr
    return add


def test_a_baseline_with_a_conflict_is_not_committed(commit: Commit) -> None:
    name = ".gotracer-ci/baseline.json"
    good = (ROOT / "testdata/baseline.json").read_text(encoding="utf-8")

    assert commit(name, good).returncode == 0
    done = commit(name, f"<<<<<<< ours\n{good}")
    assert done.returncode == 1
    assert f"{name}:1: merge conflict markers" in done.stderr


def test_a_workflow_without_a_permission_is_not_committed(commit: Commit) -> None:
    name = ".github/workflows/traces.yml"

    assert commit(name, CALLING).returncode == 0
    done = commit(name, CALLING.replace("      pull-requests: write\n", ""))
    assert done.returncode == 1
    assert "add pull-requests: write to its permissions" in done.stderr


def test_the_page_names_the_hooks() -> None:
    page = (ROOT / "docs/platforms.md").read_text(encoding="utf-8")
    (shown,) = load(page.partition("```yaml\n")[2].partition("```")[0])["repos"]
    assert [hook["id"] for hook in shown["hooks"]] == [hook["id"] for hook in HOOKS]
    assert all(f"| `{hook['id']}` |" in page for hook in HOOKS)
