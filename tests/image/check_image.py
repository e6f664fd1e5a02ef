"""The image: its content, and one step of each kind.

pytest collects this file only by name, because it needs an image. `make image` builds one and runs this.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.image.container import ENTRYPOINT, IMAGE, OWNER, ROOT, Mounts, inside, tool

LARGEST = 120 * 1024  # KiB


@pytest.fixture
def mounts(tmp_path: Path) -> Mounts:
    return Mounts(tmp_path)


def test_the_entrypoint_is_absolute() -> None:
    assert json.loads(tool("entrypoint", IMAGE).stdout)[0] == ENTRYPOINT


def test_the_kernel_is_compiled() -> None:
    code = "from gotracer_ci.trace import kernel; print(kernel.is_compiled(), kernel.__file__)"

    compiled, file = inside("/opt/gotracer-ci/bin/python", "-I", "-c", code).split()

    assert compiled == "True"
    assert file.endswith(".so")


def test_the_image_is_little_larger_than_its_base() -> None:
    assert int(inside("du", "-sk", "/opt/gotracer-ci").split()[0]) < LARGEST


def test_it_starts_from_bytecode() -> None:
    code = "import pathlib, sys; print(*[p for p in pathlib.Path(sys.prefix).rglob('*.py') if p.is_file() and not any("
    code += "p.parent.glob(f'__pycache__/{p.stem}.*.pyc'))])"

    assert inside("/opt/gotracer-ci/bin/python", "-I", "-c", code).strip() == ""


def test_the_templates_are_compiled() -> None:
    code = (
        "from gotracer_ci.report.templates import FOLDER as f; print(*map(len, map(list, map(f.glob, sys.argv[1:]))))"
    )
    counts = inside("/opt/gotracer-ci/bin/python", "-I", "-c", f"import sys; {code}", "*.html", "__pycache__/*").split()

    assert counts[0] == counts[1] != "0"


def test_a_leak_is_found_and_all_files_belong_to_the_workspaces_owner(mounts: Mounts) -> None:
    done = mounts.step(traces="/home/runner/work/hello/hello/*.trace", markdown="out/a/r.md")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error " in done.stdout
    outputs = mounts.outputs()
    assert "conclusion=failure" in outputs
    assert "sarif-file=gotracer-ci/report.sarif" in outputs
    assert "startAudit" in mounts.summary.read_text(encoding="utf-8")
    written = {str(path.relative_to(mounts.workspace)) for path in mounts.workspace.rglob("*")}
    assert {"gotracer-ci/report.sarif", "gotracer-ci/report.html", "gotracer-ci/findings.json", "out/a/r.md"} < written
    assert mounts.not_handed_over() == set()


def test_a_new_baseline_belongs_to_the_workspaces_owner(mounts: Mounts) -> None:
    shutil.rmtree(mounts.workspace / ".gotracer-ci")

    done = mounts.step(traces="*.trace", update_baseline="true")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (mounts.workspace / ".gotracer-ci/baseline.json").exists()
    assert mounts.not_handed_over() == set()


def test_an_invalid_input_is_reported(mounts: Mounts) -> None:
    done = mounts.step(traces="*.trace", strict="maybe")

    assert done.returncode == 2
    assert "strict" in done.stdout
    assert mounts.outputs() == ["conclusion=error"]


def test_the_documented_command_works_for_another_user_and_only_reads(mounts: Mounts) -> None:
    """The line of docs/platforms.md, in the words of the tool that runs the image here."""
    text = (ROOT / "docs/platforms.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^docker run (.*) \\\n +--entrypoint (\S+) ghcr\.io/\S+ (.*)$", text, re.MULTILINE)
    options = shown[0].replace("--rm --network none ", "").replace("--workdir ", "--workingdir=")
    options = options.replace("$(id -u):$(id -g)", f"{OWNER}:{OWNER}").replace("$PWD", str(mounts.workspace))
    before = sorted(mounts.workspace.rglob("*"))
    shutil.move(mounts.workspace / "leak.trace", mounts.workspace / "trace.out")

    done = tool("run", IMAGE, *shlex.split(options), "--", shown[1], *shown[2].split())
    refused = tool("run", IMAGE, *shlex.split(options), "--", shown[1], *shown[2].split(), "--json", "x.json")

    assert done.returncode == 1, done.stderr
    assert "GoroutineLeakGrowth" in done.stdout
    assert "x.json: cannot be written" in refused.stderr
    assert len(sorted(mounts.workspace.rglob("*"))) == len(before)
