"""Parse thresholds as users write them: "2ms", "100MB", "50MB/s", "25%", "100"."""

from __future__ import annotations

import math
import re

from gotracer_ci.errors import UsageError

_SCALES = {
    "ns": {"ns": 1.0, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9},
    "bytes": {"": 1.0, "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 1024.0, "mib": 1024.0**2, "gib": 1024.0**3},
    "count": {"": 1.0},
    "ratio": {"": 1.0, "%": 0.01},
}
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_EXAMPLES = {"ns": "2ms", "bytes": "100MB", "bytes/s": "50MB/s", "count": "100", "ratio": "25%"}


def parse(option: str, text: str, unit: str) -> float:
    """Return the value in `unit` ("ns", "bytes", "bytes/s", "count" or "ratio").

    Raises:
        UsageError: the text is not a number, is negative, or has another unit.
    """
    plain = _THOUSANDS.sub("", text.lower()) if unit == "count" else text.lower()
    match = re.fullmatch(r"\s*(-?[0-9]*\.?[0-9]+)\s*([a-zµ%/]*)\s*", plain)
    scales = _SCALES[unit.removesuffix("/s")]
    if match:
        number, suffix = float(match[1]), match[2].removesuffix("/s") if unit.endswith("/s") else match[2]
        if suffix in scales and number >= 0 and math.isfinite(number):
            return number * scales[suffix]
        if number < 0:
            raise UsageError(f"{option}={text}: a threshold cannot be negative")
    raise UsageError(f"{option}={text}: not a value for this threshold; write for example {option}={_EXAMPLES[unit]}")
