"""The words for a comparison of two sets of traces, the base and the head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING

from gotracer_ci.baseline.verdicts import Level, Verdict
from gotracer_ci.report.model import Report
from gotracer_ci.text import plural

if TYPE_CHECKING:
    from gotracer_ci.report.view import Summary


def headline(report: Report, summary: Summary, missed: str, undecided: str) -> str:
    """Return `2 regressions, 1 suspected, 3 improved; 4 base and 4 head traces`.

    Args:
        missed: how many objectives the head misses, "" for none.
        undecided: what could not be compared, "" if all could be.
    """
    confirmed, improved = summary.new + summary.worse, summary.better + summary.fixed
    parts = [missed, plural(confirmed, "regression") if confirmed else ""]
    parts.append(f"{summary.suspected:,} suspected" if summary.suspected else "")
    if undecided:
        parts.append(f"the rest {undecided}" if any(parts) else undecided)
    elif not any(parts):
        parts.append("no regressions")
    parts.append(f"{improved:,} improved" if improved else "")
    traces = [sum(trace.damage is None for trace in side) for side in (report.base_traces, report.traces)]
    return f"{', '.join(filter(None, parts))}; {traces[0]:,} base and {plural(traces[1], 'head trace')}"


def improved(gone: Sequence[Verdict], top: int) -> Iterator[tuple[Verdict, int]]:
    """Yield what improved, the surest first and by rule, the most first; at most `top` of a rule, 0 for all.

    Each comes with how many of its rule are left out after it.
    """
    by_rule: dict[tuple[bool, str], list[Verdict]] = {}
    for verdict in gone:
        by_rule.setdefault((verdict.level is not Level.CONFIRMED, verdict.key.rule), []).append(verdict)
    for _, same in sorted(by_rule.items()):
        same.sort(key=lambda verdict: (median(verdict.now) - (verdict.before or 0), verdict.key))
        shown = same[: top or None]
        yield from ((verdict, 0) for verdict in shown[:-1])
        yield shown[-1], len(same) - len(shown)
