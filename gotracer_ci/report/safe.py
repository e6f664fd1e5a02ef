"""Make untrusted text safe to show.

Function names, file names and messages come from traces, which anyone may have written. Terminal escapes,
bidirectional and invisible controls and lone surrogates are removed here; each format then escapes what is special to
it.
"""

from __future__ import annotations

import re

_BLANKS = r"[\t\n\v\f\r\u0085\u2028\u2029]+"
_LINE_ENDS = r"\r\n?|[\v\f\u0085\u2028\u2029]"
# Not compiled here: few runs have such text.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U00013455"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Return the text on one line, with U+FFFD for every character that could control a terminal, viewer or parser."""
    if text.isascii() and text.isprintable():  # nearly all text, and several times faster than the search
        return text
    return re.sub(_UNSAFE, "\N{REPLACEMENT CHARACTER}", re.sub(_BLANKS, " ", text))


def clean_lines(text: str) -> list[str]:
    """Return the lines of a text, each cleaned."""
    return [clean(line) for line in re.sub(_LINE_ENDS, "\n", text).strip().split("\n")]


def compact_json(value: object) -> str:
    """Return JSON on one line that is safe to show on a terminal."""
    import json

    return escape_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def escape_json(text: str) -> str:
    """Return JSON that is safe to show on a terminal and that every parser reads; only characters in strings change."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_UNSAFE, _json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\n":  # between tokens: in strings JSON escapes it
        return "\n"
    if 0xD800 <= code < 0xE000:
        return "\N{REPLACEMENT CHARACTER}"
    if code > 0xFFFF:
        return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
