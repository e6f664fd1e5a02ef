"""Turn the inputs of a step into settings, a baseline and a client for GitHub's API.

Relative paths are relative to the workspace, which `enter` makes the working directory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gotracer_ci import files
from gotracer_ci.action.reference import MAX_BYTES, choose, configured, to_update
from gotracer_ci.errors import MissingFileError, UsageError
from gotracer_ci.github import checkout
from gotracer_ci.github.client import Client
from gotracer_ci.github.commands import Annotation, pause, remark
from gotracer_ci.github.dry_run import show
from gotracer_ci.github.environment import RunnerEnvironment
from gotracer_ci.merging.load import load as load_shards
from gotracer_ci.report.formats import FORMATS
from gotracer_ci.settings import BASELINE_FILE, CONFIG_FILE, Settings, load
from gotracer_ci.shards.restore import Shard

DEFAULT_REPORTS = {name: declared.action_file for name, declared in FORMATS.items() if declared.action_file}
ARTIFACT_BASELINE = Path("gotracer-ci/baseline.json")
BASELINE_CHANGES = Path("gotracer-ci/baseline-changes.md")


def client_of(environment: RunnerEnvironment) -> Client | None:
    """Return a client for GitHub's API, or None without a token. A dry run always gets one, to show its requests.

    Raises:
        UsageError: the token is malformed.
    """
    if not environment.repository or not (environment.token or environment.dry_run):
        return None
    planned = show if environment.dry_run else None
    return Client(environment.api_url, environment.token, environment.repository, wait=pause, planned=planned)


def enter(environment: RunnerEnvironment) -> None:
    """Change to the workspace, which paths in inputs and in the configuration file are relative to.

    Raises:
        UsageError: the workspace does not exist.
    """
    try:
        os.chdir(environment.workspace)
    except OSError as error:
        raise UsageError(f"GITHUB_WORKSPACE: {environment.workspace}: {error.strerror}") from None


def given(environment: RunnerEnvironment) -> Settings:
    """Return the action's defaults, overridden by the configuration file, overridden by the inputs.

    Raises:
        UsageError: an input or the configuration file is invalid.
    """
    directory = _checkout(environment)
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
    config = _config(environment)
    defaults = {"root": directory, "baseline": directory / BASELINE_FILE, "outputs": DEFAULT_REPORTS}
    return load(values, config if environment.config or config.exists() else None, defaults=defaults)


def shards(environment: RunnerEnvironment) -> list[Shard]:
    """Read the reports of earlier jobs.

    Raises:
        UsageError: an input is only for traces, or the reports cannot be joined.
    """
    for name, given in (
        ("traces", environment.traces),
        ("base-traces", environment.base_traces),
        ("path-map", environment.path_map),
    ):
        if given:
            raise UsageError(f"{name}: cannot be used with findings; set it in the jobs that analyze traces")
    return load_shards(environment.findings)


def complete(
    environment: RunnerEnvironment, client: Client | None, directory: Path, *, has_base: bool
) -> tuple[Settings, list[Annotation]]:
    """Return the run's settings, and annotations about its configuration and baseline.

    Args:
        directory: where to store a baseline that is not in the checkout.
        has_base: the reports of earlier jobs have base traces.
    """
    settings = given(environment)
    built_in = environment.built_in(absolute(settings.root))
    settings = replace(settings, path_map=(*settings.path_map, *((prefix, ".") for prefix in built_in)))
    file = settings.baseline or settings.root / BASELINE_FILE
    warning = configured(absolute(_config(environment)), environment, client)
    remarks = [remark("warning", warning)] if warning else []
    if settings.update_baseline:
        return replace(settings, baseline=_to_update(file, environment, client), baseline_name=""), remarks
    reference = choose(absolute(file), environment, client, directory)
    if reference.note:
        remarks.append(remark("notice", reference.note))
    baseline = file if reference.path == absolute(file) else reference.path
    if baseline is None and not settings.base and not has_base:
        remarks.append(remark("notice", _without_reference(file, settings)))
    return replace(settings, baseline=baseline, baseline_name=reference.name), remarks


def _checkout(environment: RunnerEnvironment) -> Path:
    """Return the directory of the checkout: the repository's paths begin there, and it has the files of gotracer-ci."""
    return checkout.find(environment.workspace, environment.repository, environment.traces)


def _config(environment: RunnerEnvironment) -> Path:
    """Return the configuration file, which may not exist."""
    return Path(environment.config) if environment.config else _checkout(environment) / CONFIG_FILE


def _without_reference(file: Path, settings: Settings) -> str:
    effect = (
        f"every finding counts, because fail-on is {settings.fail_on}"
        if settings.fail_on
        else "no finding can be called a regression and nothing fails"
    )
    return (
        f"No baseline at {file} yet, so {effect}. To create one, run this action with update-baseline: true on the "
        "main branch a few times and commit the file each time. Or record traces of the base commit in the same job "
        "and name them in base-traces."
    )


def absolute(path: Path) -> Path:
    """Return the absolute path, without resolving symbolic links."""
    return Path(os.path.abspath(path))


def _to_update(file: Path, environment: RunnerEnvironment, client: Client | None) -> Path:
    """Return the baseline file to update. With a read-only token it is a copy next to the reports, for a maintainer.

    Raises:
        BaselineError: the file of the baseline's own branch cannot be read.
        FileError: the baseline cannot be copied.
    """
    target = ARTIFACT_BASELINE if environment.event.is_read_only else file
    theirs = to_update(absolute(file), environment, client) if environment.baseline_branch else None
    if theirs is not None:
        files.write(target, theirs, environment.workspace)
    elif target != file:
        with suppress(MissingFileError):
            files.write(target, files.read(file, MAX_BYTES), environment.workspace)
    return target
