"""Files after killed runs, full disks, concurrent runs, and planted links."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.baseline.schema import load
from gotracer_ci.report.formats import FILES
from tests.conftest import PROGRAMS, ROOT, Run, path_of
from tests.runner import Runner

BASELINE = ".gotracer-ci/baseline.json"
OUTPUTS = {form: f"out/x.{form}" for form in FILES}
WRITTEN = (BASELINE, "out/result", *OUTPUTS.values())
SAME = ("gitlab", "junit")  # these formats are the same for both runs
VICTIM = b"not ours"


def command(number: int) -> list[str]:
    """Return the arguments of the first or second run, which writes every file that `analyze` can write."""
    trace = path_of(("service-lock-go1.27", "service-leak-go1.27")[number])
    reports = [part for form, file in OUTPUTS.items() for part in (f"--{form}", file)]
    update = ("--baseline", BASELINE, "--update-baseline", "--run-id", str(number))
    start = (sys.executable, "-m", "gotracer_ci", "analyze", trace, "--root", str(PROGRAMS))
    return [*start, "-f", "json", "-o", "out/result", *reports, *update]


def started(directory: Path, arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(arguments, cwd=directory, env=environment, stderr=subprocess.PIPE, **options)


def content(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


class Runs:
    """The files before, between and after two undisturbed runs."""

    def __init__(self, directory: Path) -> None:
        self.states: list[dict[str, bytes]] = [{}]
        for number in (0, 1):
            began = time.monotonic()
            assert started(directory, command(number)).wait() == 0
            self.seconds = time.monotonic() - began
            self.states.append(content(directory))
        assert self.states[1].keys() == self.states[2].keys() == set(WRITTEN)
        assert all(self.states[1][name] != self.states[2][name] for name in WRITTEN if not name.endswith(SAME))

    def begin(self, directory: Path, number: int) -> None:
        """Write the files that exist before one of the runs."""
        for name, data in self.states[number].items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(data)

    def check(self, directory: Path, number: int) -> list[str]:
        """Check that every file is as before or after the run. Return the others, which must be temporary files."""
        before, after = self.states[number : number + 2]
        found = content(directory)
        assert before.keys() <= found.keys()
        for name in found.keys() & set(WRITTEN):
            assert found[name] in (before.get(name), after[name]), name
        drafts = found.keys() - set(WRITTEN)
        assert all(Path(name).match(".gotracer-ci-*.tmp") for name in drafts)
        return sorted(drafts)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"))


def kill(runs: Runs, directory: Path, seed: int, sign: signal.Signals) -> list[str]:
    """Kill a run at a random moment, for odd seeds while it writes. Return the temporary files that it leaves."""
    chance = random.Random(seed)
    number = chance.randrange(2)
    runs.begin(directory, number)
    process = started(directory, command(number))
    if seed % 2:
        # the baseline is written first
        old = runs.states[number].get(BASELINE)
        file = directory / BASELINE
        while process.poll() is None and (file.read_bytes() if file.exists() else None) == old:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.4 * runs.seconds))
    else:
        time.sleep(chance.uniform(0, 1.2 * runs.seconds))
    process.send_signal(sign)
    process.communicate()
    assert process.returncode in (0, -sign, 128 + sign)
    drafts = runs.check(directory, number)
    # leftovers do not disturb the next run
    if load_or_none(directory / BASELINE) != runs.states[number + 1][BASELINE]:
        assert started(directory, command(number)).wait() == 0
        assert {name: data for name, data in content(directory).items() if name not in drafts}.keys() == set(WRITTEN)
    return drafts


def load_or_none(file: Path) -> bytes | None:
    if not file.exists():
        return None
    load(file)
    return file.read_bytes()


@pytest.mark.parametrize("seed", range(8))
def test_a_killed_run_leaves_whole_files(runs: Runs, tmp_path: Path, seed: int) -> None:
    assert len(kill(runs, tmp_path, seed, signal.SIGKILL)) <= 1


@pytest.mark.parametrize("seed", [101, 102])
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_cancelled_run_leaves_whole_files_and_nothing_else(
    runs: Runs, tmp_path: Path, seed: int, sign: signal.Signals
) -> None:
    assert kill(runs, tmp_path, seed, sign) == []


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("smaller", ["out/x.junit", "out/x.sarif", "out/x.html"])
def test_a_full_disk_leaves_whole_files(runs: Runs, tmp_path: Path, number: int, smaller: str) -> None:
    """Leave room only for the files that are smaller than a given one."""
    room = len(runs.states[number + 1][smaller]) - 1
    runs.begin(tmp_path, number)
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    process = started(tmp_path, command(number), preexec_fn=limit)
    complaints = process.communicate()[1].decode().splitlines()
    assert process.returncode == 2
    assert runs.check(tmp_path, number) == []
    failed = {name for name, data in runs.states[number + 1].items() if len(data) > room}
    assert smaller in failed
    problems = {line for line in complaints if not line.startswith("wrote ")}
    assert problems == {f"gotracer-ci: {name}: cannot be written: File too large" for name in failed}
    found = content(tmp_path)
    assert all(found[name] == runs.states[number + 1][name] for name in set(WRITTEN) - failed)


def test_twenty_concurrent_updates_all_count(tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "gotracer_ci", "analyze", path_of("idle-go1.27"), "--baseline", "b.json"]
    processes = [
        started(tmp_path, [*arguments, "--update-baseline", "--run-id", str(i), "--json", f"{i}.json"])
        for i in range(20)
    ]
    for process in processes:
        assert process.communicate()[1] == b""
        assert process.returncode == 0
    reports = [json.loads((tmp_path / f"{i}.json").read_bytes()) for i in range(20)]
    # each update is compared with all earlier ones, the first with itself
    assert sorted(report["comparison"]["entries"] for report in reports) == [1, *range(1, 10), *[10] * 10]
    (part,) = load(tmp_path / "b.json").parts.values()
    assert len({entry.id for entry in part.entries}) == 10
    assert len(list(tmp_path.iterdir())) == 21


# links

PLANTED = [*WRITTEN, "pruned.json", "merged.json"]


def plant(directory: Path, names: list[str], victim: Path) -> None:
    victim.write_bytes(VICTIM)
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).unlink(missing_ok=True)
        (directory / name).symlink_to(victim)


def test_links_at_the_outputs_of_a_run_are_replaced(runs: Runs, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    for number, work in enumerate(("empty", "updated")):
        directory = tmp_path / work
        runs.begin(directory, number)
        plant(directory, [name for name in WRITTEN if name != BASELINE], victim)
        assert started(directory, command(number)).wait() == 0
        assert content(directory) == runs.states[number + 1]
        assert not any(path.is_symlink() for path in directory.rglob("*"))
    assert victim.read_bytes() == VICTIM


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", path_of("service-go1.27"), "--baseline", "link.json", "--update-baseline", "--replace"),
        ("analyze", path_of("service-go1.27"), "--baseline", "link.json", "--update-baseline"),
        ("baseline", "prune", "link.json"),
        ("baseline", "merge", "other.json", "link.json", "-o", "link.json"),
        ("baseline", "merge", "--driver", "other.json", "link.json", "other.json"),
    ],
)
def test_a_link_at_the_baselines_path_is_replaced(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    committed = (ROOT / "testdata/baseline.json").read_bytes()
    victim, link = tmp_path / "victim.json", tmp_path / "link.json"
    victim.write_bytes(before := committed.replace(b'{"schema":', b'{ "schema":'))
    shutil.copyfile(ROOT / "testdata/baseline.json", tmp_path / "other.json")
    link.symlink_to(victim)
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not link.is_symlink()
    assert load(link)
    assert victim.read_bytes() == before


REPORTS = ("gotracer-ci/report.sarif", "gotracer-ci/report.html", "gotracer-ci/findings.json")


@pytest.mark.parametrize("is_update", [False, True])
def test_links_at_the_outputs_of_the_action_are_replaced(runner: Runner, tmp_path: Path, is_update: bool) -> None:
    runner.add("service-go1.27.trace")
    victim = tmp_path / "victim"
    plant(runner.workspace, [*REPORTS, "x.md"], victim)
    step = runner.step(markdown="x.md", fail_on="never", **({"update_baseline": "true"} if is_update else {}))
    assert step.exit_code == 0
    assert victim.read_bytes() == VICTIM
    for name in (*REPORTS, "x.md"):
        assert not (runner.workspace / name).is_symlink()
        assert (runner.workspace / name).stat().st_size > 0


@pytest.mark.parametrize("variable", ["output", "summary"])
def test_links_at_the_runners_files_are_refused(runner: Runner, tmp_path: Path, variable: str) -> None:
    runner.add("idle-go1.27.trace")
    victim, link = tmp_path / "victim", tmp_path / "link"
    victim.write_bytes(VICTIM)
    link.symlink_to(victim)
    runner.variables["GITHUB_OUTPUT" if variable == "output" else "GITHUB_STEP_SUMMARY"] = str(link)
    step = runner.step()
    assert step.exit_code == 2
    assert f"{link}: cannot be written: " in step.annotations("error")[0]
    assert victim.read_bytes() == VICTIM


@pytest.mark.parametrize(
    ("planted", "inputs"),
    [
        ("gotracer-ci", {}),
        (".gotracer-ci", {"update_baseline": "true"}),
        ("out", {"json": "out/deep/x.json"}),
        ("", {"json": "../x.json"}),
        ("", {"html": "/tmp/gotracer-ci-never.html"}),
        ("", {"baseline": "../b.json", "update_baseline": "true"}),
    ],
)
def test_the_action_writes_nothing_outside_the_workspace(
    runner: Runner, tmp_path: Path, planted: str, inputs: dict[str, str]
) -> None:
    runner.add("service-go1.27.trace")
    outside = tmp_path / "outside"
    outside.mkdir()
    if planted:
        (runner.workspace / planted).symlink_to(outside)
    before = {path.name for path in tmp_path.iterdir()}
    step = runner.step(fail_on="never", **inputs)
    assert step.exit_code == (3 if "update_baseline" in inputs else 2)
    assert "cannot be written: it is outside of the workspace" in step.annotations("error")[0]
    assert list(outside.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == before | {"output", "summary"}
    assert not Path("/tmp/gotracer-ci-never.html").exists()
