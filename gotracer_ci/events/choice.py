"""Which events are shown, and how many before and after them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gotracer_ci.analysis.reading import WHOLE, Window
from gotracer_ci.errors import UsageError
from gotracer_ci.events.names import kind, wire_name
from gotracer_ci.events.row import Row
from gotracer_ci.globs import for_names
from gotracer_ci.spelling import did_you_mean
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import NEVER, TIMED, Ev

SEPARATOR: Final = "--\n"
"""Between parts that do not follow each other, as grep has it."""
_EVERY: Final = (Ev.SYNC, *TIMED, Ev.CPU_SAMPLE)


@dataclass(frozen=True, slots=True)
class Choice:
    """Events that fit all that is not empty.

    types: event types. goroutines, procs, threads: of the context, or what the event is about. stack: a glob of
    functions; one of them is in a stack of the event. window: when they happened. context: how many events are shown
    before and after each.
    """

    types: Collection[int] = ()
    goroutines: Collection[int] = ()
    procs: Collection[int] = ()
    threads: Collection[int] = ()
    stack: str = ""
    window: Window = WHOLE
    context: int = 0

    @property
    def wanted(self) -> Collection[Ev] | None:
        """The types that must be read as rows, None for all."""
        return {Ev.SYNC, *map(Ev, self.types)} if self.types and not self.context else None

    def fits(self, trace: Trace) -> Callable[[Row], bool]:
        """Return whether an event of the trace is chosen."""
        tests: list[Callable[[Row], bool]] = []
        if self.types:
            tests.append(lambda row: row.type in self.types)
        if self.goroutines:
            tests.append(lambda row: row.goroutine in self.goroutines or row.about in self.goroutines)
        if self.procs:
            tests.append(lambda row: row.proc in self.procs or row.about_proc in self.procs)
        if self.threads:
            tests.append(lambda row: row.thread in self.threads)
        if self.stack:
            stacks = _Stacks(trace, self.stack)
            tests.append(lambda row: stacks.fit(row.stack) or stacks.fit(row.transition_stack))
        if not tests:
            return lambda row: True
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)


def types_named(names: Iterable[str]) -> set[int]:
    """Return the event types of kinds ("StateTransition") and types ("GoBlock"), in any case.

    Raises:
        UsageError: there is no such name.
    """
    known: dict[str, set[int]] = {}
    shown: set[str] = set()
    for event in _EVERY:
        for name in {kind(event), wire_name(event)}:
            known.setdefault(name.lower(), set()).add(event)
            shown.add(name)
    found: set[int] = set()
    for name in names:
        if name.lower() not in known:
            hint = did_you_mean(name, sorted(shown)) or "; write for example Log or GoBlock"
            raise UsageError(f"--kind {name}: no such kind of event{hint}")
        found |= known[name.lower()]
    return found


def chosen(trace: Trace, choice: Choice, text: Callable[[Row], str], separator: str) -> Iterator[list[str]]:
    """Read the trace and yield the texts of its chosen events, some at a time.

    Args:
        text: makes the text of an event; called before the next chunk is read.
        separator: between parts that do not follow each other, if `choice.context` is not 0.
    """
    fits = choice.fits(trace)
    around = _Around(choice.context, text, separator) if choice.context else None
    start, end = -NEVER, NEVER
    is_limited = choice.window == WHOLE
    for chunk in trace.chunks(choice.wanted):
        if chunk.n and not is_limited:
            start, end = choice.window.on(trace)
            is_limited = True
        out: list[str] = []
        for row in map(Row._make, chunk.rows()):
            if row.time > end:
                yield out
                return
            is_chosen = row.time >= start and fits(row)
            if around:
                out += around.add(row, is_chosen=is_chosen)
            elif is_chosen:
                out.append(text(row))
        yield out


class _Around:
    """Adds the events before and after those that are chosen."""

    def __init__(self, count: int, text: Callable[[Row], str], separator: str) -> None:
        self._count = count
        self._text = text
        self._separator = separator
        self._before: deque[Row | str] = deque(maxlen=count)
        self._after = 0
        self._left_out = False
        self._has_shown = False

    def add(self, row: Row, *, is_chosen: bool) -> Iterator[str]:
        if not is_chosen and not self._after:
            self._left_out = self._left_out or len(self._before) == self._count
            # what a Sync event says is known only now
            self._before.append(self._text(row) if row.type == Ev.SYNC else row)
            return
        if is_chosen:
            if self._left_out and self._has_shown and self._separator:
                yield self._separator
            for each in self._before:
                yield each if isinstance(each, str) else self._text(each)
            self._before.clear()
            self._left_out = False
        self._has_shown = True
        self._after = self._count if is_chosen else self._after - 1
        yield self._text(row)


class _Stacks:
    """Which stacks of a trace have a function that a glob matches."""

    def __init__(self, trace: Trace, glob: str) -> None:
        self._tables = trace.tables
        self._matches = for_names(glob).fullmatch
        self._found: dict[int, bool] = {0: False}

    def fit(self, stack: int) -> bool:
        found = self._found.get(stack)
        if found is None:
            frames = self._tables.stack(stack)
            found = self._found[stack] = any(self._matches(function) for function, _, _ in frames)
        return found
