# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The open regions of every goroutine, and the regions that the program used wrongly.

runtime/trace asks that a goroutine ends its own regions, the innermost first. Go's reader rejects a trace in which one
ends in another order. Here each end belongs to the innermost open region of its goroutine with the same task and type,
and the misuse is remembered.
"""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

CROSSED = 1
"""A region ends while another one, which began inside it, is open."""
UNKNOWN = 2
"""A region ends on a goroutine that has not begun it, or has ended it already."""
UNENDED = 3
"""A goroutine ends and leaves a region open."""
UNTRACKED = 4
"""Too many regions are open: the intervals of further ones are not known."""

MAX_OPEN = 100_000
"""Regions that are kept at a time. A program that never ends its regions must not fill the memory."""
MAX_MISUSES = 100
"""Different misuses that are kept."""

_CROSSED = cython.declare(cython.int, CROSSED)
_UNKNOWN = cython.declare(cython.int, UNKNOWN)
_UNENDED = cython.declare(cython.int, UNENDED)
_UNTRACKED = cython.declare(cython.int, UNTRACKED)
_MAX_OPEN = cython.declare(cython.int, MAX_OPEN)
_MAX_MISUSES = cython.declare(cython.int, MAX_MISUSES)


@cython.final
@cython.cclass
class Region:
    """A region that has begun: its type, where and when."""

    task: cython.longlong
    name: cython.int
    stack: cython.int
    since: cython.longlong
    ended: cython.bint

    def __init__(self, task: cython.longlong, name: cython.int, stack: cython.int, since: cython.longlong) -> None:
        self.task = task
        self.name = name
        self.stack = stack
        self.since = since
        self.ended = False


@cython.final
@cython.cclass
class Regions:
    """All regions of a trace. Goroutines are given by their life (see `observe.Goroutines`)."""

    from_before: cython.bint  # whether the end that had no beginning may be of a region from before the trace
    _count: cython.int
    _open: dict  # life → its regions, the innermost last; ended ones stay below an open one
    _alike: dict  # (life, task, name) → the open ones among them, the innermost last
    _begun: set  # (life, name) of goroutines from before the trace
    _misuses: dict

    def __init__(self) -> None:
        self.from_before = False
        self._count = 0
        self._open = {}
        self._alike = {}
        self._begun = set()
        self._misuses = {}

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def any(self) -> cython.bint:
        """Return whether any region is open."""
        return self._count > 0

    @cython.cfunc
    @cython.exceptval(-1)
    def begin(
        self,
        life: cython.longlong,
        task: cython.longlong,
        name: cython.int,
        stack: cython.int,
        now: cython.longlong,
        old: cython.bint,
    ) -> cython.int:
        """A region begins; return whether its end will be known. old: the goroutine is from before the trace."""
        if self._count >= _MAX_OPEN:
            self._misused(_UNTRACKED, 0, 0, 0, 0)
            return 0
        region: Region = Region(task, name, stack, now)
        self._open.setdefault(life, []).append(region)
        self._alike.setdefault((life, task, name), []).append(region)
        self._count += 1
        if old and len(self._begun) < _MAX_OPEN:
            self._begun.add((life, name))
        return 1

    @cython.cfunc
    def end(
        self, life: cython.longlong, task: cython.longlong, name: cython.int, stack: cython.int, old: cython.bint
    ) -> Region:
        """A region ends; return it, or None if it has no beginning in the trace (see `from_before`)."""
        opened: list = self._open.get(life)
        alike: list = self._alike.get((life, task, name))
        inner: Region = opened[len(opened) - 1] if opened else None
        region: Region
        self.from_before = False
        if not alike:
            # with one of its type before, a program that ends its regions twice is far likelier than a recursion
            from_before = old and (life, name) not in self._begun
            if inner is not None:
                self._misused(
                    _CROSSED if from_before else _UNKNOWN,
                    name,
                    stack,
                    inner.name if from_before else 0,
                    inner.stack if from_before else 0,
                )
            elif not from_before:
                self._misused(_UNKNOWN, name, stack, 0, 0)
            self.from_before = from_before
            return None
        region = alike.pop()
        if not alike:
            del self._alike[life, task, name]
        region.ended = True
        if inner is not region:
            self._misused(_CROSSED, name, stack, inner.name, inner.stack)
            return region
        while inner is not None and inner.ended:
            opened.pop()
            self._count -= 1
            inner = opened[len(opened) - 1] if opened else None
        if inner is None:
            del self._open[life]
        return region

    @cython.cfunc
    def leave(self, life: cython.longlong, died: cython.bint) -> list:
        """Goroutine or trace ends: return the goroutine's open regions, the innermost first."""
        opened: list = self._open.pop(life, None)
        left: list = []
        region: Region
        if opened is None:
            return left
        self._count -= len(opened)
        for region in reversed(opened):
            if region.ended:
                continue
            left.append(region)
            self._alike.pop((life, region.task, region.name), None)
            if died:
                self._misused(_UNENDED, region.name, region.stack, 0, 0)
        return left

    @cython.cfunc
    @cython.exceptval(-1)
    def _misused(
        self, how: cython.int, name: cython.int, stack: cython.int, other: cython.int, other_stack: cython.int
    ) -> cython.int:
        # after that many an end without a beginning says nothing any more
        if len(self._misuses) < _MAX_MISUSES and not (how == _UNKNOWN and (_UNTRACKED, 0, 0, 0, 0) in self._misuses):
            self._misuses[how, name, stack, other, other_stack] = None
        return 0

    def misuses(self) -> list[tuple[int, int, int, int, int]]:
        """Return each misuse once, in the order of their first appearances, at most `MAX_MISUSES`.

        Each (CROSSED, UNKNOWN, UNENDED or UNTRACKED; the region's type; where it ended, or began if it is UNENDED;
        the type of the region that is open inside it, and where that one began): indices of the tables.
        """
        return list(self._misuses)
