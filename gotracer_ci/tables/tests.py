"""The table of tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gotracer_ci.analysis.ran_tests import RanTest, RanTests
from gotracer_ci.tables import critical_path
from gotracer_ci.tables.moments import TRACE
from gotracer_ci.tables.schema import schema
from gotracer_ci.tables.table import Column, Row, Table

SCHEMA: Final = "gotracer-ci/tests/1"
_TEST: Final = (
    Column("test", "text", "Its name; without a log, its function, or its number if no stack tells the function."),
    Column("kind", "text", "test or benchmark.", shown=False),
    Column("package", "text", "The package under test; null if unknown.", shown=False, optional=True),
    Column("parent", "text", "The test that started it as a subtest; null for none.", optional=True),
    Column("goroutine", "id", "The goroutine that ran it.", shown=False),
    Column("begin_ns", "ns", "When it was started, from the trace's start."),
    Column("end_ns", "ns", "When it ended; null: it had not.", shown=False, optional=True),
    Column("wall_ns", "ns", "From its start to its end."),
    Column("paused_ns", "ns", "How long it waited for its turn after t.Parallel."),
    Column("subtests_ns", "ns", "How long it waited for its subtests."),
    Column("active_ns", "ns", "The rest of the wall time."),
    Column("running_ns", "ns", "Time on a P, with its goroutines, also after its end."),
    Column("waiting_ns", "ns", "Time waiting, with its goroutines, without the two waits above."),
    Column("goroutines", "count", "How many goroutines it started, and these, and so on; not those of subtests."),
    Column("alive_after", "count", "How many of them were there when it ended; null: it had not.", optional=True),
    Column("alive", "count", "How many of them were there at the end of the trace."),
)


def tests_table(read: Iterable[tuple[str, RanTests]], *, traces: bool) -> Table:
    """Return the table with one row for each test and benchmark, in the order of their start."""
    tests = [(name, found, test) for name, found in read for test in found.tests if test.is_inside]
    return Table("test", (*((TRACE,) if traces else ()), *_TEST), tests, _row)


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    about = (
        "The output of gotracer-ci tests -f json: tests, subtests and benchmarks, with --critical-path the parts or "
        "stretches of paths."
    )
    return schema(SCHEMA, about, {}, {"test": (TRACE, *_TEST), **critical_path.ROWS}, {TRACE.name})


def _row(of: tuple[str, RanTests, RanTest]) -> Row:
    trace, found, test = of
    return {
        "trace": trace,
        "test": test.name,
        "kind": "benchmark" if test.is_benchmark else "test",
        "package": found.package or None,
        "parent": found.tests[test.parent].name if test.parent >= 0 else None,
        "goroutine": test.goroutine,
        "begin_ns": test.begin_ns,
        "end_ns": test.end_ns,
        "wall_ns": test.wall_ns,
        "paused_ns": test.paused_ns,
        "subtests_ns": test.subtests_ns,
        "active_ns": test.active_ns,
        "running_ns": test.running_ns,
        "waiting_ns": test.waiting_ns,
        "goroutines": test.goroutines,
        "alive_after": test.alive_after,
        "alive": test.alive,
    }
