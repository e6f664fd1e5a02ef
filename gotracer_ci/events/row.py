"""One event as the reader gives it, with names for its values."""

from __future__ import annotations

from typing import NamedTuple

from gotracer_ci.events.names import CREATIONS, OF_ANOTHER, OWN_STACK
from gotracer_ci.trace.spec import Ev

_OF_PROCS = frozenset({Ev.PROC_START, Ev.PROC_STEAL, Ev.PROC_STATUS})


class Row(NamedTuple):
    """An event. For its values see `trace.reader.Chunk`; time: ns on the trace's clock."""

    time: int
    type: int
    thread: int
    proc: int
    goroutine: int
    a: int
    b: int
    c: int
    stack: int

    @property
    def about(self) -> int:
        """The goroutine that the event is about, −1 for none."""
        return self.a if self.type in OF_ANOTHER else self.goroutine

    @property
    def about_proc(self) -> int:
        """The P that the event is about, −1 for none."""
        return self.a if self.type in _OF_PROCS else self.proc

    @property
    def transition_stack(self) -> int:
        """The stack of the goroutine whose state changes, 0 for none."""
        return self.c if self.type in CREATIONS else self.stack if self.type in OWN_STACK else 0
