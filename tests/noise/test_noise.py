"""The comparison of the recorded runs: no more false alarms and misses than in the committed table."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.noise import data, table
from tests.noise.changes import BY_NAME, CHANGES, Change
from tests.noise.data import BASE, UNCHANGED
from tests.noise.programs import NOISE

MAX_BYTES = 3_000_000
FILES = sorted(NOISE.glob("*.jsonl.xz"))
STALE = "the recorded runs or the designs changed: python -m tests.noise --table, and look at the difference"


@cache
def replayed() -> dict[tuple[str, ...], tuple[int, ...]]:
    return _by_cell(table.replay(data.directory_data()))


def _by_cell(rows: list[list[Any]]) -> dict[tuple[str, ...], tuple[int, ...]]:
    return {tuple(row[:4]): tuple(row[4:]) for row in rows}


def test_the_table_matches_the_recorded_runs() -> None:
    committed = _by_cell(table.read()[1])

    assert FILES
    assert {cell: found[0] for cell, found in replayed().items()} == {c: found[0] for c, found in committed.items()}, (
        STALE
    )


def test_no_more_false_alarms_than_in_the_table() -> None:
    for cell, (_, shown, confirmed) in _by_cell(table.read()[1]).items():
        if not _is_regression(cell):
            now = replayed()[cell]
            assert now[1] <= shown, f"{cell}: shown in {now[1]} draws, not in {shown}"
            assert now[2] <= confirmed, f"{cell}: fails in {now[2]} draws, not in {confirmed}"


def test_no_fewer_regressions_found_than_in_the_table() -> None:
    for cell, (_, shown, confirmed) in _by_cell(table.read()[1]).items():
        if _is_regression(cell):
            now = replayed()[cell]
            assert now[1] >= shown, f"{cell}: shown in {now[1]} draws, not in {shown}"
            assert now[2] >= confirmed, f"{cell}: fails in {now[2]} draws, not in {confirmed}"


def _is_regression(cell: tuple[str, ...]) -> bool:
    return cell[3] in BY_NAME and BY_NAME[cell[3]].is_regression


def test_the_page_shows_the_table() -> None:
    assert table.shown(table.PAGE.read_text(encoding="utf-8")) == table.markdown(table.read()[0])


def test_the_page_describes_the_changes() -> None:
    _, _, text = table.PAGE.read_text(encoding="utf-8").partition("<!-- changes: checked by tests/noise -->\n")
    rows = text.partition("\n\n")[0].splitlines()[2:]

    assert rows == [f"| {c.program} | {c.name} | {c.what} | {_expected(c)} |" for c in CHANGES]


def _expected(change: Change) -> str:
    """Return the last cell of a change's row."""
    if not change.is_regression:
        return "nothing may be reported"
    places = ", ".join(f"`{place.removeprefix('example.com/')}`" for place in change.places if place)
    return f"{', '.join(change.rules)} in {places or 'the whole program'}"


def test_the_data_set_is_small() -> None:
    assert sum(path.stat().st_size for path in FILES) <= MAX_BYTES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_runs_round_trips(path: Path) -> None:
    recorded = data.load(path)

    assert data.dump(recorded) == data.text(path)
    assert data.path_of(recorded.program) == path
    assert {run.run for run in recorded.runs} <= {UNCHANGED, BASE, *BY_NAME}
