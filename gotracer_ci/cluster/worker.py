"""What a worker of the cluster does: read one trace. It gets and returns bytes, which only this package unpickles."""

from __future__ import annotations

import hashlib
import os
import pickle
import traceback
import zlib
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Final, NamedTuple

from gotracer_ci import __version__
from gotracer_ci.reading import Held, Read, Task, read, rules_of
from gotracer_ci.rules.rule import Rule
from gotracer_ci.settings import Settings
from gotracer_ci.source.repository import Repository

_END: Final = 4096
_ONE_AT_A_TIME: Final = Lock()
"""A worker can have several threads. The decoder gains nothing from them, and each trace may fill the memory."""


class Identity(NamedTuple):
    """What tells whether a path is the same file on two machines: bytes, ns since 1970, and a hash of both its ends."""

    size: int
    changed_ns: int
    ends: bytes


class Work(NamedTuple):
    """One trace to read. path: of a local file, "" for a URL. identity: of that file. data: its bytes, if sent."""

    task: Task
    path: str = ""
    identity: Identity | None = None
    data: bytes | None = None


class Common(NamedTuple):
    """What the traces of a run share. version: of gotracer-ci. rules: the names of those that measure the traces."""

    version: str
    settings: Settings
    repository: Repository
    rules: tuple[str, ...]


class Refused(NamedTuple):
    """Why a worker did not read the trace: it does not see the file, or what is wrong with the worker or with us."""

    is_unseen: bool = False
    problem: str = ""
    bug: str = ""


def identity(path: str) -> Identity:
    """Return what a file is known by.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        found = os.fstat(file.fileno())
        ends = file.read(_END)
        file.seek(max(found.st_size - _END, 0))
        ends += file.read(_END)
    return Identity(found.st_size, found.st_mtime_ns, hashlib.sha256(ends).digest())


def packed(value: Any) -> bytes:
    """Return a value as bytes."""
    return zlib.compress(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), 1)


def unpacked(data: bytes) -> Any:
    """Return the value of `packed`. Whoever wrote the bytes can run any code here."""
    return pickle.loads(zlib.decompress(data))  # noqa: S301 — of the cluster that the user named


def same(data: bytes) -> bytes:
    """Return the argument: as a task of its own, it is sent once and can be had again when a worker dies."""
    return data


def measure(work: bytes, common: bytes) -> bytes:
    """Read a trace. Called on the cluster. Returns a `Read` or `Refused`, packed."""
    with _ONE_AT_A_TIME:
        return packed(_measure(unpacked(work), common))


def _measure(work: Work, packed_common: bytes) -> Read | Refused:
    # a worker can join after all were checked
    common, rules = _known(packed_common)
    if common.version != __version__:
        return Refused(problem=f"the worker has gotracer-ci {__version__}; install {common.version} there, as here")
    other = set(common.rules).symmetric_difference(rule.name for rule in rules)
    if other:
        return Refused(problem=f"the worker has other rules: {', '.join(sorted(other))}")
    held = None
    if work.data is not None:
        held = Held(work.path, work.data)
    elif work.path:
        try:
            if identity(work.path) != work.identity:
                return Refused(is_unseen=True)
        except OSError:
            return Refused(is_unseen=True)
        held = Held(work.path)
    try:
        return read(work.task, common.repository, rules, common.settings, None, held, is_packed=True)
    except Exception:
        # the process that asked raises it, with this traceback
        return Refused(bug=traceback.format_exc())


@lru_cache(maxsize=1)
def _known(data: bytes) -> tuple[Common, Sequence[Rule]]:
    common: Common = unpacked(data)
    return common, rules_of(common.settings)
