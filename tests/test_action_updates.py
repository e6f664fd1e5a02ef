"""The action updates a baseline: the file, and what it says about the update. On real traces."""

from __future__ import annotations

from tests.runner import COMMIT, Runner


def test_a_baseline_is_created_at_the_default_path(runner: Runner) -> None:
    runner.add("service-go1.27.trace")

    step = runner.step(update_baseline="true")

    assert step.exit_code == 0
    assert step.outputs["baseline-file"] == ".gotracer-ci/baseline.json"
    text = (runner.workspace / ".gotracer-ci/baseline.json").read_text(encoding="utf-8")
    assert "1-1" in text
    assert COMMIT[:7] in text
    assert "commit it" in step.summary


def test_an_update_that_raises_a_value_warns_and_describes_it_for_the_pull_request(runner: Runner) -> None:
    """The nightly job after a leak was merged: it accepts it, but not in silence."""
    runner.add("service-go1.27.trace")
    assert runner.step(update_baseline="true").exit_code == 0
    runner.add("service-leak-go1.27.trace")

    step = runner.step(update_baseline="true")

    assert (step.exit_code, step.outputs["conclusion"]) == (0, "success")
    assert step.outputs["new"] == "1"
    (warning,) = [line for line in step.annotations("warning") if "Review the baseline" in line]
    assert "raises 1 value above the old limits" in warning
    text = (runner.workspace / step.outputs["baseline-changes-file"]).read_text(encoding="utf-8")
    assert "**Review this before you merge.** 1 value above the old limits" in text
    assert "startAudit" in text
    assert "- `example.com/programs/service`: 2 jobs (1 new); " in text
    assert "| GoroutineLeak goroutines left at `main.(*service).startAudit` | " in text.partition("| New | Limit |")[2]
    assert "/actions/runs/2" in text

    again = runner.step()

    assert again.exit_code == 0  # accepted


def test_a_baseline_that_could_not_be_updated_is_not_an_output(runner: Runner) -> None:
    runner.add("idle-go1.27.trace")
    (runner.workspace / "b.json").write_text("{", encoding="utf-8")

    step = runner.step(baseline="b.json", update_baseline="true")

    assert step.exit_code == 3
    assert "baseline-file" not in step.outputs
