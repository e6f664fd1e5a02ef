"""The container's entrypoint: environment → settings → pipeline → what the runner shows.

The only reader of the runner's environment. Everything is reported first; the step fails last, by the exit code.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from gotracer_ci import pipeline
from gotracer_ci.errors import EXIT_CLEAN, EXIT_CRASHED, EXIT_FLAGGED, GotracerError
from gotracer_ci.findings import Finding, Severity
from gotracer_ci.github.commands import Annotation, annotate, append_summary, log, summary_room, write_output
from gotracer_ci.github.environment import Environment, from_environ
from gotracer_ci.github.ownership import hand_over
from gotracer_ci.report import markdown, render, view
from gotracer_ci.report.model import Report
from gotracer_ci.settings import BASELINE_FILE, Format, Settings, load

DEFAULT_REPORTS: dict[Format, Path] = {
    "sarif": Path("gotracer-ci/report.sarif"),
    "html": Path("gotracer-ci/report.html"),
    "json": Path("gotracer-ci/findings.json"),
}
_TITLE = "gotracer-ci"
_CONCLUSIONS = {EXIT_CLEAN: "success", EXIT_FLAGGED: "failure"}


def main() -> int:
    """Runs the step; returns its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # names in a trace need not be valid text, and what is printed must keep its order with the runner's lines
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    try:
        return _run(from_environ(os.environ))
    except GotracerError as error:
        return _refused(str(error), error.exit_code)
    except Exception:
        # its text may quote a trace
        log(traceback.format_exc(), sys.stdout)
        return _refused("internal error: please report it, with the lines above", EXIT_CRASHED)


def _run(environment: Environment) -> int:
    # the inputs' paths, and the configuration file's, are the workspace's
    os.chdir(environment.workspace)
    settings, annotations = _settings(environment)
    outcome = pipeline.run(settings)
    files = {name: _absolute(path) for name, path in outcome.written.items()}
    baseline = [_absolute(settings.baseline)] if settings.update_baseline and settings.baseline else []
    hand_over([path for path in (*files.values(), *baseline) if path.exists()], environment.workspace)

    print("::group::gotracer-ci")
    log(render("human", outcome.report), sys.stdout)
    print("::endgroup::")
    for error in outcome.errors:
        annotations.append(Annotation("error", str(error), _TITLE))
    if environment.annotations:
        annotations += _annotations(outcome.report, environment.on_host(_absolute(settings.root)))
    if left_out := annotate(annotations, sys.stdout):
        print(f"{left_out} more annotations are left out, because GitHub shows ten of each level: see the reports.")
    if environment.summary and environment.job_summary:
        summary = markdown.render(outcome.report, summary_room(environment.summary))
        append_summary(environment.summary, summary)
    if environment.output:
        for name, value in _outputs(outcome.report, outcome.exit_code).items():
            write_output(environment.output, name, value)
        for name in sorted(DEFAULT_REPORTS.keys() & files.keys()):
            write_output(environment.output, f"{name}-file", environment.on_host(files[name]))
    return outcome.exit_code


def _settings(environment: Environment) -> tuple[Settings, list[Annotation]]:
    """The run's settings, and what the user should know of the baseline that they name."""
    given: dict[str, Any] = {
        "traces": environment.traces,
        "base": environment.base_traces or None,
        "baseline": environment.baseline,
        "update_baseline": environment.update_baseline,
        "strict": environment.strict,
        "fail_on": environment.fail_on,
        "top": environment.top,
        "path_map": environment.path_map or None,
        "outputs": environment.reports or None,
        "run_id": environment.run_id,
        "commit": _commit(environment),
    }
    settings = load(given, Path(environment.config) if environment.config else None)
    baseline = settings.baseline or Path(BASELINE_FILE)
    known = baseline.exists() or settings.update_baseline
    built_in = environment.built_in(_absolute(settings.root))
    settings = replace(
        settings,
        baseline=baseline if known else None,
        outputs={**DEFAULT_REPORTS, **settings.outputs},
        path_map=(*settings.path_map, *((folder, ".") for folder in built_in)),
    )
    if known or settings.base:
        return settings, []
    message = (
        f"There is no baseline at {baseline} yet, so every finding counts, not only what got worse. To make one, run "
        "this action with update-baseline: true on the main branch a few times, and commit the file each time."
    )
    return settings, [Annotation("notice", message, _TITLE)]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _commit(environment: Environment) -> str:
    """The commit that was traced: in a pull request its head, because GITHUB_SHA is a merge that nobody has."""
    try:
        event = json.loads(environment.event.read_text(encoding="utf-8")) if environment.event else {}
        return str(event["pull_request"]["head"]["sha"])
    except (OSError, ValueError, KeyError, TypeError):
        return environment.commit


def _annotations(report: Report, root: str) -> Iterator[Annotation]:
    """The findings beside the code: with a baseline only what got worse. What fails the run is an error.

    root: where the report's paths begin, in the workspace.
    """
    failing = {finding.key for finding in report.failing}
    shown = view.arrange(report)
    for finding in shown.regressions if report.comparison else shown.all:
        level = "warning" if finding.severity >= Severity.WARN else "notice"
        yield _annotation(report, finding, "error" if finding.key in failing else level, root)


def _annotation(report: Report, finding: Finding, level: str, root: str) -> Annotation:
    verdict = report.verdict(finding)
    evidence = (verdict.evidence, view.to_confirm(verdict)) if verdict else ()
    lines = [finding.message, *evidence, finding.suggestion]
    title = ": ".join(part for part in (finding.key.rule, view.word(verdict)) if part)
    message = "\n".join(line for line in lines if line)
    if finding.location is None:
        return Annotation(level, message, title)
    file = PurePosixPath(root, finding.location.path)
    return Annotation(level, message, title, str(file), finding.location.line)


def _outputs(report: Report, exit_code: int) -> dict[str, str]:
    counts = view.summarise(report)
    names = ("new", "worse", "suspected", "fixed", "known", "total")
    return {
        "conclusion": _CONCLUSIONS.get(exit_code, "error"),
        **{name: str(getattr(counts, name)) for name in names},
    }


def _refused(message: str, code: int) -> int:
    """Reports that there is nothing to report; all that is left is to say why."""
    annotate([Annotation("error", message, _TITLE)], sys.stdout)
    if output := os.environ.get("GITHUB_OUTPUT"):
        write_output(Path(output), "conclusion", "error")
    return code
