"""Faults on demand: the next matching requests are refused, lost, delayed or held."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from tests.github.hub.exchange import Closed, Response

DOCUMENTATION = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
PATIENCE = 30.0  # maximum seconds that a request is held

# None: serve the request normally
Action = Callable[[], Response | Closed | None]


def gateway(status: int = 502) -> Action:
    """Return the error page of a gateway that cannot reach GitHub."""
    page = b"<html><body><h1>Unicorn! \xc2\xb7 GitHub</h1></body></html>"
    return lambda: Response(status, page, "text/html; charset=utf-8")


def secondary_limit(retry_after: int | None = None, status: int = 403) -> Action:
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    headers = {} if retry_after is None else {"retry_after": str(retry_after)}
    body = {"documentation_url": f"{DOCUMENTATION}#about-secondary-rate-limits", "message": message}
    return lambda: Response.of(status, body, **headers)


def primary_limit(reset: int, status: int = 403) -> Action:
    """Return the response of a primary rate limit. reset: when the limit ends, in seconds since 1970."""
    body = {"message": "API rate limit exceeded for installation ID 1.", "documentation_url": DOCUMENTATION}
    return lambda: Response.of(status, body, x_ratelimit_remaining="0", x_ratelimit_reset=str(reset))


def refused(status: int, message: str) -> Action:
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return lambda: Response.of(status, body)


def closed() -> Action:
    return Closed


def slow(seconds: float) -> Action:
    """Delay the response."""
    return lambda: time.sleep(seconds)


def meanwhile(happens: Callable[[], object]) -> Action:
    """Run something just before the request is served, such as a whole run of another client."""

    def act() -> None:
        happens()

    return act


class Hold:
    """Holds the matching requests until the `with` block ends. wait(2) returns when two requests are held."""

    def __init__(self) -> None:
        self._arrived = threading.Semaphore(0)
        self._go = threading.Event()

    def __call__(self) -> None:
        self._arrived.release()
        assert self._go.wait(PATIENCE), "a held request was never released"

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self._arrived.acquire(timeout=PATIENCE), "a request that should be held did not come"

    def release(self) -> None:
        self._go.set()

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


@dataclass(slots=True)
class _Rule:
    method: str
    pattern: re.Pattern[str]
    action: Action
    after: bool
    left: int


@dataclass
class Faults:
    """The requested faults, in the order of the requests."""

    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, method: str, pattern: str, action: Action, times: int, after: bool) -> None:
        self._rules.append(_Rule(method, re.compile(pattern), action, after, times))

    def take(self, method: str, path: str, after: bool) -> Action | None:
        """Return the action of the first matching rule, and count its use."""
        with self._lock:
            for rule in self._rules:
                if rule.left and rule.after == after and rule.method == method and rule.pattern.search(path):
                    rule.left -= 1
                    return rule.action
        return None

    @property
    def left(self) -> int:
        """Return how many more requests are going to fail."""
        return sum(rule.left for rule in self._rules)
