"""Settings: defaults ← `.gotracer-ci/config.toml` ← flags or action inputs, validated in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal

from gotracer_ci import files
from gotracer_ci.errors import MissingFileError, UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.report import formats
from gotracer_ci.rules.objectives import Objective, parsed
from gotracer_ci.sizes import bytes_of
from gotracer_ci.spelling import did_you_mean

CONFIG_FILE = ".gotracer-ci/config.toml"
BASELINE_FILE = ".gotracer-ci/baseline.json"
MAX_CONFIG_BYTES = 1_000_000
MAX_JOBS = 256
FAIL_ON = {"never": Severity.NONE, "info": Severity.INFO, "warn": Severity.WARN, "error": Severity.ERROR}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run. Conflicting settings cannot be constructed.

    traces: files, directories, globs or "-". root: the repository. outputs: format → file, in addition to `format`.
    thresholds: "RULE.name" → text as the user wrote it ("2ms"); the rules parse it. path_map: (from, to) prefixes.
    accept: (fingerprint, reason). base: traces of the base commit. top: 0 for no limit. fail_on: None for the
    default, which is warn. with_tables: the JSON report includes the tables. html_size: how many bytes the HTML report
    may have, 0 for one without pictures. html_window: from and to, ns from the trace's start: what its timeline shows,
    None for the whole trace. jobs: how many processes read the traces. executor: the cluster that reads them,
    "dask://HOST:PORT" or "tls://HOST:PORT", "" without. objective: only in the file.
    baseline_name: what reports and errors call the baseline if that is not its path.
    A plain class that pydantic can validate: the fields' metadata are pydantic's constraints.

    Raises:
        UsageError: two settings conflict, or one needs another.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    traces: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    root: Path = Path()
    baseline: Path | None = None
    baseline_name: str = ""
    update_baseline: bool = False
    replace_baseline: bool = False
    run_id: str = ""
    commit: str = ""
    accept: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    fail_on: Literal["never", "info", "warn", "error"] | None = None
    rule: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    thresholds: dict[str, str] = field(default_factory=dict)
    path_map: tuple[tuple[str, str], ...] = ()
    top: int = field(default=3, metadata={"ge": 0})
    format: formats.Name = "human"
    output: Path | None = None
    outputs: dict[formats.Name, Path] = field(default_factory=dict)
    with_tables: bool = False
    html_size: int = field(default=3_000_000, metadata={"ge": 0})
    html_window: tuple[int, int] | None = None
    jobs: int = field(default=1, metadata={"ge": 1, "le": MAX_JOBS})
    executor: str = ""
    objective: tuple[Objective, ...] = ()

    def __post_init__(self) -> None:
        if self.executor and not re.fullmatch(r"(dask|tls)://[^/?#@\s]+:\d+", self.executor):
            raise UsageError("executor: not the address of a Dask scheduler; write dask://HOST:PORT or tls://HOST:PORT")
        if self.executor and self.jobs > 1:
            raise UsageError("executor and jobs cannot be used together: the cluster has its own processes")
        if both := sorted({*self.rule} & {*self.skip}):
            raise UsageError(f"rule and skip both name {', '.join(both)}")
        if self.update_baseline and self.baseline is None:
            raise UsageError("update-baseline needs baseline: the file to create or update")
        if self.accept and (self.update_baseline or self.baseline is None):
            raise UsageError("accept needs baseline, and update-baseline must not be set: it accepts the whole run")
        if self.base and self.update_baseline:
            raise UsageError("base and update-baseline cannot be used together: compare with base, or accept the run")

    @property
    def needs_tables(self) -> bool:
        """Whether a report is written that has them."""
        return self.with_tables and "json" in (self.format, *self.outputs)

    @property
    def needs_all_groups(self) -> bool:
        """Whether what is below every threshold matters, because it is compared or is part of a report."""
        return self.baseline is not None or bool(self.base) or self.needs_measurements

    @property
    def needs_measurements(self) -> bool:
        """Whether a report is written that can be joined with others."""
        return "json" in (self.format, *self.outputs)

    @property
    def needs_pictures(self) -> bool:
        """Whether a report is written that draws them."""
        return self.html_size > 0 and "html" in (self.format, *self.outputs)

    @property
    def fail_severity(self) -> Severity:
        return FAIL_ON[self.fail_on or "warn"]


def load(
    given: Mapping[str, Any],
    config: Path | None = None,
    *,
    defaults: Mapping[str, Any] | None = None,
    typed: bool = False,
) -> Settings:
    """Return the settings of a run: the configuration file, overridden by `given` (flags or inputs; None if not given).

    Args:
        config: the configuration file; None reads `.gotracer-ci/config.toml` below the root if it exists.
        defaults: override the fields' defaults.
        typed: the values of `given` and `defaults` are already valid.

    Raises:
        UsageError: the file or an option is invalid.
    """
    values = {name: value for name, value in given.items() if value is not None}
    file = config or Path(values.get("root", ".")) / CONFIG_FILE
    configured = _read(file, required=config is not None)
    values = _merge(_merge(dict(defaults or {}), configured), values)
    if typed and not configured:
        # Avoid pydantic: importing it takes longer than analyzing a small trace.
        return Settings(**values)
    return _validated(values, str(file))


def _read(file: Path, *, required: bool) -> dict[str, Any]:
    try:
        text = files.read_text(file, MAX_CONFIG_BYTES)
    except MissingFileError:
        if required:
            raise UsageError(f"{file}: no such configuration file") from None
        return {}
    values = {name.replace("-", "_"): value for name, value in files.parse_toml(text, file).items()}
    if _has_nul(values):
        raise UsageError(f"{file}: contains a string with a NUL character, which no file or rule name can have")
    if isinstance(values.get("thresholds"), dict):
        values["thresholds"] = _flat(values["thresholds"])
    if isinstance(values.get("html_size"), str):
        values["html_size"] = bytes_of(f"{file}: html-size", values["html_size"], example='"3MB"', least=0)
    objectives = values.get("objective")
    if isinstance(objectives, dict):
        raise UsageError(f"{file}: objective: there can be several; write [[objective]], not [objective]")
    if isinstance(objectives, list):
        values["objective"] = parsed(objectives, str(file))
    return values


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return any(map(_has_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merge two tables; `above` wins. A value that should be a table but is not stays, to be rejected later."""
    merged = {**below, **above}
    for name in ("thresholds", "outputs"):
        if name in below and name in above:
            values = (below[name], above[name])
            wrong = [value for value in values if not isinstance(value, dict)]
            merged[name] = wrong[0] if wrong else {**below[name], **above[name]}
    return merged


def _flat(thresholds: dict[str, Any]) -> dict[str, str]:
    """Turn {"GCAssist": {"warn": "2ms"}}, as in TOML tables, into {"GCAssist.warn": "2ms"}."""
    flat = {}
    for name, value in thresholds.items():
        inner = {f"{name}.{key}": text for key, text in value.items()} if isinstance(value, dict) else {name: value}
        flat.update({option: str(text) for option, text in inner.items()})
    return flat


def _validated(values: dict[str, Any], file: str) -> Settings:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Settings).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(str(part) for part in first["loc"]).replace("_", "-")
        names = [setting.name.replace("_", "-") for setting in fields(Settings)]
        problem = first["msg"]
        if first["type"] == "unexpected_keyword_argument":
            problem = f"no such setting{did_you_mean(option, names)}"
        raise UsageError(f"{option}: {problem} (given on the command line, as an input, or in {file})") from None
