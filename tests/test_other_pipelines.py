"""The snippets in docs/gitlab.md, docs/jenkins.md and docs/shell.md are valid and work: the tests run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from tests.conftest import PROGRAMS, ROOT, path_of
from tests.github.test_metadata import check
from tests.test_docs import blocks

GITLAB, JENKINS, SHELL = (ROOT / "docs" / f"{name}.md" for name in ("gitlab", "jenkins", "shell"))
BASELINE = ".gotracer-ci/baseline.json"
TOOLS = {
    # a fake `go test` that records the trace in $TRACE
    "go": 'for a; do case $a in -trace=*) cp "$TRACE" "${a#-trace=}" ;; esac; done',
    "pip": ":",
    "gotracer-ci": f'PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m gotracer_ci "$@"',
}
CI = {
    "CI_PIPELINE_ID": "7",
    "CI_COMMIT_SHA": "0123456789abcdef0123456789abcdef01234567",
    "CI_SERVER_HOST": "gitlab.example.com",
    "CI_SERVER_FQDN": "gitlab.example.com:8443",
    "CI_PROJECT_PATH": "group/shop",
    "CI_DEFAULT_BRANCH": "main",
    "BASELINE_TOKEN": "glpat-x",
    "BUILD_TAG": "jenkins-baseline-7",
    "GIT_COMMIT": "0123456789abcdef0123456789abcdef01234567",
}


@dataclass(frozen=True)
class Machine:
    """A CI machine: tools, and a clone of the programs' repository with a baseline."""

    directory: Path

    @property
    def clone(self) -> Path:
        return self.directory / "clone"

    def run(self, script: str, trace: Path | str, *shell: str, **variables: str) -> int:
        """Run a script in the clone and return its exit code. The default shell is GitLab's."""
        known = {
            "PATH": f"{self.directory / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "TRACE": str(trace),
        }
        command = [*(shell or ("bash", "-eo", "pipefail")), "-c", script]
        return subprocess.run(command, cwd=self.clone, env=known | CI | variables, check=False).returncode

    def git(self, *arguments: str, cwd: str = "clone") -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.directory / cwd, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def committed(self) -> int:
        """Return the number of jobs in the origin's baseline."""
        (program,) = json.loads(self.git("show", f"main:{BASELINE}", cwd="origin.git"))["programs"]
        return len(program["entries"])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    for name, script in TOOLS.items():
        tool = tmp_path / "bin" / name
        tool.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        tool.chmod(0o755)
    shutil.copytree(PROGRAMS, made.clone)
    (made.clone / BASELINE).parent.mkdir()
    shutil.copy(ROOT / "testdata" / "baseline.json", made.clone / BASELINE)
    server = f"https://trace-baseline:{CI['BASELINE_TOKEN']}@{CI['CI_SERVER_FQDN']}/{CI['CI_PROJECT_PATH']}.git"
    for name, value in {
        "user.name": "x",
        "user.email": "x@x",
        "init.defaultBranch": "main",
        f"url.{tmp_path / 'origin.git'}.insteadOf": server,
    }.items():
        made.git("config", "--global", name, value, cwd=".")
    made.git("init", "--quiet", "--bare", "origin.git", cwd=".")
    made.git("config", "receive.advertisePushOptions", "true", cwd="origin.git")
    made.git("init", "--quiet")
    made.git("add", ".")
    made.git("commit", "--quiet", "-m", "x")
    made.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    made.git("push", "--quiet", "--set-upstream", "origin", "main")
    return made


@pytest.fixture
def traces(tmp_path: Path) -> Mapping[int, Path]:
    """Return a trace for each exit code: unchanged, with a leak, and truncated.

    The exit code is also the number of new findings.
    """
    cut = tmp_path / "cut.trace"
    cut.write_bytes(Path(path_of("generations-go1.26")).read_bytes()[:-2_000])
    return {0: Path(path_of("service-again-go1.27")), 1: Path(path_of("service-leak-go1.27")), 2: cut}


def jobs() -> dict[str, Any]:
    first, _ = blocks(GITLAB, "yaml")
    found: dict[str, Any] = YAML(typ="safe").load(first)
    return found


def script(job: Mapping[str, Any]) -> str:
    return "\n".join(job["script"])


def stages(pipeline: int) -> list[str]:
    found = re.findall(r"\bsh (?:'''(.*?)'''|'([^'].*?)')\n", blocks(JENKINS, "groovy")[pipeline], re.DOTALL)
    return [long or short for long, short in found]


def test_gitlabs_files_are_valid(tmp_path: Path) -> None:
    for block in blocks(GITLAB, "yaml"):
        path = tmp_path / "gitlab-ci.yml"
        path.write_text(block, encoding="utf-8")
        check("gitlab-ci", path)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_gitlab_fails_a_merge_request_by_the_exit_code(code: int, machine: Machine, traces: dict[int, Path]) -> None:
    """The baseline in the merge request itself is ignored."""
    target = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    machine.git("checkout", "--quiet", "-b", "change")
    (machine.clone / BASELINE).write_text("{}")
    machine.git("commit", "--quiet", "-am", "x")

    assert machine.run(script(jobs()["record-traces"]), traces[code], **target) == 0
    assert machine.run(script(jobs()["check-traces"]), traces[code], **target) == code

    quality = machine.clone / "quality.json"
    if code == 2:
        assert not quality.exists()
    else:
        found = [(entry["check_name"], entry["location"]["path"]) for entry in json.loads(quality.read_text())]
        assert found == [("GoroutineLeak", "service/main.go")][:code]
    assert int(ElementTree.parse(machine.clone / "junit.xml").getroot().get("failures", "")) == (code == 1)
    reports = jobs()["check-traces"]["artifacts"]
    assert {*reports["paths"], "quality.json", "junit.xml"} == {*reports["paths"], *reports["reports"].values()}
    assert all((machine.clone / path).exists() for path in reports["paths"])


def test_gitlabs_schedule_adds_a_job_to_the_baseline(machine: Machine, traces: dict[int, Path]) -> None:
    before = machine.committed()
    machine.git("checkout", "--quiet", "--detach")

    for job in ("record-traces", "update-baseline"):
        assert machine.run(script(jobs()[job]), traces[0]) == 0

    assert machine.committed() == before + 1
    assert machine.git("log", "-1", "--format=%s", "main", cwd="origin.git") == "Update the trace baseline\n"


def test_the_image_runs_the_same_command(machine: Machine, traces: dict[int, Path]) -> None:
    _, block = blocks(GITLAB, "yaml")
    (job,) = YAML(typ="safe").load(block).values()
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (program,) = {line.split()[0] for line in job["script"]}

    assert f'ENTRYPOINT ["{program}"' in dockerfile
    assert machine.run(script(jobs()["record-traces"]), traces[1]) == 0
    assert machine.run(script(job).replace(program, "gotracer-ci"), traces[1]) == 1


@pytest.mark.parametrize("code", [0, 1, 2])
def test_jenkins_fails_a_build_by_the_exit_code(code: int, machine: Machine, traces: dict[int, Path]) -> None:
    record, analyse = stages(0)

    assert machine.run(record, traces[code], "sh", "-xe") == 0
    assert machine.run(analyse, traces[code], "sh", "-xe") == code

    written = {path.name for path in (machine.clone / "out").iterdir()}
    assert written == {"junit.xml", "report.html"} | ({"report.sarif"} if code < 2 else set())
    named = set(re.findall(r"'(out/[\w.]+)'", blocks(JENKINS, "groovy")[0]))
    assert named == {"out/report.sarif", "out/junit.xml"}


def test_jenkins_schedule_adds_a_job_to_the_baseline(machine: Machine, traces: dict[int, Path]) -> None:
    before = machine.committed()
    machine.git("checkout", "--quiet", "--detach")

    for part in stages(1):
        assert machine.run(part, traces[0], "sh", "-xe") == 0

    assert machine.committed() == before + 1


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_shell_gets_the_exit_code(code: int, machine: Machine, traces: dict[int, Path]) -> None:
    check_change, _ = blocks(SHELL, "sh")

    assert machine.run(check_change, traces[code], "sh") == code

    assert json.loads((machine.clone / "findings.json").read_text())["summary"]["new"] == (code == 1)
    assert (machine.clone / "report.html").exists()


def test_cron_adds_a_job_to_the_baseline_but_rejects_a_damaged_trace(machine: Machine, traces: dict[int, Path]) -> None:
    before = machine.committed()
    nightly = machine.directory / "bin" / "trace-baseline.sh"
    nightly.write_text(blocks(SHELL, "sh")[1], encoding="utf-8")
    nightly.chmod(0o755)
    (line,) = re.findall(r"^    17 3 \* \* \* PATH=\S+ (.*)$", SHELL.read_text(encoding="utf-8"), re.MULTILINE)
    called = line.replace("/srv/trace-baseline.sh", str(nightly)).replace("/srv/shop", str(machine.clone))

    assert machine.run(called, traces[0], "sh") == 0
    assert machine.committed() == before + 1
    assert machine.run(called, traces[2], "sh") == 2
    assert machine.committed() == before + 1
