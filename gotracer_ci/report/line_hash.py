"""Compute the hash by which GitHub's code scanning recognizes a line after it has moved: `primaryLocationLineHash`.

GitHub's upload step computes it itself and warns if a log has another one; a log sent directly to the API must contain
it. The hash covers 100 UTF-16 units from the start of the line, without blanks and tabs and with every line end as a
line feed; the end of the file counts as one unit 65535 followed by zeros.
"""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate

_UNITS = 100
_BASE = 37
_MASK = (1 << 64) - 1
_END = 0xFFFF
_LINE_FEED = ord("\n")


def line_hashes(text: str) -> list[str]:
    """Return the hash of each line of a file, in order; one ending with `:2` is of the second line with that hash."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    units = array("H", lines.encode("utf-16", "surrogatepass"))[1:]  # native byte order, without its mark
    starts = [0, *(at for at, unit in enumerate(units, 1) if unit == _LINE_FEED)]
    padded = [*units, _END, *bytes(_UNITS)]
    # sums[i] is the polynomial of all units before i: the difference of two is that of the units between them
    sums = list(accumulate(padded, lambda value, unit: (value * _BASE + unit) & _MASK, initial=0))
    leave = pow(_BASE, _UNITS, 1 << 64)
    seen: Counter[int] = Counter()
    hashes = []
    for start in starts:
        value = (sums[start + _UNITS] - sums[start] * leave) & _MASK
        seen[value] += 1
        hashes.append(f"{value:x}:{seen[value]}")
    return hashes
