# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Bins: how many goroutines were in each state over time, as exact integrals over short equal parts of the trace."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec, state_times

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observers.binned import Binned
    from cython.cimports.gotracer_ci.trace.state_times import Summing, Times
else:
    from gotracer_ci.trace.observers.binned import Binned
    from gotracer_ci.trace.state_times import Summing, Times

BINS = 2048
"""How many there are at most; when the trace outgrows them, two neighbours become one."""
SUMS = ("runnable", "stw", "running", "syscall", "syscall_blocked", "waiting", "gc")
"""What each bin sums, ns: the times of all goroutines in a state, with the world stopped, and of GC cycles.

The first ones are in the order of `state_times.RUNNABLE` and so on.
"""

_WAITS = cython.declare(cython.int, state_times.WAITS)
_ASSIST = cython.declare(cython.int, state_times.ASSIST)
_WANTED = cython.declare(
    cython.int,
    sum(1 << kind for kind in spec.IntervalKind if kind.name in ("RUNNABLE", "RUNNING", "SYSCALL", "WAITING", "STW")),
)


@cython.final
@cython.cclass
class Bins(Summing):
    """Bins of a power-of-two width, from the trace's or the window's start on."""

    def __init__(self) -> None:
        Summing.__init__(self)
        self.parts = Binned(BINS, len(SUMS))

    def ignored(self) -> int:
        return ~_WANTED

    @cython.cfunc
    @cython.exceptval(-1)
    def take(self, times: Times) -> cython.int:
        i: cython.int
        for i in range(times.n):
            if times.whats[i] != _ASSIST:
                row: cython.int = min(times.whats[i], _WAITS)
                self.parts.add(row, times.starts[i] - self.start, times.ends[i] - self.start, times.lengths[i])
        return 0

    def add(self, name: str, start: int, end: int) -> None:
        """Add the time between these two times, ns on the trace's clock, to one of `SUMS`."""
        start = max(start, self.start)
        end = min(end, self.stop)
        if start < end:
            self.parts.add(SUMS.index(name), start - self.start, end - self.start, end - start)

    def result(self, end: int) -> tuple[int, list[list[int]]]:
        """Return a bin's width as a power of two of ns, and for each of `SUMS` those of all bins.

        Args:
            end: the bins reach at least to this time, ns on the trace's clock.
        """
        self.parts.finish(end - self.start)
        return self.parts.shift, [list(self.parts.row(i, BINS)) for i in range(len(SUMS))]
