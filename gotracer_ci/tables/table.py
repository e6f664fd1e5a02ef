"""A table: columns that say what they hold, and rows that are filtered, sorted and limited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from gotracer_ci.errors import UsageError
from gotracer_ci.spelling import closest_names

Row = dict[str, Any]
"""By column: str, int, float, bool, None or, in a column of several values, a dict."""
Kind = Literal["text", "count", "id", "ns", "bytes", "number", "share", "change", "ratio", "flag", "ns by name"]
"""What a column holds. "ns by name" holds {name: ns}, which text and CSV show as one column for each name."""


class Column(NamedTuple):
    """One column.

    name: in JSON and CSV; times end in `_ns`, sizes in `_bytes`. about: what it holds, for the schema. title: for
    people, "" to derive it from the name. shown: whether people see it. optional: whether a value can be None.
    """

    name: str
    kind: Kind
    about: str
    title: str = ""
    shown: bool = True
    optional: bool = False

    @property
    def heading(self) -> str:
        return self.title or self.name.removesuffix("_ns").removesuffix("_bytes").replace("_", " ").upper()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by the names of their columns, made when they are needed: a table can have a hundred thousand.

    noun, plural: what a row is, such as "group". items: what the rows are made of. view: makes the row of an item.
    hidden: how many rows are left out. value: returns the value of an item in a column, where that is cheaper than to
    make its row.
    """

    noun: str
    columns: tuple[Column, ...]
    items: Sequence[Any]
    view: Callable[[Any], Row]
    hidden: int = 0
    plural: str = ""
    value: Callable[[Any, str], Any] | None = None

    @property
    def rows(self) -> Iterator[Row]:
        return map(self.view, self.items)

    def keep(self, *conditions: Callable[[Row], bool]) -> Table:
        """Return the table with the rows that meet all conditions."""
        rows = zip(self.items, self.rows, strict=True)
        return replace(self, items=[item for item, row in rows if all(meets(row) for meets in conditions)])

    def sort(self, order: str) -> Table:
        """Return the table sorted by a column: the largest first, or with "+" before its name the smallest.

        Rows without a value come last, and the order of equal rows stays.

        Raises:
            UsageError: there is no such column.
        """
        column = self.column(order.removeprefix("+"))
        value = self.value
        keys = (
            [row[column.name] for row in self.rows]
            if value is None
            else [value(item, column.name) for item in self.items]
        )
        known = [i for i, key in enumerate(keys) if key is not None]
        none = [i for i, key in enumerate(keys) if key is None]
        known.sort(key=keys.__getitem__, reverse=not order.startswith("+"))
        shown = tuple(c._replace(shown=c.shown or c.name == column.name) for c in self.columns)
        return replace(self, columns=shown, items=[self.items[i] for i in (*known, *none)])

    def top(self, n: int) -> Table:
        """Return the table with its first `n` rows; 0: with all."""
        if n == 0 or len(self.items) <= n:
            return self
        return replace(self, items=self.items[:n], hidden=len(self.items) - n)

    def longest(self, column: str, n: int) -> Table:
        """Return the table with the `n` rows that have the largest values in a column, in their order; 0: with all."""
        if n == 0 or len(self.items) <= n:
            return self
        values = [row[column] for row in self.rows]
        kept = sorted(sorted(range(len(values)), key=lambda i: -values[i])[:n])
        return replace(self, items=[self.items[i] for i in kept], hidden=len(values) - n)

    def column(self, name: str) -> Column:
        """Return the column of this name, which may lack its `_ns` or `_bytes`.

        Raises:
            UsageError: there is none.
        """
        columns = {column.name: column for column in self.columns if column.kind != "ns by name"}
        found = columns.get(name) or columns.get(f"{name}_ns") or columns.get(f"{name}_bytes")
        if found is None:
            near = closest_names(name, columns)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(columns)}"
            raise UsageError(f"--sort {name}: no such column; {hint}")
        return found
