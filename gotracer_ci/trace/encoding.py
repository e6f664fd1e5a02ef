# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Columns of numbers as LEB128 varints."""

from __future__ import annotations

from array import array
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

# Plain Python has no 64-bit overflow: the mask does what C does by itself.
_WORD = cython.declare(cython.ulonglong, (1 << 64) - 1)
_SIGN = cython.declare(cython.ulonglong, 1 << 63)
_MOST = cython.declare(cython.longlong, 10)  # bytes of one number
_PART = cython.declare(cython.longlong, 1 << 16)  # numbers that are written at a time


def encoded(numbers: Any, zigzag: cython.bint, delta: cython.bint, step: cython.longlong = 1) -> bytes:
    """Return numbers as varints.

    Args:
        numbers: an array of int64, or another buffer of such; without zigzag neither they nor, with delta, their
            differences may be negative.
        zigzag: write 2n for n ≥ 0 and −2n − 1 for the others.
        delta: write the difference from the number before, the first one as it is. Differences overflow as in C.
        step: the number so many places before is the one before.
    """
    values: cython.const[cython.longlong][::1] = numbers
    n: cython.longlong = len(values)
    data: Any = bytearray(_MOST * min(n, _PART))
    out: cython.uchar[::1] = data
    parts: list = []
    at: cython.longlong = 0
    word: cython.ulonglong
    i: cython.longlong
    for i in range(n):
        word = cython.cast(cython.ulonglong, values[i]) & _WORD
        if delta and i >= step:
            word = (word - cython.cast(cython.ulonglong, values[i - step])) & _WORD
        if zigzag:
            word = ((word << 1) & _WORD) ^ (_WORD if word >= _SIGN else 0)
        while word > 127:
            out[at] = word & 127 | 128
            word >>= 7
            at += 1
        out[at] = word
        at += 1
        if (i + 1) % _PART == 0:
            parts.append(bytes(memoryview(data)[:at]))
            at = 0
    parts.append(bytes(memoryview(data)[:at]))
    return b"".join(parts)


def decoded(data: bytes, n: cython.longlong, zigzag: cython.bint, delta: cython.bint, step: cython.longlong = 1) -> Any:
    """Return the `n` numbers that `encoded` has written, as an array of int64."""
    numbers: Any = array("q", bytes(8 * n))
    values: cython.longlong[::1] = numbers
    coded: cython.const[cython.uchar][::1] = data
    at: cython.longlong = 0
    word: cython.ulonglong
    byte: cython.ulonglong
    shift: cython.int
    i: cython.longlong
    for i in range(n):
        word = 0
        shift = 0
        byte = coded[at]
        while byte > 127:
            word |= (byte & 127) << shift
            shift += 7
            at += 1
            byte = coded[at]
        word |= (byte << shift) & _WORD
        at += 1
        if zigzag:
            word = (word >> 1) ^ (_WORD if word & 1 else 0)
        if delta and i >= step:
            word = (word + cython.cast(cython.ulonglong, values[i - step])) & _WORD
        values[i] = cython.cast(cython.longlong, word if cython.compiled or word < _SIGN else word - (1 << 64))
    return numbers
