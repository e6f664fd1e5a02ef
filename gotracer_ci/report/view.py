"""What the formats show and in which order, and the words for it.

Files contain every finding. `top` limits what people read at once: the terminal, Markdown and the comment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal, NamedTuple

from gotracer_ci.baseline.verdicts import NEEDED_BASE, NEEDED_JOBS, Comparison, Level, Status, Verdict
from gotracer_ci.findings import Doc, Finding, Key, Severity
from gotracer_ci.report import sides
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.report.safe import clean
from gotracer_ci.text import go_releases, plural, quantity, ratio, span

Outcome = Literal["failure", "incomplete", "undecided", "success"]
_JUDGED = (Level.CONFIRMED, Level.SUSPECTED)
MISSED: Final = "missed"
"""What a finding is instead of a verdict if it misses an objective."""


class Shown(NamedTuple):
    """The findings that a format shows. rest: what `top` leaves out, by rule; none of it is a regression.

    regressions: with a comparison also what misses an objective, first.

    effects: the regressions that others cause. People see them as a line of their cause.
    """

    regressions: tuple[Finding, ...]
    others: tuple[Finding, ...]
    rest: Mapping[str, Sequence[Finding]]
    effects: tuple[Finding, ...] = ()

    @property
    def all(self) -> tuple[Finding, ...]:
        return self.regressions + self.effects + self.others


class Summary(NamedTuple):
    """Counts of all findings, also those that are not shown."""

    new: Annotated[int, Doc("Confirmed.")]
    worse: Annotated[int, Doc("Confirmed.")]
    suspected: Annotated[int, Doc("New or worse, but without enough evidence.")]
    undecided: Annotated[
        int,
        Doc("Findings with too little evidence to suspect anything, and all groups that could not be compared."),
    ]
    known: int
    unknown: Annotated[int, Doc("Of a program or test that the baseline, or the base traces without one, do not know.")]
    better: Annotated[int, Doc("Groups of the baseline, confirmed or suspected, whether or not they are findings now.")]
    fixed: Annotated[int, Doc("Like better.")]
    errors: Annotated[int, Doc("As the exit code counts them: a regression is at least a warning.")]
    warnings: Annotated[int, Doc("Like errors.")]
    infos: Annotated[int, Doc("Like errors.")]
    missed: Annotated[int, Doc("Findings that miss an objective, also counted by severity.")]
    total: int
    failing: Annotated[int, Doc("Findings that make the run fail.")]


def is_regression(verdict: Verdict | None) -> bool:
    """Whether a verdict is new or worse, confirmed or suspected."""
    return any(_is_flagged(verdict, level) for level in _JUDGED)


def _is_flagged(verdict: Verdict | None, level: Level) -> bool:
    return verdict is not None and verdict.flagged and verdict.level is level


def is_effect(verdict: Verdict | None) -> bool:
    """Whether another regression causes this one, so that it counts with that one."""
    return verdict is not None and verdict.cause != ""


def effects(report: Report, finding: Finding) -> str:
    """Return `HighSchedulingLatency unblocked 0 s → 310 ms, …` for the effects of a regression; "" without any."""
    found = report.comparison.effects(finding.fingerprint) if report.comparison else ()
    return clean(", ".join(f"{v.key.rule} {v.key.kind} {before_now(v)}" for v in found))


def is_weak(verdict: Verdict | None) -> bool:
    """Whether a verdict is less than confirmed."""
    return verdict is not None and verdict.level is not Level.CONFIRMED


def severity(report: Report, finding: Finding) -> Severity:
    """Return the severity as the exit code counts it: a regression is at least a warning."""
    levels = _JUDGED if report.strict else _JUDGED[:1]
    gates = any(_is_flagged(report.verdict(finding), level) for level in levels)
    return max(finding.severity, Severity.WARN) if gates else finding.severity


def arrange(report: Report) -> Shown:
    """Return all findings: confirmed regressions, suspected ones, then the others; each part as ranked.

    With a comparison, what misses an objective comes before all others. Without one, every finding counts.
    """
    missed = [finding for finding in report.findings if finding.absolute and report.comparison]
    flagged = [f for level in _JUDGED for f in report.findings if _is_flagged(report.verdict(f), level)]
    effects = [finding for finding in flagged if is_effect(report.verdict(finding))]
    regressions = missed + [finding for finding in flagged if not is_effect(report.verdict(finding))]
    others = [f for f in report.findings if not is_regression(report.verdict(f)) and f not in missed]
    return Shown(tuple(regressions), tuple(others), {}, tuple(effects))


def shorten(report: Report) -> Shown:
    """Return the findings as arranged, but of each rule only the `top` worst, all regressions and missed objectives."""
    everything = arrange(report)._replace(effects=())
    if not report.top:
        return everything
    of_rule = Counter(f.key.rule for f in everything.regressions)
    others = []
    rest: dict[str, list[Finding]] = {}
    for finding in everything.others:
        rule = finding.key.rule
        of_rule[rule] += 1
        if of_rule[rule] <= report.top or finding.absolute:
            others.append(finding)
        else:
            rest.setdefault(rule, []).append(finding)
    return Shown(everything.regressions, tuple(others), rest)


def summarise(report: Report) -> Summary:
    words = Counter(_counted_as(report.verdict(f)) for f in report.findings)
    severities = Counter(severity(report, f) for f in report.findings)
    return Summary(
        new=words["new"],
        worse=words["worse"],
        suspected=words["suspected"],
        undecided=words["undecided"] + len(_not_compared(report) - {f.key for f in report.findings}),
        known=words["known"],
        unknown=words["unknown"],
        better=sum(verdict.status is Status.BETTER for verdict in gone(report)),
        fixed=sum(verdict.status is Status.FIXED for verdict in gone(report)),
        errors=severities[Severity.ERROR],
        warnings=severities[Severity.WARN],
        infos=severities[Severity.INFO],
        missed=sum(finding.absolute for finding in report.findings),
        total=len(report.findings),
        failing=len(report.failing),
    )


def _not_compared(report: Report) -> set[Key]:
    verdicts = report.comparison.verdicts.values() if report.comparison else ()
    return {verdict.key for verdict in verdicts if verdict.level is Level.INCONCLUSIVE}


def _counted_as(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    if verdict.is_unknown:
        return "unknown"
    if is_effect(verdict):
        return "effect"
    if not verdict.flagged and verdict.level is not Level.INCONCLUSIVE:
        return verdict.status.value
    return {Level.CONFIRMED: verdict.status.value, Level.SUSPECTED: "suspected"}.get(verdict.level, "undecided")


def word(verdict: Verdict | None) -> str:
    """Return `new`, `known`, …, with the level if it is not confirmed: `worse, suspected`."""
    if verdict is None:
        return ""
    if verdict.is_unknown:
        return verdict.status.value
    if verdict.level is Level.INCONCLUSIVE:
        return verdict.level.value
    if verdict.level is not Level.CONFIRMED:
        return f"{verdict.status}, {verdict.level}"
    return verdict.status.value


def status(report: Report, finding: Finding) -> str:
    """Return the word for a finding: `missed` for an objective, or that for its verdict; "" if it has none."""
    return MISSED if finding.absolute and report.comparison else word(report.verdict(finding))


def before_now(verdict: Verdict) -> str:
    """Return `740 ms → 1.5 s`, with the range of several traces."""
    return f"{quantity(verdict.before or 0, verdict.unit)} → {span(verdict.now or (0,), verdict.unit)}"


def change(verdict: Verdict) -> str:
    """Return how many times the earlier value it is now, as `2.14` and a multiplication sign; "" without one."""
    return "" if verdict.ratio is None else ratio(verdict.ratio)


def gone(report: Report) -> list[Verdict]:
    """Return what is fixed or better, confirmed or suspected, sorted by key."""
    if report.comparison is None:
        return []
    good = [v for v in report.comparison.verdicts.values() if v.status in (Status.FIXED, Status.BETTER)]
    return sorted((v for v in good if v.level in _JUDGED and not v.cause), key=lambda v: v.key)


def to_confirm(verdict: Verdict) -> str:
    """Return what to do if the evidence is weak, without a full stop; "" if nothing is missing."""
    return f"To confirm: {verdict.more}" if verdict.more else ""


def where(report: Report, verdict: Verdict) -> str:
    """Return the place of a group that is no longer a finding, with its program if there are several."""
    return ": ".join(where_lines(report, verdict))


def where_lines(report: Report, verdict: Verdict) -> list[str]:
    place = verdict.key.place or verdict.key.kind
    has_several = len({trace.program for trace in report.traces}) > 1
    return [verdict.key.program, place] if verdict.key.program and has_several else [place]


def reference(comparison: Comparison) -> str:
    """Return what the run was compared with: `b.json (5 jobs) and 3 base traces`."""
    jobs = young(comparison) or plural(comparison.entries, "job")
    parts = [f"{comparison.baseline} ({jobs})"] if comparison.baseline else []
    if comparison.base_traces:
        parts.append(plural(comparison.base_traces, "base trace"))
    return clean(" and ".join(parts))


def young(comparison: Comparison) -> str:
    """Return `2 of 5 jobs` for a baseline with too few comparable jobs to confirm times, or else ""."""
    jobs = comparison.entries if comparison.comparable is None else comparison.comparable
    return f"{jobs} of {NEEDED_JOBS} jobs" if 0 < jobs < NEEDED_JOBS else ""


def headline(report: Report) -> str:
    """Return `2 new, 1 worse, 3 fixed, 12 known`, or without a comparison the findings by severity.

    A run that could not be compared says so before anything else that is not a regression.
    """
    summary = summarise(report)
    if report.comparison is None:
        nouns = (("error", summary.errors), ("warning", summary.warnings))
        parts = [plural(count, noun) for noun, count in nouns if count]
        parts += [f"{summary.infos:,} info"] if summary.infos else []
        found = ", ".join(parts) or "no findings"
        if is_decided(report):
            return found
        return ", ".join(filter(None, [_missed(summary), "nothing to compare with", found]))
    if report.is_diff:
        rest = "" if is_decided(report) else f"could not be compared with {_uncomparable(report.comparison)}"
        return sides.headline(report, summary, _missed(summary), rest)
    others = ["fixed", "better", "known", "undecided"]
    parts = [f"{getattr(summary, name):,} {name}" for name in ("new", "worse", "suspected") if getattr(summary, name)]
    if not is_decided(report):
        parts.append(f"{'the rest ' if parts else ''}could not be compared with {_uncomparable(report.comparison)}")
        others.remove("undecided")  # their number says no more
    elif not parts:
        parts.append("no regressions")
    parts = [*filter(None, [_missed(summary)]), *parts]
    parts += [f"{getattr(summary, name):,} {name}" for name in others if getattr(summary, name)]
    unknown = Status.UNKNOWN if report.comparison.baseline else Status.NOT_IN_BASE
    parts += [f"{summary.unknown:,} {unknown}"] if summary.unknown else []
    return ", ".join(parts)


def _missed(summary: Summary) -> str:
    return f"{summary.missed:,} {'misses' if summary.missed == 1 else 'miss'} an objective" if summary.missed else ""


def _uncomparable(comparison: Comparison) -> str:
    """Return the reference that is of no use, and how it was made."""
    which = "the baseline" if comparison.baseline else "the base traces"
    return f"{which} (made with {clean(comparison.elsewhere)})" if comparison.elsewhere else which


def outcome(report: Report) -> Outcome:
    """Return what the run comes to.

    incomplete: a trace is damaged, and nothing else is wrong. undecided: the run could not be compared.
    """
    if report.failing or report.uncompared:
        return "failure"
    if any(trace.damage is not None for trace in report.traces):
        return "incomplete"
    return "success" if is_decided(report) else "undecided"


def is_decided(report: Report) -> bool:
    """Whether all of the run could be compared, or it is a run of the command line that needs no comparison.

    Where only goroutine counts are comparable, as after a change of GOMAXPROCS, a run is not decided.
    """
    if report.comparison is None:
        return not report.only_regressions
    has_reference = bool(report.comparison.entries or report.comparison.base_traces)
    return not report.comparison.elsewhere and not _not_compared(report) and has_reference


def is_resolved(report: Report) -> bool:
    """Whether everything could be compared, and nothing is new or worse, not even on weak evidence."""
    if report.comparison is None or not report.comparison.verdicts or outcome(report) != "success":
        return False
    verdicts = map(report.verdict, report.findings)
    return not any(f.absolute for f in report.findings) and not any(v and v.flagged for v in verdicts)


def conclusion(report: Report) -> str:
    """Return a sentence: whether the run passes, and why where the headline does not say it."""
    ends = "The run is incomplete because a trace is damaged; the rest passes"
    if (result := outcome(report)) != "incomplete":
        ends = {"failure": "The run fails", "undecided": "Nothing fails the run"}.get(result, "The run passes")
    why = reason(report)
    return f"{ends}: {why}." if why else f"{ends}."


def reason(report: Report) -> str:
    """Return why the run fails or passes, without a full stop; "" where the headline says it."""
    failing, limit = len(report.failing), report.fail_on.label
    if report.uncompared:
        found = f"; there {_be(failing)} {plural(failing, 'finding')} at {limit} or above" if failing else ""
        return f"it could not be compared with the baseline{found}"
    if report.is_update:
        judged = report.comparison.verdicts.values() if report.comparison else ()
        raised = sum(verdict.flagged and not is_effect(verdict) for verdict in judged)
        return (
            f"an update never fails, but this one raises {plural(raised, 'value')} above the old limits"
            if raised
            else ""
        )
    if report.fail_on is Severity.NONE:
        return "failing is turned off"
    if report.only_regressions and report.comparison is None:
        return "" if failing else "there is nothing to compare it with"
    if report.comparison is None:
        if failing:
            return f"{plural(failing, 'finding')} at {limit} or above"
        return f"no finding at {limit} or above" if report.findings else ""
    if not failing and not report.strict and replace(report, strict=True).failing:
        return "suspected regressions fail only with strict"
    # a regression is at least a warning: only with a higher limit do some not fail
    if report.fail_on > Severity.WARN and any(is_regression(report.verdict(finding)) for finding in report.findings):
        regressions = sum(not finding.absolute for finding in report.failing)
        return f"{plural(regressions, 'regression') if regressions else 'no regression'} at {limit} or above"
    if not failing and outcome(report) == "undecided":
        if not (report.comparison.elsewhere or _not_compared(report)):
            return f"{'it has' if report.comparison.baseline else 'they have'} no data for this program"
        return "where the environments differ, only goroutine counts are compared"
    is_young = young(report.comparison) if report.comparison.base_traces < NEEDED_BASE else ""
    if not failing and is_young:
        return f"the baseline has {is_young}, so total times can only be suspected"
    return ""


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def trace_line(trace: TraceSummary) -> str:
    if not trace.events:
        return clean(f"{trace.path}: could not be read")
    facts = f"{quantity(trace.duration_ns, 'ns')}, {plural(trace.events, 'event')}, "
    facts += f"{plural(trace.goroutines, 'goroutine')}, GOMAXPROCS {trace.gomaxprocs}"
    return clean(f"{trace.path}: Go {go_releases(trace.go_version)}, {facts}")


def remarks(report: Report) -> list[str]:
    """Return what a reader must know besides the findings: damage first, then warnings and notes, one line each."""
    use = "it was not compared" if report.is_diff else "everything before the damage was analyzed"
    lines = [
        f"{trace.path} is damaged: {trace.damage}; {use}"
        if trace.events
        else f"{trace.path} could not be read: {trace.damage}"
        for trace in report.traces
        if trace.damage is not None
    ]
    lines += [
        f"base trace {trace.path} is damaged: {trace.damage}; it was not compared"
        for trace in report.base_traces
        if trace.damage is not None
    ]
    lines += report.comparison.warnings if report.comparison else ()
    return [clean(line) for line in (*lines, *report.notes)]


def rest_line(rest: Sequence[Finding]) -> str:
    """Return `… and 41 more, up to 12.3 ms` for the findings of one rule that `top` leaves out."""
    unit = rest[0].statistics.unit
    worst = max(f.statistics.maximum for f in rest if f.statistics.unit == unit)
    return f"… and {len(rest):,} more, up to {quantity(worst, unit)}"
