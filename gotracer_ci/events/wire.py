"""Records of the file as `go tool trace -d=wire` prints them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from gotracer_ci.errors import UsageError
from gotracer_ci.events.quoting import quoted
from gotracer_ci.events.records import Records, records
from gotracer_ci.spelling import did_you_mean
from gotracer_ci.trace.raw_text import RawText
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import OLD_VERSIONS


def wire(trace: Trace, kinds: Collection[str], threads: Collection[int], procs: Collection[int]) -> Iterator[bytes]:
    """Read the trace's records and yield the lines of the chosen ones, some at a time.

    Args:
        kinds: names of types, such as "GoBlock", in any case; all if empty.
        threads: only batches of these threads; all if empty. The old format has none.
        procs: only batches of these Ps; all if empty. Only the old format has them.

    Raises:
        UsageError: there is no such type, or the format's batches are of something else.
    """
    if threads and trace.version in OLD_VERSIONS:
        raise UsageError("--thread: before Go 1.22 the batches of a trace belong to Ps; use --proc")
    if procs and trace.version not in OLD_VERSIONS:
        raise UsageError("--proc: since Go 1.22 the batches of a trace belong to threads; use --thread")
    known = records(trace.version)
    text = RawText(known, _types(kinds, known), threads or procs or None, quoted)
    for _ in trace.records(text):
        yield text.take()


def _types(names: Iterable[str], known: Records) -> set[int]:
    types = {name.lower(): kind for kind, (name, _) in known.items()}
    for name in names:
        if name.lower() not in types:
            hint = did_you_mean(name, sorted(name for name, _ in known.values())) or "; write for example GoBlock"
            raise UsageError(f"--kind {name}: this trace's format has no such type of record{hint}")
    return {types[name.lower()] for name in names} or set(known)
