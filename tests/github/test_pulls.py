"""The pull request of a run: found only while its head is what the run was of."""

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


def test_an_open_one_with_that_head_is_found(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository=FORK)
    assert find(hub) == Found(7, "")


def test_one_of_the_repository_itself_is_found(ghes: Hub) -> None:
    ghes.state.pull(7, "fix/leak", SHA)
    assert find(ghes, "octo-org") == Found(7, "")


def test_the_same_branch_name_in_two_forks(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository="other/service")
    hub.state.pull(8, "fix/leak", SHA, repository=FORK)
    hub.state.pull(9, "fix/leak", SHA)
    assert find(hub) == Found(8, "")
    assert find(hub, "nobody") == Found(None, "there is no pull request from nobody:fix/leak")


def test_two_into_two_branches_are_of_the_same_commit(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository=FORK)
    hub.state.pull(8, "fix/leak", SHA, repository=FORK, base="release")
    assert find(hub) == Found(7, "")


def test_one_that_moved_on_is_not_commented(hub: Hub) -> None:
    tip = sha_of("later")
    hub.state.pull(7, "fix/leak", tip, repository=FORK)
    assert find(hub) == Found(None, f"pull request 7 has moved on to {tip[:7]}, and the run was of {SHA[:7]}")


def test_one_that_is_closed_is_not_commented(hub: Hub) -> None:
    hub.state.pull(6, "fix/leak", SHA, repository=FORK, state="closed")
    hub.state.pull(7, "fix/leak", SHA, repository=FORK, state="closed")
    assert find(hub) == Found(None, "pull request 7 is closed")


def test_an_open_one_comes_before_a_closed_one(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository=FORK)
    hub.state.pull(8, "fix/leak", SHA, repository=FORK, state="closed")
    assert find(hub) == Found(7, "")


@pytest.mark.parametrize(("owner", "branch", "sha"), [("", "b", SHA), ("o", "", SHA), ("o", "b", "")])
def test_a_deleted_fork_is_not_asked_for(hub: Hub, owner: str, branch: str, sha: str) -> None:
    """GitHub takes half a head for none and lists everybody's."""
    hub.state.pull(7, "b", SHA)
    assert find(hub, owner, branch, sha) == Found(None, "the fork that the run was of has been deleted")
    assert hub.requests == []


def test_a_fork_that_was_deleted_since(hub: Hub) -> None:
    hub.state.pull(7, "fix/leak", SHA, repository="")
    assert find(hub).number is None


def test_what_a_hostile_branch_name_asks_for_is_its_own(hub: Hub) -> None:
    hub.state.pull(7, "main", SHA)
    for branch in ("x&state=all", "x#", "../..", "a b", "%00", "é:\u202e"):
        assert find(hub, branch=branch).number is None
        hub.state.pull(8, branch, SHA, repository=FORK)
        assert find(hub, branch=branch) == Found(8, "")
        del hub.state.pulls[8]


def test_what_a_filter_that_is_not_heeded_lets_through_is_left_out() -> None:
    heads: list[Any] = [None, {}, {"ref": "fix/leak", "sha": SHA, "user": None}]
    heads += [
        {"ref": ref, "sha": SHA, "user": {"login": login}} for ref, login in [("main", "Hubber"), ("fix/leak", "x")]
    ]
    server = Server(lambda asked: Response.of(200, [{"number": 7, "head": head} for head in heads]))
    try:
        found = pulls.find(Client(server.url, "ghs_x", "octo/hello"), "hubber", "fix/leak", SHA)
    finally:
        server.close()
    assert found == Found(None, "there is no pull request from hubber:fix/leak")


def test_a_right_that_is_missing_is_named(hub: Hub) -> None:
    with pytest.raises(ForbiddenError, match="the token needs `pull-requests: read`"):
        pulls.find(connect(hub, NOTHING), "o", "b", SHA)
