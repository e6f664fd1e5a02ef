"""The table of percentiles of each state leaves out what it does not know completely."""

from __future__ import annotations

from typing import Any

from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.tables.percentiles import percentiles_table
from gotracer_ci.trace.reader import Trace
from tests.conftest import ROOT, path_of

SHOWN: dict[str, Any] = {"by": "start", "system": True, "reasons": False}


def lives() -> GoroutineLives:
    data = (ROOT / path_of("tour-go1.27")).read_bytes()
    trace = Trace("tour", memoryview(data))
    return read(trace, SourceMap(None), LivesAnalysis(trace, each=True, places=True))


def test_a_trace_with_too_many_goroutines_is_left_out() -> None:
    """The kept ones are those that ended first, which are no sample of all."""
    whole = lives()
    part = whole._replace(counted=whole.counted + 1)
    both = percentiles_table([("a", whole), ("b", part)], merge=False, traces=True, **SHOWN)
    assert {row["trace"] for row in both.rows} == {"a"}
    merged = percentiles_table([("a", whole), ("b", part)], merge=True, traces=False, **SHOWN)
    totals = [row["lives"] for row in merged.rows if row["state"] == "total"]
    assert sum(totals) == len(whole.lives)
