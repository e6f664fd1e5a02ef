"""Captures that fail: a clear line, and nothing that arrived is lost."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.capture.conftest import RECORDED, Service
from tests.capture.test_services import complaints_of, traces
from tests.conftest import ROOT, Done, Run

RETRY = "; try again later, or use --retries"
HALF = RECORDED[: len(RECORDED) // 2]


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("/404", (), '/404/debug/pprof/trace: 404 Not Found; is net/http/pprof registered? import _ "net/http/pprof"'),
        ("/500", (), f"/500/trace: 500 Internal Server Error: out of order{RETRY}"),
        ("/busy", (), "/busy/trace: another trace is being recorded: tracing is already enabled; wait until it ends"),
        ("/html", (), "/html/trace: the response is not a Go execution trace: it is an HTML page"),
        ("/empty", (), "/empty/trace: the response is empty"),
        ("/token", (), "401 Unauthorized: not a valid token:; pass credentials with --header 'Authorization: …'"),
        ("/forbidden", (), "403 Forbidden; pass credentials with --header"),
        ("/forbidden", ("--header", "A: b"), "403 Forbidden; check the headers that you pass"),
        ("/login", (), "302 Found: redirected to http://login.example.com/; name that address if it is right"),
        ("/silent", ("--duration", "200ms", "--timeout", "300ms"), "/silent/trace: no response within 500 ms"),
        ("/query", ("--duration", "1s"), "/query/trace: 418 I'm a Teapot: seconds=1 from gotracer-ci/"),
    ],
)
def test_a_response_without_a_trace(
    service: Service, run: Run, tmp_path: Path, path: str, options: tuple[str, ...], says: str
) -> None:
    """The exit code is 2, one line says why and what to do, and no file is left."""
    done = run("capture", service.at(path), *options)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = complaints_of(done)
    assert line.startswith("http://127.0.0.1:")
    assert says in line
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_that_is_not_there(service: Service, run: Run) -> None:
    (line,) = complaints_of(run("capture", "--flight-recorder", service.at("/404")))
    assert line.endswith("/404: 404 Not Found; is this the path of the handler that writes the snapshot?")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", "connection refused; is the service running?"),
        ("unix:missing.sock", "unix:missing.sock:/debug/pprof/trace: the connection failed: No such file or directory"),
        ("shop.invalid:6060", "no such host: "),
        ("https://{plain}", "TLS failed: "),
    ],
)
def test_no_connection(service: Service, run: Run, tmp_path: Path, address: str, says: str) -> None:
    done = run("capture", address.format(plain=service.at()))
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = complaints_of(done)
    assert says in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["chunks", "length", "reset"])
def test_a_dropped_connection_loses_nothing(service: Service, run: Run, tmp_path: Path, how: str) -> None:
    done = run("capture", service.at(f"/drop/debug/pprof/trace?how={how}"), "-f", "json")
    assert done.returncode == 2
    (kept,) = traces(tmp_path)
    assert kept.read_bytes() == HALF
    lost, damaged = complaints_of(done)
    assert lost == f"http://{service.at('/drop/debug/pprof/trace')}: the connection was lost after 6.64 kB had arrived"
    assert damaged.startswith(f"{kept.name}: the trace is truncated ")
    assert "MutexContention" in {finding["key"]["rule"] for finding in json.loads(done.stdout)["findings"]}


def test_the_size_is_limited(service: Service, run: Run, tmp_path: Path) -> None:
    done = run("capture", service.at("/file"), "--max-size", "5kB")
    assert done.returncode == 2
    assert [path.read_bytes() for path in traces(tmp_path)] == [RECORDED[:5000]]
    assert complaints_of(done)[0].endswith("/file/debug/pprof/trace: stopped after 5 kB, the limit of --max-size")
    assert b"MutexContention" in done.stdout


def test_a_trace_of_exactly_the_largest_size_is_whole(service: Service, run: Run) -> None:
    done = run("capture", service.at("/file"), "--max-size", str(len(RECORDED)))
    assert (done.returncode, complaints_of(done)) == (1, [])


def test_a_trace_that_does_not_end(service: Service, run: Run, tmp_path: Path) -> None:
    """The connection is closed, so that the service stops tracing: the next capture works."""
    done = run("capture", service.at("/endless"), "--duration", "300ms", "--timeout", "2s")
    assert done.returncode == 2
    (kept,) = traces(tmp_path)
    assert kept.stat().st_size > 1000
    assert "/endless/trace: the trace was not complete within 2.3 s, after " in complaints_of(done)[0]
    assert b"MutexContention" in done.stdout
    assert run("capture", service.at(), "--duration", "100ms", "--retries", "5").returncode == 1


def test_a_trace_that_stalls(service: Service, run: Run, tmp_path: Path) -> None:
    """The file is kept, even if there is nothing in it to analyze."""
    done = run("capture", service.at("/stall"), "--duration", "300ms", "--timeout", "200ms")
    assert (done.returncode, done.stdout) == (2, b"")
    (kept,) = traces(tmp_path)
    assert kept.read_bytes() == RECORDED[:100]
    late, unreadable = complaints_of(done)
    assert "/stall/trace: the trace was not complete within 500 ms, after 100 B had arrived" in late
    assert unreadable.startswith(f"{kept.name}: ")


def test_a_full_disk_keeps_what_fits(service: Service, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    process = start(tmp_path, "capture", service.at("/file"), "--keep", "x.trace", limit=8192)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert (tmp_path / "x.trace").read_bytes() == RECORDED[:8192]
    assert b"x.trace: cannot be written: File too large" in stderr
    assert b"MutexContention" in stdout


def test_a_kept_trace_is_never_overwritten(service: Service, run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.trace").write_bytes(b"the only copy")
    done = run("capture", service.at("/file"), "--keep", "x.trace")
    assert done.returncode == 2
    assert complaints_of(done) == ["x.trace: exists already; name another file, because it is never overwritten"]
    assert (tmp_path / "x.trace").read_bytes() == b"the only copy"


def test_a_report_that_cannot_be_written_is_known_before_the_capture(
    service: Service, run: Run, tmp_path: Path
) -> None:
    done = run("capture", service.at("/file"), "--html", tmp_path)
    assert done.returncode == 2
    assert traces(tmp_path) == []


def test_retries(service: Service, run: Run, tmp_path: Path) -> None:
    """The service fails twice and works the third time."""
    assert run("capture", service.at("/twice"), "--retries", "1").returncode == 2
    done = run("capture", service.at("/twice"), "--keep", "x.trace")
    assert done.returncode == 1
    done = run("capture", service.at("/twice"), "--retries", "2", "--keep", "y.trace")
    assert done.returncode == 1
    problem = f"http://{service.at('/twice/trace')}: 503 Service Unavailable: starting; trying again in"
    assert complaints_of(done) == [f"{problem} 1 s", f"{problem} 2 s"]
    assert (tmp_path / "y.trace").read_bytes() == RECORDED


def start(directory: Path, *arguments: str, limit: int | None = None) -> subprocess.Popen[bytes]:
    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "gotracer_ci", *arguments],
        cwd=directory,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,
    )


def stopped_when(condition: Callable[[], bool], process: subprocess.Popen[bytes], number: int) -> Done:
    """Send a signal as soon as a condition holds, and return the end of the process."""
    for _ in range(600):
        if condition():
            break
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    else:
        process.kill()
        pytest.fail("the condition never held")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    return Done(process.args, process.returncode, stdout, stderr)


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in traces(directory))


def test_ctrl_c_keeps_and_analyzes_what_arrived(service: Service, tmp_path: Path) -> None:
    process = start(tmp_path, "capture", service.at("/endless"), "--duration", "1m", "-f", "json")
    done = stopped_when(lambda: size_of(tmp_path) > 20_000, process, signal.SIGINT)
    assert done.returncode == 2
    (kept,) = traces(tmp_path)
    report = json.loads(done.stdout)
    assert [trace["path"] for trace in report["traces"]] == [kept.name]
    assert "MutexContention" in {finding["key"]["rule"] for finding in report["findings"]}
    (line,) = complaints_of(done)
    assert line.startswith(f"{kept.name}: the trace is truncated")


def test_sigterm_keeps_what_arrived(service: Service, tmp_path: Path) -> None:
    process = start(tmp_path, "capture", service.at("/endless"), "--duration", "1m")
    done = stopped_when(lambda: size_of(tmp_path) > 1000, process, signal.SIGTERM)
    (kept,) = traces(tmp_path)
    assert (done.returncode, done.stdout) == (143, b"")
    assert f"kept {kept.name} (" in done.stderr.decode()
    assert kept.read_bytes().startswith(b"go 1.")


def test_a_killed_process_leaves_what_arrived(service: Service, tmp_path: Path) -> None:
    process = start(tmp_path, "capture", service.at("/endless"), "--duration", "1m")
    stopped_when(lambda: size_of(tmp_path) > 1000, process, signal.SIGKILL)
    (kept,) = traces(tmp_path)
    assert kept.read_bytes().startswith(b"go 1.")


def test_ctrl_c_before_anything_arrived(service: Service, tmp_path: Path) -> None:
    process = start(tmp_path, "capture", service.at("/silent"), "--duration", "1m")
    done = stopped_when(lambda: len(traces(tmp_path)) == 1, process, signal.SIGINT)
    assert (done.returncode, done.stdout, complaints_of(done)) == (130, b"", [])
    assert traces(tmp_path) == []
