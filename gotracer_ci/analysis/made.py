"""Values that are made of records when they are needed: a hundred thousand at once would take much memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar, overload

from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.observers.time_records import TimeRecords

TIMES: Final = frozenset(PARTS)
"""The times that a record has besides its fields."""
Made = TypeVar("Made")
_Make = Callable[[int, tuple[Any, ...]], Made]


class Records(Sequence[Made], Generic[Made]):
    """Values of records, in an order. Pickled, they become a tuple of all values.

    Args:
        fields: of the records.
        make: makes the value of a record, of which it gets the index, too.
        order: the field by which they are sorted; None: as they are.
    """

    def __init__(
        self,
        records: TimeRecords,
        fields: Sequence[str],
        make: Callable[[int, tuple[Any, ...]], Made],
        order: str | None,
    ) -> None:
        self._records = records
        self._at = {name: at for at, name in enumerate((*fields, *PARTS))}
        self._make = make
        self._order: Sequence[int] = range(len(records))
        if order is not None:
            self._order = sorted(self._order, key=self.all(order).__getitem__)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        if isinstance(index, slice):
            return [self._make(at, self._records[at]) for at in self._order[index]]
        at = self._order[index]
        return self._make(at, self._records[at])

    def __iter__(self) -> Iterator[Made]:
        return (self._make(at, self._records[at]) for at in self._order)

    def field(self, index: int, name: str) -> int:
        """Return a field of one record, or one of `TIMES`: much cheaper than its value."""
        return self._records.number(self._order[index], self._at[name])

    def all(self, name: str) -> list[int]:
        """Return a field of all records, in order."""
        number, at = self._records.number, self._at[name]
        return [number(i, at) for i in self._order]
