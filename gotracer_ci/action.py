"""The container's entrypoint: environment → settings → pipeline → what the runner and GitHub show.

The only reader of the runner's environment. Everything is reported first; the step fails last, by the exit code.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gotracer_ci import doctor, pipeline, second_stage
from gotracer_ci.annotations import beside_code
from gotracer_ci.errors import EXIT_CLEAN, EXIT_CRASHED, EXIT_FLAGGED, GotracerError
from gotracer_ci.github.client import Client, Request
from gotracer_ci.github.commands import Annotation, annotate, append_summary, log, summary_room, write_output
from gotracer_ci.github.environment import Environment, from_environ
from gotracer_ci.github.ownership import hand_over
from gotracer_ci.publish import links_of, publish
from gotracer_ci.reference import choose
from gotracer_ci.report import markdown, render, view
from gotracer_ci.report.model import Report
from gotracer_ci.settings import BASELINE_FILE, Format, Settings, load

DEFAULT_REPORTS: dict[Format, Path] = {
    "sarif": Path("gotracer-ci/report.sarif"),
    "html": Path("gotracer-ci/report.html"),
    "json": Path("gotracer-ci/findings.json"),
}
ARTIFACT_BASELINE = Path("gotracer-ci/baseline.json")
_TITLE = "gotracer-ci"
_CONCLUSIONS = {EXIT_CLEAN: "success", EXIT_FLAGGED: "failure"}
_LONGEST_VALUE = 100_000


def main(*, dry_run: bool = False) -> int:
    """Runs the step; returns its exit code. dry_run: as the input of that name."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # names in a trace need not be valid text, and what is printed must keep its order with the runner's lines
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    try:
        environment = from_environ(os.environ)
        if dry_run:
            environment = replace(environment, dry_run=True)
        # the inputs' paths, and the configuration file's, are the workspace's
        os.chdir(environment.workspace)
        client = _client(environment)
        return _run(environment, client) if environment.traces else _comment_for_another_run(environment, client)
    except GotracerError as error:
        return _refused(str(error), error.exit_code)
    except Exception:
        # its text may quote a trace
        log(traceback.format_exc(), sys.stdout)
        return _refused("internal error: please report it, with the lines above", EXIT_CRASHED)


def examine(given: dict[str, Any], config: Path | None) -> Iterator[doctor.Check]:
    """What `doctor` finds: on a runner of the step's inputs and permissions, too. given: as for `settings.load`."""
    if "GITHUB_WORKSPACE" not in os.environ:
        yield from doctor.here(load(given, config, typed=True))
        return
    try:
        environment = from_environ({"INPUT_TRACES": "\n".join(given.get("traces") or ("-",)), **os.environ})
    except GotracerError as error:
        yield doctor.Check(doctor.PROBLEM, "inputs", str(error))
        return
    os.chdir(environment.workspace)
    settings = _given(environment)
    baseline = _absolute(settings.baseline or Path(BASELINE_FILE))
    traces = settings.traces if settings.traces != ("-",) else ()
    yield from doctor.here(replace(settings, traces=traces))
    yield from doctor.on_github(environment, _client(environment), baseline)


def _client(environment: Environment) -> Client | None:
    """None where nothing can be asked of GitHub. A dry run shows what would be, even without a token."""
    if not environment.repository or not (environment.token or environment.dry_run):
        return None
    planned = _show if environment.dry_run else None
    return Client(environment.api_url, environment.token, environment.repository, planned=planned)


def _show(request: Request) -> None:
    """A request that a dry run does not send."""
    log(f"would send, with {request.permission}: {request.method} {request.url}", sys.stdout)
    body = {name: _short(value) for name, value in (request.body or {}).items()}
    log("\n".join(f"  {line}" for line in json.dumps(body, indent=2, ensure_ascii=False).splitlines()), sys.stdout)


def _short(value: object) -> object:
    is_long = isinstance(value, str) and len(value) > _LONGEST_VALUE
    return f"{str(value)[:100]}… ({len(str(value)):,} characters)" if is_long else value


def _run(environment: Environment, client: Client | None) -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings, annotations = _settings(environment, client, Path(folder))
        outcome = pipeline.run(settings)
    report = outcome.report
    files = {name: _absolute(path) for name, path in outcome.written.items()}
    updated = _absolute(settings.baseline) if settings.update_baseline and settings.baseline else None
    written = [path for path in (*files.values(), *filter(None, [updated])) if path.exists()]
    hand_over(written, environment.workspace)

    print("::group::gotracer-ci")
    log(render("human", report), sys.stdout)
    print("::endgroup::")
    if report.comparison:
        log(f"Compared with {view.reference(report.comparison)}.", sys.stdout)
    root = _absolute(settings.root)
    links = links_of(environment, root)
    if environment.summary and environment.job_summary:
        append_summary(environment.summary, markdown.render(report, summary_room(environment.summary), links))
    _write_outputs(environment, _outputs(report, outcome.exit_code))
    _write_outputs(
        environment,
        {f"{name}-file": environment.on_host(files[name]) for name in sorted(DEFAULT_REPORTS.keys() & files.keys())},
    )
    if updated in written:
        _write_outputs(environment, {"baseline-file": environment.on_host(updated)})

    published = publish(report, outcome.errors, environment, client, root)
    log("\n".join(published.log), sys.stdout)
    _write_outputs(environment, {"comment-url": published.comment_url} if published.comment_url else {})
    errors = [*outcome.errors, *published.errors]
    annotations = [Annotation("error", str(error), _TITLE) for error in errors] + annotations + published.annotations
    if environment.annotations:
        annotations += beside_code(report, environment.on_host(root))
    if left_out := annotate(annotations, sys.stdout):
        print(f"{left_out} more annotations are left out, because GitHub shows ten of each level: see the reports.")
    # that a change made something worse goes before that it could not be told everywhere
    return outcome.exit_code or (published.errors[0].exit_code if published.errors else EXIT_CLEAN)


def _comment_for_another_run(environment: Environment, client: Client | None) -> int:
    commented = second_stage.run(environment, client)
    log("\n".join(commented.log), sys.stdout)
    if commented.report:
        _write_outputs(environment, _outputs(commented.report, EXIT_CLEAN))
    _write_outputs(environment, {"comment-url": commented.comment_url} if commented.comment_url else {})
    return EXIT_CLEAN


def _given(environment: Environment) -> Settings:
    """The inputs over the configuration file."""
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
        "commit": environment.event.commit,
    }
    return load(given, Path(environment.config) if environment.config else None)


def _settings(environment: Environment, client: Client | None, folder: Path) -> tuple[Settings, list[Annotation]]:
    """The run's settings, and what the user should know of the baseline that it is compared with.

    folder: takes a baseline that is not the checkout's.
    """
    settings = _given(environment)
    built_in = environment.built_in(_absolute(settings.root))
    settings = replace(
        settings,
        outputs={**DEFAULT_REPORTS, **settings.outputs},
        path_map=(*settings.path_map, *((folder, ".") for folder in built_in)),
    )
    file = settings.baseline or Path(BASELINE_FILE)
    if settings.update_baseline:
        return replace(settings, baseline=_to_update(file, environment), baseline_name=""), []
    reference = choose(_absolute(file), environment, client, folder)
    notes = [reference.note] if reference.note else []
    baseline = file if reference.path == _absolute(file) else reference.path
    if baseline is None and not settings.base:
        notes.append(
            f"There is no baseline at {file} yet, so every finding counts, not only what got worse. To make one, run "
            "this action with update-baseline: true on the main branch a few times, and commit the file each time."
        )
    settings = replace(settings, baseline=baseline, baseline_name=reference.name)
    return settings, [Annotation("notice", note, _TITLE) for note in notes]


def _to_update(file: Path, environment: Environment) -> Path:
    """The file to update: what a fork's pull request makes of it goes with the reports, for somebody to take over."""
    if not environment.event.is_read_only:
        return file
    ARTIFACT_BASELINE.parent.mkdir(parents=True, exist_ok=True)
    if file.exists():
        shutil.copyfile(file, ARTIFACT_BASELINE)
    return ARTIFACT_BASELINE


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _outputs(report: Report, exit_code: int) -> dict[str, str]:
    counts = view.summarise(report)
    names = ("new", "worse", "suspected", "fixed", "known", "total")
    return {
        "conclusion": _CONCLUSIONS.get(exit_code, "error"),
        **{name: str(getattr(counts, name)) for name in names},
    }


def _write_outputs(environment: Environment, outputs: dict[str, str]) -> None:
    if environment.output:
        for name, value in outputs.items():
            write_output(environment.output, name, value)


def _refused(message: str, code: int) -> int:
    """Reports that there is nothing to report; all that is left is to say why."""
    annotate([Annotation("error", message, _TITLE)], sys.stdout)
    if output := os.environ.get("GITHUB_OUTPUT"):
        write_output(Path(output), "conclusion", "error")
    return code
