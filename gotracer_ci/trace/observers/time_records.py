# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Records of what took time: numbers one after the other, because tuples take four times the memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers.parts import PARTS

_PARTS = cython.declare(cython.longlong, len(PARTS))


@cython.final
@cython.cclass
class TimeRecords:
    """Records of the same fields, and of times by `PARTS` and by reason.

    As a sequence, each is (*fields, times, waits). times: ns by `PARTS`. waits: {number of the reason: ns}, without
    those that are 0.

    Args:
        fields: how many there are.
    """

    count: cython.longlong
    _fields: cython.longlong
    _numbers: cython.longlong[::1]  # of each record: its fields, its times, and pairs of a reason and a time
    _n: cython.longlong
    _starts: cython.longlong[::1]  # one more than there are records

    def __init__(self, fields: int) -> None:
        self.count = self._n = 0
        self._fields = fields
        self._numbers = column("q", bytes(8 * 1024))
        self._starts = column("q", bytes(8 * 64))

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def put(self, number: cython.longlong) -> cython.int:
        """Add the next field of the record that is under way."""
        if self._n == len(self._numbers):
            self._numbers = grown(self._numbers, 2 * self._n)
        self._numbers[self._n] = number
        self._n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(
        self,
        times: cython.longlong[::1],
        at: cython.longlong,
        waits: cython.longlong[::1],
        first: cython.longlong,
        reasons: cython.int,
    ) -> cython.int:
        """End the record, after its last field.

        Args:
            times: ns by `PARTS` from index `at` on.
            waits: ns by reason from index `first` on, of so many reasons.
        """
        i: cython.longlong
        for i in range(at, at + _PARTS):
            self.put(times[i])
        for i in range(reasons):
            if waits[first + i]:
                self.put(i)
                self.put(waits[first + i])
        self.count += 1
        if self.count == len(self._starts):
            self._starts = grown(self._starts, 2 * self.count)
        self._starts[self.count] = self._n
        return 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        record: cython.longlong = index
        if record < 0 or record >= self.count:
            raise IndexError(index)
        start: cython.longlong = self._starts[record]
        times: cython.longlong = start + self._fields
        found: list = [self._numbers[i] for i in range(start, times)]
        found.append(tuple([self._numbers[i] for i in range(times, times + _PARTS)]))
        found.append(
            {self._numbers[i]: self._numbers[i + 1] for i in range(times + _PARTS, self._starts[record + 1], 2)}
        )
        return tuple(found)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        i: cython.longlong
        for i in range(self.count):
            yield self[i]

    def number(self, index: int, at: int) -> int:
        """Return one field of a record; the times, by `PARTS`, follow the fields."""
        record: cython.longlong = index
        place: cython.longlong = at
        if record < 0 or record >= self.count or place < 0 or place >= self._fields + _PARTS:
            raise IndexError(index)
        return self._numbers[self._starts[record] + place]
