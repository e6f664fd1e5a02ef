"""Go's definitions: `--go-compat` equals the summary of Go's own internal/trace in every field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from gotracer_ci.analysis.lives import Life, LivesAnalysis, go_summary
from gotracer_ci.analysis.reading import read
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS
from tests.oracle.annotations import compare_regions, compare_tasks
from tests.oracle.goroutines import compare_goroutines
from tests.trace.conftest import TRACES
from tests.trace.test_oracle import STOPS
from tests.trace.test_text_cases import TEXTS
from tests.trace.writer import case

WHOLE = [path for path in TRACES if path.stem not in STOPS]
"""Where Go's reader stops at a misused region, it has nothing to compare with."""


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_every_goroutine_equals_go_s_summary(path: Path, oracle_program: Path) -> None:
    compared, differences = compare_goroutines(oracle_program, path)
    assert compared > 0
    assert differences == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_so_does_every_one_of_a_rare_order(path: Path, oracle_program: Path, tmp_path: Path) -> None:
    written = case(path.read_text(encoding="utf-8"))
    if written.stops or written.less or written.damage:
        return  # Go's reader gives less
    (tmp_path / "case.trace").write_bytes(written.data)
    _, differences = compare_goroutines(oracle_program, tmp_path / "case.trace")
    assert differences == []


def test_every_region_and_task_equals_go_s_summary(oracle_program: Path) -> None:
    regions = tasks = 0
    for path in WHOLE:
        compared, differences = compare_regions(oracle_program, path)
        regions += compared
        compared, more = compare_tasks(oracle_program, path)
        tasks += compared
        assert (path.stem, differences + more) == (path.stem, [])
    assert regions > 160
    assert tasks > 45


def lives_of(path: Path) -> Sequence[Life]:
    trace = open_trace(str(path))
    return read(trace, SourceMap(Repository.scan(PROGRAMS)), LivesAnalysis(trace, each=True)).lives


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_ours_differ_from_go_s_only_as_the_documentation_says(path: Path) -> None:
    """Go ends a goroutine that waits forever, and counts an open system call without a P twice."""
    ours = lives_of(path)
    go = {life.id: life for life in go_summary(open_trace(str(path))).lives}
    often = Counter(life.id for life in ours)
    for life in ours:
        if often[life.id] > 1:
            continue  # Go has only the last one
        its = go[life.id]
        assert life.times.running == its.times.running
        assert life.total_ns - its.total_ns in (0, life.waits.get("forever", 0))
        assert life.times.unknown == 0
        assert 0 <= its.times.runnable - life.times.runnable <= life.times.syscall_blocked
        in_calls = life.times.syscall + life.times.syscall_blocked
        assert in_calls == its.times.syscall + its.times.syscall_blocked
