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
MAX_SOURCES = 50_000
"""Kinds of goroutines by ancestry, first function and test. Further ones count as of an unknown ancestry."""
LOGGED = 1 << 22
"""Births and deaths of goroutines that are kept; more are only counted."""

_DEPTH = cython.declare(cython.int, DEPTH)
_KEPT = cython.declare(cython.int, KEPT)
_NODES = cython.declare(cython.int, NODES)
_MAX_SOURCES = cython.declare(cython.int, MAX_SOURCES)
_LOGGED = cython.declare(cython.int, LOGGED)
_STACK = cython.declare(cython.longlong, (1 << 31) - 1)


@cython.final
@cython.cclass
class Ancestry(Observer):
    """A tree of creation stacks: a node is a stack and its creator's node, and goroutines created alike share it.

    A goroutine that is created at the same stack as its creator shares its creator's node, so that goroutines that
    start each other one after the other need no more room.

    A source is what goroutines have in common that were created during the trace: their node, the stack of their first
    function, and their outermost test, which an observer before this one must find. How many of them exist at once
    is known only when sources can be joined by their places, so births and deaths are kept in order.
    """

    _node: cython.int[::1]  # by slot; node 0 is unknown
    _index: IdMap
    _keys: cython.longlong[::1]  # by node: its stack, and its creator's node
    _depths: cython.int[::1]
    _n: cython.int
    _source: cython.int[::1]  # by slot, −1 if it was created before the trace
    _pairs: IdMap
    _pair_keys: cython.longlong[::1]  # node and first function
    _sources: IdMap
    _source_keys: cython.longlong[::1]  # pair and test
    _created: cython.longlong[::1]  # by source
    _n_pairs: cython.int
    _n_sources: cython.int
    _log: cython.int[::1]  # sources, ~source for a death
    _logged: cython.int

    def __init__(self) -> None:
        self._source = column("i", bytes(4))
        self._pair_keys = column("q", bytes(8 * 64))
        self._pairs = IdMap(self._pair_keys)
        self._source_keys = column("q", bytes(8 * 64))
        self._sources = IdMap(self._source_keys)
        self._created = column("q", bytes(8 * 64))
        self._n_pairs = self._n_sources = self._logged = 0
        self._log = column("i", bytes(4 * 1024))
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
            self._source = grown(self._source, len(self.goroutines.ids))
        creator: cython.int = self.goroutines.slots.find(self.goroutines.creators[g])
        node: cython.int = self._node[creator] if creator >= 0 else 0
        stack: cython.longlong = self.goroutines.creations[g]
        if stack > 0:
            node = self._below(node, stack)
        self._node[g] = node
        self._source[g] = -1
        if self.goroutines.created[g] != -1:
            test: cython.longlong = self.goroutines.tests[g] + 1 if self.goroutines.is_test else 0
            source: cython.int = self._source_of(node, self.goroutines.entries[g], test)
            self._source[g] = source
            self._created[source] += 1
            self._write(source)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        if self._source[g] >= 0:
            self._write(~self._source[g])
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _write(self, what: cython.int) -> cython.int:
        n: cython.int = self._logged
        if n < _LOGGED:
            if n == len(self._log):
                self._log = grown(self._log, 2 * n)
            self._log[n] = what
        if n <= _LOGGED:
            self._logged = n + 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _source_of(self, node: cython.longlong, entry: cython.longlong, test: cython.longlong) -> cython.int:
        pair: cython.longlong = self._pairs.find(node << 31 | entry)
        if pair < 0:
            if self._n_pairs >= _MAX_SOURCES:
                node = entry = 0
                pair = self._pairs.find(0)
            if pair < 0:
                pair = self._new_pair(node << 31 | entry)
        source: cython.int = self._sources.find(pair << 31 | test)
        if source < 0 and self._n_sources >= _MAX_SOURCES and test > 0:
            source = self._sources.find(pair << 31)
            test = 0
        return source if source >= 0 else self._new_source(pair << 31 | test)

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_pair(self, key: cython.longlong) -> cython.int:
        n: cython.int = self._n_pairs
        if n == len(self._pair_keys):
            self._pair_keys = self._pairs.keys = grown(self._pair_keys, 2 * n)
        self._pair_keys[n] = key
        self._n_pairs = n + 1
        return self._pairs.put(key, n)

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_source(self, key: cython.longlong) -> cython.int:
        n: cython.int = self._n_sources
        if n == len(self._source_keys):
            self._source_keys = self._sources.keys = grown(self._source_keys, 2 * n)
            self._created = grown(self._created, 2 * n)
        self._source_keys[n] = key
        self._n_sources = n + 1
        return self._sources.put(key, n)

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

    def sources(self) -> list[tuple[int, int, int, int]]:
        """Return (node, stack of the first function, row of `Tests`, goroutines created) of each source; −1 no test."""
        out: list[tuple[int, int, int, int]] = []
        n: cython.int
        for n in range(self._n_sources):
            key: cython.longlong = self._source_keys[n]
            pair: cython.longlong = self._pair_keys[key >> 31]
            out.append((pair >> 31, pair & _STACK, (key & _STACK) - 1, self._created[n]))
        return out

    def is_complete(self) -> bool:
        """Return whether all births and deaths were kept."""
        return self._logged <= _LOGGED

    def peaks(self, groups: list[int], n: int) -> list[int]:
        """Return the most goroutines of each group that existed at once.

        Args:
            groups: the group of each source, −1 for none.
            n: how many groups there are.
        """
        of: cython.int[::1] = column("i", groups)
        alive: cython.longlong[::1] = column("q", [0] * n)
        most: cython.longlong[::1] = column("q", [0] * n)
        i: cython.int
        for i in range(min(self._logged, _LOGGED)):
            what: cython.int = self._log[i]
            group: cython.int = of[what if what >= 0 else ~what]
            if group < 0:
                continue
            alive[group] += 1 if what >= 0 else -1
            most[group] = max(most[group], alive[group])
        return list(most)
