"""The types of a file's records: Go's names for them and for their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gotracer_ci.events.names import wire_name
from gotracer_ci.trace import raw
from gotracer_ci.trace.spec import OLD_VERSIONS, Ev
from gotracer_ci.trace.v1 import raw as old_raw
from gotracer_ci.trace.v1.spec import Old

Records = Mapping[int, tuple[str, tuple[str, ...]]]
"""By type: its name, and the names of its numbers."""
_BYTES: Final = {Ev.HEAP_ALLOC: "heapalloc_value", Ev.HEAP_GOAL: "heapgoal_value"}
_VALUES: Final = ("procs", "swept", "reclaimed", "npages")
"""Numbers whose names in Go say that they are values."""
_OLD_NAMES: Final[Mapping[Old, str]] = {
    Old.STW_START: "GCSTWStart",
    Old.STW_DONE: "GCSTWDone",
    Old.SWEEP_START: "GCSweepStart",
    Old.SWEEP_DONE: "GCSweepDone",
    Old.GO_SYSCALL: "GoSysCall",
    Old.GO_IN_SYSCALL: "GoInSyscall",
    Old.ASSIST_START: "GCMarkAssistStart",
    Old.ASSIST_DONE: "GCMarkAssistDone",
    Old.TASK_CREATE: "UserTaskCreate",
    Old.TASK_END: "UserTaskEnd",
    Old.REGION: "UserRegion",
    Old.LOG: "UserLog",
}
"""Those that are not just the words of ours, from Go's package internal/trace/internal/tracev1."""


def records(version: int) -> Records:
    """Return the types of a version of the format.

    The old format's numbers are named as the new one's, because Go's reader names only some of them.
    """
    if version in OLD_VERSIONS:
        return {kind: (_old_name(Old(kind)), numbers) for kind, numbers in old_raw.known(version).items()}
    return {kind: (_name(Ev(kind)), _numbers(Ev(kind), numbers)) for kind, numbers in raw.known(version).items()}


def _name(kind: Ev) -> str:
    return "Sync" if kind == Ev.SYNC_BATCH else wire_name(kind)


def _numbers(kind: Ev, numbers: tuple[str, ...]) -> tuple[str, ...]:
    if kind in _BYTES:
        return "dt", _BYTES[kind]
    return tuple(f"{name}_value" if name in _VALUES else name for name in numbers)


def _old_name(kind: Old) -> str:
    upper = {"GC", "CPU"}
    words = kind.name.split("_")
    return _OLD_NAMES.get(kind) or "".join(word if word in upper else word.capitalize() for word in words)
