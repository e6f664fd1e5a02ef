"""What the tables are written to, and the ids that their rows get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gotracer_ci.database.schema import Definition

Columns = Sequence[Sequence[Any]]
"""Rows as columns of equal length, in the order of the definition. Flags are 0 or 1, and None is null."""


class Sink(Protocol):
    """Takes rows, part by part, of all traces one after the other."""

    def add(self, table: Definition, columns: Columns) -> None:
        """Add rows. There can be none."""


@dataclass
class Ids:
    """How many rows of each table the earlier traces have: their ids are 1, 2, 3, … over all traces."""

    trace: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def before(self, table: Definition) -> int:
        """Return the id before the first one of this trace."""
        return self.rows.get(table.name, 0)

    def take(self, table: Definition, count: int) -> range:
        """Return the next ids, for rows that are numbered in the order in which they are written."""
        first = self.rows.get(table.name, 0) + 1
        self.rows[table.name] = first + count - 1
        return range(first, first + count)
