"""Tasks: known ones, odd ones, and more than fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis import logs, task_events, tasks
from gotracer_ci.analysis.logs import LogsAnalysis
from gotracer_ci.analysis.reading import WHOLE, Window, read
from gotracer_ci.analysis.task_events import TaskEventsAnalysis
from gotracer_ci.analysis.tasks import TasksAnalysis, TraceTasks, covered
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev
from tests.trace.hostile import RUNS, event, on_thread, split, string, trace
from tests.trace.writer import batch


def opened(*events: bytes, names: int = 9) -> Trace:
    """Return a trace whose one goroutine has these events."""
    strings = split(bytes([Ev.STRINGS]), (string(k) for k in range(1, names + 1)), 1 << 30)
    data = trace(batch(1, 1, 100, RUNS), *on_thread(events, 1 << 30), tables=strings)
    return Trace("made", memoryview(data))


def begin(task: int, parent: int = 0, name: int = 1, after: int = 1) -> bytes:
    return event(Ev.USER_TASK_BEGIN, task, parent, name, 0, after=after)


def end(task: int, after: int = 1) -> bytes:
    return event(Ev.USER_TASK_END, task, 0, after=after)


def log(task: int, after: int = 1) -> bytes:
    return event(Ev.USER_LOG, task, 2, 3, 0, after=after)


def region(kind: Ev, task: int, name: int = 4) -> bytes:
    return event(kind, task, name, 0)


def found(*events: bytes, window: Window = WHOLE, text: str = "") -> TraceTasks:
    made = opened(*events)
    read_tasks = read(made, SourceMap(None), TasksAnalysis(made, text=text), window)
    assert made.damage is None
    return read_tasks


def test_self_is_the_duration_without_the_children() -> None:
    """Two children overlap, a third has a child of its own, and one outlives its parent."""
    result = found(
        begin(1),  # at 0
        begin(2, 1, after=10), begin(3, 1, after=10), end(2, after=10), end(3, after=10),  # 10–30, 20–40
        begin(4, 1, after=20), begin(5, 4, after=5), end(5, after=5), end(4, after=10),  # 60–80, of which 65–70
        begin(6, 1, after=10), end(1, after=10), end(6, after=10),  # 90–110, the parent until 100
    )  # fmt: skip
    assert {task.id: (task.duration_ns, task.self_ns) for task in result.tasks} == {
        1: (100, 40), 2: (20, 20), 3: (20, 20), 4: (20, 15), 5: (5, 5), 6: (20, 20),
    }  # fmt: skip
    assert {task.id: task.children for task in result.tasks if task.children} == {1: (2, 3, 4, 6), 4: (5,)}


def test_odd_tasks() -> None:
    """One that ends twice, one that began before the trace, a parent and a logger that are only mentioned."""
    result = found(begin(1, 8), end(1), end(1, after=50), end(2), log(3), log(0), region(Ev.USER_REGION_END, 4))
    by_id = {task.id: task for task in result.tasks}
    assert sorted(by_id) == [1, 2, 3, 4, 8]
    assert (by_id[1].complete, by_id[1].duration_ns, by_id[1].parent) == (True, 1, 8)
    assert (by_id[2].begin_ns, by_id[2].type, by_id[2].begin_goroutine, by_id[2].end_goroutine) == (None, "", -1, 1)
    assert by_id[3].duration_ns == by_id[8].duration_ns == max(task.duration_ns for task in result.tasks)
    assert (by_id[3].logs, by_id[4].regions, by_id[8].goroutines, by_id[8].children) == (1, 1, (), (1,))


def test_a_task_that_is_its_own_ancestor_is_no_endless_tree() -> None:
    events = (begin(1, 2), begin(2, 1), begin(3, 3), log(1), end(2), end(1), end(3))
    assert {task.id: task.children for task in found(*events).tasks} == {2: (1,), 1: (2,), 3: ()}
    tree = read(opened(*events), SourceMap(None), TaskEventsAnalysis(1))
    assert [(shown.task, shown.depth, shown.what) for shown in tree.events] == [
        (1, 0, "task begin"), (2, 1, "task begin"), (1, 0, "log"), (2, 1, "task end"), (1, 0, "task end"),
    ]  # fmt: skip


def test_an_id_that_comes_again_is_another_task() -> None:
    """Each has the children that begin while it is there."""
    result = found(begin(1), begin(2, 1), end(2), end(1), begin(1), begin(3, 1), end(3), end(1))
    assert [(task.id, task.children, task.complete) for task in result.tasks] == [
        (1, (2,), True), (2, (), True), (1, (3,), True), (3, (), True),
    ]  # fmt: skip


def test_a_deep_tree_is_shown() -> None:
    depth = 30_000
    tree = read(opened(*(begin(k, k - 1) for k in range(1, depth + 1))), SourceMap(None), TaskEventsAnalysis(1))
    assert [shown.depth for shown in tree.events] == list(range(depth))


def test_only_what_is_in_the_window_counts() -> None:
    events = (begin(1), log(1, after=10), begin(2, 1, after=10), log(2, after=10), end(2, after=10), end(1, after=10))
    start = 101  # ns from the trace's start to the first task
    inside = found(*events, window=Window(start + 25, start + 45))
    assert {task.id: (task.duration_ns, task.self_ns, task.logs, task.complete) for task in inside.tasks} == {
        1: (20, 5, 0, False), 2: (15, 15, 1, False),
    }  # fmt: skip
    after = found(*events, log(2), window=Window(start + 41, None))
    assert [task.id for task in after.tasks] == [1]


def test_a_text_is_searched_in_types_regions_and_logs() -> None:
    events = (begin(1, name=7), begin(2), log(2), begin(3), region(Ev.USER_REGION_BEGIN, 3), begin(4, name=5))
    searched = {text: [task.id for task in found(*events, text=text).tasks] for text in "72345"}
    assert searched == {"7": [1], "2": [2], "3": [2], "4": [3], "5": [4]}


def test_many_tasks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are kept, and what is left out is said; each has a type of its own."""
    monkeypatch.setattr(tasks, "KEPT", 1_000)
    n = 1_500
    made = opened(*(begin(k, name=k) + log(k) + end(k) for k in range(1, n + 1)), names=n)
    result = read(made, SourceMap(None), TasksAnalysis(made))
    assert [task.id for task in result.tasks] == list(range(1, 1_001))
    assert len({task.type for task in result.tasks}) == 1_000
    assert result.left_out > 0


def test_many_events_and_goroutines_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_events, "KEPT", 10)
    monkeypatch.setattr(tasks, "MAX_GOROUTINES", 1)
    events = (begin(1), *(log(1) for _ in range(20)), begin(2))
    tree = read(opened(*events), SourceMap(None), TaskEventsAnalysis(1))
    assert (len(tree.events), tree.left_out) == (10, 11)
    monkeypatch.setattr(logs, "KEPT", 10)
    made = opened(*events)
    listed = read(made, SourceMap(None), LogsAnalysis(made))
    assert (len(listed.logs), listed.left_out) == (10, 10)
    made = opened(*events)
    result = read(made, SourceMap(None), TasksAnalysis(made))
    assert [task.goroutines for task in result.tasks] == [(1,), ()]
    assert not result.all_goroutines


@given(st.integers(0, 20), st.integers(0, 20), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6))
def test_covered_time_is_that_of_a_plain_count(begin: int, length: int, parts: list[Any]) -> None:
    end = begin + length
    expected = sum(any(first <= t < last for first, last in parts) for t in range(begin, end))
    assert covered(begin, end, parts) == expected
