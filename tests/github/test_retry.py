"""GitHub's rules for retries."""

from __future__ import annotations

import pytest

from gotracer_ci.github.retry import delay

NOW = 1_700_000_000.0
SECONDARY = "You have exceeded a secondary rate limit."


def after(
    status: int, message: str = "", failures: int = 0, retry_after: str = "", remaining: str = "4999", reset: str = ""
) -> float | None:
    headers = {"retry-after": retry_after, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    return delay(status, {name: value for name, value in headers.items() if value}, message, failures, NOW)


@pytest.mark.parametrize("status", [403, 429])
def test_a_time_named_by_github_takes_precedence(status: int) -> None:
    soon = str(int(NOW) + 100)
    assert after(status, SECONDARY, retry_after="7", remaining="0", reset=soon) == 7
    assert after(status, SECONDARY, remaining="0", reset=soon) == 101
    assert after(status, SECONDARY, retry_after="0") == 1
    assert after(status, "API rate limit exceeded", remaining="0", reset="5") == 1


def test_without_a_time_the_wait_is_a_minute_and_grows() -> None:
    assert [after(403, SECONDARY, failures) for failures in range(3)] == [60, 120, 240]
    assert after(403, "You have triggered an abuse detection mechanism.") == 60
    assert after(429) == 60


@pytest.mark.parametrize("value", ["soon", "-1", "1e9", "٣", "9" * 5_000, "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_an_invalid_number_counts_as_missing(value: str) -> None:
    assert after(429, retry_after=value) == 60
    assert after(429, remaining="0", reset=value) == 60


def test_a_missing_permission_is_not_a_rate_limit() -> None:
    assert after(403, "Resource not accessible by integration", reset=str(int(NOW) + 100)) is None
    assert [after(status) for status in (400, 401, 404, 410, 413, 422, 501)] == [None] * 7


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_the_wait_for_an_outage_grows(status: int) -> None:
    assert [after(status, failures=failures) for failures in range(5)] == [1, 2, 4, 8, 16]
