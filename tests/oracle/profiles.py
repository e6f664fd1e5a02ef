"""Compare `profile --go-compat` with `go tool trace -pprof` of Go 1.27: count, nanoseconds and stack of every sample.

Go tells samples apart by their PCs, and takes a stack of nameless frames for no stack. So both sides are merged by
function, file and line first.
"""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from gotracer_ci.analysis.profile import GO_TYPES, Frame, GoProfileAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.export.pprof import pprof
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace

Stack = tuple[Frame, ...]


class Decoded(NamedTuple):
    """What a file in pprof's format says. samples: (stack leaf first, values, labels)."""

    types: list[tuple[str, str]]
    samples: list[tuple[Stack, tuple[int, ...], dict[str, str]]]
    comments: list[str]
    period: tuple[str, str, int]


def decode(data: bytes) -> Decoded:
    """Read pprof's format, gzipped. This reader shares nothing with the writer."""
    strings: list[str] = []
    functions: dict[int, tuple[int, int]] = {}
    lines: dict[int, tuple[int, int]] = {}
    raw: list[bytes] = []
    types: list[tuple[int, int]] = []
    comments: list[int] = []
    period_type, period = (0, 0), 0
    for field, value in fields(gzip.decompress(data)):
        if field == 12:
            period = number(value)
        elif field == 13:
            comments.append(number(value))
        elif field == 1:
            types.append(pair(value, 1, 2))
        elif field == 11:
            period_type = pair(value, 1, 2)
        elif field == 2:
            raw.append(message(value))
        elif field == 4:
            ((line,),) = ([at for kind, at in fields(message(value)) if kind == 4],)
            lines[pair(value, 1, 1)[0]] = pair(line, 1, 2)
        elif field == 5:
            functions[pair(value, 1, 1)[0]] = pair(value, 2, 4)
        elif field == 6:
            strings.append(message(value).decode())

    def frame(location: int) -> Frame:
        function, line = lines[location]
        name, file = functions[function]
        return strings[name], strings[file], line

    samples = [_sample(data, frame, strings) for data in raw]
    named = [(strings[a], strings[b]) for a, b in types]
    return Decoded(
        named, samples, [strings[i] for i in comments], (strings[period_type[0]], strings[period_type[1]], period)
    )


def _sample(
    data: bytes, frame: Callable[[int], Frame], strings: list[str]
) -> tuple[Stack, tuple[int, ...], dict[str, str]]:
    numbers: dict[int, list[int]] = {1: [], 2: []}
    labels: dict[str, str] = {}
    for field, value in fields(data):
        if field == 3:
            key, text = pair(value, 1, 2)
            labels[strings[key]] = strings[text]
        else:
            numbers[field] += [value] if isinstance(value, int) else _varints(value)
    values = tuple(v - (v >> 63 << 64) for v in numbers[2])
    return tuple(map(frame, numbers[1])), values, labels


def number(value: int | bytes) -> int:
    assert isinstance(value, int)
    return value


def message(value: int | bytes) -> bytes:
    assert isinstance(value, bytes)
    return value


def pair(value: int | bytes, first: int, second: int) -> tuple[int, int]:
    """Return two numbers of a message, 0 if it does not have them."""
    of = {field: at for field, at in fields(message(value)) if isinstance(at, int)}
    return of.get(first, 0), of.get(second, 0)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (number, value) for each field of a protobuf message."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _varint(data, at)
        if tag & 7 == 2:
            yield tag >> 3, data[at : at + value]
            at += value
        else:
            assert tag & 7 == 0
            yield tag >> 3, value


def _varints(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def merged(decoded: Decoded) -> dict[Stack, tuple[int, ...]]:
    """Return the values by stack; one of nameless frames is no stack."""
    sums: dict[Stack, tuple[int, ...]] = {}
    for stack, values, _ in decoded.samples:
        key = stack if any(function for function, _, _ in stack) else ()
        sums[key] = tuple(a + b for a, b in zip(sums.get(key, (0, 0)), values, strict=True))
    return sums


def ours(path: Path, kind: str) -> bytes:
    """Return the file that the command writes."""
    trace = open_trace(str(path))
    return pprof(read(trace, SourceMap(None), GoProfileAnalysis(trace, kind)), None, (), go=True)


def theirs(gotrace: Path, path: Path, kind: str) -> bytes:
    done = subprocess.run([gotrace, f"-pprof={kind}", path], capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def compare_profiles(gotrace: Path, path: Path) -> tuple[int, list[str]]:
    """Return how many samples of the four profiles were compared, and the differences."""
    different: list[str] = []
    samples = 0
    for kind in GO_TYPES:
        mine, its = decode(ours(path, kind)), decode(theirs(gotrace, path, kind))
        if (mine.types, mine.period) != (its.types, its.period):
            different.append(f"{kind}: {(its.types, its.period)} is {(mine.types, mine.period)}")
        a, b = merged(mine), merged(its)
        samples += len(b)
        wrong = [stack for stack in {**a, **b} if a.get(stack) != b.get(stack)]
        different += [f"{kind}: {stack[:3]}\n- Go's: {b.get(stack)}\n+ ours: {a.get(stack)}" for stack in wrong[:5]]
    return samples, different
