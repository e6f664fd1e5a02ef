# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The interface between the kernel and its observers: every interval that ends, every birth and every death.

The kernel knows Go's order and states. An observer makes something of them: it is compiled like the kernel, and the
kernel calls it directly. Rare events reach plain Python as rows of columns instead (see `reader.Chunk`).
"""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
else:
    from gotracer_ci.trace.columns import IdMap


@cython.final
@cython.cclass
class Goroutines:
    """The goroutines that exist, as columns by slot; the kernel keeps them, observers only read them, but for `tests`.

    Slots are dense, and a dead goroutine's slot is used again. ids (int64): Go's, −1 for a free slot. lives (int64):
    one number for each existence of a goroutine, from 0 on; ids can appear again, lives cannot. created (int64, ns):
    −1 if before the trace. creators (int64): ids, −1 unknown. creations, entries (int32): the stack that created it
    and the stack of its first function, indices of the tables, 0 unknown. states (int32, `spec.GoState`) and since
    (int64, ns): the state that it is in, and when that began. lost (int64, ns): of one in a system call, since when it
    has no P, `spec.NEVER` while it has one; otherwise meaningless. procs (int32): of one in a system call, the P on
    which that began, −1 for none; otherwise meaningless. stacks (int32): its own latest stack, 0 unknown. seen (ns):
    the first event about the latest goroutine from before the trace, which can be later than the trace's start.
    slots: finds a slot by id. tests (int32): the outermost test that the goroutine belongs to, as a row of
    `observers.tests.Tests`, −1 for none; only that observer fills it, so it must come before those that read it.
    is_test: whether there has been a test; without one nobody needs `tests`.
    changes: how often an observer has changed what it wants.

    proc: the P of what is being reported, if that is a running interval or a range, −1 unknown. thread: the row of its
    thread among `threads` (int64, Go's ids), if that is a running interval or a system call, −1 unknown. waker:
    while a wait is reported that a goroutine ends, most likely that goroutine's slot.
    """

    ids: cython.longlong[::1]
    lives: cython.longlong[::1]
    created: cython.longlong[::1]
    creators: cython.longlong[::1]
    procs: cython.int[::1]
    creations: cython.int[::1]
    entries: cython.int[::1]
    stacks: cython.int[::1]
    states: cython.int[::1]
    since: cython.longlong[::1]
    lost: cython.longlong[::1]
    tests: cython.int[::1]
    is_test: cython.bint
    changes: cython.int
    seen: cython.longlong
    proc: cython.int
    thread: cython.int
    threads: cython.longlong[::1]
    slots: IdMap
    waker: cython.int


@cython.cclass
class Observer:
    """Base class; each method does nothing. Subclasses override what they need, with the same signature."""

    goroutines: Goroutines
    unwanted: cython.int  # set by `ignore`
    following: Observer | None  # what is called next, if several observe the same trace

    def observe(self, goroutines: Any) -> None:
        """Begin with a trace: these are its goroutines."""
        self.goroutines = goroutines
        self.unwanted = self.ignored()

    def ignored(self) -> int:
        """Return the kinds of intervals that need not be reported, as bits; a call costs more than most make of it.

        An observer that is alone gets all intervals.
        """
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def ignore(self, kinds: cython.int) -> cython.int:
        """These kinds of intervals need not be reported from now on, as bits."""
        self.unwanted = kinds
        self.goroutines.changes += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        """Goroutine in slot `g` exists from now on; one from before the trace, from the trace's start on."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        """Goroutine in slot `g` ends; its last intervals have been reported, its columns are still there."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        """A range begins, and its interval follows when it ends.

        One from before the trace begins with it, but of a region from before the trace there is no beginning.

        kind: REGION, STW, MARK_ASSIST or SWEEP of `spec.IntervalKind`. g: the goroutine's slot, −1 for a sweep without
        one. At the beginning of a region it runs, or is in a system call.
        """
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def interval(
        self,
        kind: cython.int,
        reason: cython.int,
        stack: cython.int,
        start: cython.longlong,
        length: cython.longlong,
        g: cython.int,
        cause: cython.longlong,
        cause_stack: cython.int,
        flags: cython.int,
    ) -> cython.int:
        """An interval has ended.

        Args:
            kind: `spec.IntervalKind`. start, length: ns on the trace's clock.
            reason: index of a string. Why the goroutine waits or is runnable (RUNNING: why it stopped), the kind of
                stop-the-world, or the region's type; 0 if there is none.
            stack: index of a stack. Where the goroutine waits, where the range began, or where a running goroutine
                stopped; 0 unknown.
            g: the goroutine's slot, −1 for a sweep without one.
            cause: the goroutine (Go's id) that ended the wait or made this one runnable, −1 unknown; a region's task.
            cause_stack: where that goroutine was, 0 unknown.
            flags: `spec.OPEN` if it had not ended, `spec.BEFORE` if it was under way at the trace's start.
        """
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def labelled(self, g: cython.int, label: cython.int, now: cython.longlong) -> cython.int:
        """The goroutine in slot `g` has a label, index of a string, until it stops running."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        """The trace has ended; all open intervals have been reported."""
        return 0
