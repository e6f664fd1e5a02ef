"""The points of the heap that are kept: brute force keeps the same ones, in all builds."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import pytest

from gotracer_ci.trace.heap_points import BUCKETS
from gotracer_ci.trace.spec import MAX_TIME, NEVER, Ev
from tests.builds import NAME, Build

Samples = Sequence[tuple[int, int, int]]
"""Event type, time and bytes."""


def kept(samples: Samples, first: int = -NEVER, end: int = NEVER) -> list[tuple[int, int, int]]:
    """Return the points of a trace that begins at 100. The samples come in chunks, with others between them."""
    found: Any = import_module(f"{NAME}.heap_points").HeapPoints(100, first, end)
    for i in range(0, len(samples), 1000):
        chunk = [row for sample in samples[i : i + 1000] for row in (sample, (Ev.GC_BEGIN, sample[1], 7))]
        kinds, times, values = zip(*chunk, strict=True)
        found.add(array("B", kinds), array("q", times), array("q", values), len(chunk))
    return list(found.points())


def needed(samples: Samples, first: int = -NEVER, end: int = NEVER) -> list[tuple[int, int, int]]:
    """Return the same by brute force, from all points."""
    points: list[tuple[int, int, int]] = []
    allocated = goal = -1
    for kind, time, value in samples:
        allocated, goal = (value, goal) if kind == Ev.HEAP_ALLOC else (allocated, value)
        if first <= time < end:
            points.append((time - 100, allocated, goal))
    width = 1024
    while points and points[-1][0] // width >= BUCKETS:
        width *= 2
    chosen: set[int] = set()
    buckets: dict[int, list[int]] = {}
    for i, point in enumerate(points):
        buckets.setdefault(point[0] // width, []).append(i)
    for inside in buckets.values():
        chosen |= {inside[0], inside[-1]}
        chosen |= {choose(inside, key=lambda i: points[i][1]) for choose in (min, max)}
    return [points[i] for i in sorted(chosen)]


@pytest.mark.parametrize("seed", range(4))
def test_each_bucket_has_its_first_last_smallest_and_largest(seed: int, decoder: Build) -> None:
    source = random.Random(seed)
    time, samples = 100, []
    for _ in range(3000):
        time += source.choice((1, 50, 1000, 10 ** source.randrange(8)))
        samples.append((source.choice((Ev.HEAP_ALLOC, Ev.HEAP_ALLOC, Ev.HEAP_GOAL)), time, source.randrange(50)))
    window = (time // 4, time // 2)

    assert kept(samples) == needed(samples)
    assert kept(samples, *window) == needed(samples, *window)
    assert len(kept(samples)) <= 4 * BUCKETS


def test_no_heap(decoder: Build) -> None:
    assert kept([]) == []
    assert kept([(Ev.HEAP_GOAL, 100, 9)]) == [(0, -1, 9)]


def test_the_longest_trace(decoder: Build) -> None:
    samples: Samples = [(Ev.HEAP_ALLOC, 100, 1), (Ev.HEAP_ALLOC, MAX_TIME - 1, 2)]

    assert kept(samples) == [(0, 1, -1), (MAX_TIME - 101, 2, -1)]
