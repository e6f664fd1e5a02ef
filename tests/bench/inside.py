"""What the measured Python processes run: `inside.py totals|events|kernel TRACE`.

totals: decodes the trace and aggregates its intervals; of the events only the number is kept. events: fills the
columns of every event too. kernel: prints the number of events and what the kernel alone takes for each.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from gotracer_ci.trace import kernel, reader
from gotracer_ci.trace.observers.groups import Groups
from gotracer_ci.trace.open import open_trace

PASSES = 3


def decode(path: str, *, events: bool) -> None:
    trace, groups = open_trace(path), Groups()
    for _ in trace.chunks(None if events else (), (groups,)):
        pass
    groups.rows()
    if trace.damage:
        raise trace.damage


def kernel_alone(path: str) -> None:
    """Begin and fill of the kernel, the file in memory already: the fastest of some passes."""
    import json
    import time
    from pathlib import Path

    spent = 0

    class Timed:
        """A kernel whose two working calls are timed."""

        def __init__(self, wanted: bytes, observer: Any) -> None:
            self.core = kernel.Kernel(wanted, observer)
            for name in ("begin", "fill"):
                setattr(self, name, self.timed(getattr(self.core, name)))

        def timed(self, call: Any) -> Any:
            def timed_call(*arguments: Any) -> Any:
                nonlocal spent
                begun = time.thread_time_ns()
                result = call(*arguments)
                spent += time.thread_time_ns() - begun
                return result

            return timed_call

        def __getattr__(self, name: str) -> Any:
            return getattr(self.core, name)

    setattr(reader, "kernel", SimpleNamespace(**{**vars(kernel), "Kernel": Timed}))  # noqa: B010 (mypy lets no module be assigned to)
    data = memoryview(Path(path).read_bytes())
    best = 0.0
    for _ in range(PASSES):
        spent = 0
        trace = reader.Trace(path, data)
        for _ in trace.chunks((), (Groups(),)):
            pass
        best = min(best or spent, spent)
    print(json.dumps({"events": trace.events, "ns": best / trace.events, "compiled": kernel.is_compiled()}))


if __name__ == "__main__":
    _, what, name = sys.argv
    if what == "kernel":
        kernel_alone(name)
    else:
        decode(name, events=what == "events")
