"""Rules of installed packages: found through their entry points, and compared exactly like a built-in rule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROGRAMS, ROOT, Run, complaints, path_of

RULE = '''\
"""Waits for a mutex of our own.

Detects
-------
A goroutine that waits for one of our own mutexes.

Why it matters
--------------
Work behind one lock runs one piece at a time.

How it is measured
------------------
From blocking to becoming runnable. The number of waits is compared as well.

Thresholds
----------
`warn`: the longest wait.

What to do
----------
Hold the lock for less time.

Limits
------
None that anybody knows.
"""

from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.limits import WAITS, Limit
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import Counter, documented


def select(group):
    if group.kind is not IntervalKind.WAITING or group.reason != "sync" or not group.stack.own:
        return None
    return "lock" if "sync.(*Mutex).Lock" in group.stack.functions else None


def waits(facts):
    return sum(group.count for group in facts.intervals if select(group))


RULE = IntervalRule(
    info=documented("OwnLock", __doc__, warn=(3600e9, "ns")),
    select=select,
    message="{where} waited for {longest}; {times}",
    detail="Time blocked.",
    suggestion="Hold the lock for less time.",
    limit=WAITS,
    counters=(Counter("lock waits", "count", waits, "{value} waits for a lock", Limit("count", 1.5, 10)),),
)
'''
BEFORE, AFTER = path_of("service-go1.27"), path_of("service-lock-go1.27")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a directory as created by `pip install --target`, with one package that has a rule."""
    installed = tmp_path / "installed"
    metadata = installed / "our_rules-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: our-rules\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[gotracer_ci.rules]\nOwnLock = own_lock:RULE\n")
    (installed / "own_lock.py").write_text(RULE)
    return installed


def on_path(package: Path) -> str:
    return os.pathsep.join([str(ROOT), str(package)])


def test_its_documentation_is_shown(run: Run, package: Path) -> None:
    assert run("rules", "OwnLock", PYTHONPATH=on_path(package)).stdout.startswith(b"OwnLock: Waits for a mutex")


def test_its_regressions_are_flagged(run: Run, package: Path, tmp_path: Path) -> None:
    """Below all thresholds: with one trace, a time is suspected and a counter confirmed."""
    path, baseline = on_path(package), tmp_path / "baseline.json"
    only = ("--rule", "OwnLock", "--root", PROGRAMS, "--baseline", baseline)
    assert run("analyze", BEFORE, *only, "--update-baseline", PYTHONPATH=path).returncode == 0
    assert run("analyze", BEFORE, *only, PYTHONPATH=path).returncode == 0

    done = run("analyze", AFTER, *only, "--format", "json", PYTHONPATH=path)

    assert done.returncode == 1, done.stderr
    found = {f["key"]["kind"]: f for f in json.loads(done.stdout)["findings"]}
    assert {kind: (f["severity"], f["verdict"]["status"], f["verdict"]["level"]) for kind, f in found.items()} == {
        "lock": ("none", "new", "suspected"),
        "lock waits": ("none", "new", "confirmed"),
    }
    assert found["lock"]["key"]["place"] == "main.(*service).updateInventory"


def test_a_baseline_keeps_its_groups(run: Run, package: Path, tmp_path: Path) -> None:
    """With the package the file is up to date. Without it the groups are not compared."""
    path, baseline = on_path(package), tmp_path / "baseline.json"
    update = ("--root", PROGRAMS, "--baseline", baseline, "--update-baseline")
    assert run("analyze", AFTER, *update, "--run-id", "1", PYTHONPATH=path).returncode == 0
    assert b"OwnLock" not in run("baseline", "check", baseline, PYTHONPATH=path).stdout
    assert b"groups no longer compared, first of OwnLock" in run("baseline", "check", baseline).stdout

    assert run("analyze", AFTER, *update, "--run-id", "2").returncode == 0
    assert {group["kind"]: counts for group, counts in held(baseline) if group["rule"] == "OwnLock"} == {
        "lock": [32, 0],
        "lock waits": [0, 0],
    }


def held(baseline: Path) -> list[tuple[dict[str, Any], list[int]]]:
    """Return the groups of the only program, each with its number of events in each job."""
    (program,) = json.loads(baseline.read_text(encoding="utf-8"))["programs"]
    return [(g, [(*job["n"], *[0] * 1000)[i] for job in program["entries"]]) for i, g in enumerate(program["groups"])]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("own_lock:RULE", "own_lock:NOPE", "rule OwnLock (own_lock:NOPE) cannot be loaded: "),
        ("own_lock:RULE", "own_lock:waits", "rule OwnLock (own_lock:waits) is not a Rule"),
        ("own_lock:RULE", "own_lock:RULE\nTwice = own_lock:RULE", "two rules are called OwnLock"),
    ],
)
def test_a_broken_package_is_named(run: Run, package: Path, old: str, new: str, problem: str) -> None:
    (entry_points,) = package.glob("*/entry_points.txt")
    entry_points.write_text(entry_points.read_text().replace(old, new))
    broken = run("analyze", BEFORE, "--root", PROGRAMS, PYTHONPATH=on_path(package))
    assert broken.returncode == 2
    assert complaints(broken)[0].startswith(problem)


def test_without_such_packages_their_metadata_is_not_read() -> None:
    """Importing importlib.metadata takes longer than everything else at startup."""
    code = "import sys; from gotracer_ci.rules.registry import all_rules; all_rules(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout.split()
    assert b"gotracer_ci.rules.registry" in modules
    assert b"importlib.metadata" not in modules
