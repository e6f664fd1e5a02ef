"""Fetch one trace: try the URLs, watch the clock and the size, and hand on every byte that arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from queue import Empty
from typing import TYPE_CHECKING, NamedTuple

from gotracer_ci import __version__
from gotracer_ci.capture import failures
from gotracer_ci.capture.failures import Refused
from gotracer_ci.capture.receiver import CONNECT_S, Head, Lost, Receiver
from gotracer_ci.capture.target import Target
from gotracer_ci.text import duration, size
from gotracer_ci.trace import foreign
from gotracer_ci.trace.open import GZIP_MAGIC
from gotracer_ci.trace.spec import HEADER

if TYPE_CHECKING:
    import requests

TICK_S = 0.1
_START = HEADER[:5]
_LONGEST_PAUSE_S = 30.0


class Source(NamedTuple):
    """What to fetch, and how.

    seconds: the length of the trace, None for a snapshot. headers: of the user; they are never shown.
    verify: whether to check certificates, or a file with the CA. timeout_s: how long a trace may take beyond its
    length. retries: tries after the first. max_bytes: the largest trace.
    """

    target: Target
    seconds: float | None
    headers: Mapping[str, str]
    verify: bool | str
    timeout_s: float
    retries: int
    max_bytes: int


class Watcher(NamedTuple):
    """How the caller follows a capture.

    write: gets the bytes in order. tick: called about ten times a second with the seconds and bytes so far.
    retry: called before another try, with the problem and the seconds until then. stopped: whether to end the capture.
    """

    write: Callable[[bytes], None]
    tick: Callable[[float, int], None]
    retry: Callable[[str, float], None]
    stopped: Callable[[], bool]


class Stopped(Exception):
    """The caller stopped the capture before anything arrived."""


def fetch(source: Source, watcher: Watcher) -> str:
    """Fetch a trace. Return why it is not complete, "" if it is, or if the caller stopped it.

    Raises:
        Refused: nothing arrived. The text begins with the URL.
        Stopped: nothing arrived before the caller stopped it.
        FileError: it could not be written.
    """
    with _session(source) as session:
        failed = 0
        while True:
            try:
                return _from_first(source, watcher, session)
            except Refused as refused:
                if not refused.is_temporary or failed == source.retries:
                    raise
                pause = min(2.0**failed, _LONGEST_PAUSE_S)
                failed += 1
                watcher.retry(refused.problem, pause)
                wait(pause, watcher.stopped)


def wait(pause_s: float, stopped: Callable[[], bool]) -> None:
    """Wait.

    Raises:
        Stopped: the caller stopped it.
    """
    until = time.monotonic() + pause_s
    while (left := until - time.monotonic()) > 0 and not stopped():
        time.sleep(min(left, TICK_S))
    if stopped():
        raise Stopped


def _from_first(source: Source, watcher: Watcher, session: requests.Session) -> str:
    """Fetch from the first URL that is found; if none is, raise the error of the first."""
    missing: list[Refused] = []
    for url in source.target.urls:
        try:
            return _Capture(source, watcher).run(session, url)
        except Refused as refused:
            if refused.status != 404:
                raise
            missing.append(refused)
    raise missing[0]


def _session(source: Source) -> requests.Session:
    import requests
    import urllib3
    from requests.auth import AuthBase, HTTPBasicAuth

    from gotracer_ci.capture.adapters import SystemAdapter, UnixAdapter

    class Unchanged(AuthBase):
        """Keeps the credentials of .netrc from replacing the user's header."""

        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            return request

    session = requests.Session()
    has_own = any(name.lower() == "authorization" for name in source.headers)
    user = None if has_own else source.target.credentials
    session.auth = HTTPBasicAuth(user[0].encode(), user[1].encode()) if user else Unchanged()
    session.headers.update({"User-Agent": f"gotracer-ci/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"})
    if source.target.socket:
        session.mount("http://", UnixAdapter(source.target.socket))
    if source.verify is True:
        session.mount("https://", SystemAdapter())
    elif source.verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return session


class _Capture:
    """One request, and what has arrived of it."""

    def __init__(self, source: Source, watcher: Watcher) -> None:
        self._source = source
        self._watcher = watcher
        self._size = 0

    def run(self, session: requests.Session, url: str) -> str:
        source, shown = self._source, self._source.target.shown(url)
        allowed_s = (source.seconds or 0) + source.timeout_s
        receiver = Receiver(
            session, self._with_seconds(url), source.verify, dict(source.headers), allowed_s + CONNECT_S
        )
        start = time.monotonic()
        receiver.start()
        try:
            while (elapsed := time.monotonic() - start) < allowed_s:
                self._watcher.tick(elapsed, self._size)
                if self._watcher.stopped():
                    break
                try:
                    item = receiver.items.get(timeout=TICK_S)
                except Empty:
                    continue
                if isinstance(item, bytes):
                    if not self._keep(item):
                        return f"{shown}: stopped after {size(self._size)}, the limit of --max-size"
                elif item is None:
                    break
                elif isinstance(item, Head):
                    self._check(item)
                else:
                    return f"{shown}: {self._lost(item)}"
            else:
                self._rest(receiver)
                if not self._size:
                    raise Refused(f"no response within {duration(allowed_s * 1e9)}", is_temporary=True)
                late = f"{duration(allowed_s * 1e9)}, after {size(self._size)} had arrived"
                return f"{shown}: the trace was not complete within {late}; allow more with --timeout"
            self._rest(receiver)
            if not self._size:
                if self._watcher.stopped():
                    raise Stopped
                raise Refused("the response is empty", is_temporary=True)
        except Refused as refused:
            problem = f"{shown}: {failures.without(refused.problem, self._secrets(url))}"
            raise Refused(problem, refused.remedy, is_temporary=refused.is_temporary, status=refused.status) from None
        finally:
            for _ in receiver.stop():
                pass
        return ""

    def _with_seconds(self, url: str) -> str:
        if self._source.seconds is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}seconds={self._source.seconds:.10g}"

    def _check(self, head: Head) -> None:
        if head.status != 200:
            raise failures.of_response(
                head.status,
                head.body,
                head.location and self._source.target.shown(head.location),
                authorized=bool(self._source.headers or self._source.target.credentials),
                is_snapshot=self._source.seconds is None,
            )

    def _keep(self, part: bytes) -> bool:
        """Write a part, and return whether all of it fits.

        Raises:
            Refused: this is not the start of a trace.
        """
        if not self._size and not part.startswith((_START[: len(part)], GZIP_MAGIC[: len(part)])):
            raise Refused(f"the response is {foreign.problem(memoryview(part))}")
        fitting = part[: self._source.max_bytes - self._size]
        self._watcher.write(fitting)
        self._size += len(fitting)
        return len(fitting) == len(part)

    def _rest(self, receiver: Receiver) -> None:
        """Keep what arrived before the connection was closed."""
        for part in receiver.stop():
            if not self._keep(part):
                break

    def _lost(self, lost: Lost) -> str:
        if not self._size:
            raise failures.of_error(lost.error, lost.timed_out, CONNECT_S)
        return f"the connection was lost after {size(self._size)} had arrived"

    def _secrets(self, url: str) -> list[str]:
        """Return what must not be shown when a service repeats it."""
        from urllib.parse import parse_qsl, urlsplit

        texts = [*self._source.headers.values(), *(self._source.target.credentials or ())]
        texts += [text.rpartition(" ")[2] for text in self._source.headers.values()]
        texts += [value for _, value in parse_qsl(urlsplit(url).query)]
        return [text for text in texts if len(text) > 3]
