"""Read sizes as users write them: "500MB", "2GiB", "1000"."""

from __future__ import annotations

import re
from typing import Final

from gotracer_ci.errors import UsageError

_BYTES: Final = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_SIZE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([a-z]*)")


def bytes_of(option: str, text: str, *, example: str, least: int = 1) -> int:
    """Return the bytes of a size.

    Args:
        option: what the message calls it.
        example: a size for the message.
        least: smaller ones are refused.

    Raises:
        UsageError: it is not a size, or too small.
    """
    found = _SIZE.fullmatch(text.lower())
    if found and found[2] in _BYTES:
        value = int(float(found[1]) * _BYTES[found[2]])
        if value >= least:
            return value
    raise UsageError(f"{option} {text}: not a size; write for example {option} {example}")
