"""Truncated, mutated and foreign input: complete parts are delivered, the damage is named, nothing crashes."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gotracer_ci.errors import TraceError
from gotracer_ci.trace.reader import Trace
from tests.builds import BUILDS, Build, open_trace, trace_of
from tests.trace.conftest import TRACES, Oracle
from tests.trace.lines import lines

WHOLE = {path.stem: path.read_bytes() for path in TRACES}


def _rows(trace: Trace) -> list[tuple[int, ...]]:
    return [row for chunk in trace.chunks() for row in chunk.rows()]


def _read(source: bytes | Callable[[], Trace]) -> tuple[list[tuple[int, ...]], TraceError | None]:
    try:
        trace = trace_of("mutant", source) if isinstance(source, bytes) else source()
    except TraceError as error:
        return [], error
    rows = _rows(trace)
    return rows, trace.damage


@pytest.mark.parametrize("name", ["generations-go1.25", "generations-go1.26", "lockwait-go1.22"])
def test_a_truncated_trace_gives_what_go_s_reader_gives(
    name: str, decoder: Build, oracle: Oracle, tmp_path: Path
) -> None:
    """Before Go 1.26 that may include the beginning of the truncated generation."""
    data = WHOLE[name]
    counts = set()
    for end in range(len(data) // 8, len(data), len(data) // 8):
        path = tmp_path / "cut.trace"
        path.write_bytes(data[:end])
        trace = open_trace(str(path))
        found = list(lines(trace))
        assert found == oracle(path)
        assert trace.damage is not None
        assert "truncated" in trace.damage.problem
        counts.add(len(found))
    assert len(counts) > 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(WHOLE)), st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_mutated_trace_is_read_or_refused(decoder: Build, name: str, rnd: random.Random, bends: int) -> None:
    data = bytearray(WHOLE[name])
    for _ in range(bends):
        at = rnd.randrange(16, len(data))
        match rnd.randrange(5):
            case 0:
                data[at] ^= 1 << rnd.randrange(8)
            case 1:
                data[at] = rnd.choice([0, 1, 127, 128, 255])
            case 2:
                del data[at : at + rnd.choice([1, 2, 10])]
            case 3:
                data[at:at] = rnd.randbytes(3)
            case _:
                data[at : at + 10] = b"\xff" * 9 + b"\x01"
    rows, damage = _read(bytes(data))
    assert all(earlier[0] < later[0] for earlier, later in pairwise(rows))
    assert damage is None or damage.problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"hello, this is a text file\n", "not a Go execution trace"),
        (b"go 1.21 trace\0\0\0", "truncated"),
        (b"go 1.99 trace\0\0\0", "unknown trace format"),
        (b"go 1.22 trace\0\0\0", "truncated"),
        (gzip.compress(WHOLE["leak-go1.27"])[:2000], "gzip"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"\x1f\x8bnonsense", "gzip"),
    ],
)
def test_bad_input_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.trace"
    path.write_bytes(content)
    _, damage = _read(lambda: open_trace(str(path)))
    assert damage is not None
    assert problem in damage.problem
    assert str(path) in str(damage)
    assert "\n" not in str(damage)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_truncated_gzip_gives_what_it_held(tmp_path: Path, share: float) -> None:
    data = WHOLE["generations-go1.26"]
    packed = gzip.compress(data)
    path = tmp_path / "a.trace.gz"
    path.write_bytes(packed[: int(len(packed) * share)])
    rows, damage = _read(lambda: open_trace(str(path)))
    assert len(rows) > 100
    assert rows[:-1] == _read(data)[0][: len(rows) - 1]
    assert damage is not None
    assert "gzip" in damage.problem


def test_gzip_and_standard_input_are_the_same_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = WHOLE["tour-go1.24"]
    packed = tmp_path / "a.trace.gz"
    packed.write_bytes(gzip.compress(data))
    expected, _ = _read(data)
    assert _rows(open_trace(str(packed))) == expected
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert _rows(open_trace("-")) == expected


def test_all_builds_refuse_at_the_same_place() -> None:
    """All builds have one source, so the place and wording of damage must not depend on the build."""
    rnd = random.Random(7)
    for name in sorted(WHOLE)[::5]:
        data = bytearray(WHOLE[name])
        data[rnd.randrange(16, len(data))] ^= 0x55
        results = []
        for load in BUILDS.values():
            with load().active():
                rows, damage = _read(bytes(data))
                results.append((rows, str(damage)))
        assert all(result == results[0] for result in results)
