"""SARIF 2.1.0 for GitHub code scanning and other viewers: sarif-om's objects, and a plain walk over them.

sarif-om's own serializer is not used: it drops `level: "warning"` as a default and takes minutes for large logs. The
limits are GitHub's, which rejects files that exceed one of them.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from json.encoder import encode_basestring
from typing import Any
from urllib.parse import quote

import attr
import sarif_om as om  # type: ignore[import-untyped]

from gotracer_ci.baseline.verdicts import Status, Verdict
from gotracer_ci.findings import Finding, Frame, Location, RuleInfo, Severity
from gotracer_ci.report import view
from gotracer_ci.report.alerts import alerts, placed, sentence, sentences
from gotracer_ci.report.document import OF_FINDING, values
from gotracer_ci.report.labels import at
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean, clean_lines, escape_json
from gotracer_ci.text import plural

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
TOOL = "gotracer-ci"
HOME = "https://go.dev/doc/diagnostics#execution-tracer"
ROOT = "%SRCROOT%"
FINGERPRINT = "gotracerCi/v1"
LINE_HASH = "primaryLocationLineHash"
MAX_RUNS = 20
MAX_RESULTS = 25_000
MAX_BYTES = 10_000_000
MAX_STEPS = 10_000
MAX_NAME = 255
MAX_SLUG = 150
MAX_DESCRIPTION = 1_024
MAX_RELATED = 10
_LEVELS = {Severity.NONE: "note", Severity.INFO: "note", Severity.WARN: "warning", Severity.ERROR: "error"}
_PROBLEMS = {"note": "recommendation", "warning": "warning", "error": "error"}
_LITERAL = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})

LineHash = Callable[[str, int], str | None]
"""Returns the hash by which GitHub recognizes a line of a file in the repository; None if it is unknown."""


def render(report: Report, category: str = "", line_hash: LineHash | None = None) -> str:
    """Return the log. If it exceeds GitHub's size it loses full stacks first, then results.

    category, line_hash: for a direct upload to GitHub's API. GitHub's upload step sets both itself, and would warn.
    """
    return _fitted([(report, category)], line_hash)


def uploads(report: Report, category: str, line_hash: LineHash) -> Iterator[str]:
    """Yield the logs for GitHub's API, each with at most as many runs as it accepts.

    Each program has a run with a category of its own. GitHub replaces an earlier log of a category, so jobs that trace
    different programs keep each other's alerts, and a program that joins a job does not orphan the others'.
    """
    programs = sorted({trace.program for trace in report.traces} | {f.key.program for f in report.findings})
    parts = [
        (
            replace(report, findings=tuple(f for f in report.findings if f.key.program == program)),
            f"{category}/{_slug(program)}" if program else category,
        )
        for program in programs
    ]
    for start in range(0, len(parts), MAX_RUNS):
        yield _fitted(parts[start : start + MAX_RUNS], line_hash)


def _slug(program: str) -> str:
    """Return a program's part of a category. Of a name that is too long, its end is replaced by its hash."""
    name = quote(clean(program))
    return name if len(name) <= MAX_SLUG else f"{name[:MAX_SLUG]}-{zlib.crc32(program.encode()):08x}"


def _fitted(parts: Iterable[tuple[Report, str]], line_hash: LineHash | None) -> str:
    parts = [(placed(report), category) for report, category in parts]
    stacks, limit = True, MAX_RESULTS
    while True:
        runs = [_run(report, limit, category, line_hash, stacks=stacks) for report, category in parts]
        text = escape_json(to_json(om.SarifLog(version="2.1.0", schema_uri=SCHEMA_URI, runs=runs))) + "\n"
        if len(text) <= MAX_BYTES or limit == 1 or len(zlib.compress(text.encode(), 6)) <= MAX_BYTES:
            return text
        stacks, limit = False, limit if stacks else limit // 2


class _Json(str):
    """Finished JSON, so that a frame of a thousand stacks is walked once and no log is held as objects."""


def to_json(value: Any) -> str:
    """Return the value as JSON without defaults, except for levels; an unknown type is an error."""
    kind: Any = type(value)
    if write := _WRITERS.get(kind):
        return write(value)
    properties = _properties_of(kind)
    parts = []
    for name, item in vars(value).items():
        if item is not None:
            prefix, default = properties[name]
            if default is None or item != default:
                parts.append(prefix + to_json(item))
    return "{" + ",".join(parts) + "}"


def _list(items: list[Any]) -> str:
    return "[" + ",".join([to_json(item) for item in items]) + "]"


def _dict(items: dict[str, Any]) -> str:
    return "{" + ",".join([f'"{name}":{to_json(item)}' for name, item in items.items()]) + "}"


def _number(value: float) -> str:
    return json.dumps(value, allow_nan=False)


_WRITERS: dict[type, Callable[[Any], str]] = {
    _Json: str, str: encode_basestring, int: str, float: _number, bool: _number, list: _list, dict: _dict
}  # fmt: skip


@cache
def _properties_of(kind: Any) -> dict[str, tuple[str, Any]]:
    """The start of each attribute's property and its default; raises for a class that is not one of sarif-om's."""
    return {
        a.name: (f'"{a.metadata["schema_property_name"]}":', None if a.name == "level" else a.default)
        for a in attr.fields(kind)
    }


def _run(report: Report, limit: int, category: str, line_hash: LineHash | None, *, stacks: bool) -> om.Run:
    wanted = alerts(report)
    lines = _by_line(wanted)
    shown = lines[:limit]
    over = sum(len(same) for _, same in lines[limit:])
    unplaced = len(wanted) - sum(len(same) for _, same in lines)
    made = _Made(line_hash)
    rules = sorted(report.rules_known, key=lambda rule: rule.name)
    index = {rule.name: i for i, rule in enumerate(rules)}
    driver = om.ToolComponent(
        name=TOOL, semantic_version=report.version, information_uri=HOME, rules=[_rule(rule) for rule in rules]
    )
    return om.Run(
        tool=om.Tool(driver=driver),
        automation_details=om.RunAutomationDetails(id=f"{category.removesuffix('/')}/") if category else None,
        column_kind="utf16CodeUnits",
        invocations=[_invocation(report, len(wanted), unplaced, over)],
        original_uri_base_ids={ROOT: om.ArtifactLocation(description=_message("The root of the repository."))},
        properties={"summary": values(report, view.summarise(report))} if report.comparison else None,
        results=[_Json(to_json(_result(report, same, place, index, made, stacks=stacks))) for place, same in shown],
    )


def _by_line(findings: Iterable[Finding]) -> list[tuple[Location, list[Finding]]]:
    """Group what one rule found at one line, the worst first: GitHub shows one alert for it, whatever a log has."""
    lines: dict[tuple[str, str, int], tuple[Location, list[Finding]]] = {}
    for finding in findings:
        if place := finding.location:
            lines.setdefault((finding.key.rule, place.path, place.line), (place, []))[1].append(finding)
    return list(lines.values())


def _invocation(report: Report, wanted: int, unplaced: int, over: int) -> om.Invocation:
    """Whether the run succeeded, and what a reader must know, including which findings are not in the log."""
    lines = [("note", line) for line in view.remarks(report)]
    if others := len(report.findings) - wanted:
        lines.append(("note", f"Only regressions that count are listed; left out: {plural(others, 'other finding')}."))
    if unplaced:
        lines.append(("warning", f"Left out: {plural(unplaced, 'finding')} without a place in the repository."))
    if over:
        lines.append(("warning", f"Left out: {plural(over, 'finding')} that would exceed GitHub's limits."))
    return om.Invocation(
        execution_successful=not any(trace.damage for trace in (*report.traces, *report.base_traces)),
        tool_execution_notifications=[om.Notification(message=_message(line), level=level) for level, line in lines],
    )


def _rule(rule: RuleInfo) -> om.ReportingDescriptor:
    level = _LEVELS[rule.worst]
    summary = clean(rule.summary)[:MAX_DESCRIPTION]
    sections = [(clean(heading), "\n".join(clean_lines(text))) for heading, text in rule.sections]
    return om.ReportingDescriptor(
        id=clean(rule.name)[:MAX_NAME],
        short_description=om.MultiformatMessageString(text=summary),
        full_description=om.MultiformatMessageString(text=summary),
        help=om.MultiformatMessageString(
            text="\n\n".join(f"{heading}\n{text}" for heading, text in sections).strip() or summary,
            markdown="\n\n".join(f"## {heading}\n\n{text}" for heading, text in sections).strip() or summary,
        ),
        default_configuration=om.ReportingConfiguration(level=level),
        properties={"tags": ["go", "performance"], "precision": "high", "problem.severity": _PROBLEMS[level]},
    )


def _result(
    report: Report, same: Sequence[Finding], primary: Location, rules: Mapping[str, int], made: _Made, *, stacks: bool
) -> om.Result:
    finding = same[0]
    verdict = report.verdict(finding)
    related = _related(finding, primary)
    return om.Result(
        rule_id=clean(finding.key.rule)[:MAX_NAME],
        rule_index=rules.get(finding.key.rule),
        level=_LEVELS[max(view.severity(report, f) for f in same)],
        message=om.Message(text=_text(report, same, related)),
        locations=[made.location(primary)],
        related_locations=[made.location(place, i, at(place)) for i, place in enumerate(related, 1)] or None,
        code_flows=_code_flows(finding, primary, made),
        stacks=[om.Stack(frames=[made.frame(frame) for frame in finding.stack])] if stacks and finding.stack else None,
        partial_fingerprints=made.fingerprints(same, primary),
        baseline_state=("new" if verdict.status is Status.NEW else "updated") if verdict else None,
        properties=_properties(report, finding, verdict),
    )


def _text(report: Report, same: Sequence[Finding], related: Sequence[Location]) -> str:
    """What happened, what to do, and links to the related locations, because viewers show only linked ones."""
    plain = [text for finding in same for text in sentences(finding, report.verdict(finding))]
    plain += dict.fromkeys(sentence(finding.suggestion) for finding in same if finding.suggestion)
    shown = [text.translate(_LITERAL) for text in plain]
    if related:
        links = (f"[{_literal(place.function)}]({i})" for i, place in enumerate(related, 1))
        shown.append(f"Also on the stack: {', '.join(links)}.")
    return " ".join(shown)


def _repository(finding: Finding) -> list[Location]:
    """The frames of the stack that are in the repository, leaf first."""
    return [Location(frame.path, frame.line, frame.function) for frame in finding.stack if frame.path and frame.line]


def _related(finding: Finding, primary: Location) -> list[Location]:
    """The other frames in the repository, nearest first, each line once."""
    lines = {(primary.path, primary.line): primary}
    for place in _repository(finding):
        lines.setdefault((place.path, place.line), place)
    return list(lines.values())[1 : MAX_RELATED + 1]


def _code_flows(finding: Finding, primary: Location, made: _Made) -> list[om.CodeFlow] | None:
    """The path through frames in the repository, outermost first, that ends where the finding is shown."""
    places = _repository(finding)
    start = next((i for i, p in enumerate(places) if (p.path, p.line) == (primary.path, primary.line)), len(places))
    steps = [om.ThreadFlowLocation(location=made.step(place)) for place in places[start:][:MAX_STEPS][::-1]]
    return [om.CodeFlow(thread_flows=[om.ThreadFlow(locations=steps)])] if len(steps) > 1 else None


class _Made:
    """The parts of one log that recur, each created and walked once, however many results it is in."""

    def __init__(self, line_hash: LineHash | None) -> None:
        self.line_hash = line_hash
        self.step = _written(lambda place: self.location(place, text=at(place)))
        self.frame = _written(self._frame)
        self._artifact = _written(lambda path: om.ArtifactLocation(uri=quote(clean(path)), uri_base_id=ROOT))
        self._region = _written(_region)
        self._logical = _written(lambda name: om.LogicalLocation(fully_qualified_name=clean(name), kind="function"))

    def location(self, place: Location, number: int | None = None, text: str = "") -> om.Location:
        """A line of a file and its function."""
        return om.Location(
            id=number,
            physical_location=om.PhysicalLocation(
                artifact_location=self._artifact(place.path), region=self._region(max(place.line, 1))
            ),
            logical_locations=[self._logical(place.function)],
            message=_message(text) if text else None,
        )

    def fingerprints(self, same: Sequence[Finding], primary: Location) -> dict[str, str]:
        """Of several findings those of the first by name, because which one is the worst changes from run to run."""
        finding = min(same, key=lambda f: f.key)
        found = self.line_hash and self.line_hash(primary.path, primary.line)
        return {FINGERPRINT: finding.fingerprint, **({LINE_HASH: found} if found else {})}

    def _frame(self, frame: Frame) -> om.StackFrame:
        """A frame; outside the repository it has a name and a module but no file, whose path is that of the build."""
        if frame.path and frame.line:
            return om.StackFrame(location=self.step(Location(frame.path, frame.line, frame.function)))
        return om.StackFrame(
            location=om.Location(logical_locations=[self._logical(frame.function)]), module=_package(frame.function)
        )


def _written(make: Callable[[Any], Any]) -> Callable[[Any], _Json]:
    """Return make's result as JSON, made once for each argument."""
    return cache(lambda about: _Json(to_json(make(about))))


def _region(line: int) -> om.Region:
    """The first character of a line: GitHub requires all four ends of a region, and the file is not available."""
    return om.Region(start_line=line, start_column=1, end_line=line, end_column=2)


def _package(function: str) -> str:
    """`net/http` of `net/http.(*Server).Serve`."""
    folder, slash, name = clean(function).rpartition("/")
    return folder + slash + name.partition(".")[0]


def _properties(report: Report, finding: Finding, verdict: Verdict | None) -> dict[str, Any]:
    properties: dict[str, Any] = values(report, finding.statistics)
    properties |= {"kind": finding.key.kind, "place": finding.key.place, "timestamp_ns": finding.timestamp_ns}
    if verdict:
        properties |= {"verdict": view.word(verdict), **values(report, verdict, OF_FINDING)}
    return {name: value for name, value in properties.items() if value is not None}


def _literal(text: str) -> str:
    """The text with nothing in it that is a link or a placeholder."""
    return clean(text).translate(_LITERAL)


def _message(text: str) -> om.Message:
    return om.Message(text=_literal(text))
