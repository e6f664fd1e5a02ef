"""The JSON document as a pydantic model: its published schema, and the way back from a file to a report.

Files read here may come from anybody (a fork's artifact, a shard of a matrix), so that everything is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from gotracer_ci.baseline.verdicts import Comparison, Level, Status, Verdict
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import (
    Finding,
    Frame,
    Key,
    Location,
    Occurrence,
    RuleInfo,
    Severity,
    Statistics,
    Threshold,
    rank,
)
from gotracer_ci.report.model import Report, TraceSummary

SeverityName = Literal["none", "info", "warn", "error"]
# no nanosecond or byte that a trace can hold is more
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Natural = Annotated[int, Field(ge=0, lt=2**63)]
Item = TypeVar("Item")
# the first wrong one is enough: each costs a thousand bytes of memory, and two of the file are enough for one
Items = Annotated[list[Item], FailFast()]
_TOLD = 1_000


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class TraceModel(_Model):
    path: str
    go_version: str
    duration_ns: Natural = Field(description="From the first to the last event.")
    events: Natural
    goroutines: Natural
    gomaxprocs: Natural
    damage: str | None = Field(description="What is wrong with the trace; null for a complete one.")
    program: str = Field(description="The package of the test binary or of the command; empty if unknown.")


class ThresholdModel(_Model):
    name: str
    value: float
    unit: str = Field(description="ns, bytes, bytes/s, count or ratio (1.0 is 100 %).")


class RuleModel(_Model):
    name: str
    summary: str
    worst: SeverityName
    thresholds: Items[ThresholdModel]


class KeyModel(_Model):
    """What a finding is known by: no lines, ids, durations or absolute paths."""

    rule: str
    kind: str
    place: str
    program: str = Field(description="Which program, where a run has several; otherwise empty.")


class JudgementModel(_Model):
    status: Literal["new", "worse", "known", "better", "fixed"]
    level: Literal["confirmed", "suspected", "inconclusive", "insufficient"]
    unit: str
    before: float | None = Field(
        description="What the baseline holds, or the base traces where there is none; null when that is nothing."
    )
    ratio: float | None = Field(description="The median of now over before; null without one.")
    limit: float = Field(description="What had to be exceeded.")
    now: Items[float] = Field(description="One value for each trace.")
    base: Items[float] = Field(description="One value for each trace of the base commit that is comparable.")
    is_older: bool = Field(description="Over the baseline's limit, but known because the base is as high.")
    history: Items[float] = Field(
        description="Of a regression: one value for each comparable job of the baseline, oldest first."
    )
    evidence: str
    more: str = Field(description="What would confirm it; empty where nothing is missing.")


class VerdictModel(JudgementModel):
    fingerprint: str
    key: KeyModel


class ComparisonModel(_Model):
    baseline: str = Field(description="The file; empty where there were only traces of the base commit.")
    entries: Natural
    base_traces: Natural = Field(description="How many traces of the base commit it was compared with.")
    warnings: Items[str]
    verdicts: Items[VerdictModel]


class LocationModel(_Model):
    path: str = Field(description="Relative to the repository's root.")
    line: Natural
    function: str
    mapped: str = Field(description="exact, guess or anchor.")


class FrameModel(_Model):
    function: str
    file: str
    line: Natural
    owner: str = Field(description="own, dependency or std.")
    path: str | None


class OccurrenceModel(_Model):
    start_ns: Whole
    duration_ns: Whole
    goroutine: Whole
    still_open: bool
    before_start: bool
    woken_by: str


class StatisticsModel(_Model):
    """Of all occurrences, not only those above a threshold."""

    unit: str
    count: Whole
    total: Whole
    trimmed: Whole = Field(description="The total without the largest 1 % of the durations.")
    maximum: Whole
    p50: Whole
    p90: Whole
    p99: Whole


class FindingModel(_Model):
    fingerprint: str = Field(pattern="^[0-9a-f]{16}$")
    key: KeyModel
    severity: SeverityName
    verdict: JudgementModel | None
    message: str
    detail: str
    suggestion: str
    location: LocationModel | None
    trace: Natural = Field(description="Index of the worst occurrence's trace.")
    timestamp_ns: Whole = Field(description="Of the worst occurrence, from its trace's start.")
    goroutine: Whole
    statistics: StatisticsModel
    occurrences: Items[OccurrenceModel]
    stack: Items[FrameModel] = Field(description="Of the worst occurrence, leaf first.")


class SummaryModel(_Model):
    """Counts of findings before any cut; better and fixed count groups of the baseline."""

    new: Whole
    worse: Whole
    suspected: Whole
    undecided: Whole
    known: Whole
    better: Whole
    fixed: Whole
    errors: Whole
    warnings: Whole
    infos: Whole
    total: Whole
    failing: Whole


class Document(_Model):
    """What gotracer-ci found in Go execution traces. All times are nanoseconds."""

    schema_id: Literal["gotracer-ci/report/v1"] = Field(alias="schema")
    version: str
    conclusion: Literal["failure", "incomplete", "success"]
    summary: SummaryModel
    fail_on: SeverityName = Field(description="none: never fails.")
    strict: bool
    top: Whole | None
    left_out: Natural = Field(description="Findings that the cut by `top` took away.")
    folder: str = Field(description="Where paths begin in the repository; empty at its root.")
    notes: Items[str]
    traces: Items[TraceModel]
    base_traces: Items[TraceModel] = Field(description="Of the base commit; they have no findings.")
    rules: Items[RuleModel]
    comparison: ComparisonModel | None
    findings: Items[FindingModel]


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}


def read(text: str | bytes, name: str, catalogue: Mapping[str, RuleInfo]) -> Report:
    """The report that a document was made of.

    Args:
        name: what the user calls the document.
        catalogue: the rules by name; the document leaves their documentation out.

    Raises:
        UsageError: naming the document, the member and what is wrong with it.
    """
    try:
        document = Document.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(f"{name}: not a report of gotracer-ci: {_first(error)}") from None
    if any(finding.trace >= len(document.traces) for finding in document.findings):
        raise UsageError(f"{name}: not a report of gotracer-ci: a finding is of a trace that it does not have")
    return Report(
        version=document.version,
        traces=tuple(TraceSummary(**dict(trace)) for trace in document.traces),
        rules=tuple(_rule(rule, catalogue) for rule in document.rules),
        rules_known=tuple(catalogue.values()),
        findings=tuple(sorted((_finding(finding) for finding in document.findings), key=rank)),
        comparison=_comparison(document.comparison) if document.comparison else None,
        fail_on=Severity[document.fail_on.upper()],
        strict=document.strict,
        notes=tuple(document.notes),
        top=document.top,
        base_traces=tuple(TraceSummary(**dict(trace)) for trace in document.base_traces),
        folder=document.folder,
    )


def _first(error: ValidationError) -> str:
    """What is wrong. It can be had only with all the rest of it, and an object may have millions of odd members."""
    if error.error_count() > _TOLD:
        return f"it has {error.error_count():,} members that are not as the schema has them"
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'document'}: {first['msg']}"


def _rule(rule: RuleModel, catalogue: Mapping[str, RuleInfo]) -> RuleInfo:
    known = catalogue.get(rule.name)
    thresholds = tuple(Threshold(**dict(threshold)) for threshold in rule.thresholds)
    return RuleInfo(rule.name, rule.summary, known.sections if known else (), thresholds, Severity[rule.worst.upper()])


def _comparison(comparison: ComparisonModel) -> Comparison:
    verdicts = {}
    for group in comparison.verdicts:
        key = Key(**dict(group.key))
        verdicts[key] = Verdict(
            key=key,
            status=Status(group.status),
            level=Level(group.level),
            unit=group.unit,
            before=group.before,
            limit=group.limit,
            now=tuple(group.now),
            evidence=group.evidence,
            more=group.more,
            base=tuple(group.base),
            is_older=group.is_older,
            history=tuple(group.history),
        )
    return Comparison(
        comparison.baseline, comparison.entries, verdicts, tuple(comparison.warnings), comparison.base_traces
    )


def _finding(finding: FindingModel) -> Finding:
    return Finding(
        key=Key(**dict(finding.key)),
        severity=Severity[finding.severity.upper()],
        message=finding.message,
        detail=finding.detail,
        suggestion=finding.suggestion,
        location=Location(**dict(finding.location)) if finding.location else None,
        stack=tuple(Frame(**dict(frame)) for frame in finding.stack),
        goroutine=finding.goroutine,
        timestamp_ns=finding.timestamp_ns,
        statistics=Statistics(**dict(finding.statistics)),
        occurrences=tuple(Occurrence(**dict(occurrence)) for occurrence in finding.occurrences),
        trace=finding.trace,
    )
