"""release.yml: its checks, order and permissions, and its scripts, executed with a fake gh and docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gotracer_ci import __version__

ROOT = Path(__file__).parents[2]
JOBS: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github/workflows/release.yml")["jobs"]
IMAGE = "ghcr.io/org/gotracer-ci"
CHANGELOG = f"""\
# Changelog

## 9.9.9 (unreleased)

Later.

## {__version__} (2026-11-22)

### Added

- All.

## 0.0.1 (2026-01-01)

Old.
"""
# prints TAGS as the list of tags, and logs its arguments
GH = """#!/bin/sh
printf '%s\\n' "$*" >> gh.log
case "$*" in *matching-refs*) printf '%s\\n' "$TAGS";; *PATCH*) exit "${PATCH:-0}";; esac
"""


def script(job: str, name: str) -> str:
    (text,) = [step["run"] for step in JOBS[job]["steps"] if name in (step.get("id"), step.get("name"))]
    return str(text)


def run(text: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step's script in a directory as the runner does, with a fake gh and docker."""
    tools = directory.parent / "tools"
    tools.mkdir(exist_ok=True)
    for tool in ("gh", "docker"):
        (tools / tool).write_text(GH.replace("gh.log", f"{directory}/{tool}.log"))
        (tools / tool).chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "Org/gotracer-ci",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": "c0ffee",
        "GITHUB_OUTPUT": str(directory / "output"),
        "IMAGE": IMAGE,
        "VERSION": __version__,
        **variables,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    directory = tmp_path / "checkout"
    directory.mkdir()
    shutil.copytree(
        ROOT / "gotracer_ci", directory / "gotracer_ci", ignore=shutil.ignore_patterns("*.so", "__pycache__")
    )
    shutil.copyfile(ROOT / "action.yml", directory / "action.yml")
    (directory / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return directory


def test_the_version_comes_from_the_package(checkout: Path) -> None:
    assert run(script("plan", "version"), checkout).returncode == 0

    assert (checkout / "output").read_text().split() == [f"version={__version__}", f"image={IMAGE}"]


@pytest.mark.parametrize("tags", ["", f"refs/tags/v{__version__}-rc1\nrefs/tags/v{__version__}0"])
def test_a_prepared_version_can_be_released(checkout: Path, tags: str) -> None:
    done = run(script("plan", "may"), checkout, TAGS=tags)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"GITHUB_REF": "refs/heads/topic"}, "from main"),
        ({"VERSION": "7.0.0"}, f"action.yml must name docker://{IMAGE}:v7.0.0"),
        ({"IMAGE": "ghcr.io/else/gotracer-ci"}, "action.yml must name docker://ghcr.io/else/gotracer-ci"),
        ({"TAGS": f"refs/tags/v{__version__}"}, "already exists"),
    ],
)
def test_an_unprepared_version_is_refused(checkout: Path, variables: dict[str, str], problem: str) -> None:
    done = run(script("plan", "may"), checkout, **variables)

    assert done.returncode == 1
    assert done.stdout.startswith("::error::")
    assert problem in done.stdout


def test_a_changelog_without_the_date_is_refused(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(CHANGELOG.replace("2026-11-22", "unreleased"), encoding="utf-8")

    done = run(script("plan", "may"), checkout)

    assert done.returncode == 1
    assert f"## {__version__} (the date" in done.stdout


def test_a_failure_to_list_the_tags_is_an_error(checkout: Path) -> None:
    done = run(script("plan", "may").replace("gh api", "false"), checkout)

    assert done.returncode == 1


def test_the_two_images_are_joined_by_their_digests(checkout: Path) -> None:
    digests = checkout / "digests"
    digests.mkdir()
    for digit in "ab":
        (digests / (digit * 64)).touch()
    text = script("join", "join").partition("digest=$(")[0]

    assert run(text, checkout, TAG="v1.2.3").returncode == 0

    joined = (checkout / "docker.log").read_text().strip()
    images = " ".join(f"{IMAGE}@sha256:{digit * 64}" for digit in "ab")
    assert joined == f"buildx imagetools create --tag {IMAGE}:v1.2.3 {images}"
    (digests / ("b" * 64)).unlink()
    assert run(text, checkout, TAG="v1.2.3").returncode == 1


def test_the_release_has_the_changelogs_section_and_all_files(checkout: Path) -> None:
    (checkout / "dist").mkdir()
    for name in ("a.whl", "b.tar.gz"):
        (checkout / "dist" / name).touch()

    assert (
        run(script("release", "Create the tag and the release, with notes from the changelog"), checkout).returncode
        == 0
    )

    assert (checkout / "notes.md").read_text() == "\n### Added\n\n- All.\n\n"
    made = (checkout / "gh.log").read_text()
    assert made.startswith(f"release create v{__version__} --target c0ffee ")
    assert made.endswith(" dist/a.whl dist/b.tar.gz\n")


@pytest.mark.parametrize(
    ("patch", "last"),
    [
        ("0", "api --method PATCH repos/Org/gotracer-ci/git/refs/tags/v3 -f sha=c0ffee -F force=true"),
        ("1", "api --method POST repos/Org/gotracer-ci/git/refs -f ref=refs/tags/v3 -f sha=c0ffee"),
    ],
    ids=["moved", "made"],
)
def test_the_major_tag_is_moved_or_created(checkout: Path, patch: str, last: str) -> None:
    assert run(script("release", "Move the major tag"), checkout, VERSION="3.20.1", PATCH=patch).returncode == 0

    assert (checkout / "gh.log").read_text().splitlines()[-1] == last


def before(job: str) -> set[str]:
    """Return the jobs that must succeed before this one starts."""
    needs = JOBS[job].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(before(name) for name in direct))


def test_the_git_tag_is_created_last() -> None:
    assert before("release") == set(JOBS) - {"release"}
    assert before("join") >= {"complete", "image"}
    assert before("attest") >= {"try"}
    assert JOBS["release"]["steps"][-1]["name"] == "Move the major tag"


def test_each_job_has_only_the_write_permissions_that_it_needs() -> None:
    writes = {
        name: {scope for scope, access in job["permissions"].items() if access == "write"} for name, job in JOBS.items()
    }

    assert {name: scopes for name, scopes in writes.items() if scopes} == {
        "image": {"packages"},
        "join": {"packages"},
        "attest": {"attestations", "artifact-metadata", "id-token", "packages"},
        "release": {"contents"},
    }


def test_a_pull_request_publishes_nothing() -> None:
    """Every job with write permissions runs only on a dispatch, or depends on a job that does."""
    guarded = {name for name, job in JOBS.items() if job.get("if") == "github.event_name == 'workflow_dispatch'"}

    assert guarded == {"image"}
    assert {name for name in JOBS if guarded & before(name)} == {"join", "try", "attest", "release"}
