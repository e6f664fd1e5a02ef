"""Whether a request is worth another try, and how long to wait before it, by GitHub's rules.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TRIES = 6  # of one request
CAP = 300.0  # seconds that a client waits in all
SECONDARY = 60.0  # seconds after the first refusal that names none

_TROUBLE = (500, 502, 503, 504)
_LIMITED = re.compile(r"rate limit|abuse detection", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,10}")


def delay(status: int, headers: Mapping[str, str], message: str, failures: int, now: float) -> float | None:
    """Seconds to wait before the same request may succeed; None: it would be refused again.

    Args:
        headers: names in lower case.
        message: GitHub's.
        failures: how many requests of the kind failed just before this one.
        now: seconds since 1970.
    """
    if _is_limited(status, headers, message):
        if (seconds := _number(headers, "retry-after")) is not None:
            return max(1.0, seconds)
        reset = _number(headers, "x-ratelimit-reset")
        if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
            # one more: the clocks of the two need not agree to the second
            return max(1.0, reset - now + 1)
        return SECONDARY * growth(failures)
    return growth(failures) if status in _TROUBLE else None


def _is_limited(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Whether an answer is a rate limit's. A 403 is also what a missing permission gives."""
    signs = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or _LIMITED.search(message)
    return status == 429 or (status == 403 and bool(signs))


def growth(failures: int) -> float:
    """Seconds to wait when GitHub is in trouble or out of reach."""
    return 2.0 ** min(failures, 20)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if _NUMBER.fullmatch(value) else None
