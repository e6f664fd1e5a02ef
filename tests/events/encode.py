"""Encodes the text of `events --as wire`: the bytes that Go's runtime would write for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gotracer_ci.events.records import records
from gotracer_ci.trace.spec import HEADER, OLD_VERSIONS, Ev
from gotracer_ci.trace.v1.spec import Old
from tests.trace.writer import varint

RESERVED = 10
"""Bytes that the runtime leaves for a size that it does not know yet."""
ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)")
NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


def encoded(text: str, version: int) -> bytes:
    """Return the file that the text is of."""
    return HEADER % version + b"".join(data for _, data in encoded_records(text, version))


def encoded_records(text: str, version: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each record and its bytes."""
    kinds = {name: kind for kind, (name, _) in records(version).items()}
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        name, *words = lines[at].split(" ")
        numbers = [int(word.partition("=")[2]) for word in words]
        data = None
        at += 1
        while at < len(lines) and lines[at].startswith("\t"):
            if lines[at].startswith("\tdata="):
                data = unquoted(lines[at].removeprefix("\tdata="))
            else:
                numbers += [int(word.partition("=")[2]) for word in lines[at].split(" ")]
            at += 1
        if version in OLD_VERSIONS:
            yield name, _old(Old(kinds[name]), version, numbers, data or b"")
        else:
            yield name, _new(Ev(kinds[name]), numbers, data or b"")


def unquoted(text: str) -> bytes:
    """Return the bytes of a Go string literal."""

    def escaped(found: re.Match[str]) -> str:
        code = found[1]
        if code in NAMED:
            return NAMED[code]
        return chr(int(code[1:], 16) + (0xDC00 if code[0] == "x" and int(code[1:], 16) > 127 else 0))

    return ESCAPE.sub(escaped, text[1:-1]).encode("utf-8", "surrogateescape")


def _new(kind: Ev, numbers: list[int], data: bytes) -> bytes:
    if kind == Ev.EVENT_BATCH:
        return bytes([kind]) + b"".join(map(varint, numbers[:-1])) + _size(numbers[-1])
    record = bytes([kind]) + b"".join(map(varint, numbers))
    if kind == Ev.EXPERIMENTAL_BATCH:
        return record + _size(len(data)) + data
    return record + varint(len(data)) + data if kind == Ev.STRING else record


def _old(kind: Old, version: int, numbers: list[int], data: bytes) -> bytes:
    body = b"".join(map(varint, numbers))
    if kind == Old.STRING:
        return bytes([kind]) + body + varint(len(data)) + data
    text = varint(len(data)) + data if kind == Old.LOG else b""
    if len(numbers) > 3 or kind == Old.STACK:
        size = _size(len(body)) if kind == Old.STACK and version == 21 else varint(len(body))
        return bytes([kind | 3 << 6]) + size + body + text
    return bytes([kind | (len(numbers) - 1) << 6]) + body + text


def _size(size: int) -> bytes:
    """Return a number that takes all bytes that were reserved for it."""
    digits = [size >> 7 * k & 0x7F for k in range(RESERVED)]
    return bytes([digit | 0x80 for digit in digits[:-1]]) + bytes(digits[-1:])
