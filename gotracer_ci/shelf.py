"""Values that are put away: packed, in a temporary file, so that a run holds one of them at a time.

What the text of a finding needs of a trace is large, and most traces are not the worst one for any finding.
"""

from __future__ import annotations

import gc
import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")

Kept = Callable[[], _Value]
"""Returns a value that is held, packed or on a shelf."""


@dataclass(frozen=True, slots=True)
class Plain(Generic[_Value]):
    """A value that is held as it is."""

    value: _Value

    def __call__(self) -> _Value:
        return self.value


@dataclass(frozen=True, slots=True)
class Packed(Generic[_Value]):
    """A value as bytes, as another process sends it."""

    data: bytes

    def __call__(self) -> _Value:
        value: _Value = _unpacked(self.data)
        return value


def packed(kept: Kept[_Value]) -> Packed[_Value]:
    """Return a value as bytes. It has no functions, only plain values."""
    return kept if isinstance(kept, Packed) else Packed(pickle.dumps(kept(), pickle.HIGHEST_PROTOCOL))


class Shelf:
    """A temporary file without a name, which is gone with this object. Without room for it, values stay in memory."""

    def __init__(self) -> None:
        self._size = 0
        self._last: tuple[int, Any] = (-1, None)
        try:
            self._file: Any = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (open as long as the shelf is there)
        except OSError:
            self._file = None

    def put(self, kept: Kept[_Value]) -> Kept[_Value]:
        """Put a value away and return what gets it back."""
        value, start = packed(kept), self._size
        if not self._has_written(value.data):
            return value
        self._size += len(value.data)
        return _Stored(self, start, len(value.data))

    def get(self, start: int, size: int) -> Any:
        """Return the value at a position, without unpacking it again if it is the last one that was asked for."""
        if self._last[0] != start:
            self._last = (-1, None)  # before the next one takes its memory
            self._file.seek(start)
            self._last = start, _unpacked(self._file.read(size))
        return self._last[1]

    def _has_written(self, data: bytes) -> bool:
        if self._file is None:
            return False
        try:
            self._file.seek(self._size)
            return bool(self._file.write(data) == len(data))
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class _Stored(Generic[_Value]):
    """A value on a shelf."""

    shelf: Shelf
    start: int
    size: int

    def __call__(self) -> _Value:
        value: _Value = self.shelf.get(self.start, self.size)
        return value


def _unpacked(data: bytes) -> Any:
    is_on = gc.isenabled()
    # what was packed has no cycles, and to search it for garbage takes longer than the rest
    gc.disable()
    try:
        return pickle.loads(data)  # noqa: S301 (of our own processes, or of the cluster that the user named)
    finally:
        if is_on:
            gc.enable()
