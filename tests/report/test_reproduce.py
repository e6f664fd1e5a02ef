"""The commands in the job summary: they work, match the report, and execute no untrusted text."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given

from gotracer_ci import cli
from gotracer_ci.findings import Severity
from gotracer_ci.report import schema
from gotracer_ci.report.links import NO_LINKS, Links
from gotracer_ci.report.model import Report
from gotracer_ci.report.reproduce import accept, commands
from tests.conftest import ROOT
from tests.source.conftest import Go, Write, go, write

from . import factory
from .github_page import COMMIT, LINKS
from .hostile import texts

__all__ = ["go", "write"]

COMPARED = factory.compared_report()
ANALYZE = "gotracer-ci analyze traces/service-1.trace traces/service-2.trace traces/service-3.trace"


def compared_with(name: str) -> Report:
    assert COMPARED.comparison
    return replace(COMPARED, comparison=replace(COMPARED.comparison, baseline=name))


RECORD = [
    "mkdir -p traces",
    "# Add the flags and variables that the workflow sets.",
    *(f"# Run the program so that it writes traces/service-{number}.trace." for number in (1, 2, 3)),
]


def test_the_commands_name_the_run_and_the_findings() -> None:
    report = replace(COMPARED, strict=True, fail_on=Severity.ERROR)
    assert commands(report, LINKS).splitlines()[1:] == [
        "# gh run download 4711 --repo acme/shop --dir run-4711",
        f"git fetch origin {COMMIT}",
        f"git checkout --detach {COMMIT}",
        *RECORD,
        f"{ANALYZE} --baseline .gotracer-ci/baseline.json --strict --fail-on error",
    ]


def test_artifacts_are_downloaded_to_their_own_directory() -> None:
    """An artifact of a fork's run could be named .git and contain hooks."""
    fetch = shlex.split(commands(COMPARED, LINKS).splitlines()[1])
    assert fetch[fetch.index("--dir") + 1] == "run-4711"


def test_the_commands_work_in_a_clone(tmp_path: Path, write: Write, go: Go) -> None:
    """From the recording of a test to its comparison with the main branch's baseline."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    write(
        origin,
        {
            "shop/go.mod": "module example.com/shop\n\ngo 1.21\n",
            "shop/orders/orders_test.go": (
                'package orders\n\nimport (\n\t"testing"\n\t"time"\n)\n\n'
                "func TestOrder(t *testing.T) {\n\tgo func() { select {} }()\n\ttime.Sleep(120 * time.Millisecond)\n}\n"
            ),
        },
    )
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "gotracer-ci").write_text(f'#!/bin/sh\nexec {sys.executable} -m gotracer_ci "$@"\n', encoding="utf-8")
    (tools / "gotracer-ci").chmod(0o755)
    path = os.pathsep.join((str(tools), str(Path(sys.executable).parent), os.environ["PATH"]))
    settings = {"GOENV": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOPROXY": "off", "CGO_ENABLED": "0"}
    # another home has an empty build cache
    settings["GOCACHE"] = go(tmp_path, "env", "GOCACHE").strip()
    environment = {**os.environ, **settings, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}

    def shell(directory: Path, script: str) -> int:
        done = subprocess.run(["sh", "-ec", script], cwd=directory, env=environment, capture_output=True, text=True)
        assert "gotracer-ci: " not in done.stderr, done.stderr
        return done.returncode

    go(origin / "shop", "test", "-count=1", f"-trace={origin}/shop/run.trace", "./orders")
    commit = "git -c user.name=a -c user.email=a@example.com commit -qm x"
    assert shell(origin, f"git init -qb main && git add . && git reset -q shop/run.trace && {commit}") == 0
    record = "gotracer-ci analyze shop/run.trace --root shop --baseline b.json --update-baseline"
    assert shell(origin, f"{record} && git add b.json && {commit} && git clone -q . ../clone") == 0
    compare = "gotracer-ci analyze run.trace --baseline ../b.json --json ../report.json"
    assert shell(origin / "shop", compare) == 0
    report = schema.read((origin / "report.json").read_bytes(), "report.json", {})
    head = (origin / ".git/refs/heads/main").read_text(encoding="utf-8").strip()
    assert report.comparison
    seen = replace(
        report,
        commit=head,
        run="https://github.com/acme/shop/actions/runs/7",
        comparison=replace(report.comparison, baseline="b.json on main"),
    )

    assert seen.folder == "shop"
    assert shell(clone, commands(seen, seen.links)) == 0
    assert (clone / "shop/run.trace").stat().st_size > 0


def test_another_host_is_named() -> None:
    links = Links(run="https://ghe.example/acme/shop/actions/runs/7/attempts/1")
    assert "gh run download 7 --repo ghe.example/acme/shop" in commands(COMPARED, links)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("b.json in the checkout", [f"{ANALYZE} --baseline b.json"]),
        (
            "b c.json on release/1",
            [
                "git fetch origin refs/heads/release/1",
                "git show 'FETCH_HEAD:b c.json' > base-baseline.json",
                f"{ANALYZE} --baseline base-baseline.json",
            ],
        ),
        (
            "b.json on --upload-pack=x",
            [
                "git fetch origin refs/heads/--upload-pack=x",
                "git show FETCH_HEAD:b.json > base-baseline.json",
                f"{ANALYZE} --baseline base-baseline.json",
            ],
        ),
        ("b.json on a:main", [f"{ANALYZE} --baseline 'b.json on a:main'"]),
        ("", [ANALYZE]),
        ("b\n.json", [f"{ANALYZE} --baseline BASELINE"]),
        (f"{'b' * 70_000}.json on main", [f"{ANALYZE} --baseline BASELINE"]),
    ],
)
def test_the_commands_use_the_same_baseline(name: str, lines: list[str]) -> None:
    assert commands(compared_with(name), NO_LINKS).splitlines() == [*RECORD, *lines]


@pytest.mark.parametrize(
    ("name", "folder", "file"),
    [
        ("b.json", "", "b.json"),
        ("b.json in the checkout", "services/shop", "../../b.json"),
        ("b c.json on release/1", "", "'b c.json'"),
        ("/tmp/b.json", "shop", "/tmp/b.json"),
        ("b\n.json", "", "FILE"),
    ],
)
def test_a_regression_is_accepted_with_the_names_of_the_run(name: str, folder: str, file: str) -> None:
    report = replace(compared_with(name), folder=folder)
    flagged = next(finding for finding in report.findings if (found := report.verdict(finding)) and found.flagged)
    assert accept(report, flagged) == f"{ANALYZE} --baseline {file} --accept {flagged.fingerprint} --reason WHY"
    others = [finding for finding in report.findings if not ((found := report.verdict(finding)) and found.flagged)]
    assert {accept(report, finding) for finding in others} == {""}


def test_base_traces_are_named_and_many_traces_by_directory() -> None:
    many = tuple(replace(factory.TRACES[0], path=f"traces/{i}/x.trace") for i in (1, 2) for _ in range(20))
    report = replace(
        factory.plain_report(), traces=many, base_traces=(replace(factory.TRACES[0], path="base/1.trace"),)
    )
    lines = commands(report, NO_LINKS).splitlines()
    assert lines[0] == "mkdir -p traces/1 traces/2"
    assert len(lines) == 13
    assert lines[-1] == "gotracer-ci analyze traces/1 traces/2 --base base/1.trace"


@given(text=texts)
def test_hostile_names_stay_arguments(text: str) -> None:
    report = factory.hostile_report(text)
    assert report.comparison
    *_, last = commands(report, LINKS).splitlines()
    words = shlex.split(last)
    trace = report.traces[0].path
    assert words[:2] == ["gotracer-ci", "analyze"]
    assert words[2] in (trace, f"./{trace}", "TRACES", "traces/1.trace")
    assert words[3] == "--baseline"
    assert words[4] in (report.comparison.baseline, "base-baseline.json", "BASELINE")
    assert len(words) == 5
    assert CliRunner().invoke(cli.cli, ["analyze", "--help", *words[2:]]).exit_code == 0
    for finding in report.findings:
        if command := accept(report, finding):
            accepted = shlex.split(command)
            assert accepted[2] == words[2]
            assert accepted[4] == "FILE" or accepted[4].removeprefix("./") in report.comparison.baseline
            assert accepted[5:] == ["--accept", finding.fingerprint, "--reason", "WHY"]
