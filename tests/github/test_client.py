"""The client, with a server that checks each request and response against GitHub's own description."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from gotracer_ci.errors import ForbiddenError, PublishError, UsageError
from gotracer_ci.github.client import COMMENT, PER_PAGE, READ_CONTENTS, UPLOAD, Client, Request
from gotracer_ci.github.refusals import MissingError, StaleError
from tests.github.connect import Clock, connect
from tests.github.hub import Hub
from tests.github.hub.exchange import Request as Asked
from tests.github.hub.exchange import Response
from tests.github.hub.faults import Action, closed, gateway, primary_limit, refused, secondary_limit
from tests.github.hub.server import Server
from tests.github.hub.state import NOTHING, PERSONAL, READ, WRITE

COMMENTS = "issues/7/comments"
BODY = {"body": "hello"}


def list_all(client: Client) -> list[str]:
    return [item["body"] for item in client.pages(COMMENTS, COMMENT)]


def post(client: Client) -> Any:
    return client.send("POST", COMMENTS, COMMENT, BODY, again=False)


@pytest.mark.parametrize("count", [0, 1, 30, PER_PAGE, 250])
def test_all_pages_are_read_in_order(hub: Hub, count: int) -> None:
    hub.state.pull(7)
    for number in range(count):
        hub.state.comment(7, str(number))
    assert list_all(connect(hub)) == [str(number) for number in range(count)]
    assert len(hub.requests) == max(1, -(-count // PER_PAGE))


def test_the_base_path_of_an_enterprise_server_is_kept(ghes: Hub) -> None:
    ghes.state.pull(7)
    for number in range(2 * PER_PAGE):
        ghes.state.comment(7, str(number))
    client = connect(ghes, PERSONAL)
    assert ghes.url.endswith("/api/v3")
    assert len(list_all(client)) == 2 * PER_PAGE
    assert client.get("/user", COMMENT)["login"] == "octocat"
    assert post(client)["body"] == "hello"


@pytest.mark.parametrize("fault", [gateway(500), gateway(502), gateway(503), gateway(504), closed()])
def test_a_read_is_retried(hub: Hub, fault: Action) -> None:
    hub.state.pull(7)
    hub.state.comment(7, "hello")
    hub.on("GET", "comments", fault, times=3)
    clock = Clock()
    assert list_all(connect(hub, clock=clock)) == ["hello"]
    assert clock.waits == [1, 2, 4]


def test_earlier_failures_are_forgotten_after_a_success(hub: Hub) -> None:
    hub.state.pull(7)
    clock = Clock()
    client = connect(hub, clock=clock)
    for _ in range(2):
        hub.on("GET", "comments", gateway(), times=2)
        list_all(client)
    assert clock.waits == [1, 2, 1, 2]


def test_a_read_is_given_up_eventually(hub: Hub) -> None:
    hub.on("GET", "comments", gateway(), times=100)
    clock = Clock()
    with pytest.raises(
        PublishError, match=rf"^GET /repos/{hub.state.repository}/issues/7/comments failed \(502\); gave"
    ):
        list_all(connect(hub, clock=clock))
    assert clock.waits == [1, 2, 4, 8, 16]
    assert len(hub.requests) == 6


def test_an_unreachable_server_is_one_line() -> None:
    clock = Clock()
    client = Client("http://127.0.0.1:9", WRITE, "octo/hello", wait=clock.wait, now=clock.now)
    with pytest.raises(PublishError) as error:
        client.get("/user", COMMENT)
    assert str(error.value) == "GET /user: GitHub cannot be reached: Connection refused; gave up after 6 tries"


def test_an_unreachable_server_is_retried_only_once_per_run() -> None:
    clock = Clock()
    client = Client("http://127.0.0.1:9", WRITE, "octo/hello", wait=clock.wait, now=clock.now)
    for tries in ("6 tries", "1 try", "1 try"):
        with pytest.raises(PublishError, match=f"Connection refused; gave up after {tries}$"):
            client.get("/user", COMMENT)
    assert clock.waits == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (secondary_limit(), [60]),
        (secondary_limit(7), [7]),
        (secondary_limit(7, 429), [7]),
        (secondary_limit(status=429), [60]),
        (primary_limit(1_700_000_099), [100]),
        (primary_limit(1_700_000_099, 429), [100]),
    ],
)
def test_the_client_waits_for_rate_limits(hub: Hub, fault: Action, waits: list[float]) -> None:
    hub.state.pull(7)
    hub.on("GET", "comments", fault)
    clock = Clock()
    assert list_all(connect(hub, clock=clock)) == []
    assert clock.waits == waits


def test_a_persistent_secondary_limit_is_waited_for_longer_each_time(hub: Hub) -> None:
    hub.on("GET", "comments", secondary_limit(), times=100)
    clock = Clock()
    with pytest.raises(PublishError, match=r"secondary rate limit.*; the next try would be in 4m0s") as error:
        list_all(connect(hub, clock=clock))
    assert not isinstance(error.value, ForbiddenError)
    assert clock.waits == [60, 120]


def test_a_wait_over_the_cap_is_an_error(hub: Hub) -> None:
    hub.on("GET", "comments", primary_limit(1_700_003_000))
    clock = Clock()
    with pytest.raises(PublishError, match=r"the next try would be in 50m1s, but a run waits at most 5m0s in total$"):
        list_all(connect(hub, clock=clock))
    assert clock.waits == []


def test_the_cap_counts_all_requests_of_a_client(hub: Hub) -> None:
    hub.state.pull(7)
    clock = Clock()
    client = connect(hub, clock=clock)
    for _ in range(2):
        hub.on("GET", "comments", secondary_limit(140))
        list_all(client)
    hub.on("GET", "comments", secondary_limit(140))
    with pytest.raises(PublishError, match="a run waits at most 5m0s in total"):
        list_all(client)
    assert clock.waits == [140, 140]


@pytest.mark.parametrize("fault", [gateway(), closed(), secondary_limit(60)])
def test_a_write_that_may_have_succeeded_is_not_repeated(hub: Hub, fault: Action) -> None:
    hub.state.pull(7)
    hub.on("POST", "comments", fault, after=True)
    clock = Clock()
    with pytest.raises(StaleError, match=r"^POST /repos/"):
        post(connect(hub, clock=clock))
    assert hub.state.bodies(7) == ["hello"]
    assert len(clock.waits) == 1


def test_an_idempotent_write_is_repeated(hub: Hub) -> None:
    hub.state.pull(7)
    path = f"issues/comments/{hub.state.comment(7, 'old').id}"
    hub.on("DELETE", "comments", gateway(), times=2)
    connect(hub).send("DELETE", path, COMMENT, again=True)
    assert hub.state.bodies(7) == []


def test_writes_are_a_second_apart(hub: Hub) -> None:
    hub.state.pull(7)
    clock = Clock()
    client = connect(hub, clock=clock)
    for _ in range(3):
        post(client)
    assert clock.waits == [1, 1]
    clock.time += 0.75
    post(client)
    clock.time += 60
    post(client)
    assert clock.waits == [1, 1, 0.25]


def test_a_clock_that_is_set_back_does_not_prolong_a_wait(hub: Hub) -> None:
    hub.state.pull(7)
    clock = Clock()
    client = connect(hub, clock=clock)
    post(client)
    clock.time -= 86_400
    post(client)
    assert clock.waits == [1]


@pytest.mark.parametrize(
    ("token", "attempt", "line"),
    [
        (READ, post, "POST /repos/{r}/issues/7/comments (403: Resource not accessible by integration): the token needs "
                     "`pull-requests: write`; add it under `permissions:` of the job"),
        (NOTHING, list_all, "GET /repos/{r}/issues/7/comments (403: Resource not accessible by integration): the token "
                            "needs `pull-requests: write`; add it under `permissions:` of the job"),
        ("ghs_expired", list_all, "GET /repos/{r}/issues/7/comments (401: Bad credentials): the token is invalid or "
                                  "expired; it needs `pull-requests: write`"),
        ("", list_all, "GET /repos/{r}/issues/7/comments (401: Requires authentication): the token is invalid or "
                       "expired; it needs `pull-requests: write`"),
    ],
)  # fmt: skip
def test_missing_permissions_are_named(hub: Hub, token: str, attempt: Callable[[Client], object], line: str) -> None:
    hub.state.pull(7)
    clock = Clock()
    with pytest.raises(ForbiddenError) as error:
        attempt(connect(hub, token, clock))
    assert str(error.value) == f"GitHub refused {line.format(r=hub.state.repository)}"
    assert clock.waits == []


def test_a_404_may_be_a_missing_permission(hub: Hub) -> None:
    client = connect(hub)
    with pytest.raises(
        MissingError, match=r"\(404: Not Found\): it does not exist, or the token needs `pull-requests: write`"
    ):
        post(client)
    assert client.raw("contents/none", READ_CONTENTS, limit=10) is None


def test_a_dry_run_sends_no_write(hub: Hub) -> None:
    hub.state.pull(7)
    hub.state.comment(7, "hello")
    planned: list[Request] = []
    client = connect(hub, planned=planned.append)
    assert client.is_dry
    assert list_all(client) == ["hello"]
    assert post(client) == {}
    url = f"{hub.url}/repos/{hub.state.repository}/issues/7/comments"
    assert planned == [Request("POST", url, COMMENT, BODY)]
    assert hub.writes == []


def test_a_dry_run_without_a_token_sends_nothing(hub: Hub) -> None:
    planned: list[Request] = []
    client = connect(hub, "", planned=planned.append)
    assert client.get("/user", COMMENT) == {}
    assert list(client.pages("pulls", COMMENT, {"head": "a:b/c d"})) == []
    assert client.raw("contents/x", READ_CONTENTS, limit=1, params={"ref": "main"}) is None
    assert client.send("POST", "code-scanning/sarifs", UPLOAD, {}, again=True) == {}
    below = f"{hub.url}/repos/{hub.state.repository}"
    assert [(request.method, request.url) for request in planned] == [
        ("GET", f"{hub.url}/user"),
        ("GET", f"{below}/pulls?per_page=100&head=a%3Ab%2Fc+d"),
        ("GET", f"{below}/contents/x?ref=main"),
        ("POST", f"{below}/code-scanning/sarifs"),
    ]
    assert hub.requests == []


def test_a_token_shows_whether_it_belongs_to_a_user(hub: Hub) -> None:
    assert [connect(hub, token).has_user for token in (WRITE, "", PERSONAL, "github_pat_x")] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("repository", ["", "octo", "octo/", "a/b/c", "a/b?c", "a/b\n", "ö/b"])
def test_a_repository_has_an_owner_and_a_name(repository: str) -> None:
    with pytest.raises(UsageError, match=r"^GITHUB_REPOSITORY: "):
        Client("https://api.github.com", "", repository)


def odd(answer: Callable[[Asked], Response], attempt: Callable[[Client], object]) -> str:
    """Return the error for a response that GitHub does not send."""
    server = Server(answer)
    clock = Clock()
    try:
        with pytest.raises(PublishError) as error:
            attempt(Client(server.url, WRITE, "octo/hello", wait=clock.wait, now=clock.now))
    finally:
        server.close()
    return str(error.value)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 100_000, b"\xff", b'{"a"'])
def test_a_response_that_is_not_json_is_one_line(body: bytes) -> None:
    text = odd(lambda asked: Response(200, body, "application/json"), list_all)
    assert text == "GET /repos/octo/hello/issues/7/comments: GitHub's response is not JSON"


@pytest.mark.parametrize("body", [b"{}", b"7", b"[7]", b"null"])
def test_a_response_with_an_unexpected_shape_is_one_line(body: bytes) -> None:
    text = odd(lambda asked: Response(200, body, "application/json"), list_all)
    assert text == "GET /repos/octo/hello/issues/7/comments: GitHub's response is not a list of objects"


def test_a_next_page_on_another_host_is_refused(hub: Hub) -> None:
    link = f'<{hub.url}/x?page=2>; rel="next", <{hub.url}/x?page=9>; rel="last"'
    assert "GitHub's link to the next page leads to another host" in odd(
        lambda asked: Response.of(200, [], link=link), list_all
    )
    assert hub.requests == []


def test_endless_pages_are_an_error() -> None:
    seen: list[str] = []

    def endless(asked: Asked) -> Response:
        seen.append(asked.path)
        return Response.of(200, [], link=f'<http://{asked.headers["host"]}/again>; rel="next"')

    assert odd(endless, list_all).endswith("more than 10,000 items, which is the limit")
    assert len(seen) == 100


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422, 429, 500, 302])
def test_no_error_contains_the_token(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Even if a server posing as GitHub echoes the request."""
    caplog.set_level(logging.DEBUG)

    def echo(asked: Asked) -> Response:
        message = f"who is\r\n::error::{asked.headers['authorization']}\u202e?"
        return Response.of(status, {"message": message, "errors": [{"message": message}]})

    for attempt in (list_all, post):
        text = odd(echo, attempt)
        assert re.fullmatch(r"[ -~]+", text)
        assert WRITE not in text
        assert str(status) in text
    assert caplog.text
    assert WRITE not in caplog.text


def test_no_repr_contains_the_token(hub: Hub) -> None:
    planned: list[Request] = []
    client = connect(hub, planned=planned.append)
    post(client)
    assert WRITE not in repr(client) + repr(planned) + str(planned[0])


def test_other_refusals_are_reported_and_not_retried(hub: Hub) -> None:
    hub.on("GET", "comments", refused(410, "Issues are disabled for this repo"))
    clock = Clock()
    with pytest.raises(PublishError, match=r"issues/7/comments failed \(410: Issues are disabled for this repo\)$"):
        list_all(connect(hub, clock=clock))
    assert clock.waits == []
