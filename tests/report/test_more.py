"""A finding names the groups of its goroutines and the command that shows more, which works as printed."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gotracer_ci.cli import cli
from gotracer_ci.findings import Finding, More
from gotracer_ci.report.formats import render
from gotracer_ci.report.links import NO_LINKS
from gotracer_ci.report.model import Report
from gotracer_ci.report.reproduce import more
from gotracer_ci.report.sections import detail
from tests.conftest import NAMES, PROGRAMS, Run, findings, path_of

from . import factory
from .hostile import NASTY


def report_of(trace: str, found: Sequence[Finding]) -> Report:
    summary = replace(factory.TRACES[0], path=trace)
    return replace(factory.plain_report(), traces=(summary,), findings=tuple(found))


def shown(command: str) -> Result:
    program, *words = shlex.split(command)
    assert program == "gotracer-ci"
    return CliRunner().invoke(cli, [*words, "--root", str(PROGRAMS), "-f", "json"], standalone_mode=False)


@pytest.mark.parametrize("name", NAMES)
def test_each_command_shows_what_its_finding_is_about(name: str) -> None:
    report = report_of(path_of(name), [replace(found, trace=0) for found in findings(name)])
    for finding in report.findings:
        command = more(report, finding)
        if finding.goroutine <= 0 and finding.more is More.GOROUTINE:
            assert command == ""
            continue
        done = shown(command)
        assert done.exception is None
        rows = json.loads(done.output)["rows"]
        assert rows
        if finding.more is More.GOROUTINE:
            worst = finding.occurrences[0]
            assert rows[0]["start_ns"] <= worst.start_ns
            assert rows[-1]["start_ns"] + rows[-1]["length_ns"] >= worst.start_ns + worst.duration_ns
        elif finding.more is More.CREATED:
            assert any(row["alive"] >= finding.statistics.total for row in rows)
        elif finding.more is More.STOPS:
            assert rows[0]["length_ns"] >= finding.statistics.maximum
        elif finding.more is More.STUCK:
            assert len(rows) >= finding.statistics.total


@pytest.mark.parametrize("name", NAMES[::2])
def test_groups_are_those_of_the_goroutine_table(name: str) -> None:
    expected: dict[int, str] = {}
    for finding in findings(name):
        if finding.more not in (More.GOROUTINE, More.STOPS) or finding.goroutine <= 0:
            continue
        assert finding.groups
        if not expected:
            lives = json.loads(shown(f"gotracer-ci goroutines {shlex.quote(path_of(name))} --each --system").output)
            expected = {row["goroutine"]: row["group"] for row in lives["rows"]}
        assert finding.groups[0] == expected[finding.goroutine]


@pytest.mark.parametrize("name", ["a b.trace", "it's.trace", "$(id).trace", "-f.trace", "ä;x|y`z.trace", "#.trace"])
def test_a_command_survives_any_name(name: str, run: Run, tmp_path: Path) -> None:
    shutil.copy(path_of("deadlock-go1.27"), tmp_path / name)
    done = run("analyze", "--json", "report.json", "--", name)
    command = json.loads((tmp_path / "report.json").read_bytes())["findings"][0]["command"]
    assert f"more: {command}" in done.stdout.decode()
    program, *words = shlex.split(command)
    again = run(*words)
    assert (program, again.returncode) == ("gotracer-ci", 0)
    assert b"sync" in again.stdout


def test_there_is_no_command_without_a_file(run: Run) -> None:
    done = run("analyze", "-", "-f", "json", stdin=Path(path_of("deadlock-go1.27")).read_bytes())
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["command"], finding["groups"]) == ("", ["main.(*account).deposit"])


@pytest.mark.parametrize("name", NASTY)
def test_hostile_names_end_neither_the_command_nor_the_document(name: str) -> None:
    (finding,) = findings("deadlock-go1.27")[:1]
    report = report_of(name, [replace(finding, groups=(name,) * 5, trace=0)])
    command = more(report, report.findings[0])
    if command:
        assert shlex.split(command)[2] in (name, f"./{name}")
    text = detail(report, report.findings[0], NO_LINKS)
    assert text.count("</details>") == 1 + name.count("</details>") * ("</details>" in command)
    for form in ("html", "markdown", "human"):
        assert render(form, report)
