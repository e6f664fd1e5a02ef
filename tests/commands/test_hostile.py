"""Hostile traces in tables and profiles: bounded memory, a clear result, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gotracer_ci.trace import kernel
from tests.conftest import ROOT
from tests.trace.hostile import KINDS

PEAK = """
import sys
from gotracer_ci.cli import main
try:
    main(sys.argv[1:])
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
RUNS = {
    "goroutines": (10, ["analyze --html page.html"]),
    "lives": (
        10,
        [
            "export --to perfetto",
            "goroutines --each",
            "goroutines --by creation --reasons",
            "goroutines --goroutine 2",
            "goroutines --goroutine 1 --critical-path",
            "goroutines --run-queue",
        ],
    ),
    "reasons": (10, ["diff reasons.trace --counts"]),
    "stacks": (10, ["analyze --html page.html"]),
    "frames": (10, ["analyze --html page.html", "diff frames.trace --counts"]),
    "nested_tasks": (10, ["tasks --each", "query SELECT(count(*))FROM(task)"]),
    "own_parent": (10, ["tasks"]),
    "named_regions": (10, ["regions --reasons"]),
    "nested_regions": (10, ["regions --each", "export --to perfetto"]),
    "wakes": (10, ["wakes --open --system", "goroutines", "profile --type sched"]),
    "cycles": (10, ["gc", "gc --windows 1ms", "gc --heap"]),
    "strings": (10, ["events --as footprint"]),
}
"""By kind of trace: its size in MB, and the commands."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for the traces: to make one takes as long as to read it."""
    return tmp_path_factory.mktemp("hostile")


@pytest.mark.skipif(not kernel.is_compiled() or not Path("/proc/self/status").exists(), reason="takes minutes")
@pytest.mark.parametrize(
    ("kind", "command"), [(kind, command) for kind, (_, commands) in RUNS.items() for command in commands]
)
def test_a_command_takes_no_more_than_256_megabytes(kind: str, command: str, written: Path) -> None:
    size, _ = RUNS[kind]
    trace = written / f"{kind}.trace"
    if not trace.exists():
        trace.write_bytes(KINDS[kind](size * 1_000_000))
    name, *options = command.split()
    options += [] if name in ("export", "profile") else ["-f", "json"]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, name, trace, "-o", "/dev/null", *options],
        cwd=written,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("note: ") for line in done.stderr.splitlines()[1:])
    assert int(done.stdout) * 1024 <= 256 << 20
