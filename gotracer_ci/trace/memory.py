"""How much memory is free: on the machine, and within the limits of the control groups that a container has."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

UNKNOWN = 1 << 30
"""Bytes, where the system does not tell."""

_ROOT = Path("/")
_LARGE = 32 << 20  # bytes; getting so many in pages of 4 kB takes longer than writing to them


def anonymous(size: int) -> mmap.mmap:
    """Return zeroed memory. Only what is written to takes space, and all of it goes back to the system with the object.

    Raises:
        MemoryError: the system does not give so much.
    """
    try:
        if hasattr(mmap, "MAP_PRIVATE"):
            memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            if size >= _LARGE and hasattr(mmap, "MADV_HUGEPAGE"):
                memory.madvise(mmap.MADV_HUGEPAGE)
            return memory
        return mmap.mmap(-1, size)
    except OSError:
        raise MemoryError from None


def available(root: Path = _ROOT) -> int:
    """Return how many bytes can be used. root: where /proc and /sys are."""
    machine = _number_of(root / "proc/meminfo", "MemAvailable:")
    return max(0, min([UNKNOWN if machine is None else machine << 10, *_groups(root)]))


def _groups(root: Path) -> Iterator[int]:
    """Yield what is free in each control group of this process that has a limit. Cached files count as free."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        version = 1 if controllers else 2
        mount = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        limit, used = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes") if version == 1 else ("memory.max", "memory.current")
        )
        directory = Path(path.strip("/"))
        # in a container the path may be that of the host, and the own group is the mount
        for group in {mount, *(mount / part for part in (directory, *directory.parents))}:
            most, now = _text(group / limit).strip(), _text(group / used).strip()
            if most.isdigit() and now.isdigit():
                cached = _number_of(group / "memory.stat", "total_cache" if version == 1 else "file") or 0
                yield int(most) - max(0, int(now) - cached)


def _number_of(file: Path, name: str) -> int | None:
    """Return the number after a name that begins a line."""
    for line in _text(file).splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == name and words[1].isdigit():
            return int(words[1])
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
