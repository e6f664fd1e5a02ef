"""Receive one response in a thread, so that the caller can draw, stop and count time while nothing arrives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import requests

CONNECT_S = 10.0
_PART = 1 << 16
_WAITING = 64
"""Parts that may wait for the disk."""
_MAX_REDIRECTS = 5
_STOP_S = 2.0


class Head(NamedTuple):
    """The start of a response. body: the start of it, only if the status is not 200. location: of a redirect, or ""."""

    status: int
    body: str
    location: str


class Lost(NamedTuple):
    """The end of a connection by an error. timed_out: it was never open."""

    error: Exception
    timed_out: bool


class Receiver(threading.Thread):
    """A GET request. `items` are a head, the parts of the body as they arrive, and at the end None or what went wrong.

    Args:
        wait_s: the time after which a silent connection is given up.
    """

    def __init__(
        self, session: requests.Session, url: str, verify: bool | str, headers: dict[str, str], wait_s: float
    ) -> None:
        super().__init__(daemon=True)
        self.items: Queue[Head | bytes | Lost | None] = Queue(_WAITING)
        self._session = session
        self._url = url
        self._verify = verify
        self._headers = headers
        self._wait_s = wait_s
        self._stopped = threading.Event()
        self._response: requests.Response | None = None

    def run(self) -> None:
        import requests

        try:
            with self._respond() as response:
                self._response = response
                if response.status_code != 200:
                    body = response.raw.read1(_PART).decode(errors="replace")
                    location = response.headers.get("Location", "") if response.is_redirect else ""
                    self.items.put(
                        Head(response.status_code, body, urljoin(response.url, location) if location else "")
                    )
                    return
                self.items.put(Head(200, "", ""))
                # read1 returns what is there. Other ways of reading wait for more, and lose it if the connection ends.
                while not self._stopped.is_set() and (part := response.raw.read1(_PART, decode_content=False)):
                    self.items.put(part)
            self.items.put(None)
        except Exception as error:
            self.items.put(Lost(error, isinstance(error, requests.ConnectTimeout)))

    def stop(self) -> Iterator[bytes]:
        """Close the connection, and yield the parts that arrived before."""
        self._stopped.set()
        if self._response is not None:
            with suppress(Exception):
                self._response.raw.shutdown()
        waited = 0.0
        longest = _STOP_S if self._response is not None else 0
        while True:
            with suppress(Empty):
                item = self.items.get(timeout=0.05)
                if isinstance(item, bytes):
                    yield item
                continue
            waited += 0.05
            if not self.is_alive() or waited > longest:
                return

    def _respond(self) -> requests.Response:
        """Send the request and follow redirects on the same host. Other hosts must not get the headers."""
        url = self._url
        for _ in range(_MAX_REDIRECTS):
            response = self._session.get(
                url,
                headers=self._headers,
                stream=True,
                timeout=(CONNECT_S, self._wait_s),
                allow_redirects=False,
                verify=self._verify,
                proxies=_without_proxy(url),
            )
            target = urljoin(url, response.headers.get("Location", ""))
            if not response.is_redirect or not _is_same_service(url, target):
                break
            response.close()
            url = target
        return response


def _is_same_service(url: str, target: str) -> bool:
    """Whether a redirect leads to the same host and port, or from http to https on the same host."""
    old, new = urlsplit(url), urlsplit(target)
    with suppress(ValueError):
        is_upgrade = (old.scheme, new.scheme) == ("http", "https")
        return old.hostname == new.hostname and (is_upgrade or (old.scheme, old.port) == (new.scheme, new.port))
    return False


def _without_proxy(url: str) -> dict[str, str]:
    """Return the setting that keeps a proxy of the environment away from this machine, as Go's client does."""
    host = urlsplit(url).hostname or ""
    return {"no_proxy": host} if host in ("localhost", "::1") or host.startswith("127.") else {}
