"""From the inputs of a step to its settings, its baseline, and a client for GitHub's API.

Relative paths start in the workspace, which `enter` makes the working directory.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from gotracer_ci.action.reference import choose, configured
from gotracer_ci.errors import UsageError
from gotracer_ci.github.client import Client
from gotracer_ci.github.commands import Annotation, pause, remark
from gotracer_ci.github.dry_run import show
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.report.formats import FORMATS
from gotracer_ci.settings import BASELINE_FILE, CONFIG_FILE, Settings, load

DEFAULT_REPORTS = {name: declared.action_file for name, declared in FORMATS.items() if declared.action_file}
ARTIFACT_BASELINE = Path("gotracer-ci/baseline.json")


def client_of(environment: RunnerEnvironment) -> Client | None:
    """None where nothing can be asked of GitHub. A dry run shows what would be, even without a token.

    Raises:
        UsageError: the token cannot be one.
    """
    if not environment.repository or not (environment.token or environment.dry_run):
        return None
    planned = show if environment.dry_run else None
    return Client(environment.api_url, environment.token, environment.repository, wait=pause, planned=planned)


def enter(environment: RunnerEnvironment) -> None:
    """Makes the workspace the working directory: the inputs' paths, and the configuration file's, are its own.

    Raises:
        UsageError: it is not there.
    """
    try:
        os.chdir(environment.workspace)
    except OSError as error:
        raise UsageError(f"GITHUB_WORKSPACE: {environment.workspace} cannot be used: {error.strerror}") from None


def given(environment: RunnerEnvironment) -> Settings:
    """The inputs over the configuration file, and nothing else yet.

    Raises:
        UsageError: naming the input, or what is wrong with the file.
    """
    values: dict[str, Any] = {
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
    return load(values, Path(environment.config) if environment.config else None)


def complete(environment: RunnerEnvironment, client: Client | None, folder: Path) -> tuple[Settings, list[Annotation]]:
    """The run's settings, and what the user should know of them and of the baseline that it is compared with.

    folder: takes a baseline that is not the checkout's.
    """
    settings = given(environment)
    built_in = environment.built_in(absolute(settings.root))
    settings = replace(
        settings,
        outputs={**DEFAULT_REPORTS, **settings.outputs},
        path_map=(*settings.path_map, *((folder, ".") for folder in built_in)),
    )
    file = baseline_of(settings)
    warning = configured(absolute(Path(environment.config or CONFIG_FILE)), environment, client)
    remarks = [remark("warning", warning)] if warning else []
    if settings.update_baseline:
        return replace(settings, baseline=_to_update(file, environment), baseline_name=""), remarks
    reference = choose(absolute(file), environment, client, folder)
    if reference.note:
        remarks.append(remark("notice", reference.note))
    baseline = file if reference.path == absolute(file) else reference.path
    if baseline is None and not settings.base:
        note = (
            f"There is no baseline at {file} yet, so every finding counts, not only what got worse. To make one, run "
            "this action with update-baseline: true on the main branch a few times, and commit the file each time."
        )
        remarks.append(remark("notice", note))
    return replace(settings, baseline=baseline, baseline_name=reference.name), remarks


def baseline_of(settings: Settings) -> Path:
    """The checkout's baseline, which need not be there."""
    return settings.baseline or Path(BASELINE_FILE)


def absolute(path: Path) -> Path:
    """The path from the root on, links as they are."""
    return Path(os.path.abspath(path))


def _to_update(file: Path, environment: RunnerEnvironment) -> Path:
    """The file to update: what a fork's pull request makes of it goes with the reports, for somebody to take over."""
    if not environment.event.is_read_only:
        return file
    try:
        old = file.read_bytes() if file.exists() else None
        ARTIFACT_BASELINE.parent.mkdir(parents=True, exist_ok=True)
        if old is not None:
            # a link there may lead back to the checkout's file
            ARTIFACT_BASELINE.unlink(missing_ok=True)
            ARTIFACT_BASELINE.write_bytes(old)
    except OSError as error:
        raise UsageError(f"{error.filename}: the baseline cannot be copied: {error.strerror}") from None
    return ARTIFACT_BASELINE
