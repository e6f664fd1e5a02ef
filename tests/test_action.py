"""The action as the runner starts it, as a process with environment and files, on real traces."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.runner import ROOT, START, TRACES, Runner


@pytest.fixture
def compared(runner: Runner) -> Runner:
    """Return a runner with the baseline of an unchanged program in its workspace."""
    runner.add("service-go1.27.trace")
    assert runner.step(update_baseline="true").exit_code == 0
    return runner


def test_a_first_run_works_and_explains_how_to_create_a_baseline(runner: Runner) -> None:
    runner.add("idle-go1.27.trace")

    step = runner.step()

    assert step.exit_code == 0
    assert step.outputs["conclusion"] == "success"
    assert "update-baseline: true" in "".join(step.annotations("notice"))
    assert "no baseline" in step.summary


def test_without_a_reference_nothing_fails_unless_fail_on_is_set(runner: Runner) -> None:
    runner.add("deadlock-go1.27.trace")

    first = runner.step()
    (runner.workspace / "ci.toml").write_text('fail-on = "warn"\n', encoding="utf-8")
    asked = [runner.step(fail_on="warn"), runner.step(config="ci.toml")]

    assert (first.exit_code, first.outputs["failing"]) == (0, "0")
    assert int(first.outputs["errors"]) > 0
    assert first.annotations("error") == first.annotations("warning") == []
    assert len(first.annotations("notice")) == 1  # how to get a baseline
    assert "nothing to compare with" in first.summary
    assert "no regressions" not in first.summary + first.log
    assert "every finding counts" not in first.summary + first.log
    for step in asked:
        assert (step.exit_code, step.outputs["conclusion"]) == (1, "failure")
        assert step.annotations("error") != []
        assert "every finding counts" in "".join(step.annotations("notice"))


@pytest.mark.parametrize("differs", ["Go", "GOMAXPROCS"])
def test_a_run_in_another_environment_is_not_green(compared: Runner, differs: str) -> None:
    if differs == "Go":
        compared.add("service-lock-go1.23.trace")
        made = "Go 1.26 or later, GOMAXPROCS 2"
    else:
        compared.add("service-again-go1.27.trace")
        baseline = compared.workspace / ".gotracer-ci/baseline.json"
        text = baseline.read_text(encoding="utf-8")
        assert '"gomaxprocs":2' in text
        baseline.write_text(text.replace('"gomaxprocs":2', '"gomaxprocs":8'), encoding="utf-8")
        made = "Go 1.26 or later, GOMAXPROCS 8"

    step = compared.step()

    assert step.exit_code == 0
    assert int(step.outputs["undecided"]) > 0
    (warning,) = step.annotations("warning")
    for text in (step.summary, step.log, warning):
        assert f"could not be compared with the baseline (made with {made})" in text
        assert "no regressions" not in text
    html = (compared.workspace / step.outputs["html-file"]).read_text(encoding="utf-8")
    assert '<span class="verdict undecided">' in html


def test_a_young_baseline_says_how_many_jobs_it_has(compared: Runner) -> None:
    compared.add("service-again-go1.27.trace")
    one = compared.step()
    compared.step(update_baseline="true")
    two = compared.step()

    assert "no regressions" in one.summary
    assert "(1 of 5 jobs)" in one.log
    assert "the baseline has 1 of 5 jobs, so total times can only be suspected" in one.summary
    assert "the baseline has 2 of 5 jobs, so total times can only be suspected" in two.summary


def test_every_output_of_the_action_is_written(runner: Runner) -> None:
    runner.add("idle-go1.27.trace")

    step = runner.step()

    known = set(YAML().load(ROOT / "action.yml")["outputs"])
    have_tests = {"comment-url", "baseline-file", "baseline-changes-file"}
    assert set(step.outputs) == known - have_tests
    for name in ("sarif-file", "html-file", "json-file"):
        assert step.outputs[name].startswith("gotracer-ci/")
        assert (runner.workspace / step.outputs[name]).stat().st_size > 0


def test_an_unchanged_program_is_quiet(compared: Runner) -> None:
    compared.add("service-again-go1.27.trace")

    step = compared.step()

    assert step.exit_code == 0
    assert step.outputs["conclusion"] == "success"
    assert (step.outputs["new"], step.outputs["worse"]) == ("0", "0")
    assert step.annotations("error") == step.annotations("notice") == []


def test_a_leak_fails_the_step_after_everything_is_reported(compared: Runner) -> None:
    compared.add("service-leak-go1.27.trace")

    step = compared.step()

    assert step.exit_code == 1
    assert step.outputs["conclusion"] == "failure"
    assert int(step.outputs["new"]) + int(step.outputs["worse"]) >= 1
    assert any("GoroutineLeak" in line and "startAudit" in line for line in step.annotations("error"))
    assert step.annotations("notice") == []
    assert "startAudit" in step.summary
    assert (compared.workspace / step.outputs["sarif-file"]).exists()


def test_a_suspected_regression_fails_a_strict_step(compared: Runner) -> None:
    for trace in ("service-again-go1.27.trace", "service-go1.27.trace"):
        compared.add(trace)
        assert compared.step(update_baseline="true").exit_code == 0
    compared.add("service-lock-go1.27.trace")

    lenient = compared.step()
    strict = compared.step(strict="true")

    assert lenient.exit_code == 0
    assert int(lenient.outputs["suspected"]) >= 1
    assert lenient.annotations("error") == []
    assert lenient.annotations("warning") == []
    assert any("updateInventory" in line for line in lenient.annotations("notice"))
    assert strict.exit_code == 1
    assert any("updateInventory" in line for line in strict.annotations("error"))


def test_a_suspicion_that_a_later_step_clears_leaves_no_notice(compared: Runner, tmp_path: Path) -> None:
    post = "import sys; from gotracer_ci.action.main import post; sys.exit(post())"
    compared.variables |= {"RUNNER_TEMP": str(tmp_path), "GOTRACER_CI_POST": "true"}
    compared.add("service-lock-go1.27.trace")
    first = compared.step()
    left = compared.step(post)
    again = compared.step()
    compared.add("service-again-go1.27.trace")
    compared.step()
    cleared = compared.step(post)

    assert int(first.outputs["suspected"]) >= 1
    assert first.annotations("notice") == again.annotations("notice") == []
    assert any("updateInventory" in line for line in left.annotations("notice"))
    assert cleared.log == ""


def test_a_suspicion_is_confirmed_by_traces_of_the_base(compared: Runner) -> None:
    """With the two steps in docs/confirm.md."""
    compared.add("service-lock-go1.27.trace", "traces/1.trace")
    first = compared.step(traces="traces/")
    assert (first.exit_code, first.outputs["suspected"]) == (0, "1")

    for number in (2, 3):
        compared.add("service-lock-go1.27.trace", f"traces/{number}.trace", number)
    for number, name in enumerate(("service-go1.27.trace", "service-again-go1.27.trace"), 1):
        compared.add(name, f"base/{number}.trace")
    second = compared.step(
        traces="traces/", base_traces="base/1.trace\n/home/runner/work/programs/programs/base/2.trace"
    )

    assert (second.exit_code, second.outputs["new"], second.outputs["suspected"]) == (1, "1", "0")
    assert any(
        "updateInventory" in line and "in the base traces of this job" in line for line in second.annotations("error")
    )


def test_base_traces_can_replace_the_baseline(runner: Runner) -> None:
    runner.add("service-leak-go1.27.trace")
    runner.add("service-go1.27.trace", "base/1.trace")

    step = runner.step(base_traces="base/")

    assert (step.exit_code, step.outputs["new"]) == (1, "1")
    assert step.annotations("notice") == []
    assert "base: base/1.trace" in step.summary


def test_annotations_and_summary_can_be_turned_off(compared: Runner) -> None:
    compared.add("service-leak-go1.27.trace")

    step = compared.step(annotations="false", job_summary="false")

    assert step.exit_code == 1
    assert step.annotations("error") == []
    assert step.summary == ""


@pytest.mark.parametrize("root", ["", "services/shop"])
def test_annotations_name_the_repositorys_files(runner: Runner, root: str) -> None:
    # a second copy: only the runner's paths in the trace show which one was built
    for directory in ("", "services/shop"):
        for name in ("go.mod", "lockcontention/main.go"):
            (runner.workspace / directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "testdata/programs" / name, runner.workspace / directory / name)
    (runner.workspace / "ci.toml").write_text(f'root = "{root}"\n', encoding="utf-8")
    runner.add("lockcontention-runner-go1.27.trace")

    step = runner.step(traces="/home/runner/work/programs/programs/*.trace", fail_on="never", config="ci.toml")

    lines = step.annotations("warning") + step.annotations("notice")
    assert step.exit_code == 0
    assert any(f"file={root and root + '/'}lockcontention/main.go,line=" in line for line in lines)


def test_only_findings_that_fail_the_step_are_errors(runner: Runner) -> None:
    runner.add("leak-go1.27.trace")

    failing = runner.step(fail_on="warn")
    passing = runner.step(fail_on="error")

    assert failing.exit_code == 1
    assert failing.annotations("error") != []
    assert passing.exit_code == 0
    assert passing.annotations("error") == []
    assert passing.annotations("warning") != []


def test_the_configuration_file_applies_without_an_input(runner: Runner) -> None:
    runner.add("deadlock-go1.27.trace")
    (runner.workspace / "ci.toml").write_text('fail-on = "never"\n[outputs]\njson = "out/f.json"\n', encoding="utf-8")

    assert runner.step(fail_on="warn").exit_code == 1
    lenient = runner.step(config="ci.toml")
    assert lenient.exit_code == 0
    assert lenient.outputs["json-file"] == "out/f.json"
    assert runner.step(config="ci.toml", fail_on="info").exit_code == 1


def test_reports_are_written_to_the_paths_in_the_inputs(runner: Runner) -> None:
    runner.add("idle-go1.27.trace")

    step = runner.step(sarif="a/x.sarif", html="a/x.html", json="x.json", markdown="a/b/x.md")

    assert step.outputs["sarif-file"] == "a/x.sarif"
    for name in ("a/x.sarif", "a/x.html", "x.json", "a/b/x.md"):
        assert (runner.workspace / name).exists()


def test_a_truncated_trace_is_reported_up_to_the_damage_and_fails(runner: Runner) -> None:
    trace = (TRACES / "tour-go1.27.trace").read_bytes()
    (runner.workspace / "cut.trace").write_bytes(trace[: len(trace) * 9 // 10])

    step = runner.step(fail_on="never")

    assert step.exit_code == 2
    assert step.outputs["conclusion"] == "error"
    assert "cut.trace" in "".join(step.annotations("error"))
    assert (runner.workspace / step.outputs["html-file"]).exists()


def test_an_invalid_baseline_is_an_error(runner: Runner) -> None:
    runner.add("idle-go1.27.trace")
    (runner.workspace / "b.json").write_text("{", encoding="utf-8")

    step = runner.step(baseline="b.json")

    assert step.exit_code == 3
    assert step.outputs["conclusion"] == "error"
    assert "b.json" in "".join(step.annotations("error"))
    assert "**The run fails: it could not be compared with the baseline" in step.summary


def test_an_empty_trace_file_is_reported(runner: Runner) -> None:
    runner.add("idle-go1.27.trace", "traces/1.trace")
    (runner.workspace / "traces/2.trace").write_bytes(b"")
    (runner.workspace / "traces/empty.log").write_bytes(b"")

    step = runner.step(traces="traces")

    assert step.exit_code == 2
    assert "traces/2.trace: the file is empty" in "".join(step.annotations("error"))
    assert "empty.log" not in step.log


def test_a_confirmed_regression_below_fail_on_is_a_warning(compared: Runner) -> None:
    """Below every threshold, a regression is still a warning."""
    (compared.workspace / "ci.toml").write_text(
        "[thresholds]\nGoroutineLeakGrowth.warn = 1000\nGoroutineLeakGrowth.error = 5000\n"
        "GoroutineLeakGrowth.floor = 1000\n",
        encoding="utf-8",
    )
    compared.add("service-leak-go1.27.trace")

    step = compared.step(config="ci.toml", fail_on="error")

    assert step.exit_code == 0
    assert any("GoroutineLeak" in line for line in step.annotations("warning"))


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"strict": "yes"}, "strict"),
        ({"fail_on": "sometimes"}, "fail-on"),
        ({"top": "-1"}, "top"),
        ({"traces": ""}, "traces"),
        ({"traces": "no-such.trace"}, "no-such.trace"),
        ({"config": "no-such.toml"}, "no-such.toml"),
        ({"path_map": "nothing"}, "path-map"),
        ({"github_token": "two words"}, "github-token"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_invalid_input_is_named(runner: Runner, inputs: dict[str, str], named: str) -> None:
    runner.add("idle-go1.27.trace")

    step = runner.step(**inputs)

    assert step.exit_code == 2
    assert step.outputs["conclusion"] == "error"
    assert named in step.annotations("error")[0]
    assert "Traceback" not in step.log


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"])
def test_a_missing_runner_directory_is_named(runner: Runner, variable: str) -> None:
    runner.add("idle-go1.27.trace")
    runner.variables[variable] = "/no/such/place"

    step = runner.step()

    assert step.exit_code == 2
    assert "/no/such/place" in step.annotations("error")[0]
    assert "Traceback" not in step.log


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (os.mkfifo, "is a named pipe, not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a regular file"),
        (lambda path: path.write_text("[" * 100_000), "not valid JSON"),
        (lambda path: path.write_text('{"number": ' + "1" * 5_000 + "}"), "not valid JSON: it has a number"),
    ],
)
def test_an_unreadable_event_is_one_line(runner: Runner, make: Callable[[Path], object], problem: str) -> None:
    runner.add("idle-go1.27.trace")
    runner.event.unlink()
    make(runner.event)

    step = runner.step()

    assert (step.exit_code, step.outputs) == (2, {"conclusion": "error"})
    (error,) = step.annotations("error")
    assert f"GITHUB_EVENT_PATH: {runner.event}: {problem}" in error
    assert "Traceback" not in step.log


def test_file_names_do_not_form_commands(runner: Runner) -> None:
    trace = (TRACES / "deadlock-go1.27.trace").read_bytes()
    for name in ("##[error]x.trace", "::error::x.trace", "a\n::error::y.trace", "%0A::error::z.trace"):
        (runner.workspace / name).write_bytes(trace[:-20])

    step = runner.step()

    assert step.exit_code == 2
    assert "##[" not in step.log
    commands = re.findall(r"^[^\S\n]*::.*", step.log, re.MULTILINE)
    assert commands
    for command in commands:
        assert re.match(r"::(group::gotracer-ci$|endgroup::$|(error|warning|notice) .*title=[\w:%, -]+::)", command)


def test_a_crash_has_its_own_exit_code_and_escapes_its_output(runner: Runner) -> None:
    broken = (
        "from gotracer_ci import pipeline\ndef run(*_, **__): raise RuntimeError('\\n::error::x')\npipeline.run = run\n"
    )

    step = runner.step(broken + START)

    assert step.exit_code == 70
    assert step.outputs == {"conclusion": "error"}
    assert "RuntimeError" in step.log
    assert len(step.annotations("error")) == 1
