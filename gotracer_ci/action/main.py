"""Run one step: environment → settings → pipeline → outputs, summary, annotations, comment → exit code."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gotracer_ci import pipeline
from gotracer_ci.action import pending, second_stage, setup
from gotracer_ci.action.annotations import beside_code, of_run
from gotracer_ci.action.publish import publish
from gotracer_ci.action.upload import why_not_uploaded
from gotracer_ci.errors import EXIT_CLEAN, EXIT_CRASHED, EXIT_FLAGGED, BaselineError, GotracerError, UsageError
from gotracer_ci.files import write
from gotracer_ci.github.client import Client
from gotracer_ci.github.commands import Annotation, annotate, append_summary, log, remark, summary_room, write_output
from gotracer_ci.github.environment import RunnerEnvironment, from_environ, pending_of
from gotracer_ci.github.ownership import hand_over
from gotracer_ci.merging import join
from gotracer_ci.report import changes, view
from gotracer_ci.report.formats import markdown, render
from gotracer_ci.report.model import Report

_CONCLUSIONS = {EXIT_CLEAN: "success", EXIT_FLAGGED: "failure"}


def main(*, dry_run: bool = False) -> int:
    """Run the step and return its exit code. dry_run: like the action's input."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names in a trace may be invalid UTF-8, and the log must keep the order of our lines and the runner's.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    try:
        environment = from_environ(os.environ)
        if dry_run:
            environment = replace(environment, dry_run=True)
        setup.enter(environment)
        client = setup.client_of(environment)
        if environment.traces or environment.findings:
            return _run(environment, client)
        if environment.event.name == "workflow_run":
            return _comment_for_another_run(environment, client)
        raise UsageError("traces: this input is required: files, directories or globs, one per line; or set findings")
    except GotracerError as error:
        return _refused(str(error), error.exit_code)
    except Exception:
        # The traceback may quote a trace.
        log(traceback.format_exc(), sys.stdout)
        return _refused("internal error: please report it with the lines above", EXIT_CRASHED)


def post() -> int:
    """Print the notices that no later step of the job has cleared. Only the first step to end finds any."""
    for line in pending.take(pending_of(os.environ)):
        print(line)
    return EXIT_CLEAN


def _run(environment: RunnerEnvironment, client: Client | None) -> int:
    # a problem with them must not cost a request to GitHub
    shards = setup.shards(environment) if environment.findings else None
    with tempfile.TemporaryDirectory() as directory:
        has_base = any(shard.base for shard in shards or ())
        settings, remarks = setup.complete(environment, client, Path(directory), has_base=has_base)
        as_action = pipeline.Published(
            only_regressions=True, all_alerts=environment.sarif_results == "all", run=environment.run_url
        )
        if shards is None:
            outcome = pipeline.run(settings, inside=environment.workspace, published=as_action)
        else:
            outcome = join.run(settings, shards, environment.workspace, as_action)
    report, root = outcome.report, setup.absolute(outcome.root)
    files = {f"{name}-file": setup.absolute(path) for name, path in outcome.written.items()}
    # After a baseline error the file is unchanged.
    is_updated = settings.update_baseline and not any(isinstance(error, BaselineError) for error in outcome.errors)
    if is_updated and settings.baseline and settings.baseline.exists():
        files["baseline-file"] = setup.absolute(settings.baseline)
        text = changes.render(report)
        write(setup.BASELINE_CHANGES, text.encode(), environment.workspace)
        files["baseline-changes-file"] = setup.absolute(setup.BASELINE_CHANGES)
    hand_over(files.values(), environment.workspace)

    _show(report)
    if environment.summary and environment.job_summary:
        append_summary(environment.summary, markdown.render(report, summary_room(environment.summary), report.links))
    _write_outputs(environment, _outputs(report, outcome.exit_code))
    named = {f"{name}-file" for name in setup.DEFAULT_REPORTS} | {"baseline-file", "baseline-changes-file"}
    _write_outputs(environment, {name: environment.on_host(files[name]) for name in sorted(named & files.keys())})

    kept_back = why_not_uploaded(report, outcome.errors, is_update=settings.update_baseline)
    _write_outputs(environment, {"uploadable": "false" if kept_back else "true"})
    published = publish(report, kept_back, environment, client, root)
    _log_published(environment, published.log, published.comment_url)
    annotations = [remark("error", str(error)) for error in (*outcome.errors, *published.errors)]
    annotations += [*of_run(report), *remarks, *published.annotations]
    if report.is_update and (why := view.reason(report)):
        annotations.append(remark("warning", f"Review the baseline before you merge it: {why}."))
    if environment.annotations:
        annotations += _beside_code(report, environment)
    if left_out := annotate(annotations, sys.stdout):
        print(f"{left_out} more annotations are only in the reports: GitHub shows ten of each level.")
    # A regression matters more than a failure to publish it.
    return outcome.exit_code or (published.errors[0].exit_code if published.errors else EXIT_CLEAN)


def _beside_code(report: Report, environment: RunnerEnvironment) -> list[Annotation]:
    """Return the annotations to print now. Suspicions wait for the end of the job if they can."""
    beside = list(beside_code(report))
    if not environment.pending:
        return beside
    # With a comparison, notices are suspicions.
    later = [one for one in beside if report.comparison and one.level == "notice"]
    try:
        pending.keep(environment.pending, {trace.program for trace in report.traces}, later)
    except (GotracerError, OSError):
        return beside
    return [one for one in beside if one not in later]


def _comment_for_another_run(environment: RunnerEnvironment, client: Client | None) -> int:
    commented = second_stage.run(environment, client)
    if commented.report:
        _write_outputs(environment, _outputs(commented.report, EXIT_CLEAN))
    _log_published(environment, commented.log, commented.comment_url)
    return EXIT_CLEAN


def _show(report: Report) -> None:
    """Print the findings in the step's log, collapsed."""
    print("::group::gotracer-ci")
    log(render("human", report), sys.stdout)
    print("::endgroup::")
    if report.comparison:
        log(f"Compared with {view.reference(report.comparison)}.", sys.stdout)


def _log_published(environment: RunnerEnvironment, lines: Iterable[str], comment_url: str) -> None:
    """Log what was published, and set the comment's URL as an output."""
    for line in lines:
        log(line, sys.stdout)
    if comment_url:
        _write_outputs(environment, {"comment-url": comment_url})


def _outputs(report: Report, exit_code: int) -> dict[str, str]:
    counts = view.summarise(report)._asdict()
    return {
        "conclusion": _CONCLUSIONS.get(exit_code, "error"),
        **{name: str(number) for name, number in counts.items()},
    }


def _write_outputs(environment: RunnerEnvironment, outputs: dict[str, str]) -> None:
    if environment.output:
        for name, value in outputs.items():
            write_output(environment.output, name, value)


def _refused(message: str, code: int) -> int:
    """Annotate the error and set the conclusion. Return the exit code."""
    annotate([remark("error", message)], sys.stdout)
    if output := os.environ.get("GITHUB_OUTPUT"):
        with suppress(UsageError):  # an unwritable file may be the error itself
            write_output(Path(output), "conclusion", "error")
    return code
