"""Make untrusted text safe to show.

Function names, file names and messages come from traces, which anyone may have written. Terminal escapes,
bidirectional and invisible controls and lone surrogates are removed here; each format then escapes what is special to
it.
"""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[\t\n\v\f\r\u0085\u2028\u2029]+")
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\u0085\u2028\u2029]")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U00013455"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


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
