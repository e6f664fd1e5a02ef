"""Say what a file is that is not a trace."""

from __future__ import annotations

import re

from gotracer_ci.trace import spec

_SEARCHED = 64 << 10
"""A trace's header is looked for in this many bytes."""
_SHOWN = 60
_HEADER = re.compile(rb"go 1\.[0-9]{1,2} trace\0\0\0")
_WIDE_HEADER = "go 1.".encode("utf-16-le")
_STARTS = (
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzipped twice: unpack it once"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it"),
    (b"\xfd7zXZ\0", "compressed with xz: unpack it"),
    (b"BZh", "compressed with bzip2: unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"\x7fELF", "a program: run it to record a trace"),
    (b"MZ", "a program: run it to record a trace"),
    (b"\xcf\xfa\xed\xfe", "a program: run it to record a trace"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer: run git lfs pull, or check out with LFS"),
)
_TAR = slice(257, 262)
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_PROFILE_NUMBERS = frozenset({7, 8, 9, 10, 12, 13, 14})
_PROFILE_PARTS = frozenset({1, 2, 3, 4, 5, 6, 11, 13})
"""The fields of a profile.proto: those that are numbers, and those that have a length."""
_TEXT = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f]*")


def described(data: memoryview) -> str:
    """Return what the data is instead of a trace, and what to do about it; "" if it is nothing known."""
    head = bytes(data[:_SEARCHED])
    for start, what in _STARTS:
        if head.startswith(start):
            return f"it is {what}"
    if head[_TAR] == b"ustar":
        return "it is a tar archive: unpack it"
    if header := _HEADER.search(head):
        return f"it has {header.start():,} bytes before the header of the trace: remove them"
    if head.startswith((b"\xff\xfe" + _WIDE_HEADER, _WIDE_HEADER)):
        return "a shell converted it to UTF-16 text: let the program write the file, or use curl -o"
    if _HTML.match(head):
        return "it is an HTML page: was it downloaded from the right address?"
    if _is_profile(head):
        return "it is a pprof profile: read it with go tool pprof, and record a trace with -trace"
    if not any(head):
        return "it contains only zero bytes"
    return _text(head)


def problem(data: memoryview) -> str:
    """Return why the data is not a trace."""
    what = described(data)
    return f"not a Go execution trace: {what or f'it does not begin with {spec.HEADER[:5].decode()!r}'}"


def _text(head: bytes) -> str:
    """Quote the first line of a text."""
    try:
        text = head.decode("utf-8", "strict" if len(head) < _SEARCHED else "ignore")
    except UnicodeDecodeError:
        return ""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not _TEXT.fullmatch(text):
        return ""
    shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
    return f"it is a text that begins with {shown!r}" if line else "it is an empty text"


def _is_profile(head: bytes) -> bool:
    """Whether this is the start of a profile.proto: only its fields, and with a sample type."""
    pos, found = 0, set()
    while pos < len(head):
        tag, pos = _number(head, pos)
        value, pos = _number(head, pos)
        field, kind = tag >> 3, tag & 7
        if field not in {0: _PROFILE_NUMBERS, 2: _PROFILE_PARTS}.get(kind, ()):
            return False
        found.add(field)
        pos += value if kind == 2 else 0
    return 1 in found and (pos == len(head) or len(head) == _SEARCHED)


def _number(head: bytes, pos: int) -> tuple[int, int]:
    """Return the number at a position and the position after it. A truncated one ends there."""
    value = shift = 0
    while pos < len(head) and shift < 64:
        byte = head[pos]
        value |= (byte & 0x7F) << shift
        pos, shift = pos + 1, shift + 7
        if byte < 0x80:
            break
    return value, pos
