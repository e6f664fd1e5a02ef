"""Repeated captures, and what a terminal shows of one."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture.conftest import RECORDED, Service
from tests.capture.test_failures import start, stopped_when
from tests.capture.test_services import complaints_of, traces
from tests.conftest import ROOT, Run
from tests.test_progress import ESCAPE, screen, terminal

SERIES = ("--every", "100ms", "--duration", "200ms")


def test_each_trace_is_compared_with_the_first(service: Service, run: Run, tmp_path: Path) -> None:
    files = ("--keep", "t.trace", "--json", "r.json", "-o", "out.txt")
    # times of a single trace are at most suspected, so no chance decides about the exit code
    done = run("capture", service.at(), *SERIES, "--count", "3", *files, "--rule", "MutexContention")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in traces(tmp_path)] == ["t-1.trace", "t-2.trace", "t-3.trace"]
    reports = [json.loads((tmp_path / f"r-{n}.json").read_text()) for n in (1, 2, 3)]
    assert [[trace["path"] for trace in report["traces"]] for report in reports] == [
        ["t-1.trace"],
        ["t-2.trace"],
        ["t-3.trace"],
    ]
    assert [[trace["path"] for trace in report["base_traces"]] for report in reports] == [
        [],
        ["t-1.trace"],
        ["t-1.trace"],
    ]
    assert [report["comparison"] is not None for report in reports] == [False, True, True]
    assert all((tmp_path / f"out-{n}.txt").stat().st_size for n in (1, 2, 3))


def test_what_grew_since_the_first_trace_fails(service: Service, run: Run) -> None:
    """A leak is a counter, which one trace on each side confirms."""
    done = run("capture", service.at("/leak"), "--every", "100ms", "--duration", "300ms", "--count", "2")
    assert done.returncode == 1
    first, _, second = done.stdout.decode().partition("findings are shown but do not fail the run")
    assert "GoroutineLeak" not in first
    assert re.search(r"NEW +GoroutineLeak .* 40 goroutines left, .* created by main.leak.func", second)
    assert "(confirmed)" in second


def test_the_first_trace_is_the_reference_so_its_findings_do_not_fail(service: Service, run: Run) -> None:
    """Unless --fail-on asks for it, as without a series."""
    assert run("capture", service.at(), *SERIES, "--count", "1").returncode == 0
    assert run("capture", service.at(), *SERIES, "--count", "1", "--fail-on", "warn").returncode == 1


def test_a_failed_capture_does_not_end_the_series(service: Service, run: Run, tmp_path: Path) -> None:
    """The first trace that is complete is the reference."""
    done = run("capture", service.at("/twice"), "--every", "10ms", "--count", "3", "--keep", "t.trace")
    assert done.returncode == 2
    assert [(path.name, path.read_bytes()) for path in traces(tmp_path)] == [("t-3.trace", RECORDED)]
    assert "no base traces: nothing can be called a regression" in done.stdout.decode()
    assert sum("503 Service Unavailable" in line for line in done.stderr.decode().splitlines()) == 2


def test_ctrl_c_between_captures_ends_the_series(service: Service, tmp_path: Path) -> None:
    """The exit code is that of the captures so far."""
    process = start(tmp_path, "capture", service.at("/file"), "--every", "1h", "--json", "r.json")
    assert process.stderr
    assert any(b"next capture in " in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "r-1.json").exists()
    assert len(traces(tmp_path)) == 1


def test_ctrl_c_during_a_capture_ends_the_series(service: Service, tmp_path: Path) -> None:
    """Even if what arrived cannot be analyzed."""
    process = start(tmp_path, "capture", service.at("/stall"), "--every", "10ms", "--keep", "t.trace")
    done = stopped_when(lambda: any(path.stat().st_size for path in traces(tmp_path)), process, signal.SIGINT)
    assert (done.returncode, done.stdout) == (2, b"")
    assert [path.read_bytes() for path in traces(tmp_path)] == [RECORDED[:100]]


@pytest.mark.parametrize("option", [("--base", "x.trace"), ("--baseline", "b.json", "--update-baseline")])
def test_a_series_has_its_own_reference(run: Run, option: tuple[str, ...]) -> None:
    done = run("capture", "localhost:1", "--every", "1s", *option)
    assert done.returncode == 2
    (line,) = complaints_of(done)
    assert line.startswith("--every compares with the first trace")


def test_a_terminal_shows_elapsed_time_and_bytes(service: Service, tmp_path: Path) -> None:
    """The line is gone when the capture is over."""
    command = [sys.executable, "-m", "gotracer_ci", "capture", service.at("/slow"), "--duration", "1s", "-o", "out.txt"]
    with terminal() as tty:
        environment = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, stderr=tty.slave, timeout=60)
        text = tty.close()
    assert done.returncode == 1
    found = re.findall(r"([\d.]+ m?s) of 1 s  ([\d.]+ k?B)", ESCAPE.sub("", text))
    assert len({elapsed for elapsed, _ in found}) > 5
    assert found[0][1] == "0 B"
    assert {size.split()[1] for _, size in found} == {"B", "kB"}
    assert [line.split()[0] for line in screen(text)] == ["capturing", "kept", "wrote"]
