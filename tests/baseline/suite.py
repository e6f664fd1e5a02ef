"""A test package to trace: tests and benchmarks that share code, with regressions that the environment turns on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.pipeline import Outcome, run
from gotracer_ci.settings import load
from tests.source.conftest import Go

_TESTS = """package suite

import (
	"os"
	"sync"
	"testing"
	"time"
)

var kept []byte

// work allocates n blocks of 64 kB, and starts goroutines that never end.
func work(n, leaked int) {
	for range n {
		kept = make([]byte, 64<<10)
	}
	for range leaked {
		go func() { select {} }()
	}
}

func TestFirst(t *testing.T) {
	if os.Getenv("LEAK") != "" {
		go func() { work(0, 20) }()
		time.Sleep(10 * time.Millisecond)
	}
	for range 3 {
		t.Run("part", func(t *testing.T) {
			time.Sleep(time.Millisecond)
			work(20, 0)
		})
	}
}

func TestSecond(t *testing.T) {
	time.Sleep(time.Millisecond)
	work(20, 0)
}

func TestLarge(t *testing.T) {
	time.Sleep(time.Millisecond)
	for range 40 {
		go func() { select {} }()
	}
	work(1000, 40)
}

func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

var pool sync.Mutex

var locks = os.Getenv("LOCK") != "" // Getenv has a lock of its own

func visit() {
	if locks {
		pool.Lock()
		defer pool.Unlock()
		spin(300 * time.Microsecond)
	}
	spin(100 * time.Microsecond)
}

func TestPool(t *testing.T) {
	var all sync.WaitGroup
	for range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 40 {
				visit()
				spin(600 * time.Microsecond) // keeps the Ps busy, so that whoever gets the lock waits for one
			}
		}()
	}
	all.Wait()
}

func duration() time.Duration {
	if os.Getenv("SLOW") != "" {
		return 40 * time.Microsecond
	}
	return 4 * time.Microsecond
}

func op(n int) {
	spin(duration())
	kept = make([]byte, n<<10)
}

func BenchmarkN(b *testing.B) {
	n := 4
	if os.Getenv("LARGE") != "" {
		n = 400
	}
	for i := 0; i < b.N; i++ {
		op(n)
	}
}

func BenchmarkLoop(b *testing.B) {
	for b.Loop() {
		op(4)
	}
}
"""


class Suite:
    """The built package. trace: records a run and returns the trace. judge: analyzes it with the baseline."""

    def __init__(self, directory: Path, go: Go) -> None:
        self.directory = directory
        (directory / "go.mod").write_text("module example.com/suite\n\ngo 1.24\n")
        (directory / "suite_test.go").write_text(_TESTS)
        go(directory, "test", "-c", "-trimpath", "-o", "suite", ".")
        self._traces = 0

    def trace(self, *arguments: str, **environment: str) -> str:
        self._traces += 1
        name = str(self.directory / f"{self._traces}.trace")
        command = [str(self.directory / "suite"), "-test.trace", name, *(f"-test.{text}" for text in arguments)]
        known = {"GOMAXPROCS": "2", "PATH": os.defpath, **environment}
        subprocess.run(command, check=True, capture_output=True, timeout=120, env=known)
        return name

    def judge(self, *traces: str, baseline: Path, update: bool = False, **settings: Any) -> Outcome:
        given = {"root": self.directory, "traces": traces, "baseline": baseline, "update_baseline": update}
        return run(load({"strict": True, **given, **settings}))


@pytest.fixture(scope="session")
def suite(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return Suite(tmp_path_factory.mktemp("suite"), go)
