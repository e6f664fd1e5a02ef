"""A test that got longer because the machine or its disk was slow is only suspected. On real traces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gotracer_ci.baseline.verdicts import NEEDED_JOBS, Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.pipeline import run
from gotracer_ci.settings import load
from tests.source.conftest import Go, go

__all__ = ["go"]

_TEST = """package disk

import (
	"os"
	"syscall"
	"testing"
	"time"
)

func write(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d)) // a system call that takes as long as a disk does
	syscall.Nanosleep(&t, nil)
}

func TestIdle(t *testing.T) { time.Sleep(120 * time.Millisecond) } // shorter runs are not compared

func TestDisk(t *testing.T) {
	mode, writes := os.Getenv("MODE"), 8
	if mode == "more" {
		writes = 10
	}
	for i := range writes {
		if (mode == "slow" && i%4 == 0) || i >= 8 {
			write(250 * time.Millisecond) // far more than what load adds to the others
		} else {
			write(time.Millisecond)
		}
	}
	if mode == "sleep" {
		time.Sleep(500 * time.Millisecond)
	}
	if mode == "compute" {
		for start := time.Now(); time.Since(start) < 500*time.Millisecond; {
		}
	}
}
"""


@pytest.fixture(scope="module")
def package(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("disk")
    (directory / "go.mod").write_text("module example.com/disk\n\ngo 1.24\n")
    (directory / "disk_test.go").write_text(_TEST)
    go(directory, "test", "-c", "-trimpath", "-o", "disk", ".")
    for job in range(NEEDED_JOBS):
        _verdict(directory, _trace(directory, ""), update_baseline=True, run_id=str(job))
    return directory


def _trace(directory: Path, mode: str, *arguments: str) -> Path:
    path = directory / f"{len(list(directory.iterdir()))}.trace"
    command = [str(directory / "disk"), "-test.trace", str(path), *arguments]
    known = {"GOMAXPROCS": "2", "PATH": os.defpath, "MODE": mode}
    subprocess.run(command, check=True, capture_output=True, timeout=120, env=known)
    return path


def _verdict(directory: Path, *traces: Path, **settings: object) -> Verdict | None:
    given = {"root": directory, "traces": tuple(map(str, traces)), "baseline": directory / "baseline.json", **settings}
    comparison = run(load(given)).report.comparison
    key = Key("TestDurationGrowth", "test", "example.com/disk.TestDisk")
    return next((v for k, v in comparison.verdicts.items() if k[:3] == key[:3]), None) if comparison else None


@pytest.mark.parametrize("repeat", [(), ("-test.count=2",)], ids=["once", "twice"])
def test_as_many_slower_calls_are_only_suspected(package: Path, repeat: tuple[str, ...]) -> None:
    verdict = _verdict(package, *(_trace(package, "slow", *repeat) for _ in range(3)))
    assert verdict
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.SUSPECTED)
    assert verdict.evidence.endswith("in 3 of 3 traces (suspected)")
    assert verdict.more.startswith("nothing: how long a disk takes varies")


@pytest.mark.parametrize("mode", ["more", "sleep"])
def test_other_growth_is_confirmed(package: Path, mode: str) -> None:
    verdict = _verdict(package, *(_trace(package, mode) for _ in range(3)))
    assert verdict
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.CONFIRMED)


def test_what_a_busy_machine_can_do_takes_base_traces_of_the_same_job(package: Path) -> None:
    traces = [_trace(package, "compute") for _ in range(3)]
    verdict = _verdict(package, *traces)
    assert verdict
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.SUSPECTED)
    assert verdict.more == "3 traces of the base commit in the same job (--base)"
    base = tuple(str(_trace(package, "")) for _ in range(3))
    verdict = _verdict(package, *traces, base=base)
    assert verdict
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.CONFIRMED)
