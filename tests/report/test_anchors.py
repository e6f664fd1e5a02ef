"""Anchors: a finding without a location has a stand-in for systems that need one. People see the trace's own place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.action.annotations import beside_code
from gotracer_ci.findings import Key, Location
from gotracer_ci.report import comment
from gotracer_ci.report.formats import render
from gotracer_ci.report.links import NO_LINKS
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings
from tests.conftest import path_of
from tests.report import factory

ANCHOR = Location("cmd/unrelated/main.go", 7, "main.main", "anchor")
CREATOR = Location("store/cache.go", 41, factory.STORE.function, "creator")
SERVE = "net/http.(*conn).serve (/usr/local/go/src/net/http/server.go:2092)"
LIBRARY = tuple(frame for frame in factory.STACK if frame.owner == "std")
IN_LIBRARY = replace(
    factory.finding(), key=Key("MutexContention", "sync.(*Mutex).Lock", "~net/http.(*conn).serve"), stack=LIBRARY
)
FOR_PEOPLE = ("human", "markdown", "html")


def report_with(anchor: Location) -> Report:
    return replace(factory.plain_report(), findings=(replace(IN_LIBRARY, location=None, anchor=anchor),))


def texts(report: Report) -> list[str]:
    return [*(render(name, report) for name in FOR_PEOPLE), comment.render(report, NO_LINKS, 60_000)]


def test_people_see_the_place_in_the_trace_and_never_the_anchor() -> None:
    for text in texts(report_with(ANCHOR)):
        assert "unrelated" not in text
        assert SERVE in text


def test_a_finding_of_the_whole_program_has_no_place_for_people() -> None:
    pause = replace(factory.PAUSE, stack=LIBRARY, anchor=ANCHOR)
    human, *others = texts(replace(factory.plain_report(), findings=(pause,), fail_on=pause.severity))
    assert "at " not in human.splitlines()[2]
    assert all("whole program" in text and "unrelated" not in text for text in others)


def test_people_see_who_created_the_goroutine() -> None:
    for text in texts(report_with(CREATOR)):
        assert f"{SERVE}, created by {CREATOR.function} (store/cache.go:41)" in text


@pytest.mark.parametrize("folder", ["", "services/shop"])
def test_alerts_are_at_the_anchor(folder: str) -> None:
    report = replace(report_with(ANCHOR), folder=folder)
    path = f"{folder}/{ANCHOR.path}".lstrip("/")
    (result,) = json.loads(render("sarif", report))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == path
    (entry,) = json.loads(render("gitlab", report))
    assert entry["location"] == {"path": path, "lines": {"begin": 7}}
    (annotation,) = beside_code(report)
    assert (annotation.file, annotation.line) == (path, 7)


@pytest.mark.parametrize("name", ["lockwait-go1.27", "heapgrowth-go1.26", "leak-go1.27"])
def test_nothing_is_taken_from_a_directory_that_is_no_repository(name: str, tmp_path: Path) -> None:
    """Other people's modules lie below the working directory, one of them with the program's own name."""
    for directory in ("a", "b/c"):
        (tmp_path / directory).mkdir(parents=True)
        (tmp_path / directory / "go.mod").write_text("module example.com/programs\n")
        (tmp_path / directory / "main.go").write_text("package main\n" * 100)
    report = pipeline.run(Settings(traces=(path_of(name),), root=tmp_path)).report
    assert report.findings
    assert [finding.alert_location for finding in report.findings] == [None] * len(report.findings)
    assert any(note.startswith("no repository (no .git or go.mod in --root or above it)") for note in report.notes)
    assert not any("go.mod:1" in render(format_name, report) for format_name in FOR_PEOPLE)
