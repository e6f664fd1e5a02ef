"""pprof's format: https://github.com/google/pprof/blob/main/proto/profile.proto, gzipped.

The writer is a few dozen lines; generated code would take longer to import than most traces take to read.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from typing import Final

from gotracer_ci.analysis.profile import Frame, Sample, StackProfile
from gotracer_ci.report.safe import clean

BASE: Final = ("pprof::base", "true")
"""The label of samples that pprof subtracts."""


def pprof(
    profile: StackProfile, base: StackProfile | None, comments: Iterable[str], *, go: bool = False, period_ns: int = 1
) -> bytes:
    """Return a profile in pprof's format; the same profile gives the same bytes.

    Args:
        base: is subtracted, as `go tool pprof -diff_base` does.
        comments: what pprof shows above its reports, one line each.
        go: without labels, and with the names of Go's own profiles.
        period_ns: of CPU samples.
    """
    writer = _Writer()
    is_cpu = profile.type == "cpu"
    count, time = ("samples", "cpu") if is_cpu else ("contentions" if go else "intervals", "delay")
    head = writer.value_type(1, count, "count") + writer.value_type(1, time, "nanoseconds")
    body = b"".join(writer.sample(sample, 1, ()) for sample in profile.samples)
    if base is not None:
        body += b"".join(writer.sample(sample, -1, (BASE,)) for sample in base.samples)
    tail = _number(10, profile.duration_ns)
    tail += writer.value_type(11, "cpu", "nanoseconds") if is_cpu else writer.value_type(11, "trace", "count")
    tail += _number(12, period_ns if is_cpu else 1)
    tail += b"".join(_number(13, writer.string(clean(line))) for line in comments)
    tail += _number(14, writer.string(time))
    return gzip.compress(head + body + b"".join(writer.tables()) + tail, compresslevel=6, mtime=0)


class _Writer:
    """Interns strings, functions and locations."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {"": 0}
        self._clean: dict[str, int] = {}
        self._functions: dict[tuple[int, int], int] = {}
        self._locations: dict[Frame, int] = {}
        self._stacks: dict[tuple[Frame, ...], bytes] = {}
        self._labels: dict[tuple[str, str], bytes] = {}
        self._tables: list[bytes] = []

    def string(self, text: str) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def value_type(self, field: int, name: str, unit: str) -> bytes:
        return _message(field, _number(1, self.string(name)) + _number(2, self.string(unit)))

    def sample(self, sample: Sample, sign: int, labels: Sequence[tuple[str, str]]) -> bytes:
        stack = self._stacks.get(sample.stack)
        if stack is None:
            ids = b"".join([_varint(self._location(frame)) for frame in sample.stack])
            stack = self._stacks[sample.stack] = _message(1, ids) if ids else b""
        values = _message(2, _varint(sign * sample.number) + _varint(sign * sample.ns))
        return _message(2, stack + values + b"".join([self._label(label) for label in (*_labels(sample), *labels)]))

    def _label(self, label: tuple[str, str]) -> bytes:
        found = self._labels.get(label)
        if found is None:
            key, value = label
            numbers = _number(1, self.string(key)) + _number(2, self._untrusted(value))
            found = self._labels[label] = _message(3, numbers)
        return found

    def _location(self, frame: Frame) -> int:
        found = self._locations.get(frame)
        if found is None:
            name, file, line = frame
            key = (self._untrusted(name), self._untrusted(file))
            function = self._functions.get(key)
            if function is None:
                function = self._functions[key] = len(self._functions) + 1
                self._tables.append(
                    _message(5, _number(1, function) + _number(2, key[0]) + _number(3, key[0]) + _number(4, key[1]))
                )
            found = self._locations[frame] = len(self._locations) + 1
            at = _message(4, _number(1, function) + _number(2, line))
            self._tables.append(_message(4, _number(1, found) + at))
        return found

    def _untrusted(self, text: str) -> int:
        found = self._clean.get(text)
        if found is None:
            found = self._clean[text] = self.string(clean(text))
        return found

    def tables(self) -> list[bytes]:
        """Return locations, functions and strings, after all samples."""
        return [*self._tables, *(_message(6, text.encode()) for text in self._strings)]


def _labels(sample: Sample) -> list[tuple[str, str]]:
    named = (
        ("state", sample.state),
        ("reason", sample.reason),
        ("goroutine", sample.group),
        ("waker", sample.waker),
        ("open", "1" if sample.is_open else ""),
    )
    return [(key, value) for key, value in named if value]


def _varint(number: int) -> bytes:
    if 0 <= number < 0x80:
        return bytes((number,))
    number &= (1 << 64) - 1  # negative numbers have ten bytes
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
