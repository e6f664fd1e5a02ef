"""The server: one page, its windows, and nothing else.

Other programs can reach a loopback address, too: those of other users of the machine, and any web page in a browser. So

- every path begins with a random token, which only the printed address has;
- the browser is started with another token, which leads to the page once: its command line is in the list of processes;
- the Host header must name this machine, because a web page can make its own name point to it (DNS rebinding);
- no answer may be framed, kept, or read as another type than it says.
"""

from __future__ import annotations

import re
import secrets
import selectors
import socket
import sys
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final, NamedTuple

from gotracer_ci.errors import GotracerError, UsageError
from gotracer_ci.serve.address import Address
from gotracer_ci.serve.windows import Check, Unwanted

WINDOWS: Final = "window"
"""The URL of windows, relative to the page's."""
_WINDOW: Final = re.compile(r"from=([0-9]{1,18})&to=([0-9]{1,18})")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
_POLL_S: Final = 0.2


class Site(NamedTuple):
    """What is served. policy: of the page. window: returns a window (see `windows.Windows.get`)."""

    page: bytes
    policy: str
    window: Callable[[int, int, Check], bytes]


class Server(ThreadingHTTPServer):
    """Listens at once, and answers when it runs.

    Raises:
        UsageError: the address cannot be used.
    """

    daemon_threads = True
    site: Site

    def __init__(self, option: str, address: Address) -> None:
        self.hosts = _LOOPBACK | {address.host}
        self.token = secrets.token_urlsafe()
        self.once: str | None = secrets.token_urlsafe()
        self.timeout = _POLL_S
        self.address_family = socket.AF_INET6 if ":" in address.number else socket.AF_INET
        host = f"[{address.host}]" if ":" in address.host else address.host
        try:
            super().__init__((address.number, address.port), _Handler)
        except OSError as error:
            problem = f"{option} {host}:{address.port}: cannot be used: {error.strerror}"
            raise UsageError(f"{problem}; use port 0 for any free one") from None
        self._origin = f"http://{host}:{self.server_address[1]}"

    def server_bind(self) -> None:
        # HTTPServer would ask the network for the address's name
        TCPServer.server_bind(self)

    @property
    def url(self) -> str:
        return f"{self._origin}/{self.token}/"

    @property
    def first_url(self) -> str:
        """The URL to start a browser with. It leads to the page once."""
        return f"{self._origin}/{self.once}"

    def run(self, site: Site, is_over: Callable[[], bool]) -> None:
        """Answer requests, each in a thread of its own, until this is so."""
        self.site = site
        while not is_over():
            self.handle_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a broken connection, whose request was answered or is not wanted any more."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 60.0  # seconds that a client may be silent

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        site = self.server.site
        if _host(self.headers.get("Host", "")) not in self.server.hosts:
            self._say(HTTPStatus.FORBIDDEN, "the Host header does not name this machine: open the address as printed")
        elif self._is(path, f"/{self.server.token}/"):
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", site.page, site.policy)
        elif self._is(path, f"/{self.server.token}/{WINDOWS}"):
            self._window(query)
        elif self.server.once is not None and self._is(path, f"/{self.server.once}"):
            self.server.once = None
            self._answer(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", b"", Location=f"/{self.server.token}/")
        else:
            self._say(HTTPStatus.NOT_FOUND, "there is nothing here: open the address as printed")

    def _is(self, path: str, expected: str) -> bool:
        return compare_digest(path.encode("latin-1", "replace"), expected.encode())

    def _window(self, query: str) -> None:
        asked = _WINDOW.fullmatch(query)
        start, end = map(int, asked.groups()) if asked else (0, 0)
        if start >= end:
            self._say(HTTPStatus.BAD_REQUEST, "not a window: ask for window?from=NS&to=NS, from before to")
            return
        try:
            data = self.server.site.window(start, end, self._check)
        except Unwanted:
            return
        except GotracerError as error:
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            self._answer(HTTPStatus.OK, "application/octet-stream", data)

    def _check(self) -> None:
        """Raise Unwanted if the client has closed the connection."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ)
            if selector.select(0) and not self.connection.recv(1, socket.MSG_PEEK):
                raise Unwanted

    def _say(self, status: HTTPStatus, text: str, **headers: str) -> None:
        line = " ".join(text.split())
        self._answer(status, "text/plain; charset=utf-8", f"{line}\n".encode(errors="replace"), **headers)

    def _answer(self, status: HTTPStatus, kind: str, data: bytes, policy: str = _NOTHING, **headers: str) -> None:
        self.send_response(status)
        given = {"Content-Type": kind, "Content-Length": str(len(data)), "Content-Security-Policy": policy}
        for name, value in {**given, **_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no GET request."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            self._say(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is answered", Allow="GET")
        else:
            self._say(HTTPStatus(code), message or HTTPStatus(code).phrase)

    def version_string(self) -> str:
        return "gotracer-ci"

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 (its name in the base class)
        """Write nothing: the URLs have the token."""


def _host(header: str) -> str:
    """Return the name of a Host header, without its port."""
    name, _, port = header.lower().rpartition(":")
    return name if name and port.isdecimal() else header.lower()
