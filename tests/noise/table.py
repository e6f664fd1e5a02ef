"""The tables: printed, stored in testdata/noise/table.json, and shown in docs/statistics.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.bench.golang import ROOT
from tests.noise.changes import CHANGES
from tests.noise.data import UNCHANGED, Recorded, of_half
from tests.noise.figures import Figure, figure, shares
from tests.noise.programs import EVALUATION, NOISE, OWN, TUNING
from tests.noise.resample import DESIGNS, Tallies, resampled

TABLE: Final = NOISE / "table.json"
PAGE: Final = ROOT / "docs" / "statistics.md"
REPLAYED: Final = 3
"""Jobs of each program in the test, which must be fast."""
_DESIGN: Final = "Baseline × traces of the run"
_BEGIN, _END = "<!-- table: written by make noise -->", "<!-- table: end -->"


class Table(NamedTuple):
    """One table: its caption, header row and formatted cells."""

    title: str
    head: list[str]
    rows: list[list[str]]


def tables(data: Sequence[Recorded], draws: int, halves: Sequence[str] = (EVALUATION, TUNING)) -> list[Table]:
    """Return all tables of these halves of a data set."""
    tallies = resampled(data, draws, halves)
    found = []
    for half in halves:
        programs = of_half(data, half)
        found += [
            _false_alarms(half, programs, tallies),
            _by_program(half, programs, tallies, confirmed=True),
            _by_program(half, programs, tallies, confirmed=False),
            _of_changes(half, tallies, regressions=True, confirmed=True),
            _of_changes(half, tallies, regressions=True, confirmed=False),
            _of_changes(half, tallies, regressions=False, confirmed=True),
            _of_changes(half, tallies, regressions=False, confirmed=False),
        ]
    return found


def replay(data: Sequence[Recorded]) -> list[list[Any]]:
    """Return the rows that the test compares: half, design, program, run, draws, shown, confirmed."""
    return [
        [
            *cell,
            *(sum(numbers) for numbers in zip(*((t.draws, t.shown, t.confirmed) for t in jobs.values()), strict=True)),
        ]
        for cell, jobs in sorted(resampled(data, draws=1, most=REPLAYED).items())
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


def _false_alarms(half: str, programs: Sequence[Recorded], tallies: Tallies) -> Table:
    def row(design: str) -> Iterator[str]:
        for confirmed in (True, False):
            for is_own in (True, False):
                each = [
                    shares(tallies, (half, design, recorded.program, UNCHANGED), confirmed=confirmed)
                    for recorded in programs
                    if (recorded.program in OWN) == is_own
                ]
                yield _cell(figure(each))
            yield _cell(max((found for jobs in each if (found := figure([jobs]))), default=None))

    head = [_DESIGN]
    head += [f"{who}, {what}" for what in ("failing", "shown") for who in ("ours: mean", "others: mean", "worst")]
    title = f"False alarms: percent of unchanged runs with anything new or worse ({half} half)"
    return Table(title, head, [[design.name, *row(design.name)] for design in DESIGNS])


def _by_program(half: str, programs: Sequence[Recorded], tallies: Tallies, *, confirmed: bool) -> Table:
    rows = [
        [recorded.program, str(len(recorded.jobs)), *_row(half, recorded.program, UNCHANGED, tallies, confirmed)]
        for recorded in programs
    ]
    title = f"False alarms by program, {'failing' if confirmed else 'shown'} ({half} half)"
    return Table(title, ["Program", "Jobs", *(design.name for design in DESIGNS)], rows)


def _of_changes(half: str, tallies: Tallies, *, regressions: bool, confirmed: bool) -> Table:
    rows = [
        [change.name, *_row(half, change.program, change.name, tallies, confirmed)]
        for change in CHANGES
        if change.is_regression == regressions
    ]
    if regressions:
        title = (
            f"Detection: percent of changed runs {'that fail' if confirmed else 'shown as worse'} at the right place"
        )
    else:
        title = f"Harmless changes: percent of runs {'that fail' if confirmed else 'shown as worse'}"
    return Table(f"{title} ({half} half)", ["Change", *(design.name for design in DESIGNS)], rows)


def _row(half: str, program: str, run: str, tallies: Tallies, confirmed: bool) -> Iterator[str]:
    for design in DESIGNS:
        yield _cell(figure([shares(tallies, (half, design.name, program, run), confirmed=confirmed)]))


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
