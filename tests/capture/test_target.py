"""What a user may call a service, and durations and headers as users write them."""

from __future__ import annotations

import pytest

from gotracer_ci.capture import values
from gotracer_ci.capture.target import parse
from gotracer_ci.errors import UsageError

DEFAULT = "/debug/pprof/trace"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("shop", f"http://shop{DEFAULT}"),
        ("shop.example.com", f"http://shop.example.com{DEFAULT}"),
        ("localhost:6060", f"http://localhost:6060{DEFAULT}"),
        (":6060", f"http://localhost:6060{DEFAULT}"),
        ("[::1]:6060", f"http://[::1]:6060{DEFAULT}"),
        ("http://shop:6060/", f"http://shop:6060{DEFAULT}"),
        ("https://shop", f"https://shop{DEFAULT}"),
        ("shop:6060/debug/pprof", f"http://shop:6060{DEFAULT}"),
        ("shop:6060/debug/pprof/", f"http://shop:6060{DEFAULT}"),
        ("http://shop:6060/debug/pprof/trace", f"http://shop:6060{DEFAULT}"),
        ("shop:6060/a/trace?x=1", "http://shop:6060/a/trace?x=1"),
        (" shop ", f"http://shop{DEFAULT}"),
    ],
)
def test_a_base_or_the_trace_itself(text: str, url: str) -> None:
    assert parse(text).urls == (url,)


def test_a_path_may_be_a_prefix_a_base_or_the_handler() -> None:
    """In this order: a prefix is the most common."""
    assert parse("shop/a/").urls == (f"http://shop/a{DEFAULT}", "http://shop/a/trace", "http://shop/a/")


def test_the_seconds_of_a_url_are_the_duration() -> None:
    found = parse("http://shop/debug/pprof/trace?seconds=3&x=1")
    assert (found.urls, found.seconds) == ((f"http://shop{DEFAULT}?x=1",), "3")


def test_a_snapshot_is_used_as_it_is() -> None:
    assert parse("shop/snap?seconds=3", is_snapshot=True).urls == ("http://shop/snap?seconds=3",)


@pytest.mark.parametrize(
    ("text", "socket", "path"),
    [
        ("unix:/run/app.sock", "/run/app.sock", DEFAULT),
        ("unix:///run/app.sock", "/run/app.sock", DEFAULT),
        ("unix:app.sock:/admin/pprof", "app.sock", "/admin/pprof/trace"),
        ("http+unix://%2Frun%2Fapp.sock", "/run/app.sock", DEFAULT),
        ("http+unix://%2Frun%2Fapp.sock/a/trace", "/run/app.sock", "/a/trace"),
    ],
)
def test_a_unix_socket(text: str, socket: str, path: str) -> None:
    found = parse(text)
    assert (found.socket, found.urls) == (socket, (f"http://localhost{path}",))
    assert found.shown(found.urls[0]) == f"unix:{socket}:{path}"


def test_credentials_are_never_shown() -> None:
    found = parse("https://ops:p%40ss@shop:1/a?token=abc")
    assert found.credentials == ("ops", "p@ss")
    assert (found.name, found.shown(found.urls[1])) == ("https://shop:1/a", "https://shop:1/a/trace")
    assert found.shown("https://ops:pass@shop/a?token=abc") == "https://shop/a"


@pytest.mark.parametrize(
    "text", ["", "http://", "ftp://shop", "shop:port", "shop:99999", "http://a b/", "unix:", "unix:a:b", "http+unix://"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


def test_an_error_has_no_password() -> None:
    with pytest.raises(UsageError, match=r"^http://shop:port/a: not the address"):
        parse("http://ops:secret@shop:port/a?token=secret")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("500ms", 0.5), ("1m30s", 90), ("2h", 7200), ("10", 10), ("0.5", 0.5), ("1.5s", 1.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert values.seconds("--duration", text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "5 s", "5x", "s", "nan", "inf", "1e3", "9" * 400, "10000h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="--duration"):
        values.seconds("--duration", text)


def test_a_later_header_overrides_an_earlier_one() -> None:
    assert values.headers("--header", ["A: 1", "B:2", "a:  x: y "]) == {"a": "x: y", "B": "2"}


@pytest.mark.parametrize("line", ["secret", "secret:", ": secret", "a b: secret", "a: secret\nb: x", "a: \N{SNOWMAN}"])
def test_what_is_no_header_is_not_shown(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        values.headers("--header", [line])
    assert "secret" not in str(caught.value)
