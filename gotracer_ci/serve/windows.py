"""Windows of a trace: read one at a time, only while somebody waits for them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

Check = Callable[[], None]
"""Called while a window is read. Raises Unwanted if nobody waits for it any more."""
Read = Callable[[int, int, Check], bytes]
"""Reads a window: from and to, ns from the trace's start."""
KEPT: Final = 8
"""Windows that are kept: going back to one costs nothing."""


class Unwanted(Exception):
    """Nobody waits for the window any more."""


class Windows:
    """The windows of one trace. A reader zooms on while the last window is still being read: that one is given up."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    def get(self, start: int, end: int, check: Check) -> bytes:
        """Return a window.

        Raises:
            Unwanted: from `check`.
            GotracerError: the trace cannot be read.
        """
        window = start, end
        with self._lock:
            if window not in self._kept:
                check()
                self._kept[window] = self._read(start, end, check)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(window)
            return self._kept[window]
