# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Ancestry: the stacks that created a goroutine, its creator, and so on, also after the creators have ended."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer

DEPTH = 64
"""The most creators of a goroutine that are kept."""
KEPT = 8
"""The nearest creators of a goroutine that are always kept, however many there are."""
NODES = 1 << 18
"""The most different ancestries. After that, new ones have only their nearest stack."""

_DEPTH = cython.declare(cython.int, DEPTH)
_KEPT = cython.declare(cython.int, KEPT)
_NODES = cython.declare(cython.int, NODES)


@cython.final
@cython.cclass
class Ancestry(Observer):
    """A tree of creation stacks: a node is a stack and its creator's node, and goroutines created alike share it.

    A goroutine that is created at the same stack as its creator shares its creator's node, so that goroutines that
    start each other one after the other need no more room.
    """

    _node: cython.int[::1]  # by slot; node 0 is unknown
    _index: IdMap
    _keys: cython.longlong[::1]  # by node: its stack, and its creator's node
    _depths: cython.int[::1]
    _n: cython.int

    def __init__(self) -> None:
        self._node = column("i", bytes(4))
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._depths = column("i", bytes(4 * 64))
        self._n = 1

    def ignored(self) -> int:
        return -1

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._node) != len(self.goroutines.ids):
            self._node = grown(self._node, len(self.goroutines.ids))
        creator: cython.int = self.goroutines.slots.find(self.goroutines.creators[g])
        node: cython.int = self._node[creator] if creator >= 0 else 0
        stack: cython.longlong = self.goroutines.creations[g]
        if stack > 0:
            node = self._below(node, stack)
        self._node[g] = node
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _below(self, node: cython.int, stack: cython.longlong) -> cython.int:
        """Return the node of a goroutine that one of `node` created at `stack`."""
        if node > 0 and self._keys[node] >> 31 == stack:
            return node
        found: cython.int = self._index.find((stack << 31) | node)
        if found >= 0:
            return found
        if self._depths[node] >= _DEPTH:
            return self._child(self._shortened(node, _KEPT - 1), stack)
        return self._child(node, stack)

    @cython.cfunc
    @cython.exceptval(-1)
    def _shortened(self, node: cython.int, depth: cython.int) -> cython.int:
        """Return the node with the nearest `depth` stacks of this one."""
        if depth == 0 or node == 0:
            return 0
        above: cython.int = self._shortened(cython.cast(cython.int, self._keys[node] & 0x7FFFFFFF), depth - 1)
        return self._child(above, self._keys[node] >> 31)

    @cython.cfunc
    @cython.exceptval(-1)
    def _child(self, node: cython.int, stack: cython.longlong) -> cython.int:
        key: cython.longlong = (stack << 31) | node
        found: cython.int = self._index.find(key)
        if found >= 0:
            return found
        if self._n >= _NODES and node > 0:
            return self._child(0, stack)
        return self._new(node, key) if self._n < 2 * _NODES else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(self, node: cython.int, key: cython.longlong) -> cython.int:
        n: cython.int = self._n
        if n == len(self._keys):
            self._keys = self._index.keys = grown(self._keys, 2 * n)
            self._depths = grown(self._depths, 2 * n)
        self._keys[n] = key
        self._depths[n] = self._depths[node] + 1
        self._n = n + 1
        return self._index.put(key, n)

    def __len__(self) -> int:
        """Return how many different ancestries there are, with the unknown one."""
        return self._n

    def of(self, goroutine: int) -> int:
        """Return the node of a goroutine that exists at the end, 0 if nothing is known."""
        slot: cython.int = self.goroutines.slots.find(goroutine)
        return self._node[slot] if slot >= 0 else 0

    def stacks(self, node: int) -> list[int]:
        """Return the stacks on the way to the root, that of the goroutine first: indices of the trace's tables."""
        found = []
        while node > 0:
            found.append(self._keys[node] >> 31)
            node = self._keys[node] & 0x7FFFFFFF
        return found
