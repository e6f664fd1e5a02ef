"""Regressions say what their worst occurrence waited for, or what the Ps did meanwhile, in every format."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from gotracer_ci import pipeline
from gotracer_ci.baseline.verdicts import Comparison, Level, Status, Verdict
from gotracer_ci.explanations import Again, explained
from gotracer_ci.findings import Finding
from gotracer_ci.report.formats import FORMATS, render
from gotracer_ci.report.model import Report
from gotracer_ci.rules.merge import findings
from gotracer_ci.rules.registry import all_rules
from gotracer_ci.rules.traced import traced
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS, facts_of, measured, path_of

PROGRAM = """package main

import (
	"context"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

var inventory sync.Mutex

func updateInventory(locked chan<- bool, hold time.Duration) {
	inventory.Lock()
	defer inventory.Unlock()
	locked <- true
	time.Sleep(hold)
}

func order() {
	inventory.Lock()
	defer inventory.Unlock()
}

func main() {
	hold, _ := time.ParseDuration(os.Args[2])
	file, _ := os.Create(os.Args[1])
	trace.Start(file)
	for range 25 {
		locked := make(chan bool)
		go updateInventory(locked, hold)
		<-locked
		trace.WithRegion(context.Background(), "order", order)
	}
	trace.Stop()
	file.Close()
}
"""


class Shop(NamedTuple):
    """A program's directory, and traces of it in which a lock is held for 5 ms and for 45 ms."""

    root: Path
    base: list[Path]
    slow: list[Path]


@pytest.fixture(scope="module")
def shop(goroot: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    (root / "go.mod").write_text("module example.com/shop\n\ngo 1.22\n", encoding="utf-8")
    (root / "main.go").write_text(PROGRAM, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GO") or name == "GOCACHE"}
    own = {"GOROOT": str(goroot), "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOENV": "off", "CGO_ENABLED": "0"}
    environment = {**kept, **own}
    subprocess.run([goroot / "bin/go", "build", "-o", "shop", "."], cwd=root, env=environment, check=True, timeout=600)
    for name, hold in [("base", "5ms"), ("slow", "45ms")]:
        for number in range(3):
            subprocess.run([root / "shop", f"{name}{number}.trace", hold], cwd=root, check=True, timeout=60)
    base, slow = (sorted(root.glob(f"{name}?.trace")) for name in ("base", "slow"))
    return Shop(root, base, slow)


def compared(shop: Shop) -> Report:
    settings = Settings(traces=tuple(map(str, shop.slow)), base=tuple(map(str, shop.base)), root=shop.root)
    return pipeline.run(settings).report


def region_in(report: Report) -> Finding:
    (found,) = (finding for finding in report.findings if finding.key.rule == "RegionDurationGrowth")
    return found


def test_the_extra_time_of_a_region_is_spent_behind_a_lock(shop: Shop) -> None:
    """The holder sleeps 40 ms longer: see the program. On a busy machine the base sleeps longer than it should."""
    finding = region_in(compared(shop))
    words = re.fullmatch(
        r"It took ([\d.]+) ms longer than in the base, ([\d.]+) ms of it in goroutines of "
        r"main\.updateInventory, asleep at main\.updateInventory \(main\.go:17\), "
        r"behind sync\.\(\*Mutex\)\.Lock at main\.order \(main\.go:21\)",
        finding.explanation,
    )
    assert words
    extra, asleep = map(float, words.groups())
    assert 20 < asleep <= extra


def test_every_format_has_the_explanation(shop: Shop) -> None:
    report = replace(compared(shop), strict=True)
    (words,) = re.findall(r"main\.updateInventory, asleep", region_in(report).explanation)
    for name in set(FORMATS) - {"html"}:
        assert words in json.dumps(render(name, report)), name
    assert words in render("html", report)


def test_without_traces_of_the_base_the_whole_time_is_explained(shop: Shop, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    for name in map(str, shop.base):
        pipeline.run(Settings(traces=(name,), baseline=baseline, update_baseline=True, root=shop.root))
    settings = Settings(traces=tuple(map(str, shop.slow)), baseline=baseline, root=shop.root)
    found = region_in(pipeline.run(settings).report)
    assert re.match(
        r"It took [\d.]+ ms, [\d.]+ ms of it in goroutines of main\.updateInventory, asleep at", found.explanation
    )


def test_a_trace_that_is_gone_costs_only_the_explanation(shop: Shop, tmp_path: Path) -> None:
    copies = []
    for path in shop.slow:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        copies.append(copy)

    def remove(number: int, *_: object) -> None:
        for copy in copies if number == len(copies) + 1 else ():
            copy.unlink(missing_ok=True)

    settings = Settings(traces=tuple(map(str, copies)), base=tuple(map(str, shop.base)), root=shop.root)
    outcome = pipeline.run(settings, remove)
    assert not outcome.errors
    assert region_in(outcome.report).explanation == ""


@pytest.mark.parametrize(
    ("name", "rule", "words"),
    [
        ("schedlatency-go1.26", "HighSchedulingLatency", r"the only P spent [\d.]+ ms running at .*; no P was idle"),
        ("starvation-go1.27", "ProcessorStarvation", r"the 4 Ps spent [\d.]+ m?s running at .*; a P was idle for"),
    ],
)
def test_a_wait_for_a_p_says_what_the_ps_did(name: str, rule: str, words: str) -> None:
    known = traced(facts_of(name), measured(name))._replace(program="")
    found = findings([known], all_rules(), ())
    (key, *_) = (finding.key for finding in found if finding.key.rule == rule)
    verdict = Verdict(key, Status.WORSE, Level.SUSPECTED, "ns", None, 0, (1,))
    trace = open_trace(path_of(name))
    for _ in trace.chunks(()):
        pass
    again = [Again(path_of(name), trace.index(), known)]
    comparison = Comparison(baseline="", entries=0, verdicts={key: verdict})
    shown = explained(found, comparison, again, [], lambda: SourceMap(Repository.scan(PROGRAMS)))
    (one,) = (finding for finding in shown if finding.key == key)
    assert re.match(rf"While it waited \d[\d.]* m?s, {words}", one.explanation)
    assert [finding for finding in shown if finding.explanation] == [one]


def test_a_long_wait_says_what_its_waker_waited_for() -> None:
    """main.func1 waits for add, that for the lock, and its holder sleeps: see the program."""
    report = pipeline.run(Settings(traces=(path_of("lockwait-go1.27"),), root=PROGRAMS)).report
    waits = [one for one in report.findings if one.key.rule == "LongWait"]
    (words,) = {one.explanation for one in waits}
    assert words == (
        "It took 4.5 s, 4.5 s of it in goroutines of main.(*ledger).holdTooLong, asleep at "
        "main.(*ledger).holdTooLong (lockwait/main.go:26), behind chan receive at main.main.func1 (lockwait/main.go:45)"
    )


@pytest.mark.parametrize("name", ["chanwait-go1.25", "leak-go1.27", "generations-go1.26"])
def test_a_long_wait_that_its_waker_or_nothing_explains_is_not_explained_twice(name: str) -> None:
    report = pipeline.run(Settings(traces=(path_of(name),), root=PROGRAMS)).report
    waits = [one for one in report.findings if one.key.rule == "LongWait"]
    assert waits
    assert {one.explanation for one in waits} == {""}
