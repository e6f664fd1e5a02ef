"""The tests of `go test -trace`: on all committed traces, and on a package whose tests are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.ran_tests import RanTest, RanTests, RanTestsAnalysis
from gotracer_ci.analysis.reading import Window, read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.test_log import named, names_in
from gotracer_ci.errors import UsageError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.tables.tests import tests_table as table_of
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, path_of
from tests.source.conftest import Go, go

__all__ = ["go"]


MS = 1_000_000
PACKAGE = Path(__file__).with_name("shop")
WITH_TESTS = ("crowd-go1.22", "crowd-go1.27", "hang-go1.19", "hang-go1.27", "orders-go1.22", "orders-go1.27")


@cache
def read(path: str) -> tuple[RanTests, GoroutineLives]:
    """Return the tests and the lives of a trace."""
    trace = open_trace(path)
    tests, lives = RanTestsAnalysis(trace), LivesAnalysis(trace, each=True)
    read_for(trace, (tests, lives))
    stacks = Stacks(trace.tables, SourceMap(None), trace.version)
    return tests.result(trace, stacks), lives.result(trace, stacks)


def by_creators(lives: GoroutineLives) -> dict[int, Counter[str]]:
    """Return what the goroutines of each test did, by the test's goroutine, from the list of all lives."""
    test_of: dict[int, int] = {}
    sums: dict[int, Counter[str]] = {}
    for life in lives.lives:
        if life.name == "testing.tRunner":
            test_of[life.id] = life.id
            sums[life.id] = Counter(begin=life.created_ns or 0, wall=life.total_ns)
        elif life.creator in test_of:
            test_of[life.id] = test_of[life.creator]
            sums[test_of[life.id]].update(goroutines=1, alive=int(life.ended_ns is None))
        if life.id in test_of:
            sums[test_of[life.id]].update(running=life.times.running, waiting=life.times.waiting)
    return sums


@pytest.mark.parametrize("name", NAMES)
def test_goroutines_belong_to_the_test_of_their_creator(name: str) -> None:
    tests, lives = read(path_of(name))
    found = {
        test.goroutine: Counter(
            begin=test.begin_ns,
            wall=test.wall_ns,
            goroutines=test.goroutines,
            alive=test.alive,
            running=test.running_ns,
            waiting=test.waiting_ns + test.paused_ns + test.subtests_ns,
        )
        for test in tests.tests
    }
    assert found == by_creators(lives)
    assert bool(found) == (name in WITH_TESTS or name in ("hang-go1.21", "hang-go1.22"))
    assert all(test.active_ns >= 0 and test.parent < i for i, test in enumerate(tests.tests))


def test_a_test_outside_of_the_window_has_no_row() -> None:
    trace = open_trace(path_of("orders-go1.27"))
    tests = RanTestsAnalysis(trace)
    read_for(trace, (tests,), Window(1 * MS, 50 * MS))
    found = tests.result(trace, Stacks(trace.tables, SourceMap(None), trace.version))
    assert [test.is_inside for test in found.tests] == [True, True, False]
    assert [row["test"] for row in table_of([("", found)], traces=False).rows] == ["TestTake", "TestTake.func1"]
    assert [(test.end_ns, test.alive_after, test.alive) for test in found.tests[:2]] == [
        (None, None, 0),
        (None, None, 4),
    ]


def test_committed_traces_show_what_the_programs_do() -> None:
    orders, _ = read(path_of("orders-go1.27"))
    assert orders.package == "example.com/programs/orders"
    assert [(test.name, test.parent, test.goroutines) for test in orders.tests] == [
        ("TestTake", -1, 0), ("TestTake.func1", 0, 4), ("TestTake.func1", 0, 4),
    ]  # fmt: skip
    hang, _ = read(path_of("hang-go1.27"))
    drain, pairs, quick, swap = hang.tests
    assert (quick.end_ns is None, swap.end_ns, swap.alive_after) == (False, None, None)
    assert pairs.subtests_ns > 0.9 * pairs.wall_ns
    assert drain.paused_ns > 0


class Suite(NamedTuple):
    """A run of `go test -trace`: its tests by exact name, those by stack, and the log."""

    exact: dict[str, RanTest]
    found: RanTests
    log: str


@pytest.fixture(scope="module")
def record(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Suite]:
    """Return a function that runs the package's tests with further arguments."""

    def run(*arguments: str) -> Suite:
        trace = tmp_path_factory.mktemp("shop") / "trace.out"
        log = go(PACKAGE, "test", "-trace", str(trace), "-o", str(trace.with_name("test")), *arguments, ".")
        found = read(str(trace))[0]
        return Suite({test.name: test for test in named(found, names_in(log)).tests}, found, log)

    return run


@pytest.fixture(scope="module")
def suite(record: Callable[..., Suite]) -> Suite:
    return record("-json")


def test_names_in_the_log_are_those_of_the_functions_on_the_stacks(suite: Suite) -> None:
    """The same test has both names, where its stacks have a function; the package is known."""
    assert suite.found.package == "example.com/shop"
    both = list(zip(suite.exact.values(), suite.found.tests, strict=True))
    for exact, by_stack in both:
        if not by_stack.name.startswith("test #"):
            assert by_stack.name.partition(".func")[0] == exact.name.partition("/")[0]
        if exact.parent >= 0:
            assert exact.name.startswith(f"{both[exact.parent][0].name}/")
    assert suite.found.tests[0].name == "test #1"
    assert "test #2 of TestParallel.func1" in {test.name for test in suite.found.tests}
    assert list(suite.exact)[:6] == [
        "TestQuick",
        "TestSleeps",
        "TestSub",
        "TestSub/case1",
        "TestSub/case2",
        "TestSub/a/b",
    ]
    assert "FuzzThing/seed#1" in suite.exact
    assert not any(name.startswith("Example") for name in suite.exact)


def test_times_are_those_that_the_tests_sleep(suite: Suite) -> None:
    """Lower bounds only: a loaded machine makes every time longer."""
    exact = suite.exact
    assert exact["TestSleeps"].active_ns >= exact["TestSleeps"].waiting_ns >= 30 * MS
    assert exact["TestSub"].subtests_ns >= 15 * MS
    assert exact["TestSub/case1"].subtests_ns == exact["TestSub/case1"].paused_ns == 0
    for i in range(3):
        # the parent sleeps before it lets them go on
        assert exact[f"TestParallel/p{i}"].paused_ns >= 20 * MS
        assert exact[f"TestParallel/p{i}"].subtests_ns >= 10 * MS
        assert exact[f"TestParallel/p{i}/inner"].active_ns >= 10 * MS
    assert exact["TestParallel"].subtests_ns >= 20 * MS
    assert exact["FuzzThing"].subtests_ns >= 2 * MS


def test_goroutines_are_those_that_the_tests_start(suite: Suite) -> None:
    """Through other goroutines too, and those that stay when the test has ended."""
    started = {name: test.goroutines for name, test in suite.exact.items() if test.goroutines}
    assert started == {"TestStarts": 8, "TestLeaks": 4}
    leaks = suite.exact["TestLeaks"]
    assert leaks.alive_after in (3, 4)
    assert leaks.alive >= 3
    assert leaks.waiting_ns > 3 * leaks.wall_ns


def test_a_log_of_go_test_v_has_the_same_names(record: Callable[..., Suite], suite: Suite) -> None:
    assert sorted(record("-v").exact) == sorted(suite.exact)


def test_benchmarks_have_a_row_for_each_run(record: Callable[..., Suite]) -> None:
    ran = record("-json", "-run", "^$", "-bench", ".", "-benchtime", "3x", "-count", "2")
    rows = [(test.name, test.is_repeated) for test in named(ran.found, names_in(ran.log)).tests]
    twice = [(name, again) for name in ("BenchmarkTree/n1", "BenchmarkTree/n2") for again in (False, True)]
    parallel = [("BenchmarkPar", False), ("BenchmarkPar", True)]
    assert rows == [("BenchmarkFlat", False), ("BenchmarkFlat", True), ("BenchmarkTree", False), *twice, *parallel]
    assert all(test.is_benchmark for test in ran.found.tests)
    by_stack = [test.name for test in ran.found.tests]
    assert by_stack == ["BenchmarkFlat"] * 2 + ["BenchmarkTree"] + ["BenchmarkTree.func1"] * 4 + ["BenchmarkPar"] * 2
    flat, tree = ran.found.tests[0], ran.found.tests[2]
    assert flat.wall_ns >= 3 * MS
    assert tree.subtests_ns > tree.active_ns
    assert ran.found.tests[-1].goroutines > 0


def test_repeated_runs_have_the_same_names_again(record: Callable[..., Suite]) -> None:
    ran = record("-json", "-count", "2", "-run", "TestSub|TestParallel")
    names = Counter(test.name for test in named(ran.found, names_in(ran.log)).tests)
    assert set(names.values()) == {2}
    assert len(names) == 14


def test_a_log_of_another_run_is_refused(suite: Suite) -> None:
    names = names_in(suite.log)
    for wrong, problem in (
        (names[1:], "tests in the log: 22, in the trace: 23"),
        ([*names, "TestMore"], "tests in the log: 24, in the trace: 23"),
        (["TestQuick/x", *names[1:]], "the trace has other subtests"),
        ([name.replace("TestSub/", "TestQuick/") for name in names], "the trace has other subtests"),
    ):
        with pytest.raises(UsageError, match=f"^--json-log: not the log of this trace's run: {problem}$"):
            named(suite.found, wrong)


def test_the_log_of_a_truncated_trace_can_have_more_tests(suite: Suite) -> None:
    cut = suite.found._replace(tests=suite.found.tests[:9], is_complete=False)
    assert [test.name for test in named(cut, names_in(suite.log)).tests] == list(suite.exact)[:9]


def test_subtests_of_parallel_tests_can_overtake_each_other(suite: Suite) -> None:
    """A name can be logged before another test's, and its goroutine start after that one's."""
    names = names_in(suite.log)
    parents = [name.rpartition("/")[0] for name in names]
    i = next(i for i, two in enumerate(pairwise(parents)) if all("/p" in one for one in two) and two[0] != two[1])
    names[i : i + 2] = names[i + 1], names[i]
    assert [test.name for test in named(suite.found, names).tests] == list(suite.exact)


@pytest.mark.parametrize(
    "log",
    [
        "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB/x=1\n=== RUN   ExampleA\n",
        'noise\n{"Action":"run","Test":"TestA"}\n{"Action":"output","Test":"TestA","Output":"=== RUN   TestA\\n"}\n'
        '{"Action":"run","Test":"TestB/x=1"}\n{"Action":"run"}\n{"Action":"run","Test":7}\n{"Action":"run","Test"\n',
        "text without a newline=== RUN   TestA\r\n\x16=== RUN   TestB/x=1\r\n",
    ],
)
def test_logs(log: str) -> None:
    assert names_in(log) == ["TestA", "TestB/x=1"]


def test_a_trace_without_tests_has_no_rows() -> None:
    tests, _ = read(path_of("service-go1.27"))
    assert (tests.tests, tests.ran, tests.package, tests.is_complete) == ((), 0, "", True)
