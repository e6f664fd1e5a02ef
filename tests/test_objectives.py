"""Objectives in the configuration file, in real processes: every format, baselines, the action, and bad tables."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.rules.objectives import LIMITS, SUBJECTS, Objective
from gotracer_ci.settings import CONFIG_FILE, load
from tests.conftest import PROGRAMS, ROOT, Run, complaints, path_of
from tests.runner import Runner
from tests.test_docs import OBJECTIVES, blocks, rows, section

TRACE = path_of("annotations-go1.26")
MISSED = '[[objective]]\ntask = "request"\np50 = "5ms"\n'
MET = '[[objective]]\ntask = "request"\np50 = "5s"\n'
MESSAGE = "task request missed its objective: p50 8.66 ms > 5 ms; 5 times, 43.5 ms in total"
SEVERE = '[[objective]]\ntask = "request"\np50 = "5ms"\nseverity = "warn"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / CONFIG_FILE).parent.mkdir()
    (tmp_path / CONFIG_FILE).write_text(MISSED, encoding="utf-8")
    return tmp_path / CONFIG_FILE


AS_CONFIGURED = ("--root", PROGRAMS, "--config", CONFIG_FILE)


def report(run: Run, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    done = run("analyze", TRACE, *AS_CONFIGURED, *arguments, "-f", "json")
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def test_an_objective_is_read_as_written(config: Path) -> None:
    config.write_text(
        '[[objective]]\nwait = "chan receive"\nbelow = "example.com/x/..."\nmax = "50ms"\np50 = "1.5ms"\n'
        'min_count = 20\nseverity = "info"\n[[objective]]\ntest = "Test*"\np99 = "2m"\n',
        encoding="utf-8",
    )
    assert load({}, config).objective == (
        Objective(
            1, "wait", "chan receive", "example.com/x/...", (("p50", 1_500_000), ("max", 50_000_000)), 20, Severity.INFO
        ),
        Objective(2, "test", "Test*", "", (("p99", 120_000_000_000),), 1, Severity.ERROR),
    )


@pytest.mark.parametrize(
    ("below", "package", "is_covered"),
    [
        ("example.com/x", "example.com/x", True),
        ("example.com/x", "example.com/x/y", False),
        ("example.com/x/...", "example.com/x", True),
        ("example.com/x/...", "example.com/x/y", True),
        ("example.com/x/...", "example.com/xy", False),
        ("example.com/x...", "example.com/xy/z", True),
        (".../store", "example.com/store", True),
        ("...", "any", True),
        ("example.com/.*", "example.com/x", False),
        ("", "any", True),
    ],
)
def test_a_package_is_below_as_go_matches_it(below: str, package: str, is_covered: bool) -> None:
    assert Objective(1, "wait", "x", below, (), 1, Severity.ERROR).covers(package) is is_covered


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('task = "x"\np98 = "1ms"', "p98: no such key; did you mean p99?"),
        ('task = "x"\nmin-count = 2\np99 = "1ms"', "min-count: no such key; did you mean min_count?"),
        (
            'task = "x"\nquantile = 2',
            "quantile: no such key; there are task, region, test, wait, below, p50, p90, ",
        ),
        ('task = "x"\nregion = "y"\nmax = "1s"', "has both task and region; write an objective for each"),
        ('max = "1s"', "names nothing to judge; add one of task, region, test, wait, for example task = "),
        ('task = "x"', 'has no limit; write for example p99 = "200ms"; there are p50, p90, p95, p99, max'),
        ('task = "x"\nmax = "soon"', 'max = "soon": not a duration; write for example p99 = "200ms"'),
        ('task = "x"\nmax = "-1s"', 'max = "-1s": not a duration'),
        ('task = "x"\nmax = 200', "max = 200: not a duration"),
        ('task = "x"\np50 = "2s"\nmax = "1s"', 'p50 = "2s" is above max = "1s"; exchange them'),
        ('task = ""\nmax = "1s"', "task = : not a name"),
        ('task = 7\nmax = "1s"', "task = 7: not a name"),
        ('task = "x"\nbelow = "y"\nmax = "1s"', "below: only for a wait, not for a task; remove it"),
        ('task = "x"\nmax = "1s"\nmin_count = 0', "min_count = 0: not a number from 1 on"),
        ('task = "x"\nmax = "1s"\nmin_count = true', "min_count = True: not a number from 1 on"),
        (
            'task = "x"\nmax = "1s"\nseverity = "none"',
            'severity = "none": no such severity; there are info, warn, error',
        ),
    ],
)
def test_a_bad_objective_is_one_line(run: Run, config: Path, text: str, problem: str) -> None:
    config.write_text(f"{MET}[[objective]]\n{text}\n", encoding="utf-8")
    done = run("analyze", TRACE)
    assert done.returncode == 2
    (line,) = complaints(done)
    assert line.startswith(f"{CONFIG_FILE}: objective 2: {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[objective]\ntask = "x"\n', "objective: there can be several; write [[objective]], not [objective]"),
        ("objective = [1]\n", "objective 1: not a table; write [[objective]] and its keys below it"),
        ('objective = "x"\n', "objective: Input should be a valid tuple"),
    ],
)
def test_objectives_are_tables(config: Path, text: str, problem: str) -> None:
    config.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load({}, config)
    assert problem in str(caught.value)


def test_an_objective_fails_without_a_baseline(run: Run, config: Path) -> None:
    code, found = report(run, "--rule", "Objective")
    (finding,) = found["findings"]
    assert (code, found["conclusion"], found["summary"]["missed"], found["summary"]["failing"]) == (1, "failure", 1, 1)
    assert (finding["message"], finding["severity"], finding["absolute"]) == (MESSAGE, "error", True)
    assert finding["command"].endswith("annotations-go1.26.trace --each")
    assert found["rules"][0]["thresholds"] == [{"name": "task request p50", "value": 5_000_000, "unit": "ns"}]

    config.write_text(MET, encoding="utf-8")
    code, found = report(run, "--rule", "Objective")
    assert (code, found["findings"]) == (0, [])


def test_the_severity_decides_with_fail_on(run: Run, config: Path) -> None:
    config.write_text(SEVERE, encoding="utf-8")
    assert report(run, "--rule", "Objective", "--fail-on", "error")[0] == 0
    assert report(run, "--rule", "Objective", "--fail-on", "warn")[0] == 1
    assert report(run, "--rule", "Objective", "--fail-on", "never")[0] == 0


def test_skip_turns_objectives_off(run: Run, config: Path) -> None:
    code, found = report(run, "--skip", "Objective")
    assert (code, found["findings"]) == (0, [])
    done = run("analyze", TRACE, "--set", "Objective.warn=1ms")
    assert complaints(done) == [
        "Objective.warn: Objective has no threshold 'warn': set [[objective]] in the configuration file"
    ]


def test_a_baseline_does_not_excuse_an_objective(run: Run, config: Path) -> None:
    """It is missed in the baseline's job too, and still fails. An update stores nothing of it, and does not fail."""
    update = run("analyze", TRACE, *AS_CONFIGURED, "--baseline", "b.json", "--update-baseline")
    assert update.returncode == 0
    assert b"MISSED" in update.stdout
    assert "Objective" not in Path(config.parents[1] / "b.json").read_text(encoding="utf-8")

    code, found = report(run, "--baseline", "b.json")
    assert (code, found["conclusion"], found["summary"]["failing"]) == (1, "failure", 1)
    first = found["findings"][0]
    assert (first["key"]["rule"], first["verdict"]) == ("Objective", None)

    human = run("analyze", TRACE, *AS_CONFIGURED, "--baseline", "b.json", "--markdown", "s.md", "--html", "r.html")
    assert f"ERROR     MISSED   Objective  0.000094 s  [5×] {MESSAGE}" in human.stdout.decode()
    assert "1 misses an objective, no regressions. The run fails." in human.stdout.decode()
    summary = Path(config.parents[1] / "s.md").read_text(encoding="utf-8")
    assert summary.startswith("## gotracer-ci: task request missed its objective: p50 8.66 ms \\> 5 ms\n")
    assert "🔴 missed: Objective\\\n`main.handle`\\\n`annotations/main.go:22`\\\n" in summary
    assert 'data-verdict="missed"' in Path(config.parents[1] / "r.html").read_text(encoding="utf-8")


def test_objectives_do_not_disturb_the_baseline(run: Run, config: Path) -> None:
    """The file is the same with and without them."""
    options = ("--root", PROGRAMS, "--update-baseline", "--run-id", "1")
    assert run("analyze", TRACE, *options, "--config", CONFIG_FILE, "--baseline", "with.json").returncode == 0
    assert run("analyze", TRACE, *options, "--baseline", "without.json").returncode == 0
    files = [config.parents[1] / name for name in ("with.json", "without.json")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_program_that_the_baseline_does_not_know_must_meet_its_objectives(run: Run, config: Path) -> None:
    other = path_of("service-go1.27")
    assert run("analyze", other, "--root", PROGRAMS, "--baseline", "b.json", "--update-baseline").returncode == 0
    code, found = report(run, "--baseline", "b.json")
    assert (code, [f["key"]["rule"] for f in found["findings"] if f["verdict"] is None]) == (1, ["Objective"])


def test_the_formats_of_other_systems_have_it(run: Run, config: Path) -> None:
    names = {name: f"report.{name}" for name in ("sarif", "junit", "gitlab", "ndjson")}
    options = [part for name, file in names.items() for part in (f"--{name}", file)]
    run("analyze", TRACE, *AS_CONFIGURED, "--baseline", "b.json", "--update-baseline")
    done = run("analyze", TRACE, *AS_CONFIGURED, "--baseline", "b.json", *options)
    assert done.returncode == 1
    text = {name: (config.parents[1] / file).read_text(encoding="utf-8") for name, file in names.items()}

    (log,) = json.loads(text["sarif"])["runs"]
    rules = {rule["id"]: rule for rule in log["tool"]["driver"]["rules"]}
    assert [(result["ruleId"], result["level"]) for result in log["results"]] == [("Objective", "error")]
    assert MESSAGE in log["results"][0]["message"]["text"]
    assert rules["Objective"]["defaultConfiguration"]["level"] == "error"
    assert "[[objective]]" in rules["Objective"]["help"]["text"]
    suite = ElementTree.fromstring(text["junit"]).find("testsuite[@name='Objective']")
    assert suite is not None
    assert suite.get("failures") == "1"
    (alert,) = json.loads(text["gitlab"])
    assert (alert["check_name"], alert["severity"]) == ("Objective", "major")
    assert [json.loads(line)["rule"] for line in text["ndjson"].splitlines()] == ["Objective"]


def test_rules_lists_the_objectives(run: Run, config: Path) -> None:
    assert "\n  task request p50 5 ms\n" in run("rules").stdout.decode()
    assert "\n  task request p50 5 ms\n" in run("rules", "Objective").stdout.decode()
    config.unlink()
    assert "\n  no objectives are set\n" in run("rules").stdout.decode()


def test_the_action_fails_for_an_objective_without_a_baseline(runner: Runner) -> None:
    """Other findings are shown and do not fail."""
    runner.add("annotations-go1.26.trace")
    (runner.workspace / "ci.toml").write_text(MISSED, encoding="utf-8")

    step = runner.step(config="ci.toml")

    assert (step.exit_code, step.outputs["conclusion"], step.outputs["missed"]) == (1, "failure", "1")
    assert step.outputs["failing"] == "1"
    (error,) = step.annotations("error")
    assert MESSAGE in error
    assert "1 misses an objective, nothing to compare with" in step.summary
    assert "The run fails." in step.summary

    runner.add("deadlock-go1.27.trace", "second.trace")
    again = runner.step(config="ci.toml")
    assert (again.outputs["failing"], len(again.annotations("error"))) == ("1", 1)
    assert int(again.outputs["errors"]) > 1


def test_the_page_has_the_example_as_it_is_and_names_all_keys() -> None:
    (block,) = blocks(OBJECTIVES, "toml")
    assert block == (ROOT / "testdata/objectives.toml").read_text(encoding="utf-8")
    first = ", ".join(row[0] for row in rows(section(OBJECTIVES, "Keys")))
    assert set(re.findall(r"`(\w+)`", first)) == {*SUBJECTS, *LIMITS, "below", "min_count", "severity"}
