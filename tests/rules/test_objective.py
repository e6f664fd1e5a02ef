"""Objectives on real traces: what is judged, from which instances, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from gotracer_ci.analysis.durations import of_tasks
from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.analysis.reading import read
from gotracer_ci.analysis.tasks import TasksAnalysis
from gotracer_ci.findings import Finding, Severity
from gotracer_ci.rules.objective import RULE, ObjectiveRule
from gotracer_ci.rules.objectives import parsed
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.tables.tasks import tasks_table, types_table
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, path_of

MS = 1_000_000
ANNOTATED = [name for name in NAMES if name.startswith("annotations-")]


def rule_of(*tables: dict[str, Any]) -> ObjectiveRule:
    return RULE.for_objectives(parsed(tables, "config.toml"))


def facts_for(rule: ObjectiveRule, name: str) -> Facts:
    return analyse(open_trace(path_of(name)), SourceMap(Repository.scan(PROGRAMS)), timed=rule.timed)


def missed(name: str, *tables: dict[str, Any]) -> list[Finding]:
    rule = rule_of(*tables)
    facts = facts_for(rule, name)
    return [rule.describe(facts, found) for found in rule.run(facts)]


def notes(names: list[str], *tables: dict[str, Any]) -> list[str]:
    rule = rule_of(*tables)
    return [note.text for note in rule.notes([facts_for(rule, name) for name in names])]


@pytest.mark.parametrize("name", ANNOTATED)
def test_a_slow_task_misses_its_objective(name: str) -> None:
    """Each of the five requests sleeps for 8 ms, and half a second is enough for all."""
    (finding,) = missed(name, {"task": "request", "p50": "5ms", "p99": "500ms"})

    assert (*finding.key, finding.severity) == ("Objective", "task", "request", "", Severity.ERROR)
    assert finding.message.startswith("task request missed its objective: p50 ")
    assert "> 5 ms; 5 times, " in finding.message
    assert "p99" not in finding.message
    assert finding.absolute
    assert finding.location
    assert finding.location.function == "main.handle"
    assert (finding.statistics.count, len(finding.occurrences)) == (5, 5)
    assert finding.statistics.p50 >= 8 * MS


@pytest.mark.parametrize("name", ANNOTATED)
def test_the_times_of_tasks_are_those_of_the_table(name: str) -> None:
    """For types whose tasks are all complete; of others, the objective has the length so far."""
    trace = open_trace(path_of(name))
    found = read(trace, SourceMap(None), TasksAnalysis(trace))
    judged = {times.name: times for times in of_tasks(found, trace.start_ns)}
    table = types_table(tasks_table([(name, found)], traces=False), merge=True, traces=False)
    rows = {row["type"]: row for row in table.rows}

    assert judged.keys() == rows.keys() == {"session", "request", "abandoned"}
    for kind, row in rows.items():
        times = judged[kind]
        assert (times.count, times.total_ns) == (row["count"], row["total_ns"])
        if not row["incomplete"]:
            percentiles = [times.quantile_ns(q) for q in (0.5, 0.9, 0.99)]
            assert [*percentiles, times.max_ns] == [row[f"{name}_ns"] for name in ("p50", "p90", "p99", "max")]


def test_a_task_that_never_ends_counts_with_its_length_so_far() -> None:
    (finding,) = missed("annotations-go1.26", {"task": "abandoned", "max": "10us"})
    assert finding.occurrences[0].still_open
    assert "had not ended" in finding.detail


@pytest.mark.parametrize("name", ANNOTATED)
def test_regions_are_judged_by_type(name: str) -> None:
    """`query` sleeps for 3 ms and `render` for 2 ms, each ten times."""
    found = missed(name, {"region": "*", "p50": "2.5ms"}, {"region": "render", "p50": "1ms"})
    by_place = {finding.key.place: finding for finding in found}
    assert by_place.keys() == {"load", "query", "render"}
    assert {finding.key.kind for finding in found} == {"region"}
    assert (by_place["query"].statistics.count, by_place["render"].statistics.count) == (10, 10)
    assert by_place["render"].message.startswith("region render missed its objective: p50 ")


def test_tests_are_judged_with_their_subtests() -> None:
    """Two subtests take 40 × 2 ms each, one after the other; together they are the test."""
    found = missed("orders-go1.27", {"test": "TestTake*", "max": "100ms"})
    (finding,) = found
    assert finding.key[1:3] == ("test", "TestTake")
    assert finding.statistics.maximum >= 160 * MS
    assert finding.location
    assert (finding.location.function, finding.location.line) == ("example.com/programs/orders_test.TestTake", 17)

    parts = missed("orders-go1.27", {"test": "TestTake.func1", "max": "50ms"})
    assert [(finding.key.place, finding.statistics.count) for finding in parts] == [("TestTake.func1", 2)]


@pytest.mark.parametrize(
    ("wait", "below", "kinds"),
    [
        ("sync", "example.com/programs/...", {"sync.(*Mutex).Lock", "sync.(*WaitGroup).Wait"}),
        ("sync.(*Mutex).Lock", "example.com/programs/orders", {"sync.(*Mutex).Lock"}),
        ("sync*", "testing", {"sync.(*WaitGroup).Wait"}),
        ("sync", "example.com/programs", set()),
        ("network", "...", set()),
    ],
)
def test_waits_are_judged_by_place_below_a_package(wait: str, below: str, kinds: set[str]) -> None:
    found = missed("orders-go1.27", {"wait": wait, "below": below, "max": "0s"})
    assert {finding.key.kind for finding in found} == kinds
    for finding in found:
        assert any(frame.function.startswith(below.removesuffix("...")) for frame in finding.stack)


def test_the_package_of_a_command_has_its_import_path() -> None:
    """A trace calls it main."""
    (named,) = missed("annotations-go1.26", {"wait": "sleep", "below": "example.com/programs/...", "max": "2.9ms"})
    (main,) = missed("annotations-go1.26", {"wait": "sleep", "below": "main", "max": "2.9ms"})
    assert (named.key, named.statistics) == (main.key, main.statistics)
    assert main.key.place == "main.query"


def test_a_percentile_of_few_instances_is_called_the_maximum() -> None:
    (finding,) = missed("annotations-go1.26", {"task": "request", "p50": "1ms", "p90": "1ms", "p99": "1ms"})
    maximum = finding.message.partition("p99 ")[2].partition(" >")[0]
    assert f"p90 {maximum} > 1 ms (of 5: the maximum), p99 {maximum} > 1 ms (of 5: the maximum);" in finding.message
    assert finding.message.index("p50") < finding.message.index("p90")
    assert finding.message.count("maximum") == 2

    (lock,) = missed("orders-go1.27", {"wait": "sync.(*Mutex).Lock", "p95": "1ms", "p99": "1ms"})
    assert lock.statistics.count == 78
    assert lock.message.count("(of 78: the maximum)") == 1  # p95 of 78 is the 75th


def test_two_objectives_for_the_same_are_one_finding() -> None:
    (finding,) = missed(
        "annotations-go1.26",
        {"task": "re*", "p50": "1ms", "severity": "warn"},
        {"task": "request", "max": "2ms", "severity": "info"},
        {"task": "request", "max": "60m"},
    )
    assert finding.severity is Severity.WARN
    assert "p50 " in finding.message
    assert "max " in finding.message
    assert finding.detail.count("Objective ") == 2


def test_too_few_instances_are_a_note_and_no_finding() -> None:
    objective = {"task": "request", "max": "1ms", "min_count": 6}
    assert missed("annotations-go1.26", objective) == []
    assert notes(["annotations-go1.26"], objective) == [
        "objective 1 (task request): fewer than min_count 6 of task request, so not judged"
    ]
    assert missed("annotations-go1.26", {**objective, "min_count": 5})
    assert notes(["annotations-go1.26"], {**objective, "min_count": 5}) == []


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ({"task": "reqest"}, "objective 1 (task reqest): no trace has such a task; did you mean request?"),
        ({"region": "querry"}, "objective 1 (region querry): no trace has such a region; did you mean query?"),
        ({"test": "Test*"}, "objective 1 (test Test*): no trace has such a test"),
        ({"wait": "slep"}, "objective 1 (wait slep): no trace has such a wait; did you mean sleep?"),
        (
            {"wait": "sleep", "below": "example.com/shop/..."},
            "objective 1 (wait sleep below example.com/shop/...): no trace has such a wait",
        ),
    ],
)
def test_what_matches_nothing_is_a_note_with_the_closest_name(table: dict[str, str], note: str) -> None:
    assert notes(["annotations-go1.26", "annotations-go1.23"], {**table, "max": "1s"}) == [note]


def test_what_matches_in_one_of_several_traces_is_no_note() -> None:
    assert notes(["idle-go1.27", "annotations-go1.26"], {"task": "request", "max": "1s"}) == []


def test_without_objectives_nothing_is_timed_and_nothing_is_found() -> None:
    assert RULE.timed == frozenset()
    assert rule_of({"wait": "sleep", "max": "1s"}).timed == frozenset()
    assert rule_of({"task": "x", "max": "1s"}, {"test": "y", "max": "1s"}).timed == {"task", "test"}
    assert missed("annotations-go1.26") == []
