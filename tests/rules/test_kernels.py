"""Kernels of concurrency bugs, built and run: leaks and hangs are found where they wait, and fixes are silent."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.findings import Finding
from gotracer_ci.pipeline import run
from gotracer_ci.settings import Settings
from tests.conftest import ROOT
from tests.source.conftest import Go, go

__all__ = ["go"]
KERNELS = ROOT / "testdata" / "kernels"
LEFT, HANGS = "left", "hangs"
OF_GOROUTINES = ("GoroutineLeak", "GoroutineLeakGrowth", "TestTimeout", "Deadlock")
FOREVER = "still waiting at the end"
"""What a finding says of a lock that nobody unlocks."""
ENOUGH = 0.95


class Kernel(NamedTuple):
    """A test with a bug. does: leave goroutines, or hang. lines: where they wait, as file:line."""

    test: str
    does: str
    lines: frozenset[str]


class Ran(NamedTuple):
    """One run of a kernel. exit_code: the test binary's. findings: those about waits without an end."""

    kernel: Kernel
    exit_code: int
    findings: tuple[Finding, ...]

    @property
    def lines(self) -> set[str]:
        return {f"{at.path}:{at.line}" for finding in self.findings if (at := finding.location)}


def kernels() -> Iterator[Kernel]:
    marked: dict[tuple[str, str], set[str]] = {}
    for path in sorted(KERNELS.glob("*.go")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for does, test in re.findall(r"\b(left|hangs): (Test\w+)(?!\w*\")", line):
                marked.setdefault((test, does), set()).add(f"{path.name}:{number}")
    return (Kernel(test, does, frozenset(lines)) for (test, does), lines in marked.items() if test != "TestName")


EVERY = sorted(kernels())


def recorded(binary: Path, trace: Path, tests: str, timeout: str, **environment: str) -> int:
    """Run these tests, a regular expression, and return the exit code."""
    done = subprocess.run(
        [binary, "-test.run", f"^(?:{tests})$", "-test.timeout", timeout, "-test.trace", trace],
        cwd=KERNELS,
        env={"PATH": os.defpath, **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode


def ran(kernel: Kernel, binary: Path, **environment: str) -> Ran:
    trace = binary.parent / f"{kernel.test}{len(environment)}.trace"
    # the timeout is far from what a correct kernel takes, also on a loaded machine
    timeout = "2s" if kernel.does == HANGS and not environment else "60s"
    exit_code = recorded(binary, trace, kernel.test, timeout, **environment)
    found = run(Settings(traces=(str(trace),), root=KERNELS)).report.findings
    about = [f for f in found if f.key.rule in OF_GOROUTINES or (kernel.does == LEFT and FOREVER in f.message)]
    return Ran(kernel, exit_code, tuple(about))


@pytest.fixture(scope="module")
def binary(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("kernels") / "kernels"
    go(KERNELS, "test", "-c", "-trimpath", "-o", str(built), ".")
    return built


@pytest.fixture(scope="module")
def runs(binary: Path) -> Mapping[str, list[Ran]]:
    """Return a run of each kernel with its bug, and one without."""
    with ThreadPoolExecutor(4) as pool:
        bugs = [pool.submit(ran, kernel, binary) for kernel in EVERY]
        fixed = [pool.submit(ran, kernel, binary, FIXED="1") for kernel in EVERY]
        return {"bugs": [run.result() for run in bugs], "fixed": [run.result() for run in fixed]}


def test_every_kernel_has_a_marked_line() -> None:
    tests = re.findall(r"^func (Test\w+)", (KERNELS / "kernels_test.go").read_text("utf-8"), re.MULTILINE)
    assert sorted(tests) == [kernel.test for kernel in EVERY]
    assert {kernel.does for kernel in EVERY} == {LEFT, HANGS}


def test_leaks_and_hangs_are_found_where_they_wait(runs: Mapping[str, list[Ran]]) -> None:
    """At the marked line and nowhere else. A hang is a timeout of the test."""
    missed = [run for run in runs["bugs"] if not run.lines or not run.lines <= run.kernel.lines]
    assert len(missed) <= (1 - ENOUGH) * len(EVERY), missed
    for one in runs["bugs"]:
        assert (one.exit_code != 0) == (one.kernel.does == HANGS)
        timeouts = [finding for finding in one.findings if finding.key.rule == "TestTimeout"]
        assert bool(timeouts) == (one.kernel.does == HANGS)


def test_a_leak_is_one_finding(runs: Mapping[str, list[Ran]]) -> None:
    for one in runs["bugs"]:
        if one.kernel.does == LEFT:
            rules = [finding.key.rule for finding in one.findings]
            assert len(set(rules)) <= 1, rules
            assert len(rules) <= len(one.kernel.lines)


def test_fixed_kernels_are_silent(runs: Mapping[str, list[Ran]]) -> None:
    """Also where idle connections, servers and workers remain that are about to end."""
    assert [one for one in runs["fixed"] if one.findings or one.exit_code] == []


def test_a_leak_of_a_known_test_counts_and_that_of_a_new_test_does_not(binary: Path, tmp_path: Path) -> None:
    """A change breaks one test and adds another one, which leaves a goroutine, too."""
    before, after, baseline = tmp_path / "before.trace", tmp_path / "after.trace", tmp_path / "baseline.json"
    recorded(binary, before, "TestUnreadPipe|TestSignalForMany", "60s", FIXED="1")
    recorded(binary, after, "TestUnreadPipe|TestSignalForMany|TestMissedSignal", "60s")
    settings = Settings(traces=(str(before),), root=KERNELS, baseline=baseline, rule=("GoroutineLeak",))
    assert run(replace(settings, update_baseline=True)).exit_code == 0
    comparison = run(replace(settings, traces=(str(after),))).report.comparison
    assert comparison
    verdicts = {key.place.rpartition(".")[2]: verdict for key, verdict in comparison.verdicts.items()}
    flagged = {place: verdict.level for place, verdict in verdicts.items() if verdict.flagged}
    assert flagged == {"lines": Level.CONFIRMED, "enter": Level.CONFIRMED}
    assert verdicts["lateWaiter"].status is Status.UNKNOWN
