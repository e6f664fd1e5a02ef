"""`profile --go-compat` is what `go tool trace -pprof` writes, on every committed trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TRACES
from tests.oracle.profiles import compare_profiles

STOPS = ("regions-go1.21", "regions-go1.27")
"""Go's reader stops where a region ends out of order, so it has at most a part of these."""


def test_all_four_profiles_equal_go_s(gotrace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Count, nanoseconds and stack of each sample; the test prints how many there were."""
    samples = traces = 0
    for path in sorted(TRACES.glob("*.trace")):
        if path.stem not in STOPS:
            compared, different = compare_profiles(gotrace, path)
            assert different == [], path.stem
            samples += compared
            traces += 1
    with capsys.disabled():
        print(f"\n{traces} traces × 4 profiles, {samples:,} samples equal Go's")
    assert traces >= 90
    assert samples >= 2_000
