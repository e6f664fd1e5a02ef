"""The server, asked by a real client: it gives the page and its windows, and nothing else to anybody else."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gotracer_ci.errors import TraceError, UsageError
from gotracer_ci.serve.address import parse
from gotracer_ci.serve.server import Server, Site
from gotracer_ci.serve.windows import KEPT, Check, Unwanted, Windows

PAGE = "<!DOCTYPE html><p>é".encode()
POLICY = "default-src 'none'; connect-src 'self'"


class Client:
    """Asks a server. asked: the windows that were read."""

    def __init__(self, server: Server, asked: list[tuple[int, int]]) -> None:
        self.server = server
        self.asked = asked
        self.port = int(server.server_address[1])
        self.home = f"/{server.token}/"

    def ask(self, path: str, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", f"127.0.0.1:{self.port}" if host is None else host)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()

    def raw(self, request: bytes) -> bytes:
        """Send any bytes, and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            parts = iter(lambda: connection.recv(1 << 16), b"")
            return b"".join(parts)


@contextmanager
def running(read: object = None, address: str = "127.0.0.1:0") -> Iterator[Client]:
    asked: list[tuple[int, int]] = []

    def window(start: int, end: int, check: Check) -> bytes:
        asked.append((start, end))
        if end == 666:
            raise TraceError("x.trace", "has\nchanged")
        return f"{start} to {end}".encode()

    stopped = threading.Event()
    with Server("--http", parse("--http", address)) as server:
        site = Site(PAGE, POLICY, Windows(read if callable(read) else window).get)
        thread = threading.Thread(target=server.run, args=(site, stopped.is_set))
        thread.start()
        try:
            yield Client(server, asked)
        finally:
            stopped.set()
            thread.join()


def test_the_page_and_its_windows() -> None:
    with running() as client:
        status, headers, page = client.ask(client.home)
        assert (status, page) == (200, PAGE)
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Content-Security-Policy"] == POLICY
        assert client.server.url == f"http://127.0.0.1:{client.port}{client.home}"
        status, headers, window = client.ask(f"{client.home}window?from=5&to=77")
        assert (status, window) == (200, b"5 to 77")
        assert headers["Content-Type"] == "application/octet-stream"


def test_every_answer_has_the_headers_that_protect_it() -> None:
    with running() as client:
        for path in (client.home, f"{client.home}window?from=1&to=2", "/", "/x", f"{client.home}window?"):
            for method in ("GET", "POST"):
                _, headers, _ = client.ask(path, method)
                assert headers["Cache-Control"] == "no-store"
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Referrer-Policy"] == "no-referrer"
                assert headers["X-Frame-Options"] == "DENY"
                assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert "default-src 'none'" in headers["Content-Security-Policy"]
                assert headers["Server"] == "gotracer-ci"


def test_there_is_nothing_without_the_token() -> None:
    """Nothing tells a wrong token from a path that does not exist."""
    with running() as client:
        token = client.server.token
        assert len(token) >= 32
        paths = ["/", "", "/window?from=1&to=2", f"/{token}", f"/{token[:-1]}/", f"/{token}x/", f"/{token.swapcase()}/"]
        paths += [f"/{token}/..", f"/{token}/x", f"/{token}/window/", f"/{token}/%77indow?from=1&to=2"]
        paths += [f"http://127.0.0.1:{client.port}/{token}/", "/favicon.ico", "/robots.txt", "/" + "a" * 9999]
        answers = {(status, data) for status, _, data in (client.ask(path or "*") for path in paths)}
        assert answers == {(404, b"there is nothing here: open the address as printed\n")}
        assert client.raw(b"GET /\xff\xe9/ HTTP/1.0\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.0 404 ")
        assert client.asked == []


def test_tokens_differ() -> None:
    with running() as one, running() as another:
        assert len({one.server.token, one.server.once, another.server.token, another.server.once}) == 4


def test_the_link_for_the_browser_works_once() -> None:
    """Others can see it in the list of processes, but not before the browser has used it."""
    with running() as client:
        first = client.server.first_url.removeprefix(f"http://127.0.0.1:{client.port}")
        assert client.server.token not in first
        status, headers, _ = client.ask(first, host="evil.example")
        assert status == 403
        status, headers, _ = client.ask(first)
        assert (status, headers["Location"]) == (303, client.home)
        assert client.ask(first)[0] == 404
        assert client.ask("/None")[0] == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "127.0.0.2", "localhost.", "[::1"])
def test_a_web_page_cannot_point_its_own_name_here(host: str) -> None:
    with running() as client:
        status, _, line = client.ask(client.home, host=host)
        assert status == 403
        assert line.count(b"\n") == 1
        assert client.raw(f"GET {client.home} HTTP/1.0\r\n\r\n".encode()).startswith(b"HTTP/1.0 403 ")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "[::1]", "[::1]:9000"])
def test_the_names_of_this_machine(host: str) -> None:
    """The port is another one behind an SSH tunnel."""
    with running() as client:
        assert client.ask(client.home, host=host)[0] == 200


def test_only_get() -> None:
    with running() as client:
        for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "GETS"):
            status, headers, _ = client.ask(client.home, method)
            assert (status, headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "query",
    [
        *("", "?", "?from=1", "?to=5", "?from=2&to=2", "?from=3&to=2", "?from=-1&to=2", "?from=1.5&to=2"),
        *("?from=a&to=b", "?to=2&from=1", "?from=1&to=2&to=3", "?from=1&to=2#x", "?from=%31&to=2"),
        "?from=1&to=9999999999999999999",
    ],
)
def test_malformed_windows(query: str) -> None:
    with running() as client:
        status, _, line = client.ask(f"{client.home}window{query}")
        assert status == 400
        assert line.decode().count("\n") == 1
        assert client.asked == []


def test_what_is_wrong_with_the_trace_is_one_line() -> None:
    with running() as client:
        status, headers, line = client.ask(f"{client.home}window?from=1&to=666")
        assert (status, line) == (500, b"x.trace: has changed\n")
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert client.ask(client.home)[0] == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / x y\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_request(request_: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with running() as client:
        assert b"gotracer" not in client.raw(request_).split(b"\r\n\r\n")[-1]
        assert client.ask(client.home)[0] == 200
    assert capsys.readouterr() == ("", "")


def test_the_last_windows_are_kept() -> None:
    with running() as client:
        for end in [*range(1, KEPT + 1), 1, KEPT + 1, 1, 2]:
            assert client.ask(f"{client.home}window?from=0&to={end}")[2] == f"0 to {end}".encode()
        assert client.asked == [(0, end) for end in [*range(1, KEPT + 2), 2]]


def test_windows_are_read_one_at_a_time_and_the_page_does_not_wait() -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()
    at_once: list[int] = []
    most: list[int] = []

    def read(start: int, end: int, check: Check) -> bytes:
        at_once.append(end)
        most.append(len(at_once))
        begun.release()
        assert go_on.wait(20)
        at_once.remove(end)
        return str(end).encode()

    with running(read) as client:
        found: dict[int, bytes] = {}

        def ask(end: int) -> None:
            found[end] = client.ask(f"{client.home}window?from=0&to={end % 4 + 1}")[2]

        threads = [threading.Thread(target=ask, args=(end,)) for end in range(8)]
        for thread in threads:
            thread.start()
        assert begun.acquire(timeout=20)
        assert client.ask(client.home)[0] == 200
        go_on.set()
        for thread in threads:
            thread.join()
        assert found == {end: str(end % 4 + 1).encode() for end in range(8)}
        assert most == [1] * 4


def test_a_window_that_nobody_waits_for_is_given_up() -> None:
    begun, ended = threading.Event(), threading.Event()

    def read(start: int, end: int, check: Check) -> bytes:
        if end == 2:
            return b"next"
        begun.set()
        try:
            while True:
                check()
        except Unwanted:
            ended.set()
            raise

    with running(read) as client:
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            connection.sendall(f"GET {client.home}window?from=0&to=1 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert begun.wait(20)
        assert ended.wait(20)
        assert client.ask(f"{client.home}window?from=0&to=2")[2] == b"next"


def test_another_loopback_address() -> None:
    with running(address="localhost:0") as client:
        assert client.server.url.startswith("http://localhost:")
    with running(address="[::1]:0") as client, socket.create_connection(("::1", client.port)) as connection:
        assert client.server.url == f"http://[::1]:{client.port}{client.home}"
        connection.sendall(f"GET {client.home} HTTP/1.0\r\nHost: [::1]\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.0 200 ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("localhost", "not an address"),
        ("", "not an address"),
        ("localhost:http", "not an address"),
        ("localhost:70000", "not an address"),
        ("http://localhost:80", "not an address"),
        ("user@localhost:80", "not an address"),
        ("localhost:80/x", "not an address"),
        ("0.0.0.0:80", "other machines could reach it"),
        ("[::]:80", "other machines could reach it"),
        ("192.0.2.1:80", "other machines could reach it"),
        ("no-such-host.invalid:80", "there is no host no-such-host.invalid"),
    ],
)
def test_addresses_that_are_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as refused:
        parse("--http", text)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"--http {text}")


def test_an_address_that_another_program_uses() -> None:
    with running() as client:
        where = parse("--http", f":{client.port}")
        with pytest.raises(
            UsageError, match=rf"--http 127.0.0.1:{client.port}: cannot be used: Address already in use"
        ):
            Server("--http", where)
