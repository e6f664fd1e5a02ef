"""Reports of one run → one report: one comparison, and the findings that one job with all traces would have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gotracer_ci import __version__, pipeline
from gotracer_ci.baseline.measurements import Candidate, TraceGroups
from gotracer_ci.errors import GotracerError, TraceError, UsageError
from gotracer_ci.findings import Finding
from gotracer_ci.merging.notes import of_traces, without_reference
from gotracer_ci.merging.sides import sides
from gotracer_ci.merging.tables import tables
from gotracer_ci.notes import NoteKind
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.rules.explained import ALWAYS
from gotracer_ci.rules.merge import above_threshold, by_program, selected
from gotracer_ci.rules.registry import all_rules, limits_of
from gotracer_ci.rules.rule import Measured
from gotracer_ci.settings import Settings
from gotracer_ci.shards.record import order
from gotracer_ci.shards.restore import Recorded, Shard


def run(
    settings: Settings,
    shards: Sequence[Shard],
    inside: Path | None = None,
    published: pipeline.Published = pipeline.Published(),  # noqa: B008
) -> pipeline.Outcome:
    """Join the reports, compare the whole run and write its reports.

    Args:
        settings: how to compare, fail and report. The rules are those of the reports.
        inside, published: see `pipeline.run`.

    Raises:
        GotracerError: there are no results: wrong settings, or no trace that could be read.
    """
    pipeline.check_outputs(settings, inside)
    in_order = sorted(shards, key=lambda shard: (sorted(order(one) for one in shard.report.traces), shard.name))
    head, base = sides(in_order)
    errors: list[GotracerError] = list(_damages(in_order))
    if not head.traces:
        raise errors[0] if errors else UsageError(f"{in_order[0].name}: has no traces")
    first = in_order[0].report
    rules = {rule.name for rule in first.rules}
    judged = pipeline.judge(_candidate(head.traces, base.traces, shards[0], settings), settings, inside)
    only_regressions = published.only_regressions and settings.fail_on is None
    notes = (
        *of_traces(in_order, [*head.again, *base.again]),
        *without_reference(in_order, settings, base.traces),
        *pipeline.of_reference(judged, only_regressions=only_regressions),
    )

    def describe(number: int, measured: Measured) -> Finding:
        one = head.traces[number]
        return shards[one.report].finding(one.summary.program, measured)

    flagged = judged.comparison.flagged if judged.comparison else ()
    regressions = {one.key for one in judged.comparison.regressions(strict=True)} if judged.comparison else set()
    report = Report(
        version=__version__,
        traces=(*(one.summary for one in head.traces), *_unreadable(shard.report.traces for shard in in_order)),
        base_traces=(
            *(one.summary for one in base.traces),
            *_unreadable(shard.report.base_traces for shard in in_order),
        ),
        rules=first.rules,
        rules_known=first.rules_known,
        findings=tuple(
            one if one.key in regressions or one.key.rule in ALWAYS else replace(one, explanation="")
            for one in selected(head.traces, rules, flagged, describe)
        ),
        tables=tables(shards, head.traces),
        comparison=judged.comparison,
        uncompared=any(note.kind is NoteKind.UNCOMPARED for note in judged.notes),
        fail_on=settings.fail_severity,
        strict=settings.strict,
        only_regressions=only_regressions,
        notes=tuple(note.text for note in notes),
        top=settings.top,
        folder=first.folder,
        all_alerts=published.all_alerts,
        commit=settings.commit or _common(shard.report.commit for shard in shards),
        run=published.run or _common(shard.report.run for shard in shards),
    )
    written, unwritten = pipeline.write(report, settings.outputs, inside)
    return pipeline.Outcome(report, (*errors, *judged.errors, *unwritten), notes, written, settings.root)


def _candidate(head: Sequence[Recorded], base: Sequence[Recorded], shard: Shard, settings: Settings) -> Candidate:
    limits = limits_of(all_rules())
    rules = {rule.name for rule in shard.report.rules}
    if settings.update_baseline:
        # a job of the baseline says which rules measured it
        rules = {*shard.kept.rules}
        limits = {(rule, kind): limit for (rule, kind), limit in limits.items() if rule in rules}
    absolute = {rule.name for rule in all_rules() if rule.absolute}
    return Candidate(
        runs=_groups(head),
        found=above_threshold(head, rules - absolute),
        rules=rules,
        limits=limits,
        # an update accepts the run, whatever the base commit does
        base={} if settings.update_baseline else _groups([one for one in base if not one.summary.damage]),
        is_whole=not any(one.summary.damage for one in head),
    )


def _groups(traces: Sequence[Recorded]) -> dict[str, list[TraceGroups]]:
    return {program: [trace.groups for trace in same] for program, same in by_program(traces).items()}


def _damages(shards: Sequence[Shard]) -> Iterator[TraceError]:
    for shard in shards:
        for trace in (*shard.report.traces, *shard.report.base_traces):
            if trace.damage:
                yield TraceError(f"{shard.name}: {trace.path}", trace.damage)


def _unreadable(of_reports: Iterable[Sequence[TraceSummary]]) -> list[TraceSummary]:
    return sorted((one for traces in of_reports for one in traces if one.damage and not one.events), key=order)


def _common(texts: Iterable[str]) -> str:
    """Return the text if all are the same, "" otherwise."""
    every = {*texts}
    return every.pop() if len(every) == 1 else ""
