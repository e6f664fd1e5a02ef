"""What `gotracer-ci doctor` says: whether traces, places, baseline and permissions are as a run needs them.

It reads all that a run would read and writes nothing. A right to write cannot be tried without writing; it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gotracer_ci import pipeline, step, upkeep
from gotracer_ci.errors import GotracerError, PublishError
from gotracer_ci.github import contents
from gotracer_ci.github.client import COMMENT, READ_ACTIONS, UPLOAD, Client
from gotracer_ci.github.environment import Environment, from_environ
from gotracer_ci.reference import MAX_BYTES, in_repository
from gotracer_ci.report import view
from gotracer_ci.report.model import Report
from gotracer_ci.report.text import clean, plural
from gotracer_ci.settings import Settings, load
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace import kernel

OK, NOTE, PROBLEM = "ok", "note", "problem"
MAX_NAMES = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. level: one of OK, NOTE and PROBLEM; text: one line, with what to do."""

    level: str
    subject: str
    text: str

    def line(self) -> str:
        return clean(f"{self.level:<8} {self.subject:<12} {self.text}")


def examine(given: Mapping[str, Any], config: Path | None, environ: Mapping[str, str]) -> Iterator[Check]:
    """All that can be looked at: on a runner the step's inputs and permissions, too.

    Args:
        given: as for `settings.load`; on a runner it goes before the inputs.
        config: the configuration file that is named, None for the usual one.
        environ: the process's environment.
    """
    if "GITHUB_WORKSPACE" not in environ:
        yield from _here(load(dict(given), config, typed=True))
        return
    try:
        environment = from_environ(environ)
        if config:
            environment = replace(environment, config=str(config))
        step.enter(environment)
        settings = step.given(environment)
        client = step.client_of(environment)
    except GotracerError as error:
        yield Check(PROBLEM, "inputs", str(error))
        return
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
    yield from _here(settings)
    yield from _on_github(environment, client, step.absolute(step.baseline_of(settings)))


def _here(settings: Settings) -> Iterator[Check]:
    """Of the machine and the checkout: decoder, modules, traces, places, baseline."""
    if kernel.is_compiled():
        yield Check(OK, "decoder", "compiled")
    else:
        yield Check(NOTE, "decoder", "plain Python, which is slow: install a C compiler, and gotracer-ci again")
    yield from _modules(settings)
    yield from _traces(settings)
    yield from _baseline(settings)


def _modules(settings: Settings) -> Iterator[Check]:
    try:
        found = Repository.scan(settings.root).modules
    except GotracerError as error:
        yield Check(PROBLEM, "repository", str(error))
        return
    # the nearest first: what a build brought along lies deeper
    modules = sorted(found, key=lambda name: (min(module.folder.count("/") for module in found[name]), name))
    if modules:
        more = f" and {len(modules) - MAX_NAMES:,} more" if len(modules) > MAX_NAMES else ""
        yield Check(OK, "repository", f"has the modules {', '.join(modules[:MAX_NAMES])}{more}")
    else:
        yield Check(NOTE, "repository", f"no go.mod below {settings.root}: is it checked out, and --root its folder?")


def _traces(settings: Settings) -> Iterator[Check]:
    if not settings.traces:
        yield Check(NOTE, "traces", "none named, so neither they nor the places in them are checked")
        return
    quiet = replace(settings, baseline=None, update_baseline=False, accept=(), base=(), output=None, outputs={})
    try:
        outcome = pipeline.run(quiet)
    except GotracerError as error:
        yield Check(PROBLEM, "traces", str(error))
        return
    for problem in outcome.errors:
        yield Check(PROBLEM, "traces", str(problem))
    for trace in (trace for trace in outcome.report.traces if trace.damage is None):
        yield Check(OK, "traces", f"{view.trace_line(trace)}, {trace.program or 'a program without a name'}")
    yield from _places(outcome.report)


def _places(report: Report) -> Iterator[Check]:
    placed = sum(finding.location is not None for finding in report.findings)
    of_all = f"{placed:,} of {plural(len(report.findings), 'finding')}"
    yield Check(OK, "places", f"{of_all} {'has' if placed == 1 else 'have'} a line in the repository")
    for note in report.notes:
        # said by _baseline, which also knows of a file
        if note != pipeline.NO_BASELINE:
            yield Check(NOTE, "places", note)


def _baseline(settings: Settings) -> Iterator[Check]:
    file = step.baseline_of(settings)
    if not file.exists():
        yield Check(NOTE, "baseline", f"there is none at {file} yet; make it with --update-baseline on the main branch")
        return
    try:
        valid, *warnings = upkeep.check(file, ())
    except GotracerError as error:
        yield Check(PROBLEM, "baseline", str(error))
        return
    yield Check(OK, "baseline", valid)
    for warning in warnings:
        yield Check(NOTE, "baseline", warning)


def _on_github(environment: Environment, client: Client | None, baseline: Path) -> Iterator[Check]:
    """Of the workflow: the event, the token, and the permission for each thing that is asked for.

    baseline: the checkout's file, absolute.
    """
    event = environment.event
    what = f"{event.name or 'no event'} at commit {event.commit[:10] or 'unknown'}"
    if event.pull_request:
        what += f", pull request {event.pull_request.number} into {event.base_ref}"
    yield Check(OK, "event", what)
    if client is None:
        yield Check(NOTE, "token", "no github-token: no comment, no upload, and the baseline is the checkout's")
        return
    if event.is_read_only:
        text = "read-only, as for all pull requests from forks and by Dependabot: a second workflow can comment for it"
        yield Check(NOTE, "token", text)
    else:
        yield Check(OK, "token", "given")
    inside = in_repository(baseline, environment.workspace)
    if event.base_ref and inside:
        read = partial(contents.read, client, inside, event.base_ref, MAX_BYTES)
        yield _tried("baseline", f"the base branch, {event.base_ref}, can be read", read)
    if event.pull_request and environment.comment != "never":
        path = f"issues/{event.pull_request.number}/comments"
        text = f"comments can be listed; whether one can be posted ({COMMENT}) shows only when it is"
        yield _tried("comment", text, partial(client.get, path, COMMENT, {"per_page": 1}))
    if event.traced_run:
        path = f"actions/runs/{event.traced_run.id}/artifacts"
        yield _tried("artifact", "artifacts can be listed", partial(client.get, path, READ_ACTIONS, {"per_page": 1}))
    if environment.upload_sarif:
        yield Check(NOTE, "upload-sarif", f"needs {UPLOAD}, which shows only when it is used")


def _tried(subject: str, text: str, request: Callable[[], object]) -> Check:
    try:
        request()
    except PublishError as error:
        return Check(PROBLEM, subject, str(error))
    return Check(OK, subject, text)
