"""Read a trace of the old format: parse the file, put its events in order, convert them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gotracer_ci.trace.tables import BadTable, Tables
from gotracer_ci.trace.v1.convert import Converter
from gotracer_ci.trace.v1.order import Order
from gotracer_ci.trace.v1.parse import Parser
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.varints import stacks_of
from gotracer_ci.trace.wire import Damage, Data

Block = tuple[Any, ...]
"""The arguments of `kernel.Kernel.replay`, empty without events. The columns are reused for the next block."""
ROWS = 8192
STEP = 8192
"""Events after which a pass reports its progress."""
PASSES = 3
"""They take about the same time."""


def blocks(data: Data, version: int, tables: Tables) -> Iterator[tuple[int, Block]]:
    """Yield the events of a trace in Go's order, block by block; blocks are empty until all events are in order.

    Each block comes with the progress in bytes: a third of the file's size for each pass.

    Raises:
        Damage: before the first event, the file cannot be read; later, the trace contradicts itself; after the last
            event, stacks are missing.
    """
    records = Records()
    parser = Parser(data, version, records, tables)
    while parser.read(STEP):
        yield parser.position() // PASSES, ()
    del parser
    yield len(data) // PASSES, ()
    try:
        stacks = tables.add_stacks(stacks_of(records.stacks, records.frames), records.strings)
    except BadTable as bad:
        raise Damage(str(bad)) from None
    size, events = len(data), records.n
    order = Order(records)
    while order.run(STEP):
        yield size * (events + order.done()) // (PASSES * events), ()
    order.finish()
    del order
    converter = Converter(records, version, tables, stacks, ROWS)
    damage: Damage | None = None
    more = True
    while more:
        try:
            more = converter.fill()
        except Damage as problem:
            damage, more = problem, False
        done = size * (2 * events + converter.done()) // (PASSES * events) if more else size
        yield done, converter.block()
    if damage:
        raise damage
    if converter.lacks_stacks():
        raise Damage("the trace is truncated: stacks that its events refer to are missing", size)
