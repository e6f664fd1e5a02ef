"""Run in a measured process: `inside.py totals|events|about TRACE`.

totals: decode the trace, aggregate its intervals and count its events. events: also fill the columns of every event.
about: print the number of events and whether the decoder is compiled, as JSON.
"""

from __future__ import annotations

import sys

from gotracer_ci.trace.observers.groups import Groups
from gotracer_ci.trace.open import open_trace


def decode(path: str, *, events: bool) -> int:
    """Decode a trace and return the number of events."""
    trace, groups = open_trace(path), Groups()
    for _ in trace.chunks(None if events else (), (groups,)):
        pass
    groups.rows()
    if trace.damage:
        raise trace.damage
    return trace.events


if __name__ == "__main__":
    _, what, name = sys.argv
    events = decode(name, events=what == "events")
    if what == "about":
        import json

        from gotracer_ci.trace import kernel

        print(json.dumps({"events": events, "compiled": kernel.is_compiled()}))
