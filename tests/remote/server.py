"""A web server that serves a trace as real ones do, and fails in the ways in which they do."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar


class Server:
    """A server on loopback. data: what it serves. requests: the paths, with the ranges that were asked for."""

    def __init__(self, data: bytes) -> None:
        self.requests: list[tuple[str, str | None]] = []
        self.over = Event()

        class Handler(_Handler):
            content = data
            server_state = self

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.host = f"127.0.0.1:{self._http.server_port}"
        self.url = f"http://{self.host}"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    """The first part of the path says what happens to the content."""

    protocol_version = "HTTP/1.1"
    content: ClassVar[bytes]
    server_state: ClassVar[Server]

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        given = self.headers.get("Range")
        state = self.server_state
        how = self.path.split("/")[1]
        tries = sum(path == self.path for path, _ in state.requests)
        state.requests.append((self.path, given))
        if how == "status":
            number = int(self.path.split("/")[2])
            self._head(number, 0)
        elif how == "busy" and not tries:
            self._head(503, 0)
        elif how == "endless":
            self._head(200, None)
            self.wfile.write(self.content)
            while not state.over.is_set():
                self.wfile.write(bytes(1 << 16))
        else:
            self._content(how, given, tries)

    def _content(self, how: str, given: str | None, tries: int) -> None:
        found = re.fullmatch(r"bytes=(\d+)-", given or "")
        start = int(found[1]) if found and how != "whole" else 0
        rest = self.content[start:]
        self._head(206 if start else 200, len(rest), f'"{tries if how == "changing" else 0}"', start)
        if how in ("dropping", "whole", "changing") and not tries:
            rest = rest[: len(rest) // 2]
        if how == "lost":
            rest = rest[: 0 if start else len(rest) * 3 // 4]
        if how == "stalling" and not tries:
            self.wfile.write(rest[:1000])
            self.wfile.flush()
            self.server_state.over.wait()
            return
        self.wfile.write(rest)
        self.wfile.flush()
        if len(rest) < len(self.content) - start:
            # a client that hears of the end together with the last bytes may drop them
            self.server_state.over.wait(0.2)
        self.close_connection = True

    def _head(self, status: int, length: int | None, tag: str = '"0"', start: int = 0) -> None:
        self.send_response(status)
        self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if length is None:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if not length:
            self.close_connection = True
