"""A wait with only standard library frames is shown where the repository created the goroutine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from gotracer_ci import pipeline
from gotracer_ci.findings import Location
from gotracer_ci.report.labels import place
from gotracer_ci.settings import Settings

MAIN = """package main

import (
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func main() {
	file, _ := os.Create(os.Args[1])
	trace.Start(file)
	defer trace.Stop()
	var mu sync.Mutex
	mu.Lock()
	start(&mu).Wait()
}

func start(mu *sync.Mutex) *sync.WaitGroup {
	var group sync.WaitGroup
	group.Go(mu.Lock) // here
	time.Sleep(50 * time.Millisecond)
	mu.Unlock()
	return &group
}
"""


def test_a_wait_without_own_code_names_its_function_and_its_creator(
    tmp_path: Path, write: Callable[[Path, Mapping[str, str]], Path], go: Callable[..., str]
) -> None:
    root = write(tmp_path / "code", {"go.mod": "module example.org/lock\n\ngo 1.25\n", "main.go": MAIN})
    trace, program = tmp_path / "lock.trace", tmp_path / "lock"
    go(root, "build", "-o", str(program), ".")
    subprocess.run([program, trace], check=True, timeout=60)

    report = pipeline.run(Settings(traces=(str(trace),), root=root, rule=("MutexContention",))).report

    (finding,) = report.findings
    line = next(number for number, text in enumerate(MAIN.splitlines(), 1) if "// here" in text)
    assert finding.location is None
    assert finding.anchor == Location("main.go", line, "main.start", "creator")
    assert all(frame.owner == "std" for frame in finding.stack)
    entry = finding.stack[-1]
    assert place(finding) == f"{entry.function} ({entry.file}:{entry.line}), created by main.start (main.go:{line})"
