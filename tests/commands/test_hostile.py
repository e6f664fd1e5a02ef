"""Hostile traces in tables and profiles: bounded memory, a clear result, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gotracer_ci.trace import kernel
from tests.conftest import ROOT, once
from tests.trace.hostile import KINDS

PEAK = """
import sys
from gotracer_ci.cli import main
try:
    main(sys.argv[1:])
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
RUNS = (
    ("goroutines", "analyze --html page.html"),
    ("lives", "export --to perfetto"),
    ("lives", "goroutines --each"),
    ("lives", "goroutines --by creation --reasons"),
    ("lives", "goroutines --goroutine 2"),
    ("lives", "goroutines --goroutine 1 --critical-path"),
    ("lives", "goroutines --run-queue"),
    ("reasons", "diff TRACE --counts"),
    ("stacks", "analyze --html page.html"),
    ("frames", "analyze --html page.html"),
    ("frames", "diff TRACE --counts"),
    ("nested_tasks", "tasks --each"),
    ("nested_tasks", "query SELECT(count(*))FROM(task)"),
    ("own_parent", "tasks"),
    ("named_regions", "regions --reasons"),
    ("nested_regions", "regions --each"),
    ("nested_regions", "export --to perfetto"),
    ("wakes", "wakes --open --system"),
    ("wakes", "goroutines"),
    ("wakes", "profile --type sched"),
    ("cycles", "gc"),
    ("cycles", "gc --windows 1ms"),
    ("cycles", "gc --heap"),
    ("strings", "events --as footprint"),
)
"""Kinds of traces, and commands that read one."""
SIZE = 10_000_000


@pytest.mark.skipif(not kernel.is_compiled() or not Path("/proc/self/status").exists(), reason="takes minutes")
@pytest.mark.parametrize(("kind", "command"), RUNS)
def test_a_command_takes_no_more_than_256_megabytes(
    kind: str, command: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    trace = once(tmp_path_factory, f"{kind}.trace", lambda file: file.write_bytes(KINDS[kind](SIZE)))
    name, *options = (str(trace) if word == "TRACE" else word for word in command.split())
    options += [] if name in ("export", "profile") else ["-f", "json"]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, name, trace, "-o", "/dev/null", *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("note: ") for line in done.stderr.splitlines()[1:])
    assert int(done.stdout) * 1024 <= 256 << 20
