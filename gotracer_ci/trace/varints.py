# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Unsigned varints, and the batches that are nothing but numbers and text: a generation's strings and stacks."""

from __future__ import annotations

from array import array
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown, longer, signed

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.interning import Ids, Interner
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.interning import Ids, Interner

MAX_LINE = (1 << 31) - 1
"""A line beyond this is unknown: 0."""

_MAX_LINE = cython.declare(cython.longlong, MAX_LINE)
_STRING = cython.declare(cython.longlong, spec.Ev.STRING)
_STACK = cython.declare(cython.longlong, spec.Ev.STACK)


@cython.final
@cython.cclass
class Varints:
    """Unsigned varints, one after the other.

    pos: of the next one. bad: set by the first one that does not end before `end` or has more than 64 bits.
    """

    data: cython.const[cython.uchar][::1]
    pos: cython.longlong
    end: cython.longlong
    bad: cython.int

    def __init__(self, data: Any, start: int, end: int) -> None:
        self.data = data
        self.pos = start
        self.end = end
        self.bad = 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def next(self) -> cython.longlong:
        """Return the next number's 64 bits as a signed one; 0 if it is bad."""
        value: cython.ulonglong = 0
        shift: cython.int = 0
        byte: cython.ulonglong
        while self.pos < self.end:
            byte = self.data[self.pos]
            self.pos += 1
            # the tenth byte has room for one bit
            if shift == 63 and byte > 1:
                break
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if cython.compiled:
                    return cython.cast(cython.longlong, value)
                return signed(value)
            shift += 7
        self.bad = 1
        return 0


def read_strings(data: Any, start: int, end: int, ids: Ids, interner: Interner, strings: list[bytes]) -> int:
    """Read a batch of strings (without its first byte): intern them, and append the new ones to `strings`.

    Returns: −1, or the offset of the entry that is broken, too long, or has an id a second time.
    """
    numbers: Varints = Varints(data, start, end)
    at: cython.longlong
    event: cython.longlong
    id: cython.longlong
    length: cython.longlong
    stop: cython.longlong
    index: cython.int
    limit: cython.longlong = spec.MAX_STRING_SIZE
    interner.data = data
    while numbers.pos < numbers.end:
        at = numbers.pos
        event = numbers.next()
        id = numbers.next()
        length = numbers.next()
        if event != _STRING or numbers.bad or id == 0 or length < 0 or length > limit:
            return at
        stop = numbers.pos + length
        if stop > numbers.end:
            return at
        index = interner.add(numbers.pos, stop)
        if index == len(strings):
            strings.append(bytes(data[numbers.pos : stop]))
        if ids.put(id, index) < 0:
            return at
        numbers.pos = stop
    return -1


def intern_text(text: bytes, interner: Interner, strings: list[bytes]) -> int:
    """Intern one string as `read_strings` does; return its index."""
    interner.data = text
    index: cython.int = interner.add(0, len(text))
    if index == len(strings):
        strings.append(text)
    return index


@cython.final
@cython.cclass
class StackBatches:
    """A generation's stacks as they are on the wire: of a frame that several stacks share, the first one counts.

    The stacks' numbers lie one after the other in `_frames`, and each stack's end in `_ends`.
    """

    _seen: Ids
    _n: cython.longlong
    _ids: cython.longlong[::1]
    _ends: cython.longlong[::1]
    _frames: cython.int[::1]
    _used: cython.longlong
    _pc_index: IdMap
    _pc_n: cython.int
    _pcs: cython.longlong[::1]
    _functions: cython.longlong[::1]
    _files: cython.longlong[::1]
    _lines: cython.longlong[::1]

    def __init__(self) -> None:
        self._seen = Ids()
        self._n = self._used = 0
        self._ids = column("q", bytes(8 * 256))
        self._ends = column("q", bytes(8 * 256))
        self._frames = array("i", bytes(4 * 1024))
        self._pc_n = 0
        self._pcs = column("q", bytes(8 * 256))
        self._functions = column("q", bytes(8 * 256))
        self._files = column("q", bytes(8 * 256))
        self._lines = column("q", bytes(8 * 256))
        self._pc_index = IdMap(self._pcs)

    def read(self, data: Any, start: int, end: int) -> int:
        """Read a batch (without its first byte).

        Returns: −1, or the offset of the entry that is broken, too long, or has an id a second time.
        """
        numbers: Varints = Varints(data, start, end)
        at: cython.longlong
        event: cython.longlong
        id: cython.longlong
        n: cython.longlong
        pc: cython.longlong
        function: cython.longlong
        file: cython.longlong
        limit: cython.longlong = spec.MAX_FRAMES
        while numbers.pos < numbers.end:
            at = numbers.pos
            event = numbers.next()
            id = numbers.next()
            n = numbers.next()
            if event != _STACK or numbers.bad or id == 0 or n < 0 or n > limit:
                return at
            if self.begin(id) < 0:
                return at
            while n > 0:
                # one at a time: C evaluates arguments in any order
                pc = numbers.next()
                function = numbers.next()
                file = numbers.next()
                self.frame(pc, function, file, numbers.next())
                n -= 1
            if numbers.bad:
                return at
        return -1

    @cython.cfunc
    @cython.exceptval(-2)
    def begin(self, id: cython.longlong) -> cython.int:
        """Begin a stack; return 0, or −1 if the id has one already."""
        if self._seen.put(id, 1) < 0:
            return -1
        if self._n == len(self._ids):
            self._ids = grown(self._ids, 2 * self._n)
            self._ends = grown(self._ends, 2 * self._n)
        self._ids[self._n] = id
        self._ends[self._n] = self._used
        self._n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-2)
    def frame(
        self, pc: cython.longlong, function: cython.longlong, file: cython.longlong, line: cython.longlong
    ) -> cython.int:
        """Append a frame to the stack that was begun last; function and file are ids of strings."""
        if not 0 <= line <= _MAX_LINE:
            line = 0
        index: cython.int = self._pc_index.find(pc)
        if index < 0:
            index = self._pc_n
            if index == len(self._pcs):
                self._pcs = self._pc_index.keys = grown(self._pcs, 2 * index)
                self._functions = grown(self._functions, 2 * index)
                self._files = grown(self._files, 2 * index)
                self._lines = grown(self._lines, 2 * index)
            self._pcs[index] = pc
            self._functions[index] = function
            self._files[index] = file
            self._lines[index] = line
            self._pc_n += 1
            self._pc_index.put(pc, index)
        if self._used == len(self._frames):
            # an array in plain Python too, because its bytes are interned
            self._frames = longer(self._frames, 2 * len(self._frames))
        self._frames[self._used] = index
        self._used += 1
        self._ends[self._n - 1] = self._used
        return 0

    def intern(
        self,
        strings: Ids,
        frame_interner: Interner,
        frames: Any,
        stack_interner: Interner,
        stacks: Any,
    ) -> Ids:
        """Intern all frames and stacks; append new frames (function, file, line) and stacks (of frame indices).

        strings: the generation's. Returns: the generation's stack ids to indices of `stacks`.

        Raises:
            KeyError: a frame names a string ID, the error's argument, that the generation does not have.
        """
        known: Any = array("i", bytes(4 * self._pc_n))
        index_of: cython.int[::1] = known
        record: Any = array("q", bytes(16))
        fields: cython.longlong[::1] = record
        i: cython.longlong
        k: cython.longlong
        index: cython.int
        function: cython.longlong
        file: cython.longlong
        for i in range(self._pc_n):
            function = strings.get(self._functions[i])
            file = strings.get(self._files[i])
            if function < 0 or file < 0:
                raise KeyError(self._functions[i] if function < 0 else self._files[i])
        frame_interner.data = memoryview(record).cast("B")
        for i in range(self._pc_n):
            function = strings.get(self._functions[i])
            file = strings.get(self._files[i])
            fields[0] = function << 32 | file
            fields[1] = self._lines[i]
            index = frame_interner.add(0, 16)
            if index == len(frames):
                frames.append((function, file, self._lines[i]))
            index_of[i] = index
        for k in range(self._used):
            self._frames[k] = index_of[self._frames[k]]
        stack_interner.data = memoryview(self._frames).cast("B")
        ids: Ids = Ids()
        start: cython.longlong = 0
        for i in range(self._n):
            index = stack_interner.add(4 * start, 4 * self._ends[i])
            if index == len(stacks):
                stacks.append(tuple([self._frames[k] for k in range(start, self._ends[i])]))
            ids.put(self._ids[i], index)
            start = self._ends[i]
        return ids


def stacks_of(stacks: dict[int, tuple[int, ...]], frames: dict[int, tuple[int, int, int]]) -> StackBatches:
    """Return the old format's stacks (ID → program counters) and frames (program counter → string IDs and line)."""
    batches: StackBatches = StackBatches()
    for id, pcs in stacks.items():
        batches.begin(id)
        for pc in pcs:
            function, file, line = frames[pc]
            batches.frame(pc, function, file, line)
    return batches
