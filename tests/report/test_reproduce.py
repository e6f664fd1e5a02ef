"""The commands in a comment: they match the report, and no untrusted text is executed."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given

from gotracer_ci import cli
from gotracer_ci.findings import Severity
from gotracer_ci.report.links import NO_LINKS, Links
from gotracer_ci.report.model import Report
from gotracer_ci.report.reproduce import commands

from . import factory
from .github_page import LINKS
from .hostile import texts

COMPARED = factory.compared_report()
ANALYZE = "gotracer-ci analyze traces/service-1.trace traces/service-2.trace traces/service-3.trace"


def compared_with(name: str) -> Report:
    assert COMPARED.comparison
    return replace(COMPARED, comparison=replace(COMPARED.comparison, baseline=name))


def test_the_commands_name_the_run_and_the_findings() -> None:
    report = replace(COMPARED, strict=True, fail_on=Severity.ERROR)
    assert commands(report, LINKS).splitlines()[1:] == [
        "# gh run download 4711 --repo acme/shop --dir run-4711",
        f"{ANALYZE} --baseline .gotracer-ci/baseline.json --strict --fail-on error",
    ]


def test_artifacts_are_downloaded_to_their_own_directory() -> None:
    """An artifact of a fork's run could be named .git and contain hooks."""
    fetch = shlex.split(commands(COMPARED, LINKS).splitlines()[1])
    assert fetch[fetch.index("--dir") + 1] == "run-4711"


def test_another_host_is_named() -> None:
    links = Links(run="https://ghe.example/acme/shop/actions/runs/7/attempts/1")
    assert "gh run download 7 --repo ghe.example/acme/shop" in commands(COMPARED, links)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("b.json of the checkout", [f"{ANALYZE} --baseline b.json"]),
        (
            "b c.json of release/1",
            [
                "git fetch origin refs/heads/release/1",
                "git show 'FETCH_HEAD:b c.json' > base-baseline.json",
                f"{ANALYZE} --baseline base-baseline.json",
            ],
        ),
        (
            "b.json of --upload-pack=x",
            [
                "git fetch origin refs/heads/--upload-pack=x",
                "git show FETCH_HEAD:b.json > base-baseline.json",
                f"{ANALYZE} --baseline base-baseline.json",
            ],
        ),
        ("b.json of a:main", [f"{ANALYZE} --baseline 'b.json of a:main'"]),
        ("", [ANALYZE]),
        ("b\n.json", [f"{ANALYZE} --baseline BASELINE"]),
        (f"{'b' * 70_000}.json of main", [f"{ANALYZE} --baseline BASELINE"]),
    ],
)
def test_the_commands_use_the_same_baseline(name: str, lines: list[str]) -> None:
    assert commands(compared_with(name), NO_LINKS).splitlines()[1:] == lines


def test_base_traces_are_named_and_many_traces_by_directory() -> None:
    many = tuple(replace(factory.TRACES[0], path=f"traces/{i}/x.trace") for i in (1, 2) for _ in range(20))
    report = replace(
        factory.plain_report(), traces=many, base_traces=(replace(factory.TRACES[0], path="base/1.trace"),)
    )
    assert commands(report, NO_LINKS).splitlines()[1:] == ["gotracer-ci analyze traces/1 traces/2 --base base/1.trace"]


@given(text=texts)
def test_hostile_names_stay_arguments(text: str) -> None:
    report = factory.hostile_report(text)
    assert report.comparison
    *_, last = commands(report, LINKS).splitlines()
    words = shlex.split(last)
    trace = report.traces[0].path
    assert words[:2] == ["gotracer-ci", "analyze"]
    assert words[2] in (trace, f"./{trace}", "TRACES")
    assert words[3] == "--baseline"
    assert words[4] in (report.comparison.baseline, "base-baseline.json", "BASELINE")
    assert len(words) == 5
    assert CliRunner().invoke(cli.cli, ["analyze", "--help", *words[2:]]).exit_code == 0
