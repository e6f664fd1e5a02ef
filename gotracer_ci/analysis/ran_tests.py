"""The tests and benchmarks that a test binary ran, with the times and goroutines of each.

The trace does not name them (see `analysis.tests`): a test is named by its function if a stack tells it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.tests import BENCHMARK as ROUNDS_OF
from gotracer_ci.analysis.tests import TEST
from gotracer_ci.source.names import package_of, unqualified
from gotracer_ci.source.place import outermost
from gotracer_ci.trace.observers import tests as observed
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.tables import Tables

_ENTRIES: Final = {
    TEST: observed.TEST,
    "testing.fRunner": observed.TEST,
    "testing.(*B).run1.func1": observed.BENCHMARK,
    ROUNDS_OF: observed.ROUNDS,
}
_BETWEEN: Final = re.compile(r"testing\.\(\*B\)\.runN$|testing\.\(\*F\)\.Fuzz\.func|reflect\.|runtime\.call\d*$")
"""What is between the first function of a test's goroutine and the test's own function."""
_NO_TEST: Final = ("testing.", "runtime.", "sync.", "internal/")
_PAUSES: Final = re.compile(r"testing\.(?:\(\*T\)\.Parallel|\(\*test(?:State|Context)\)\.waitParallel)$")
_WAITS_FOR_SUBTESTS: Final = re.compile(
    r"testing\.(?:\(\*T\)\.Run|[tf]Runner\.func\d+|\(\*F\)\.Fuzz\.func\d+|\(\*B\)\.(?:run1|doBench))$"
)
TOP_LEVEL: Final = re.compile(r"(?:Test|Fuzz|Benchmark)(?![a-z])\w*$")
"""The functions that package testing runs as tests."""
_REPEATS: Final = re.compile(r"testing\.\(\*(?:benchState|benchContext)\)\.processBench$")


class RanTest(NamedTuple):
    """One test, subtest, fuzz test or benchmark.

    name: its function, or a number if no stack tells it; exact with a log. function: its function without the package,
    "" if no stack tells it. parent: its place in the list, −1 for none.
    is_repeated: the benchmark runs once more, for -count or -cpu. begin_ns: from the trace's start. end_ns: None if it
    had not ended. wall_ns: from its start to its end. paused_ns: it waited for its turn, after t.Parallel.
    subtests_ns: it waited for subtests. running_ns, waiting_ns: the test with all its goroutines, also after its end,
    without these two. goroutines: how many it started. alive_after: how many of them were there when it ended, None if
    it had not. alive: how many were there at the end of the trace. is_inside: a part of it is inside the window.
    stack: the index of one that tells its function, 0 if none does.
    """

    name: str
    parent: int
    is_benchmark: bool
    is_repeated: bool
    goroutine: int
    begin_ns: int
    end_ns: int | None
    wall_ns: int
    paused_ns: int
    subtests_ns: int
    running_ns: int
    waiting_ns: int
    goroutines: int
    alive_after: int | None
    alive: int
    is_inside: bool
    stack: int
    function: str

    @property
    def active_ns(self) -> int:
        """The wall time without pauses and waits for subtests."""
        return max(self.wall_ns - self.paused_ns - self.subtests_ns, 0)


class RanTests(NamedTuple):
    """The tests of one trace, or of a part of it, in the order in which they were started.

    tests: at most `observers.tests.KEPT`. ran: how many there were. package: "" if unknown. is_complete: the trace was
    read to its end.
    """

    tests: tuple[RanTest, ...]
    ran: int
    package: str
    is_complete: bool


class RanTestsAnalysis:
    """Finds the tests that ran during a trace (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self, trace: Trace) -> None:
        tables = trace.tables
        self._observer = observed.Tests(
            lambda stack: _ENTRIES.get(outermost(_functions(tables, stack)), observed.NO_TEST),
            lambda stack: _tells(_functions(tables, stack)),
        )

    @property
    def observers(self) -> Sequence[observed.Tests]:
        return (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> RanTests:
        rows = self._observer.rows()
        functions = [_function(_functions(trace.tables, row[3])) for row in rows]
        names: list[str] = []
        children: Counter[int] = Counter()
        for row, function in zip(rows, functions, strict=True):
            parent = row[1]
            children[parent] += 1
            number = f"test #{children[parent]}" + (f" of {names[parent]}" if parent >= 0 else "")
            names.append(unqualified(function) or number)
        found = [
            _test(name, row, unqualified(function), _functions(trace.tables, row[2]), trace.start_ns)
            for name, row, function in zip(names, rows, functions, strict=True)
        ]
        packages = {
            package_of(function).removesuffix("_test")
            for row, function in zip(rows, functions, strict=True)
            if row[1] < 0 and TOP_LEVEL.match(unqualified(function))
        }
        package = packages.pop() if len(packages) == 1 else ""
        return RanTests(tuple(found), self._observer.ran(), package, trace.damage is None)


def _test(name: str, row: tuple[int, ...], function: str, creation: Sequence[str], start_ns: int) -> RanTest:
    kind, parent, _, stack, goroutine, begin, end, wall, paused, subtests, running, waiting, started, after, alive = row
    return RanTest(
        name,
        parent,
        kind == observed.BENCHMARK,
        len(creation) > 1 and _REPEATS.match(creation[1]) is not None,
        goroutine,
        begin - start_ns,
        None if end < 0 else end - start_ns,
        max(wall, 0),
        paused,
        subtests,
        running,
        waiting,
        started,
        None if after < 0 else after,
        alive,
        wall >= 0,
        stack,
        function,
    )


def _functions(tables: Tables, stack: int) -> list[str]:
    """Return the functions of a stack, leaf first."""
    return [function for function, _, _ in tables.stack(stack)]


def _function(functions: Sequence[str]) -> str:
    """Return the test's function on a stack of its goroutine, "" if there is none."""
    if outermost(functions) not in _ENTRIES:
        return ""
    inside = [function for function in functions if function not in _ENTRIES]
    first = next((function for function in reversed(inside) if not _BETWEEN.match(function)), "")
    return "" if first.startswith(_NO_TEST) else first


def _tells(functions: Sequence[str]) -> int:
    """Return what a stack of a test's goroutine tells (see `observers.tests`)."""
    tells: int = observed.NAMES if _function(functions) else 0
    if any(_PAUSES.match(function) for function in functions):
        return tells | observed.PAUSED
    waits = next((function for function in functions if not function.startswith(_NO_TEST[1:])), "")
    return tells | observed.SUBTESTS if _WAITS_FOR_SUBTESTS.match(waits) else tells
