"""Timelines in Chrome's format: the same as for Perfetto, and without the faults of those of go tool trace."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.export import timeline
from gotracer_ci.export.chrome import Chrome
from gotracer_ci.export.perfetto import Perfetto
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, path_of
from tests.export.engine import started

COUNTS = """
    SELECT 'slices', name, COUNT(*), SUM(dur) FROM slice GROUP BY name
    UNION ALL SELECT 'flows', '', COUNT(*), 0 FROM flow
    UNION ALL SELECT 'counters', t.name, COUNT(*), SUM(c.value) FROM counter c JOIN track t ON c.track_id = t.id
    GROUP BY t.name ORDER BY 1, 2
"""
UNITS = (" Ps", " bytes", " goroutines")
"""What the engine adds to the names of counters in Chrome's format: what is counted."""
CHOSEN = [name for name in NAMES if name.startswith(("annotations", "tour", "cgo", "deadlock", "regions", "orders"))]


def written(name: str) -> bytes:
    parts: list[bytes] = []
    timeline.write(open_trace(path_of(name)), Chrome(parts.append))
    return b"".join(parts)


def ns(micros: float) -> int:
    return round(micros * 1000)


@pytest.mark.parametrize("name", NAMES)
def test_slices_do_not_overlap_and_both_ends_of_a_flow_have_a_slice_around_them(name: str) -> None:
    document = json.loads(written(name))
    assert document["displayTimeUnit"] == "ns"
    events: list[dict[str, Any]] = document["traceEvents"]
    slices: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    ends: dict[int, Counter[str]] = defaultdict(Counter)
    for event in events:
        if event["ph"] == "X":
            start = ns(event["ts"])
            slices[event["pid"], event["tid"]].append((start, start + ns(event["dur"])))
    for track in slices.values():
        open_until: list[int] = []
        for start, end in sorted(track, key=lambda one: (one[0], -one[1])):
            while open_until and open_until[-1] <= start:
                open_until.pop()
            assert not open_until or end <= open_until[-1]
            open_until.append(end)
    for event in events:
        if event["ph"] in "sf":
            at = ns(event["ts"])
            assert event["bp"] == "e"
            assert any(start <= at < end for start, end in slices[event["pid"], event["tid"]])
            ends[event["id"]][event["ph"]] += 1
    assert all(both in ({"s": 1, "f": 1}, {"s": 1}) for both in ends.values())
    frames = document["stackFrames"]
    assert all(event["sf"] in frames for event in events if "sf" in event)
    assert all(frame["parent"] in frames for frame in frames.values() if "parent" in frame)


def plain(name: str) -> str:
    return next((name.removesuffix(unit) for unit in UNITS if name.endswith(unit)), name)


def test_the_engine_has_the_same_of_both_formats(tmp_path: Path) -> None:
    with started() as engine:
        for name in CHOSEN:
            found = []
            for writer in (Perfetto, Chrome):
                file = tmp_path / writer.__name__
                with file.open("wb") as out:
                    timeline.write(open_trace(path_of(name)), writer(out.write))
                (rows,) = engine.load(file, [COUNTS])
                found.append([[kind, plain(name), *values] for kind, name, *values in rows])
            assert found[0] == found[1], name
            assert found[0]
