"""Traces of all builds of one program: the same findings at the same lines, which are marked in the source.

The tests also check every frame of every trace against its true file (see `shop`).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.analysis.facts import analyse
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.source import shop

Go = Callable[..., str]
Places = set[tuple[str, str, int]]
PathMap = tuple[tuple[str, str], ...]

# run queues and idle processors depend on the machine
SKIPPED = ("HighSchedulingLatency", "ProcessorStarvation")
LIMITS = {
    "MutexContention.warn": "20ms",
    "MutexContention.error": "20ms",
    "BlockedOnSyscall.warn": "20ms",
    "LongWait.info": "20ms",
    "GCPauseSpike.warn": "1ns",
    "GCPauseSpike.count": "1",
    "HeapGrowthSpike.warn": "1MB",
}

BUILD = ("build", "-ldflags=-s", "-o", "OUT", "./cmd/shop")
TEST = ("test", "-ldflags=-s", "-c", "-o", "OUT", "./internal/locks")
TRIM, VENDORED, COVERED = "-trimpath", "-mod=vendor", "-cover"
IN_WORKSPACE = {"GOFLAGS": "-mod=readonly -modcacherw"}


def after(command: tuple[str, ...], *flags: str) -> tuple[str, ...]:
    return (command[0], *flags, *command[1:])


@dataclass
class World:
    """The repository's directories, and go. root: the directory to analyze for every build."""

    base: Path
    go: Go

    @property
    def root(self) -> Path:
        return self.base / "checkout"

    @cached_property
    def goroot(self) -> str:
        return self.go(self.base, "env", "GOROOT").strip()

    def build(self, out: Path, directory: str, *arguments: str, **environment: str) -> None:
        """Run `go ARGUMENTS`. `OUT` in the arguments stands for the output file."""
        settings = {
            "GOFLAGS": "-mod=mod -modcacherw",
            "GOPROXY": (self.base / "proxy").as_uri(),
            "GOMODCACHE": str(self.base / "cache/pkg/mod"),
            "PWD": str(self.base / directory),
        }
        command = [argument.replace("OUT", str(out)) for argument in arguments]
        self.go(self.base / directory, *command, **{**settings, **environment})

    def trace(self, out: Path, directory: str, *arguments: str, **environment: str) -> Path:
        """Build the program or the test, run it, and return its trace."""
        self.build(out, directory, *arguments, **environment)
        trace = out.with_suffix(".trace")
        if "run" in arguments:
            return out
        flag = ["-test.trace"] if "test" in arguments else []
        covered = {**os.environ, "GOCOVERDIR": str(out.parent)}
        subprocess.run([out, *flag, trace], env=covered, stdout=subprocess.DEVNULL, check=True, timeout=60)
        return trace


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, go: Go) -> World:
    world = World(tmp_path_factory.mktemp("world"), go)
    root = shop.lay(world.base)
    world.build(root, "checkout", "mod", "download", "all")
    world.build(root, "checkout", "mod", "vendor")
    (world.base / "link").symlink_to("checkout")
    for copy in ("__w/shop/shop", "space/checkout"):
        shutil.copytree(root, world.base / copy, symlinks=True)
        shutil.copytree(world.base / "sibling", (world.base / copy).parent / "sibling")
    shop.add_workspace(world.base / "space/checkout")
    return world


@pytest.fixture(scope="module")
def plain(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.trace(tmp_path_factory.mktemp("plain") / "shop", "checkout", *BUILD)


@pytest.fixture(scope="module")
def trimmed(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.trace(tmp_path_factory.mktemp("trimmed") / "shop", "checkout", *after(BUILD, TRIM))


def report_of(trace: Path, root: Path, path_map: PathMap = ()) -> Report:
    settings = Settings(traces=(str(trace),), root=root, skip=SKIPPED, thresholds=LIMITS, path_map=path_map)
    return pipeline.run(settings).report


def places(report: Report) -> Places:
    """Return (rule, uri, line) of the results in SARIF."""
    results = json.loads(render("sarif", report))["runs"][0]["results"]
    assert all(finding.alert_location for finding in report.findings)
    physical = [(result["ruleId"], result["locations"][0]["physicalLocation"]) for result in results]
    return {(rule, where["artifactLocation"]["uri"], where["region"]["startLine"]) for rule, where in physical}


def mapping_notes(report: Report) -> list[str]:
    return [note for note in report.notes if "baseline" not in note]


def assert_true_files(trace: Path, root: Path, goroot: str, path_map: PathMap = ()) -> None:
    """Assert that every frame in the trace is mapped to its true file."""
    opened = open_trace(str(trace))
    repository = Repository.scan(root)
    source = SourceMap(repository, path_map)
    analyse(opened, source)
    for index in range(len(opened.tables.frames)):
        frame = source.resolve(*opened.tables.frame(index))
        made = frame.file in {"", "<autogenerated>", "_testmain.go"}
        if made or frame.file.startswith(goroot) or Path(f"{goroot}/src/{frame.file}").exists():
            assert (frame.owner, frame.path) == ("std", None), frame
            continue
        true = shop.true_file(frame.line)
        assert frame.owner == ("dependency" if true.startswith("vendor/") else "own"), frame
        assert frame.path == (true if true in repository.files else None), frame
    assert source.notes() == []


@pytest.mark.parametrize(
    ("directory", "command", "environment"),
    [
        ("checkout", BUILD, {}),
        ("checkout", after(BUILD, TRIM), {}),
        ("checkout", after(BUILD, VENDORED), {}),
        ("checkout", after(BUILD, VENDORED, TRIM), {}),
        ("checkout", after(BUILD, "-gcflags=-l"), {}),
        ("checkout", after(BUILD, COVERED, "-coverpkg=./..."), {}),
        ("checkout", after(BUILD, COVERED, "-coverpkg=./...", TRIM), {}),
        ("checkout", ("run", "./cmd/shop", "OUT"), {}),
        ("link", BUILD, {}),
        ("__w/shop/shop", BUILD, {}),
        ("__w/shop/shop", after(BUILD, VENDORED), {}),
        ("space/checkout", BUILD, IN_WORKSPACE),
        ("space/checkout", after(BUILD, TRIM), IN_WORKSPACE),
        ("space/checkout", after(BUILD, TRIM), {"GOWORK": "off"}),
        ("checkout", TEST, {}),
        ("checkout", after(TEST, TRIM, COVERED), {}),
        ("__w/shop/shop", after(TEST, VENDORED), {}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_every_build_gives_the_same_locations(
    world: World, tmp_path: Path, directory: str, command: tuple[str, ...], environment: dict[str, str]
) -> None:
    trace = world.trace(tmp_path / "shop", directory, *command, **environment)
    report = report_of(trace, world.root)
    assert places(report) == shop.marks(world.root, "test:" if command[0] == "test" else "")
    assert {finding.location.mapped for finding in report.findings if finding.location} == {"exact"}
    assert {finding.anchor.mapped for finding in report.findings if finding.anchor} <= {"creator", "anchor"}
    assert mapping_notes(report) == []
    assert_true_files(trace, world.root, world.goroot)


def test_paths_of_a_container(world: World, trimmed: Path, tmp_path: Path) -> None:
    """A path map equals the result of the votes, and a useless one does no harm."""
    there = world.base / "__w/shop/shop"
    trace = world.trace(tmp_path / "shop", "__w/shop/shop", *BUILD)
    for path_map in (((str(there), "."),), ((f"{there}/", str(world.root)),)):
        assert places(report_of(trace, world.root, path_map)) == shop.marks(world.root)
        assert places(report_of(trimmed, world.root, path_map)) == shop.marks(world.root)
        assert_true_files(trace, world.root, world.goroot, path_map)


def test_roots_that_are_links(world: World, plain: Path, trimmed: Path) -> None:
    for trace in (plain, trimmed):
        assert places(report_of(trace, world.base / "link")) == shop.marks(world.root)


def test_without_a_vendor_directory(world: World, plain: Path, trimmed: Path, tmp_path: Path) -> None:
    """A dependency's wait is shown where own code calls it, with or without the dependency's code."""
    root = tmp_path / "checkout"
    shutil.copytree(world.root, root, symlinks=True, ignore=shutil.ignore_patterns("vendor"))
    for trace in (plain, trimmed):
        assert places(report_of(trace, root)) == shop.marks(root)
        assert_true_files(trace, root, world.goroot)


def test_one_file_run_trimmed(world: World, tmp_path: Path) -> None:
    """Its path is ./main.go. Two commands have this file, and their declarations distinguish them."""
    trace = world.trace(tmp_path / "trace", "checkout", "run", TRIM, "cmd/shop/main.go", "OUT")
    report = report_of(trace, world.root)
    assert_true_files(trace, world.root, world.goroot)
    # a guess is shown only if no other frame of the stack is mapped
    guessed = {
        (finding.key.rule, finding.location.path, finding.location.line)
        for finding in report.findings
        if finding.location and finding.location.mapped == "guess"
    }
    assert guessed <= shop.marks(world.root)
    assert {rule for rule, _, _ in guessed} == {"GCPauseSpike", "GoroutineLeakGrowth", "LongWait"}


def test_a_stale_checkout_is_noted_and_no_line_is_past_the_end(world: World, plain: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    shutil.copytree(world.root, root, symlinks=True)
    main = root / "cmd/shop/main.go"
    main.write_text("\n".join(main.read_text().split("\n")[:151]))
    for trace in (plain, world.trace(tmp_path / "shop", "__w/shop/shop", *BUILD)):
        report = report_of(trace, root)
        [note] = mapping_notes(report)
        assert re.search(r"past the end of their file: [1-9]\d*, first cmd/shop/main.go:", note)
        assert "the checkout differs from the traced build" in note
        assert all(line <= 151 for _, uri, line in places(report) if uri == "cmd/shop/main.go")


def test_the_suggested_path_map_works(world: World, trimmed: Path, tmp_path: Path) -> None:
    """Without go.mod the path prefix of the build is unknown."""
    root = tmp_path / "checkout"
    shutil.copytree(world.root, root, symlinks=True, ignore=shutil.ignore_patterns("vendor", "go.*", "third_party"))
    (root / ".git").mkdir()
    [note] = mapping_notes(report_of(trimmed, root))
    assert note.startswith("only ")
    option, text = shlex.split(note.partition(", use ")[2])
    start, _, directory = text.partition("=")
    assert option == "--path-map"
    report = report_of(trimmed, root, ((start, directory),))
    assert mapping_notes(report) == []
    assert places(report) >= {place for place in shop.marks(root) if place[1].startswith(("cmd/", "internal/"))}


def test_a_program_outside_the_repository_is_shown_at_go_mod(plain: Path, tmp_path: Path) -> None:
    report = report_of(plain, tmp_path)
    assert [finding.alert_location for finding in report.findings] == [None] * len(report.findings)
    (tmp_path / "go.mod").write_text("module example.org/other\n")
    report = report_of(plain, tmp_path)
    assert {(uri, line) for _, uri, line in places(report)} == {("go.mod", 1)}
    [note] = mapping_notes(report)
    assert "is --root the repository of the traced program?" in note
