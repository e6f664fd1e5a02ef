"""A client for GitHub's REST API: permissions, pagination, rate limits, dry runs.

Requests are sent one at a time, as GitHub recommends. `session` sends them, `retry` decides when to try again, and
`refusals` turns failures into one line.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gotracer_ci.errors import PublishError, UsageError
from gotracer_ci.github import retry
from gotracer_ci.github.refusals import StaleError, message_of, refusal
from gotracer_ci.github.session import Answer, Session, Unreachable, origin_of, path_of
from gotracer_ci.text import duration

PER_PAGE = 100
MAX_PAGES = 100
PAGE_LIMIT = 64 << 20  # bytes; enough for a page of the longest comments, escaped
WRITE_GAP = 1.0  # seconds between writes

_JSON = "application/vnd.github+json"
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*\brel="?next"?(?:[\s;,]|\Z)')

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission of a workflow's token. scope: as under `permissions:`. access: "read" or "write"."""

    scope: str
    access: str

    def __str__(self) -> str:
        return f"{self.scope}: {self.access}"


COMMENT = Permission("pull-requests", "write")
READ_PULLS = Permission("pull-requests", "read")
READ_CONTENTS = Permission("contents", "read")
READ_ACTIONS = Permission("actions", "read")
UPLOAD = Permission("security-events", "write")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a dry run does not send. It never contains the token."""

    method: str
    url: str
    permission: Permission
    body: Mapping[str, Any] | None


class Client:
    """A client for the API of one repository.

    Paths are relative to the repository, or to the API's root if they start with a slash. All methods raise
    ForbiddenError if the token lacks a permission, and PublishError if the request fails for another reason.

    Args:
        api_url: GITHUB_API_URL, which has a path on GitHub Enterprise Server.
        token: "" for none.
        repository: "owner/name".
        wait: sleeps for a number of seconds.
        now: returns the seconds since 1970.
        planned: for a dry run: receives the writes instead of sending them. Without a token it also receives the reads,
            which then find nothing.

    Raises:
        UsageError: api_url, token or repository is malformed.
    """

    def __init__(
        self,
        api_url: str,
        token: str,
        repository: str,
        *,
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        planned: Callable[[Request], None] | None = None,
    ) -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
            raise UsageError(f"GITHUB_REPOSITORY: {repository!r} is not OWNER/NAME")
        self._session = Session(api_url, token)
        self._root = api_url.rstrip("/")
        self._below = f"{self._root}/repos/{repository}"
        self.wait = wait
        self._now = now
        self._planned = planned
        self._token = token
        self._waited = 0.0
        self._written: float | None = None
        self._failures: Counter[str] = Counter()
        self._is_out_of_reach = False

    @property
    def is_dry(self) -> bool:
        """Whether writes are shown instead of sent."""
        return self._planned is not None

    @property
    def has_user(self) -> bool:
        """Whether the token belongs to a user. A workflow's own token belongs to an app."""
        return bool(self._token) and not self._token.startswith("ghs_")

    def get(self, path: str, permission: Permission, params: Params | None = None) -> Any:
        """Return the JSON response; {} in a dry run without a token."""
        return self._json("GET", self._url(path, params), permission)

    def pages(
        self, path: str, permission: Permission, params: Params | None = None, member: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages. member: the key of the list, if the response is an object."""
        url = self._url(path, {"per_page": PER_PAGE, **(params or {})})
        if self._is_shown("GET", url, permission):
            return
        for _ in range(MAX_PAGES):
            answer = self._ask("GET", url, permission)
            value = self._parse(answer, f"GET {path_of(url)}")
            items = value.get(member) if member and isinstance(value, dict) else value
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise PublishError(f"GET {path_of(url)}: GitHub's response is not a list of objects")
            yield from items
            found = _NEXT.search(answer.headers.get("link", ""))
            if not found:
                return
            if origin_of(found[1]) != self._session.origin:
                raise PublishError(f"GET {path_of(url)}: GitHub's link to the next page leads to another host")
            url = found[1]
        raise PublishError(f"GET {path_of(url)}: more than {MAX_PAGES * PER_PAGE:,} items, which is the limit")

    def raw(
        self, path: str, permission: Permission, *, accept: str = _JSON, limit: int, params: Params | None = None
    ) -> bytes | None:
        """Return the body of the response, at most `limit` bytes, or None if it does not exist (404)."""
        url = self._url(path, params)
        if self._is_shown("GET", url, permission):
            return None
        answer = self._ask("GET", url, permission, accept=accept, limit=limit, fine=(404,))
        return None if answer.status == 404 else answer.body

    def send(
        self, method: str, path: str, permission: Permission, body: Mapping[str, Any] | None = None, *, again: bool
    ) -> dict[str, Any]:
        """Send a write and return its JSON response; {} for none and in a dry run.

        Args:
            again: whether the write can safely be repeated. Otherwise it is sent only once.

        Raises:
            StaleError: `again` is false, and the write failed temporarily or may have succeeded. No further wait is
                needed before another attempt.
        """
        value = self._json(method, self._url(path, None), permission, body, again)
        return value if isinstance(value, dict) else {}

    def _url(self, path: str, params: Params | None) -> str:
        base = f"{self._root}{path}" if path.startswith("/") else f"{self._below}/{path}"
        return f"{base}?{urlencode(params)}" if params else base

    def _is_shown(self, method: str, url: str, permission: Permission, body: Mapping[str, Any] | None = None) -> bool:
        """Show the request in a dry run. Return whether it was shown instead of sent."""
        if self._planned is None or (method == "GET" and self._token):
            return False
        self._planned(Request(method, url, permission, body))
        return True

    def _json(
        self, method: str, url: str, permission: Permission, body: Mapping[str, Any] | None = None, again: bool = True
    ) -> Any:
        if self._is_shown(method, url, permission, body):
            return {}
        return self._parse(self._ask(method, url, permission, body=body, again=again), f"{method} {path_of(url)}")

    def _parse(self, answer: Answer, what: str) -> Any:
        try:
            return json.loads(answer.body) if answer.body else {}
        except (ValueError, RecursionError):
            raise PublishError(f"{what}: GitHub's response is not JSON") from None

    def _ask(
        self,
        method: str,
        url: str,
        permission: Permission,
        *,
        body: Mapping[str, Any] | None = None,
        accept: str = _JSON,
        limit: int = PAGE_LIMIT,
        again: bool = True,
        fine: tuple[int, ...] = (),
    ) -> Answer:
        """Send the request and return the response. Retry temporary failures."""
        what = f"{method} {path_of(url)}"
        headers = {"Accept": accept, "X-GitHub-Api-Version": "2022-11-28"}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        # Once GitHub was unreachable for all tries of a request, each further request of the run gets only one try.
        tries = 1 if self._is_out_of_reach else retry.TRIES
        for left in reversed(range(tries)):
            self._pace(method)
            failures = self._failures[method]
            try:
                answer = self._session.request(method, url, headers, data, limit=limit)
            except Unreachable as error:
                problem = f"{what}: GitHub cannot be reached: {error}"
                seconds = retry.growth(failures)
                self._is_out_of_reach = not left
            else:
                self._is_out_of_reach = False
                if answer.status < 300 or answer.status in fine:
                    self._failures[method] = 0
                    return answer
                message = self._safe(message_of(answer.body))
                needed = retry.delay(answer.status, answer.headers, message, failures, self._now())
                if needed is None:
                    raise refusal(what, answer.status, message, str(permission))
                seconds = needed
                problem = f"{what} failed ({answer.status}{message and ': '}{message})"
            finally:
                if method != "GET":
                    self._written = self._now()
            self._failures[method] += 1
            if left or not again:
                self._hold(seconds, problem)
            if not again:
                raise StaleError(problem)
        raise PublishError(f"{problem}; gave up after {tries} {'try' if tries == 1 else 'tries'}")

    def _safe(self, message: str) -> str:
        """Return the message without the token, which a server posing as GitHub could echo."""
        return message.replace(self._token, "***") if self._token else message

    def _pace(self, method: str) -> None:
        if method != "GET" and self._written is not None:
            gap = WRITE_GAP - (self._now() - self._written)
            if gap > 0:
                # the clock may have been set back
                self.wait(min(gap, WRITE_GAP))

    def _hold(self, seconds: float, problem: str) -> None:
        """Wait, unless the run's total wait would exceed the limit."""
        if self._waited + seconds > retry.CAP:
            raise PublishError(
                f"{problem}; the next try would be in {duration(seconds * 1e9)}, but a run waits at most "
                f"{duration(retry.CAP * 1e9)} in total"
            )
        self._waited += seconds
        self.wait(seconds)
