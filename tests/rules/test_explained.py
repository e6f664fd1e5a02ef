"""Explanations in words, of paths made by hand: no program grows by such exact times."""

from __future__ import annotations

from itertools import accumulate

from gotracer_ci.analysis.critical_path import CriticalPath, Part, Stretch
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.rules.explained import of_longer_path

MS = 1_000_000


def path(**parts: int) -> CriticalPath:
    """Return a path whose parts are in goroutines of these functions, and take so many ms."""
    starts = accumulate(parts.values(), initial=0)
    stretches = [
        Stretch(start * MS, ms * MS, 7, f"main.{group}", "running", Stack(), 1, None)
        for start, (group, ms) in zip(starts, parts.items(), strict=False)
    ]
    shown = tuple(Part(one.group, one.doing, None, one.length_ns, 1, one) for one in stretches)
    return CriticalPath(1, "main.main", 0, sum(parts.values()) * MS, shown, tuple(stretches), 0)


def test_what_grew_is_shown_with_its_extra_time() -> None:
    words = of_longer_path(path(parse=10, render=50, send=21), path(parse=10, render=20, send=20))
    assert words == "It took 31 ms longer than in the base, 30 ms of it in goroutines of main.render, running"


def test_parts_are_never_more_than_the_whole() -> None:
    """Although another part became shorter."""
    base = path(parse=40, render=10, send=10)
    words = of_longer_path(path(parse=20, render=50, send=10), base)
    assert words == "It took 20 ms longer than in the base, 20 ms of it in goroutines of main.render, running"
    words = of_longer_path(path(parse=20, render=40, send=40), base)
    assert words == (
        "It took 40 ms longer than in the base, 30 ms of it in goroutines of main.render, running; "
        "10 ms in goroutines of main.send, running"
    )
