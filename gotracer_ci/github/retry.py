"""Decide whether to retry a request, and how long to wait first, by GitHub's rules.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

import re
from collections.abc import Mapping

TRIES = 6  # per request
CAP = 300.0  # seconds that a client waits in total
SECONDARY = 60.0  # seconds after a rate limit without a retry time

_TROUBLE = (500, 502, 503, 504)
_LIMITED = re.compile(r"rate limit|abuse detection", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,10}")


def delay(status: int, headers: Mapping[str, str], message: str, failures: int, now: float) -> float | None:
    """Return the seconds to wait before retrying the request, or None if it would fail again.

    Args:
        headers: names in lower case.
        message: GitHub's message.
        failures: the number of requests with this method that failed in a row before this one.
        now: seconds since 1970.
    """
    if _is_limited(status, headers, message):
        if (seconds := _number(headers, "retry-after")) is not None:
            return max(1.0, seconds)
        reset = _number(headers, "x-ratelimit-reset")
        if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
            # one second more, because GitHub's clock may differ from ours
            return max(1.0, reset - now + 1)
        return SECONDARY * growth(failures)
    return growth(failures) if status in _TROUBLE else None


def _is_limited(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Report whether the response is a rate limit. A 403 can also be a missing permission."""
    signs = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or _LIMITED.search(message)
    return status == 429 or (status == 403 and bool(signs))


def growth(failures: int) -> float:
    """Return the seconds to wait when GitHub has an outage or is unreachable."""
    return 2.0 ** min(failures, 20)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if _NUMBER.fullmatch(value) else None
