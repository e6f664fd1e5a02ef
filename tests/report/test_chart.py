"""One-line charts: in proportion, and only if they add information."""

from __future__ import annotations

import pytest

from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.report.chart import chart

from . import factory


def drawn(now: tuple[float, ...], history: tuple[float, ...] = (), base: tuple[float, ...] = ()) -> str:
    verdict = factory.verdict(factory.finding().key, Status.WORSE, now=now)
    return chart(verdict._replace(history=history, base=base)).replace("\N{NO-BREAK SPACE}", " ")


def test_bars_start_at_zero() -> None:
    assert drawn((100, 80), (0, 20, 40, 60)) == "▁▂▃▅ → ▇▆"


def test_jobs_go_before_traces_of_the_base() -> None:
    assert drawn((10,), (5, 5), base=(1, 1)) == "▃▃ → ▇"
    assert drawn((10,), base=(1, 5)) == "▁▃ → ▇"


def test_a_wide_range_is_drawn_logarithmically() -> None:
    assert drawn((100_000,), (0, 1, 10, 1_000)) == "▁▁▂▅ → ▇"


def test_at_most_ten_bars_show_the_newest_jobs() -> None:
    assert drawn((10,) * 30, (0,) * 20 + (10,) * 9) == "▁▇▇▇▇▇▇▇▇▇ → ▇▇▇▇▇▇▇▇▇▇"


@pytest.mark.parametrize("history", [(), (5,), (0, 0, 0), (-1, -2)])
def test_two_values_are_not_drawn(history: tuple[float, ...]) -> None:
    assert drawn((10,), history) == ""


def test_equal_values_are_not_drawn() -> None:
    assert drawn((5, 5), (5, 5, 5)) == drawn((), (5, 6)) == ""
