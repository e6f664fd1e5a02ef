"""Several processes read the traces of a run, with the same results as one."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.errors import UsageError
from gotracer_ci.settings import Settings, load
from tests.conftest import PROGRAMS, Run, complaints, path_of

NAMES = (
    "service-go1.27", "tour-go1.27", "lockwait-go1.27", "generations-go1.26", "service-lock-go1.23",
    "service-leak-go1.27",
)  # fmt: skip
BASE = ("service-lock-go1.27", "tour-go1.26")


@pytest.fixture
def traces(tmp_path: Path) -> list[str]:
    """Copies of committed traces in an order that is not that of their sizes, a damaged one, and one that is none."""
    copies = [tmp_path / f"{name}.trace" for name in NAMES]
    for copy, name in zip(copies, NAMES, strict=True):
        shutil.copy(path_of(name), copy)
    half, other = tmp_path / "half.trace", tmp_path / "other.trace"
    whole = Path(path_of("tour-go1.25")).read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    other.write_bytes(b"hello")
    return [str(path) for path in (copies[0], half, copies[1], other, *copies[2:])]


def test_every_report_has_the_same_bytes(traces: list[str], tmp_path: Path, run: Run) -> None:
    """Also with a damaged trace, one that is none, traces of the base, standard input, and tables."""
    base = [word for name in BASE for word in ("--base", path_of(name))]
    results = []
    for jobs in (1, 3):
        place = tmp_path / str(jobs)
        reports = ("-f", "json", "--with", "tables", "--html", place / "r.html", "--sarif", place / "r.sarif")
        arguments = (*traces, "-", *base, "--root", PROGRAMS, "--jobs", str(jobs), *reports)
        done = run("analyze", *arguments, stdin=Path(path_of("tour-go1.22")).read_bytes())
        files = [(place / name).read_bytes() for name in ("r.html", "r.sarif")]
        results.append((done.returncode, complaints(done), done.stdout, files))
    assert results[0] == results[1]
    code, problems, report, _ = results[0]
    assert code == 2
    assert [Path(line.partition(":")[0]).name for line in problems] == ["half.trace", "other.trace"]
    assert b'"findings"' in report


def test_a_process_that_is_killed_costs_only_its_trace(traces: list[str]) -> None:
    """Another process reads the traces that are left."""
    alone = pipeline.run(Settings(traces=tuple(traces), root=PROGRAMS))
    killed: list[int | None] = []

    def kill_one(_number: int, _of: int, _seen: object) -> None:
        if not killed:
            victim = multiprocessing.active_children()[0]
            victim.kill()
            killed.append(victim.pid)

    outcome = pipeline.run(Settings(traces=tuple(traces), root=PROGRAMS, jobs=2), kill_one)
    assert killed
    assert not multiprocessing.active_children()
    lost = [error for error in outcome.errors if str(error) not in map(str, alone.errors)]
    assert len(lost) == 1
    name, _, problem = str(lost[0]).partition(": ")
    assert name in traces
    assert problem == "the process that read it was killed by signal 9; if memory is short, use fewer jobs"
    shown = {trace.path: trace for trace in outcome.report.traces}
    rest = [trace for trace in alone.report.traces if trace.path != name]
    assert [shown[trace.path] for trace in rest] == rest
    assert shown[name].events == 0


def test_one_trace_is_read_without_another_process(traces: list[str]) -> None:
    """A process takes longer to start than a small trace to read."""

    def count(_number: int, _of: int, _seen: object) -> None:
        assert not multiprocessing.active_children()

    assert pipeline.run(Settings(traces=(traces[0],), root=PROGRAMS, jobs=4), count).exit_code == 0


@pytest.mark.parametrize(("value", "is_valid"), [("2", True), ("0", False), ("257", False)])
def test_the_configuration_file_sets_the_number(value: str, is_valid: bool, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"jobs = {value}\n", encoding="utf-8")
    if is_valid:
        assert load({}, file).jobs == int(value)
        return
    with pytest.raises(UsageError, match="jobs: Input should be"):
        load({}, file)
