"""The progress bars on stderr: only on a terminal, and removed at the end; for analyses only after a second.

rich is imported only then, because most runs are shorter. No thread draws a bar: it is updated when the run reports a
chunk or the capture a part, so nothing is left on the screen after a result, and Ctrl-C has no thread to wait for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.table import Table

    from gotracer_ci.trace.reader import Seen, Trace

AFTER_S = 1.0
"""A shorter run gets no bar."""
INTERVAL_S = 0.1
"""The time between updates: short enough to look alive, long enough to cost nothing."""
BAR_WIDTH = 20
NAME_LENGTH = 32
_NEVER = float("inf")


@contextmanager
def shown(
    stream: TextIO | None, clock: Callable[[], float] = time.monotonic, after_s: float = AFTER_S
) -> Iterator[Bar | None]:
    """Yield the function to call for every chunk (`pipeline.Watch`), or None without a terminal."""
    if stream is None or not stream.isatty():
        yield None
        return
    bar = Bar(stream, clock, after_s)
    try:
        yield bar
    finally:
        bar.close()


class Bar:
    """A progress bar with the bytes and events read and the time left. Shows the current trace if there are several."""

    def __init__(self, stream: TextIO, clock: Callable[[], float], after_s: float) -> None:
        self._stream = stream
        self._clock = clock
        self._start = clock()
        self._next = self._start + after_s
        self._live: Live | None = None

    def __call__(self, number: int, of: int, trace: Trace | Seen) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next = now + INTERVAL_S
        try:
            self._draw(number, of, trace, now - self._start)
        except OSError:
            # The terminal is gone, but the results do not depend on it.
            self._next = _NEVER

    def close(self) -> None:
        """Remove the bar, if there is one."""
        self._next = _NEVER
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()
            self._live = None

    def _draw(self, number: int, of: int, trace: Trace | Seen, elapsed_s: float) -> None:
        from gotracer_ci.text import quantity

        if self._live is None:
            self._live = _opened(self._stream)
            self._live.start()
        position, size = trace.position, trace.size
        left = _left(elapsed_s, (number - 1 + position / size) / of)
        read = f"{quantity(position, 'bytes')} of {quantity(size, 'bytes')}"
        events = f"{trace.events:,} events" if trace.events else ""
        texts = [text for text in (read, events, left) if text]
        which = f"{number} of {of}" if of > 1 else ""
        self._live.update(_line(which, trace.name, position / size, texts, self._live.console.width), refresh=True)


@contextmanager
def capturing(stream: TextIO | None, name: str, seconds: float | None) -> Iterator[Callable[[float, int], None]]:
    """Yield the function to call with the seconds and bytes so far. It draws only on a terminal.

    Args:
        name: the service.
        seconds: the length of the capture, or None if it is not known.
    """
    if stream is None or not stream.isatty():
        yield lambda _elapsed_s, _size: None
        return
    live = _opened(stream)

    def tick(elapsed_s: float, size: int) -> None:
        from gotracer_ci.text import duration, quantity

        # to a tenth, because more digits flicker
        elapsed = duration(round(elapsed_s, 1) * 1e9)
        of = "" if seconds is None else f" of {duration(seconds * 1e9)}"
        share = min(elapsed_s / seconds, 1) if seconds else 0
        with suppress(OSError):
            live.update(
                _line("", name, share, [f"{elapsed}{of}", quantity(size, "bytes")], live.console.width), refresh=True
            )

    try:
        with suppress(OSError):
            live.start()
        yield tick
    finally:
        with suppress(OSError):
            live.stop()


def _opened(stream: TextIO) -> Live:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    return Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)


def _line(which: str, name: str, share: float, texts: list[str], width: int) -> Table:
    """Return one line. On a narrow terminal it shortens and then drops the name, then the bar, and the figures last."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    cells: list[RenderableType] = [Text(which)] if which else []
    room = width - sum(len(text) + 2 for text in [which, *texts] if text)
    if room - BAR_WIDTH - 2 >= 8:
        cells.append(Text(_short(name, min(NAME_LENGTH, room - BAR_WIDTH - 2))))
    if room >= BAR_WIDTH:
        cells.append(ProgressBar(1.0, share, width=BAR_WIDTH))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in (*cells, *texts):
        grid.add_column(no_wrap=True)
    grid.add_row(*cells, *map(Text, texts))
    return grid


def _short(name: str, length: int) -> str:
    """Return the file name without its directories, shortened. It may contain any character."""
    from gotracer_ci.report.safe import clean

    text = clean(Path(name).name or name)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _left(elapsed_s: float, share: float) -> str:
    """Return the time left at the pace so far, as if all traces were equally long."""
    if not 0 < share < 1:
        return ""
    from gotracer_ci.text import duration

    return f"{duration(round(elapsed_s * (1 - share) / share) * 1e9)} left"
