"""The findings of one trace, found in the same reading as its tables."""

from __future__ import annotations

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.findings import Finding
from gotracer_ci.rules.merge import findings, measure
from gotracer_ci.rules.registry import all_rules
from gotracer_ci.rules.traced import traced
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.reader import Trace


def read_with_findings(trace: Trace, source: SourceMap, analysis: Analysis[object]) -> list[Finding]:
    """Read a trace for an analysis, and return what gotracer-ci analyze finds in it without settings.

    Raises:
        TraceError: the trace has no events.
    """
    rules = all_rules()
    timed = frozenset().union(*(rule.timed for rule in rules))
    facts = analyse(trace, source, analyses=(analysis,), timed=timed)
    return findings([traced(facts, measure(rules, facts), is_compared=False)], rules, ())
