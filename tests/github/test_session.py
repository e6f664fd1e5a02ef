"""Where the token is sent, which redirects are followed, and incomplete and endless responses."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gotracer_ci.errors import PublishError, UsageError
from gotracer_ci.github.session import MAX_REDIRECTS, Session, Unreachable, origin_of
from tests.github.hub.exchange import Closed, Request, Response
from tests.github.hub.server import Server

TOKEN = "ghs_secretsecretsecret"
LIMIT = 1_000


class Recorder:
    """A server that records the headers of requests."""

    def __init__(self, answer: Callable[[Request], Response | Closed]) -> None:
        self.seen: list[Request] = []
        self._answer = answer
        self._server = Server(self._take)
        self.url = self._server.url
        self.close = self._server.close

    def _take(self, request: Request) -> Response | Closed:
        self.seen.append(request)
        return self._answer(request)

    @property
    def authorizations(self) -> list[str | None]:
        return [request.headers.get("authorization") for request in self.seen]


@contextmanager
def serving(answer: Callable[[Request], Response | Closed]) -> Iterator[Recorder]:
    server = Recorder(answer)
    try:
        yield server
    finally:
        server.close()


def hello(request: Request) -> Response:
    return Response(200, b"hello", "text/plain")


def to(url: str, status: int = 302) -> Callable[[Request], Response]:
    return lambda request: Response(status, headers={"location": url})


def get(server: Recorder, path: str = "/x", method: str = "GET") -> bytes:
    return Session(server.url, TOKEN).request(method, server.url + path, {"X-For": "GitHub"}, limit=LIMIT).body


def test_the_token_goes_to_the_api() -> None:
    with serving(hello) as api:
        assert get(api) == b"hello"
    assert api.authorizations == [f"Bearer {TOKEN}"]
    assert api.seen[0].headers["user-agent"].startswith("gotracer-ci/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_port_is_another_host_and_gets_no_token(status: int) -> None:
    with serving(hello) as storage, serving(to(f"{storage.url}/blob?sig=key", status)) as api:
        assert get(api) == b"hello"
    assert api.authorizations == [f"Bearer {TOKEN}"]
    assert storage.authorizations == [None]
    assert TOKEN not in repr(storage.seen)
    assert (api.seen[0].headers["x-for"], storage.seen[0].headers.get("x-for")) == ("GitHub", None)


def test_a_redirect_back_to_the_api_gets_the_token() -> None:
    there = ""

    def leave(request: Request) -> Response:
        return hello(request) if request.path == "/back" else to(there)(request)

    with serving(leave) as api, serving(to(f"{api.url}/back")) as other:
        there = other.url
        assert get(api) == b"hello"
    assert other.authorizations == [None]


def test_a_netrc_does_not_override_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(hello) as storage, serving(to(storage.url)) as api:
        get(api)
        Session(api.url, "").request("GET", api.url, {}, limit=LIMIT)
    assert api.authorizations == [f"Bearer {TOKEN}", None]
    assert storage.authorizations == [None, None]


@pytest.mark.parametrize(
    "target", ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://user:word@127.0.0.1/x", "http://:80"]
)
def test_a_redirect_to_an_untrusted_url_is_not_followed(target: str) -> None:
    with serving(to(target)) as api, pytest.raises(PublishError, match=r"GET /x: redirected to an untrusted URL"):
        get(api)


def test_a_write_is_not_sent_to_another_host() -> None:
    with (
        serving(hello) as other,
        serving(to(other.url, 307)) as api,
        pytest.raises(PublishError, match="redirected to an untrusted URL"),
    ):
        get(api, method="POST")
    assert other.seen == []


def test_a_write_to_a_renamed_repository_is_redirected_unchanged() -> None:
    def renamed(request: Request) -> Response:
        return hello(request) if request.path == "/new" else Response(307, headers={"location": "/new"})

    with serving(renamed) as api:
        answer = Session(api.url, TOKEN).request("POST", f"{api.url}/old", {}, b"{}", limit=LIMIT)
    assert answer.body == b"hello"
    assert [(request.method, request.path, request.body) for request in api.seen] == [
        ("POST", "/old", b"{}"), ("POST", "/new", b"{}"),
    ]  # fmt: skip


def test_redirects_end() -> None:
    with serving(to("/again")) as api, pytest.raises(PublishError, match="more than 5 redirects"):
        get(api)
    assert len(api.seen) == MAX_REDIRECTS + 1


def test_the_limit_applies_to_the_uncompressed_response() -> None:
    with serving(lambda request: Response(200, b"a" * LIMIT, "text/plain")) as api:
        assert len(get(api)) == LIMIT
    too_large = r"^GET /x: the response exceeds the limit of 1,000 bytes$"
    with (
        serving(lambda request: Response(200, b"a" * 10_000_000, "text/plain")) as api,
        pytest.raises(PublishError, match=too_large),
    ):
        get(api)


def test_an_error_response_is_read_regardless_of_the_limit() -> None:
    words = b'{"message": "Not Found"}' * LIMIT
    with serving(lambda request: Response(404, words, "application/json")) as api:
        assert words.startswith(get(api))
        assert len(get(api)) > LIMIT
    with serving(lambda request: Response(502, b"x" * 50_000_000, "text/html")) as api:
        assert len(get(api)) < 10_000_000


def test_connection_errors_do_not_contain_the_request() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match=r"^Connection refused$") as refused:
        Session(url, TOKEN).request("GET", url, {}, limit=LIMIT)
    # what a debugger or a crash report would print as well
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    with serving(lambda request: Closed()) as api, pytest.raises(Unreachable, match=r"^connection lost$"):
        get(api)
    cut = {"Content-Length": "999", "Connection": "close"}
    with serving(lambda request: Response(200, b"hello", "text/plain", cut)) as api, pytest.raises(Unreachable):
        get(api)


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example", "[::1", "xn--.example"])
def test_an_invalid_host_is_one_line(host: str) -> None:
    with pytest.raises((Unreachable, UsageError)):
        Session(f"http://{host}", TOKEN).request("GET", f"http://{host}", {}, limit=LIMIT)


@pytest.mark.parametrize(
    "url", ["", "api.github.com", "ftp://host", "https://", "https://u:geheim@host", "http://h:99999"]
)
def test_an_invalid_api_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError, match=r"^GITHUB_API_URL: ") as error:
        Session(url, TOKEN)
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize("token", ["two words", "line\nend", "ünlautig", "nul\0"])
def test_an_invalid_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(UsageError, match=r"^github-token: ") as error:
        Session("https://api.github.com", token)
    assert token not in str(error.value)


def test_the_token_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(hello) as api:
        session = Session(api.url, TOKEN)
        session.request("GET", api.url, {}, limit=LIMIT)
    assert caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(session) + repr(vars(session))


def test_origins() -> None:
    assert (
        origin_of("https://API.github.com/x")
        == origin_of("https://api.github.com:443")
        == ("https", "api.github.com", 443)
    )
    assert origin_of("http://api.github.com") != origin_of("https://api.github.com")
