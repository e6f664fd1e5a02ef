"""Write a trace with other names."""

from __future__ import annotations

from collections.abc import Callable

from gotracer_ci.anonymise.generations import Generations, Write
from gotracer_ci.anonymise.names import Names
from gotracer_ci.anonymise.old_format import OldFile
from gotracer_ci.errors import TraceError
from gotracer_ci.trace.reader import Seen, Trace
from gotracer_ci.trace.spec import OLD_VERSIONS
from gotracer_ci.trace.wire import Damage


class Renamed:
    """A trace whose names have been read and replaced.

    damage: why the rest of the trace is left out, None if it is whole.

    Args:
        watch: called with how far the trace has been read.

    Raises:
        TraceError: nothing of it can be written.
    """

    def __init__(self, trace: Trace, watch: Callable[[Seen], object] = lambda _: None) -> None:
        def read(position: int) -> None:
            watch(Seen(trace.name, position, trace.size, 0))

        self.damage = trace.damage
        self._file: Generations | OldFile
        try:
            if trace.version in OLD_VERSIONS:
                self._file = OldFile(trace.data, trace.version, read)
            else:
                self._file = Generations(trace.data, trace.version, read)
                if self._file.damage:
                    self.damage = self.damage or _error(trace, self._file.damage)
                    if self._file.is_empty:
                        raise self.damage
        except Damage as damage:
            raise trace.damage or _error(trace, damage) from None
        self._names = Names(self._file.frames)

    def write(self, write: Write) -> None:
        """Write it, piece by piece."""
        self._file.write(self._names, write)


def _error(trace: Trace, damage: Damage) -> TraceError:
    return TraceError(trace.name, damage.problem, damage.offset)
