"""Lives as columns, and groups with their times, are those of the records of lives, in all builds."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.spec import Ev
from tests.builds import BUILDS, NAME, Build, new_lives, open_trace
from tests.trace.conftest import TRACES

each_trace = pytest.mark.parametrize("path", TRACES[::12], ids=lambda path: path.stem)


def new(module: str, name: str, *arguments: Any) -> Any:
    """Return a new observer of the active build."""
    return getattr(import_module(f"{NAME}.observers.{module}"), name)(*arguments)


def class_of(reason: str) -> str:
    return "chan" if "chan" in reason else "other"


def read(path: Path, window: tuple[int, int] | None) -> tuple[Any, Any, Any]:
    trace = open_trace(str(path))
    lives = new_lives(trace)
    columns = new("life_columns", "LifeColumns", lambda reason, _: class_of(trace.tables.string(reason)))
    groups = new("group_times", "GroupTimes")
    is_begun = False
    for chunk in trace.chunks((Ev.SYNC,), (lives, columns, groups)):
        if chunk.n and not is_begun:
            is_begun = True
            groups.begin(trace.start_ns)
            for observer in (lives, columns, groups) if window else ():
                observer.limit(*(trace.start_ns + time for time in window or ()))
    return lives, columns, groups


@each_trace
@pytest.mark.parametrize("window", [None, (1_000_000, 5_000_000)], ids=["whole", "window"])
def test_lives_and_groups_are_those_of_the_records(path: Path, window: tuple[int, int] | None, decoder: Build) -> None:
    lives, columns, groups = read(path, window)
    records = sorted(lives.records(), key=lambda record: record[3])
    found, waits, left_out = columns.result()
    assert left_out == 0
    number, ids, _, creation, creator, created, ended, total, running, runnable, syscall, blocked, _ = map(list, found)
    reasons = lives.reasons()
    assert number == [record[3] for record in records]
    assert ids == [record[2] for record in records]
    assert creation == [record[1] for record in records]
    assert (creator, created) == ([record[4] for record in records], [record[5] for record in records])
    assert (ended, total) == ([record[7] for record in records], [record[8] for record in records])
    assert running == [record[9][0] for record in records]
    assert runnable == [sum(record[9][1:5]) for record in records]
    assert (syscall, blocked) == ([record[9][6] for record in records], [record[9][7] for record in records])
    for i, record in enumerate(records):
        expected: dict[str, int] = {}
        for reason, ns in record[10].items():
            expected[class_of(reasons[reason])] = expected.get(class_of(reasons[reason]), 0) + ns
        assert {name: column[i] for name, column in waits.items() if column[i]} == expected
    assert sorted((entry, creation, counts, sums) for _, entry, creation, counts, sums in groups.groups()) == sorted(
        (entry, creation, counts, (times[0], sum(times[1:5]), *times[5:8]))
        for entry, creation, counts, times, *_ in lives.groups()
    )


def test_of_too_many_lives_those_that_waited_longest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is a constant of the compiled builds, so only the plain one can have a smaller one."""
    with BUILDS["uncompiled"]().active():
        for path in TRACES[::20]:
            _, every, _ = read(path, None)
            whole, waits, _ = every.result()
            waited = [sum(column[i] for column in waits.values()) for i in range(len(whole[0]))]
            with monkeypatch.context() as patched:
                patched.setattr(import_module(f"{NAME}.observers.life_columns"), "_MAX_LIVES", 3)
                _, few, _ = read(path, None)
                kept, _, left_out = few.result()
            assert len(kept[0]) == min(3, len(waited))
            assert left_out == len(waited) - len(kept[0])
            chosen = [waited[list(whole[0]).index(life)] for life in kept[0]]
            assert sorted(chosen) == sorted(waited)[-len(chosen) :]
