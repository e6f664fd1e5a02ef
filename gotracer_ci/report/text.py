"""How values become text in every format: units, and what untrusted text may hold.

Function names, file names and messages come from traces, which anybody may have written. What has no business in
one line of text (terminal escapes, bidirectional and invisible controls, halves of surrogate pairs) is taken out
here; each format then escapes what is special to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gotracer_ci.findings import Finding, Frame, Location, Threshold

TIMES = "\N{MULTIPLICATION SIGN}"
WHOLE = "whole program"
_TO = "\N{EN DASH}"
_BLANKS = re.compile(r"[\t\n\v\f\r\u0085\u2028\u2029]+")
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\u0085\u2028\u2029]")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U00013455"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_UNITS = {
    "ns": ("ns", "µs", "ms", "s"),
    "bytes": ("B", "kB", "MB", "GB", "TB"),
    "bytes/s": ("B/s", "kB/s", "MB/s", "GB/s", "TB/s"),
}


def clean(text: str) -> str:
    """The text on one line, with U+FFFD for each character that would steer a terminal, a viewer or a parser."""
    if text.isascii() and text.isprintable():  # nearly all: several times faster than looking
        return text
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text))


def clean_lines(text: str) -> list[str]:
    """As `clean`, but the text's own line ends stay."""
    return [clean(line) for line in _LINE_ENDS.sub("\n", text).strip().split("\n")]


def escape_json(text: str) -> str:
    """JSON text that shows safely on a terminal and parses everywhere: only characters inside strings change."""
    return _UNSAFE.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\n":  # between tokens: inside strings JSON has escaped it
        return "\n"
    if 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    if code > 0xFFFF:
        return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"


def quantity(value: float, unit: str) -> str:
    """A value to three significant digits: `12.3 ms`, `740 MB`, `1,204`, `25 %`."""
    if unit == "ratio":
        return f"{value * 100:.3g} %" if value < 10 else f"{value * 100:,.0f} %"
    scale = _UNITS.get(unit)
    if scale is None:
        return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    for name in scale:
        rounded = float(f"{value:.3g}")
        if abs(rounded) < 1000 or name is scale[-1]:
            break
        value /= 1000
    return f"{rounded:g} {name}" if abs(rounded) < 1000 else f"{rounded:,.0f} {name}"


def duration(ns: float) -> str:
    return quantity(ns, "ns")


def go(version: str) -> str:
    """The Go that a trace may come from: not every release changes the format's version."""
    return {"1.23": "1.23 or 1.24", "1.26": "1.26 or later"}.get(version, version)


def timestamp(ns: int) -> str:
    """An offset from the trace's start, to the microsecond, so that it can be found again in other tools."""
    return f"{ns / 1e9:.6f} s"


def spread(values: Sequence[float], unit: str) -> str:
    """The lowest and the highest of several values, `1.5 s` where they read the same."""
    low, high = quantity(min(values), unit), quantity(max(values), unit)
    if low == high:
        return high
    number, _, name = low.partition(" ")
    return f"{number}{_TO}{high}" if high.endswith(f" {name}") else f"{low} {_TO} {high}"


def threshold(value: Threshold) -> str:
    return quantity(value.value, value.unit)


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def at(place: Location | Frame) -> str:
    """`func (file:line)`, with the repository's file where there is one."""
    file = place.path or (place.file if isinstance(place, Frame) else "")
    where = f"{file}:{place.line}" if place.line else file
    return clean(f"{place.function} ({where})" if where else place.function)


def place(finding: Finding) -> str:
    """Where a finding is, in as many words as are known; empty for the whole program."""
    if finding.location:
        return at(finding.location)
    if finding.stack:
        own = next((frame for frame in finding.stack if frame.owner == "own"), finding.stack[0])
        return at(own)
    return clean(finding.key.place.removeprefix("~"))
