"""Strips of dots: where each value stands."""

from __future__ import annotations

import pytest

from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.report.strip import Strip, strip

from .factory import COUNTER, verdict

KEY = COUNTER.key


def drawn(now: tuple[float, ...], history: tuple[float, ...] = (), limit: float = 0.0, **more: object) -> Strip:
    made = strip(verdict(KEY, Status.WORSE, before=None, now=now)._replace(history=history, limit=limit, **more))  # type: ignore[arg-type]
    assert made
    return made


def test_jobs_stand_left_of_the_run_oldest_first_and_higher_is_more() -> None:
    made = drawn((40, 50), history=(10, 30, 20), limit=35)
    xs = [dot.x for dot in (*made.before, *made.now)]
    assert xs == sorted(xs)
    assert xs[0] > 0
    assert xs[-1] < made.width
    low, high, middle = (dot.y for dot in made.before)
    assert low > middle > high
    assert made.limit is not None
    assert made.now[1].y < made.now[0].y < made.limit < high
    assert made.label == "3 jobs of the baseline: 10–30 ns; limit: 35 ns; this run: 40–50 ns"


def test_heights_are_proportional_from_zero() -> None:
    made = drawn((100,), history=(0, 50))
    zero, half = (dot.y for dot in made.before)
    assert half - made.now[0].y == pytest.approx(zero - half, abs=0.2)


def test_very_different_values_are_all_above_the_bottom() -> None:
    made = drawn((1e9,), history=(0, 1, 1e4))
    zero, one, more = (dot.y for dot in made.before)
    assert zero - one > 1
    assert one - more > 1
    assert more - made.now[0].y > 1


def test_without_jobs_the_dots_are_those_of_the_base_or_what_was_usual() -> None:
    assert len(drawn((3,), base=(1.0, 2.0)).before) == 2
    assert len(drawn((3,), before=2.0).before) == 1
    made = drawn((3,))
    assert made.before == ()
    assert "not there before" in made.label


@pytest.mark.parametrize("values", [(0.0,), (-5.0, -1.0), (1e308, 5e-324), tuple(map(float, range(99)))])
def test_every_dot_is_inside(values: tuple[float, ...]) -> None:
    made = drawn(values, history=values, limit=1.0)
    for dot in (*made.before, *made.now):
        assert 0 <= dot.x <= made.width
        assert 0 <= dot.y <= made.height


def test_nothing_measured_has_no_strip() -> None:
    assert strip(verdict(KEY, Status.FIXED, now=())) is None
