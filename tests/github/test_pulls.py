"""Finding the pull request of a run, but only if its head is still the run's commit."""

from __future__ import annotations

from typing import Any

import pytest

from gotracer_ci.errors import ForbiddenError
from gotracer_ci.github import pulls
from gotracer_ci.github.client import Client
from gotracer_ci.github.pulls import Found
from tests.github.connect import connect
from tests.github.hub import Hub
from tests.github.hub.exchange import Response
from tests.github.hub.server import Server
from tests.github.hub.state import NOTHING, sha_of

SHA = sha_of("traced")
FORK = "Hubber/service"


def find(hub: Hub, owner: str = "Hubber", branch: str = "fix/leak", sha: str = SHA) -> Found:
    return pulls.find(connect(hub), owner, branch, sha)


def test_an_open_pull_request_with_the_head_is_found(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository=FORK)
    assert find(hub) == Found(7, "")


def test_a_pull_request_of_the_same_repository_is_found(ghes: Hub) -> None:
    ghes.state.pull(7, "fix/leak", SHA)
    assert find(ghes, "octo-org") == Found(7, "")


def test_the_same_branch_name_in_two_forks(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository="other/service")
    hub.state.pull(8, "fix/leak", SHA, repository=FORK)
    hub.state.pull(9, "fix/leak", SHA)
    assert find(hub) == Found(8, "")
    assert find(hub, "nobody") == Found(None, "no pull request from nobody:fix/leak")


def test_the_older_of_two_pull_requests_with_one_head_is_found(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository=FORK)
    hub.state.pull(8, "fix/leak", SHA, repository=FORK, base="release")
    assert find(hub) == Found(7, "")


def test_a_pull_request_with_a_newer_head_is_not_found(hub: Hub) -> None:
    tip = sha_of("later")
    hub.state.pull(7, "fix/leak", tip, repository=FORK)
    assert find(hub) == Found(None, f"the head of pull request 7 is now {tip[:7]}, but the run was for {SHA[:7]}")


def test_a_closed_pull_request_is_not_found(hub: Hub) -> None:
    hub.state.pull(6, "fix/leak", SHA, repository=FORK, state="closed")
    hub.state.pull(7, "fix/leak", SHA, repository=FORK, state="closed")
    assert find(hub) == Found(None, "pull request 7 is closed")


def test_an_open_pull_request_takes_precedence_over_a_closed_one(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository=FORK)
    hub.state.pull(8, "fix/leak", SHA, repository=FORK, state="closed")
    assert find(hub) == Found(7, "")


@pytest.mark.parametrize(("owner", "branch", "sha"), [("", "b", SHA), ("o", "", SHA), ("o", "b", "")])
def test_a_deleted_fork_is_not_queried(hub: Hub, owner: str, branch: str, sha: str) -> None:
    """GitHub ignores a head without an owner or branch and lists all pull requests."""
    hub.state.pull(7, "b", SHA)
    assert find(hub, owner, branch, sha) == Found(None, "the fork of the run has been deleted")
    assert hub.requests == []


def test_a_fork_deleted_meanwhile(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository="")
    assert find(hub).number is None


def test_a_hostile_branch_name_does_not_change_the_request(hub: Hub) -> None:
    hub.state.pull(7, "main", SHA)
    for branch in ("x&state=all", "x#", "../..", "a b", "%00", "é:\u202e"):
        assert find(hub, branch=branch).number is None
        hub.state.pull(8, branch, SHA, repository=FORK)
        assert find(hub, branch=branch) == Found(8, "")
        del hub.state.pulls[8]


def test_pull_requests_of_other_heads_are_left_out() -> None:
    heads: list[Any] = [None, {}, {"ref": "fix/leak", "sha": SHA, "user": None}]
    heads += [
        {"ref": ref, "sha": SHA, "user": {"login": login}} for ref, login in [("main", "Hubber"), ("fix/leak", "x")]
    ]
    server = Server(lambda asked: Response.of(200, [{"number": 7, "head": head} for head in heads]))
    try:
        found = pulls.find(Client(server.url, "ghs_x", "octo/hello"), "hubber", "fix/leak", SHA)
    finally:
        server.close()
    assert found == Found(None, "no pull request from hubber:fix/leak")


def test_a_missing_permission_is_named(hub: Hub) -> None:
    with pytest.raises(ForbiddenError, match="the token needs `pull-requests: read`"):
        pulls.find(connect(hub, NOTHING), "o", "b", SHA)
