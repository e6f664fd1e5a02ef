"""The tables: printed, stored in testdata/noise/table.json, and shown in docs/statistics.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.golang import ROOT
from tests.noise.changes import CHANGES
from tests.noise.data import Recorded
from tests.noise.figures import Figure, figure, shares
from tests.noise.programs import NOISE, SERVICE
from tests.noise.resample import DESIGNS, Tallies, resampled

TABLE: Final = NOISE / "table.json"
PAGE: Final = ROOT / "docs" / "statistics.md"
REPLAYED: Final = 2
"""Draws per job in the test, which must be fast."""
_EACH: Final = [design for design in DESIGNS if (design.jobs, design.traces) != (3, 3) and design.current > 1]
"""The designs with results by program."""
_DESIGN: Final = "Baseline × traces of the run"
_BEGIN, _END = "<!-- table: written by make noise -->", "<!-- table: end -->"


class Table(NamedTuple):
    """One table: its caption, header row and formatted cells."""

    title: str
    head: list[str]
    rows: list[list[str]]


def tables(data: Sequence[Recorded], draws: int) -> list[Table]:
    """Return all tables of a data set."""
    tallies = resampled(data, draws)
    return [
        _false_alarms(data, tallies),
        _by_program(data, tallies, confirmed=False),
        _by_program(data, tallies, confirmed=True),
        _detection(tallies, confirmed=False),
        _detection(tallies, confirmed=True),
    ]


def replay(data: Iterable[Recorded]) -> list[list[Any]]:
    """Return the rows that the test compares: design, program, run, draws, shown, confirmed."""
    return [
        [
            *cell,
            *(sum(numbers) for numbers in zip(*((t.draws, t.shown, t.confirmed) for t in jobs.values()), strict=True)),
        ]
        for cell, jobs in sorted(resampled(data, REPLAYED).items())
    ]


def markdown(all_tables: Iterable[Table]) -> str:
    return "\n".join(line for table in all_tables for line in _lines(table))


def document(all_tables: Iterable[Table], replayed: Iterable[Sequence[Any]]) -> str:
    """Return the text of table.json, one row per line."""

    def block(rows: Iterable[Any]) -> str:
        return ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)

    shown = block(table._asdict() for table in all_tables)
    return f'{{"tables":[\n{shown}\n],\n"replay":[\n{block(replayed)}\n]}}\n'


def write(data: Sequence[Recorded], all_tables: Sequence[Table]) -> None:
    """Write table.json and update the page."""
    TABLE.write_text(document(all_tables, replay(data)), encoding="utf-8", newline="\n")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(shown(page), markdown(all_tables)), encoding="utf-8", newline="\n")


def shown(page: str) -> str:
    """Return the text between the page's two markers."""
    found = re.search(rf"(?<={re.escape(_BEGIN)}\n).*(?=\n{re.escape(_END)})", page, re.DOTALL)
    if not found:
        raise ValueError(f"{Path(PAGE).name} has no place for the tables: {_BEGIN} … {_END}")
    return found[0]


def read() -> tuple[list[Table], list[list[Any]]]:
    """Read table.json."""
    held = json.loads(TABLE.read_text(encoding="utf-8"))
    return [Table(**table) for table in held["tables"]], held["replay"]


def _false_alarms(data: Sequence[Recorded], tallies: Tallies) -> Table:
    others = [recorded.program for recorded in data if recorded.program != SERVICE]

    def row(design: str) -> Iterator[str]:
        for confirmed in (False, True):
            each = [shares(tallies, design, program, confirmed=confirmed) for program in others]
            yield _cell(figure([shares(tallies, design, SERVICE, confirmed=confirmed)]))
            yield _cell(figure(each))
            yield _cell(max((found for jobs in each if (found := figure([jobs]))), default=None))

    head = [_DESIGN]
    head += [f"{who}, {what}" for what in ("shown", "failing") for who in (SERVICE, "others: mean", "worst")]
    title = "False alarms: percent of unchanged runs with anything new or worse"
    return Table(title, head, [[design.name, *row(design.name)] for design in DESIGNS])


def _by_program(data: Sequence[Recorded], tallies: Tallies, *, confirmed: bool) -> Table:
    rows = [
        [
            recorded.program,
            recorded.half or "both",
            str(len(recorded.jobs)),
            *(_cell(figure([shares(tallies, d.name, recorded.program, confirmed=confirmed)])) for d in _EACH),
        ]
        for recorded in data
    ]
    title = f"False alarms by program, {'failing' if confirmed else 'shown'}"
    return Table(title, ["Program", "Half", "Jobs", *(design.name for design in _EACH)], rows)


def _detection(tallies: Tallies, *, confirmed: bool) -> Table:
    rows = [
        [
            design.name,
            *(_cell(figure([shares(tallies, design.name, SERVICE, c.name, confirmed=confirmed)])) for c in CHANGES),
        ]
        for design in DESIGNS
    ]
    title = f"Detection: percent of changed runs {'that fail' if confirmed else 'shown as worse'} at the right place"
    return Table(title, [_DESIGN, *(change.name for change in CHANGES)], rows)


def _cell(found: Figure | None) -> str:
    return str(found) if found else "–"


def _lines(table: Table) -> Iterator[str]:
    yield f"### {table.title}"
    yield ""
    yield f"| {' | '.join(table.head)} |"
    yield f"|{'---|' * len(table.head)}"
    for row in table.rows:
        yield f"| {' | '.join(row)} |"
    yield ""
