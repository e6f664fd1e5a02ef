"""The events and tables of a file of the old format, as columns."""

from __future__ import annotations

from array import array
from typing import Any

from gotracer_ci.trace.columns import column, longer
from gotracer_ci.trace.interning import Ids


class Records:
    """What a file holds. `parse.Parser` fills it, `order.Order` puts the events in order.

    n: the number of events. Their columns have at least as many rows, in the order of the file:

    times (int64): ticks; nanoseconds since the first event once they are in order. kinds (uint8): `spec.Old`.
    procs (int16): the P of the batch, −1 for none. goroutines (int32): which one ran there, an index of `ids`.
    subjects (int32): the goroutine that the event is about; it differs for an event that creates or unblocks another.
    argument_at (int32): where the arguments of the event begin in `arguments` (int64); a log event has the index of
    its message as one more. offsets (int32): the place in the file.

    order (int32): indices of the events, in Go's order.
    ids (int64): goroutine IDs, `n_ids` of them; the first is 0, which stands for the runtime itself.
    firsts, stops, sources (int32): batches with events: ranges [first, stop), and the sequence of events that each
    belongs to. There are `n_sources` sequences: one for each P, in the order of their first batches, and one for the
    CPU samples.
    strings: IDs to indices of the tables. stacks: ID → program counters. frames: program counter → (function, file,
    line), the first two
    being string IDs. messages: texts of log events. timers: goroutines that run timers, indices of `ids`.
    ticks: clock ticks per second, 0 before they are known.
    """

    def __init__(self) -> None:
        self.n = 0
        self.times: Any = array("q")
        self.kinds: Any = array("B")
        self.procs: Any = array("h")
        self.goroutines: Any = array("i")
        self.subjects: Any = array("i")
        self.argument_at: Any = array("i")
        self.offsets: Any = array("i")
        self.arguments: Any = array("q")
        self.order: Any = array("i")
        self.ids = column("q", bytes(8 * 64))
        self.n_ids = 1
        self.firsts: array[int] = array("i")
        self.stops: array[int] = array("i")
        self.sources: array[int] = array("i")
        self.n_sources = 0
        self.strings = Ids()
        self.stacks: dict[int, tuple[int, ...]] = {}
        self.frames: dict[int, tuple[int, int, int]] = {}
        self.messages: list[bytes] = []
        self.timers: list[int] = []
        self.ticks = 0

    # these are arrays in every build: as plain Python a list is faster, but five times as large, and this is all of it
    def reserve_events(self, size: int) -> None:
        """Make room for `size` events."""
        self.times = longer(self.times, size)
        self.kinds = longer(self.kinds, size)
        self.procs = longer(self.procs, size)
        self.goroutines = longer(self.goroutines, size)
        self.subjects = longer(self.subjects, size)
        self.argument_at = longer(self.argument_at, size)
        self.offsets = longer(self.offsets, size)

    def reserve_arguments(self, size: int) -> None:
        """Make room for `size` arguments."""
        self.arguments = longer(self.arguments, size)
