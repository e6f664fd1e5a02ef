"""The built image, run as the runner does: as root, on a workspace of somebody else's.

Collected only when named, because it needs an image: `make image` builds one and comes here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = os.environ.get("IMAGE_TOOL", str(ROOT / "../shared/tools/image"))
IMAGE = os.environ.get("IMAGE", "gotracer-ci")
ENTRYPOINT = ["/opt/gotracer-ci/bin/gotracer-ci", "action"]
OWNER = 1001
LARGEST = 120 * 1024  # KiB


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([TOOL, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def inside(*command: str) -> str:
    done = tool("run", IMAGE, "--", *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """What the runner mounts at /github: a workspace with a trace and a baseline, and the files for commands."""
    for name in ("workspace/.gotracer-ci", "file_commands"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("output", "summary"):
        (tmp_path / "file_commands" / name).touch()
    shutil.copyfile(ROOT / "testdata/traces/service-leak-go1.27.trace", tmp_path / "workspace/leak.trace")
    shutil.copyfile(ROOT / "testdata/baseline.json", tmp_path / "workspace/.gotracer-ci/baseline.json")
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, OWNER, OWNER)
    return tmp_path


def step(runner: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "GITHUB_WORKSPACE": "/github/workspace",
        "GITHUB_OUTPUT": "/github/file_commands/output",
        "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
        "GITHUB_REPOSITORY": "octo/hello",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SHA": "f" * 40,
        "RUNNER_WORKSPACE": "/home/runner/work/hello",
        **{f"INPUT_{name.replace('_', '-').upper()}": value for name, value in inputs.items()},
    }
    options = [f"--env={name}={value}" for name, value in variables.items()]
    return tool("run", IMAGE, "--volume", f"{runner}:/github", *options, "--", *ENTRYPOINT)


def not_handed_over(runner: Path) -> set[Path]:
    return {path for path in runner.rglob("*") if path.stat().st_uid != OWNER}


def test_the_entrypoint_is_absolute() -> None:
    assert json.loads(tool("entrypoint", IMAGE).stdout)[0] == ENTRYPOINT


def test_the_kernel_is_compiled() -> None:
    code = "from gotracer_ci.trace import kernel; print(kernel.is_compiled(), kernel.__file__)"

    compiled, file = inside("/opt/gotracer-ci/bin/python", "-I", "-c", code).split()

    assert compiled == "True"
    assert file.endswith(".so")


def test_it_adds_little_to_its_base() -> None:
    assert int(inside("du", "-sk", "/opt/gotracer-ci").split()[0]) < LARGEST


def test_it_starts_from_bytecode() -> None:
    code = "import pathlib, sys; print(*[p for p in pathlib.Path(sys.prefix).rglob('*.py') if p.is_file() and not any("
    code += "p.parent.glob(f'__pycache__/{p.stem}.*.pyc'))])"

    assert inside("/opt/gotracer-ci/bin/python", "-I", "-c", code).strip() == ""


def test_a_leak_is_found_and_everything_belongs_to_the_workspaces_owner(runner: Path) -> None:
    done = step(runner, traces="/home/runner/work/hello/hello/*.trace", markdown="out/a/r.md")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error " in done.stdout
    outputs = (runner / "file_commands/output").read_text(encoding="utf-8").splitlines()
    assert "conclusion=failure" in outputs
    assert "sarif-file=gotracer-ci/report.sarif" in outputs
    assert "startAudit" in (runner / "file_commands/summary").read_text(encoding="utf-8")
    written = {str(path.relative_to(runner / "workspace")) for path in (runner / "workspace").rglob("*")}
    assert {"gotracer-ci/report.sarif", "gotracer-ci/report.html", "gotracer-ci/findings.json", "out/a/r.md"} < written
    assert not_handed_over(runner) == set()


def test_a_baseline_is_made_for_the_workspaces_owner(runner: Path) -> None:
    shutil.rmtree(runner / "workspace/.gotracer-ci")

    done = step(runner, traces="*.trace", update_baseline="true")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (runner / "workspace/.gotracer-ci/baseline.json").exists()
    assert not_handed_over(runner) == set()


def test_a_wrong_input_is_reported(runner: Path) -> None:
    done = step(runner, traces="*.trace", strict="maybe")

    assert done.returncode == 2
    assert "strict" in done.stdout
    assert (runner / "file_commands/output").read_text(encoding="utf-8") == "conclusion=error\n"
