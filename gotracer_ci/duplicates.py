"""Find traces that a run has twice, under other names, as links or as copies."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from gotracer_ci.trace.open import GZIP_MAGIC, STDIN

_BLOCK = 1 << 20
_MAX_UNPACKED = 256 << 20
"""Packed traces that unpack to more are compared as they are: one would not be committed or copied by accident."""


class Repeated(NamedTuple):
    """A trace that an earlier one repeats. first: the earlier one's index. how: what they share, in words."""

    first: int
    how: str


def repeated(names: Sequence[str]) -> dict[int, Repeated]:
    """Return the index of each trace that is the same as an earlier one: by name, file, or content.

    A packed trace has the content of the unpacked one. Pipes and files that cannot be read are compared by file only.
    """
    found: dict[int, Repeated] = {}
    status = [_status(name) for name in names]
    regular = [info is not None and stat.S_ISREG(info.st_mode) for info in status]
    _compare(found, "named twice", names, lambda i: names[i])
    _compare(found, "same file", names, lambda i: (info.st_dev, info.st_ino) if (info := status[i]) else None)
    for how, size, content in (("same content", _size, _digest), ("same content", _unpacked_size, _unpacked_digest)):
        sizes: dict[int, list[int]] = {}
        for i, name in enumerate(names):
            if regular[i] and i not in found and (length := size(name)) is not None:
                sizes.setdefault(length, []).append(i)
        # only files of the same size are read
        digests = {i: content(names[i]) for same in sizes.values() if len(same) > 1 for i in same}
        _compare(found, how, names, digests.get)
    return found


def _compare(
    found: dict[int, Repeated], how: str, names: Sequence[str], identity: Callable[[int], Hashable | None]
) -> None:
    """Add the traces that have the identity of an earlier one. None is no identity."""
    first: dict[Hashable, int] = {}
    for i in range(len(names)):
        if i not in found and (who := identity(i)) is not None and first.setdefault(who, i) != i:
            found[i] = Repeated(first[who], how)


def _status(name: str) -> os.stat_result | None:
    try:
        return None if name == STDIN else os.stat(name)
    except (OSError, ValueError):
        return None


def _size(name: str) -> int | None:
    info = _status(name)
    return info.st_size if info else None


def _digest(name: str) -> bytes | None:
    import hashlib  # importing it takes 3 ms, and most runs have no two files of one size

    try:
        with open(name, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


def _unpacked_size(name: str) -> int | None:
    """Return the size of the trace in a file. A packed one ends with its own."""
    try:
        with open(name, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
                return size
            file.seek(max(size - 4, 0))
            unpacked = int.from_bytes(file.read(4), "little")
            return unpacked if unpacked <= _MAX_UNPACKED else None
    except OSError:
        return None


def _unpacked_digest(name: str) -> bytes | None:
    import gzip
    import hashlib
    import zlib

    size = _unpacked_size(name)
    digest = hashlib.sha256()
    try:
        with open(name, "rb") as raw:
            packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            if not packed or size is None:
                return _digest(name)
            with gzip.GzipFile(fileobj=raw) as file:
                seen = 0
                while seen <= size and (part := file.read1(_BLOCK)):
                    digest.update(part)
                    seen += len(part)
    except (EOFError, OSError, zlib.error):
        return None
    # otherwise the size at its end is not its own
    return digest.digest() if seen == size else None
