"""Format durations, sizes, counts, ratios, percentages and plurals. Nothing else in the package does.

Measured values have three significant digits and the unit that fits after rounding: 999.6 ms is "1 s". Counts are
written in full, and durations of a minute or more to the second, as Go writes them: "1m30s".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_TO: Final = "\N{EN DASH}"
_DURATIONS: Final = ((1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s"))
_SIZES: Final = ((1, "B"), (1_000, "kB"), (1_000_000, "MB"), (1_000_000_000, "GB"), (1_000_000_000_000, "TB"))
_SECOND: Final = 1_000_000_000
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400


def quantity(value: float, unit: str) -> str:
    """Return a value of a unit: `12.3 ms`, `740 MB/s`, `1,204`, `25 %`.

    unit: "ns", "each" (ns of one event), "bytes", "bytes/s", "count" or "ratio"; another reads like "count".
    """
    if unit in ("ns", "each"):
        return duration(value)
    if unit == "bytes":
        return size(value)
    if unit == "bytes/s":
        return f"{size(value)}/s"
    return percentage(value) if unit == "ratio" else count(value)


def duration(ns: float) -> str:
    """Return nanoseconds as `12.3 ms`, `4.5 s` or, from one minute on, `1m30s`."""
    if ns == 0:
        return "0 s"
    seconds = ns / _SECOND
    return _minutes(round(seconds)) if _MINUTE_S <= abs(_rounded(seconds)) < math.inf else _scaled(ns, _DURATIONS)


def size(value: float) -> str:
    """Return bytes in decimal units: `12 B`, `338 MB`."""
    return _scaled(value, _SIZES)


def count(value: float) -> str:
    """Return a number in full (`1,204`); a fraction, such as a median, with three significant digits (`40.5`)."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else _digits(value)


def percentage(share: float) -> str:
    """Return a share of 1 as `25 %` or `1,230 %`."""
    return f"{_digits(share * 100)} %"


def ratio(value: float) -> str:
    """Return a ratio as `2.14` and a multiplication sign."""
    return f"{_digits(value)}{_TIMES}"


def times(number: int) -> str:
    """Return how often something occurred: `1,204` and a multiplication sign."""
    return f"{number:,}{_TIMES}"


def span(values: Sequence[float], unit: str) -> str:
    """Return the range of several values: `1.5` to `1.6 s`, or only one if both are formatted the same."""
    low, high = quantity(min(values), unit), quantity(max(values), unit)
    if low == high:
        return high
    number, _, name = low.partition(" ")
    is_alike = number == "0" or name == high.partition(" ")[2]
    return f"{number}{_TO}{high}" if is_alike else f"{low} {_TO} {high}"


def axis(values: Sequence[float], unit: str) -> tuple[str, list[str]]:
    """Return values for the axis of a chart: the unit that fits the largest, "" for counts, and each as a plain number.

    Numbers have at most two decimals and no separators, because a program reads them.
    """
    largest = max(map(abs, values), default=0)
    factor, name = 1, ""
    if unit in ("ns", "each"):
        factor, name = _fitting(largest, _DURATIONS)
    elif unit in ("bytes", "bytes/s"):
        factor, name = _fitting(largest, _SIZES)
    return name + "/s" * (unit == "bytes/s"), [f"{value / factor:.2f}".rstrip("0").rstrip(".") for value in values]


def plural(number: int, noun: str) -> str:
    """Return `1 trace` or `1,204 traces`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def go_releases(version: str) -> str:
    """Return the Go releases that write a version of the trace format: not every release changes it."""
    return {"1.23": "1.23 or 1.24", "1.26": "1.26 or later"}.get(version, version)


def timestamp(ns: int) -> str:
    """Return an offset from the trace's start in seconds, to the microsecond, to find it in other tools."""
    return f"{ns / _SECOND:.6f} s"


def date_time(ns: int) -> str:
    """Return nanoseconds since 1970 as RFC 3339 in UTC: `2026-11-26T23:05:01.000000001Z`."""
    seconds, fraction = divmod(ns, _SECOND)
    days, seconds = divmod(seconds, _DAY_S)
    # years from March on: then the leap day is the last one, and 400 years have the same number of days
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    year += 400 * era + (month >= 10)
    date = f"{year:04}-{month + 3 if month < 10 else month - 9:02}-{day + 1:02}"
    return f"{date}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}Z"


def _rounded(value: float) -> float:
    """Round to three significant digits."""
    return float(f"{value:.3g}")


def _digits(value: float) -> str:
    rounded = _rounded(value)
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:.3g}"


def _scaled(value: float, units: Sequence[tuple[int, str]]) -> str:
    factor, name = _fitting(value, units)
    return f"{_digits(value / factor)} {name}"


def _fitting(value: float, units: Sequence[tuple[int, str]]) -> tuple[int, str]:
    return next((unit for unit in units if abs(_rounded(value / unit[0])) < 1000), units[-1])


def _minutes(seconds: int) -> str:
    """Format a minute or more as Go's time.Duration does."""
    minutes, rest = divmod(abs(seconds), _MINUTE_S)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if seconds < 0 else ''}{f'{hours}h' if hours else ''}{minutes}m{rest}s"
