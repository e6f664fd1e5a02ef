"""The formatter: every unit boundary, and properties of any value."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gotracer_ci import text

US, MS, S, MIN, H = 1_000, 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000
TIMES, DASH = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
SCALES = {"ns": 1, "µs": US, "ms": MS, "s": S, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
VALUES = st.integers(-(2**63), 2**63) | st.floats(1e-3, 1e18)


@pytest.mark.parametrize(
    ("values", "unit", "shown"),
    [
        ((1_500 * MS, 740 * MS, 0), "ns", ("s", ["1.5", "0.74", "0"])),
        ((999 * MS, 1_234_567), "ns", ("ms", ["999", "1.23"])),
        ((90 * MIN,), "ns", ("s", ["5400"])),
        ((12, 3), "each", ("ns", ["12", "3"])),
        ((2_000_000, 1_000), "bytes", ("MB", ["2", "0"])),
        ((2_500,), "bytes/s", ("kB/s", ["2.5"])),
        ((12_000, 40), "count", ("", ["12000", "40"])),
        ((), "count", ("", [])),
    ],
)
def test_the_values_of_an_axis_share_a_unit(values: tuple[float, ...], unit: str, shown: tuple[str, list[str]]) -> None:
    assert text.axis(values, unit) == shown


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 s"),
        (0.4, "0.4 ns"),
        (1, "1 ns"),
        (999, "999 ns"),
        (999.4, "999 ns"),
        (999.6, "1 µs"),
        (1_000, "1 µs"),
        (1_001, "1 µs"),
        (1_234, "1.23 µs"),
        (999_400, "999 µs"),
        (999_600, "1 ms"),
        (1_000_000, "1 ms"),
        (12_345_678, "12.3 ms"),
        (999_400_000, "999 ms"),
        (999_600_000, "1 s"),
        (S, "1 s"),
        (4.5 * S, "4.5 s"),
        (59.94 * S, "59.9 s"),
        (59.96 * S, "1m0s"),
        (60 * S, "1m0s"),
        (90 * S, "1m30s"),
        (999 * S, "16m39s"),
        (H - 0.4 * S, "1h0m0s"),
        (H, "1h0m0s"),
        (27 * H + 46 * MIN + 40 * S, "27h46m40s"),
        (-999_600_000, "-1 s"),
        (-90 * S, "-1m30s"),
    ],
)
def test_durations(ns: float, shown: str) -> None:
    assert text.duration(ns) == text.quantity(ns, "ns") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 B"),
        (12, "12 B"),
        (999, "999 B"),
        (999.6, "1 kB"),
        (1_000, "1 kB"),
        (999_400, "999 kB"),
        (999_600, "1 MB"),
        (338_000_000, "338 MB"),
        (999_499_999, "999 MB"),
        (999_500_001, "1 GB"),
        (999_600_000_000, "1 TB"),
        (999_600_000_000_000, "1,000 TB"),
        (1_234_567_000_000_000, "1,230 TB"),
        (-12_345, "-12.3 kB"),
    ],
)
def test_sizes_and_rates(number: float, shown: str) -> None:
    assert text.size(number) == text.quantity(number, "bytes") == shown
    assert text.quantity(number, "bytes/s") == f"{shown}/s"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0, "count", "0"),
        (999, "count", "999"),
        (1_000, "count", "1,000"),
        (1_234_567, "count", "1,234,567"),
        (40.5, "count", "40.5"),
        (99.96, "count", "100"),
        (1_234.5, "count", "1,234"),
        (-1_234, "count", "-1,234"),
        (3, "of a third party", "3"),
        (0, "ratio", "0 %"),
        (0.25, "ratio", "25 %"),
        (0.1234, "ratio", "12.3 %"),
        (9.994, "ratio", "999 %"),
        (9.996, "ratio", "1,000 %"),
        (12.34, "ratio", "1,230 %"),
        (-0.5, "ratio", "-50 %"),
    ],
)
def test_counts_and_percentages(value: float, unit: str, shown: str) -> None:
    assert text.quantity(value, unit) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.2157, "0.216"), (1, "1"), (2.141, "2.14"), (9.996, "10"), (14.25, "14.2"),
                         (999.6, "1,000"), (12_345, "12,300"), (float("inf"), "inf")],
)  # fmt: skip
def test_ratios(value: float, shown: str) -> None:
    assert text.ratio(value) == f"{shown}{TIMES}"


@pytest.mark.parametrize(
    ("values", "unit", "shown"),
    [
        ((740 * MS, 740 * MS), "ns", "740 ms"),
        ((740 * MS, 740.1 * MS), "ns", "740 ms"),
        ((770 * MS, 710 * MS, 720 * MS), "ns", f"710{DASH}770 ms"),
        ((740 * MS, 1_500 * MS), "ns", f"740 ms {DASH} 1.5 s"),
        ((58 * S, 62 * S), "ns", f"58 s {DASH} 1m2s"),
        ((62 * S, 70 * S), "ns", f"1m2s{DASH}1m10s"),
        ((0, 3 * S), "ns", f"0{DASH}3 s"),
        ((0, 20 * MS), "ns", f"0{DASH}20 ms"),
        ((4, 44), "count", f"4{DASH}44"),
        ((1_204, 2_000), "count", f"1,204{DASH}2,000"),
    ],
)
def test_spans(values: tuple[float, ...], unit: str, shown: str) -> None:
    assert text.span(values, unit) == shown


def test_plurals_times_and_timestamps() -> None:
    assert [text.plural(n, "trace") for n in (0, 1, 2, 1_204)] == ["0 traces", "1 trace", "2 traces", "1,204 traces"]
    assert text.times(1_204) == f"1,204{TIMES}"
    assert [text.timestamp(ns) for ns in (0, 999, 812_345_678)] == ["0.000000 s", "0.000001 s", "0.812346 s"]


@given(VALUES, st.sampled_from(["ns", "bytes", "bytes/s"]))
def test_three_digits_in_the_largest_unit_that_leaves_at_least_one(value: float, unit: str) -> None:
    assume(value)
    shown = text.quantity(value, unit).removesuffix("/s") if unit == "bytes/s" else text.quantity(value, unit)
    if match := re.fullmatch(r"-?(?:(\d+)h)?(\d+)m(\d+)s", shown):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        assert minutes < 60
        assert seconds < 60
        assert hours * H + minutes * MIN + seconds * S == pytest.approx(abs(value), abs=0.51 * S)
        return
    number, name = shown.split(" ")
    assert len(number.replace(",", "").replace(".", "").lstrip("-0").rstrip("0")) <= 3
    digits = abs(float(number.replace(",", "")))
    assert digits * SCALES[name] == pytest.approx(abs(value), rel=0.0051)
    assert digits < 1000 or name == "TB"
    assert digits >= 1 or name in ("ns", "B")


@given(VALUES, VALUES, st.sampled_from(["ns", "bytes", "count", "ratio"]))
def test_a_larger_value_is_never_shown_as_smaller(one: float, other: float, unit: str) -> None:
    small, large = sorted((one, other))
    assert read(text.quantity(small, unit)) <= read(text.quantity(large, unit))


def read(shown: str) -> float:
    """Parse a formatted value."""
    if match := re.fullmatch(r"(-?)(?:(\d+)h)?(\d+)m(\d+)s", shown):
        hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
        return (hours * H + minutes * MIN + seconds * S) * (-1 if match[1] else 1)
    number, _, name = shown.replace(",", "").partition(" ")
    return float(number) * SCALES.get(name, 1)


@given(st.integers(0, 253_402_300_799), st.integers(0, 10**9 - 1))
def test_times_of_day_are_those_of_the_calendar(seconds: int, ns: int) -> None:
    expected = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert text.date_time(seconds * 10**9 + ns) == f"{expected}.{ns:09}Z"
