"""Text in quotation marks as Go's %q writes it (package strconv, Quote)."""

from __future__ import annotations

import re
from typing import Final

_NAMED: Final = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\", '"': r"\"",
}  # fmt: skip
_BYTE: Final = re.compile("[\udc80-\udcff]")


def quoted(text: bytes) -> str:
    """Return the text of a trace in quotation marks; bytes that are not UTF-8 as \\x and two digits."""
    # nearly all text
    if text.isascii() and b'"' not in text and b"\\" not in text:
        plain = text.decode("ascii")
        if plain.isprintable():
            return f'"{plain}"'
    return f'"{"".join(map(_escaped, text.decode("utf-8", "surrogateescape")))}"'


def _escaped(character: str) -> str:
    if named := _NAMED.get(character):
        return named
    if character == " " or (character.isprintable() and not character.isspace()):
        return character
    code = ord(character)
    if _BYTE.match(character):
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
