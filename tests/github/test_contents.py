"""Reading a file of a branch, byte for byte."""

from __future__ import annotations

import os

import pytest

from gotracer_ci.errors import ForbiddenError, PublishError
from gotracer_ci.github import contents
from tests.github.connect import connect
from tests.github.hub import Hub
from tests.github.hub.faults import gateway
from tests.github.hub.state import NOTHING

NAME = ".gotracer-ci/baseline.json"
DATA = b'{"schema": 1}\r\n\xff\0'


def test_a_file_is_read_unchanged(hub: Hub) -> None:
    hub.state.put(NAME, DATA)
    hub.state.put(NAME, b"other", "release/1.x")
    client = connect(hub)
    assert contents.read(client, NAME, "main", 100) == DATA
    assert contents.read(client, f"./x/../{NAME}", "main", 100) == DATA
    assert contents.read(client, NAME, "release/1.x", 100) == b"other"


def test_a_file_on_an_enterprise_server(ghes: Hub) -> None:
    ghes.state.put(NAME, DATA)
    assert contents.read(connect(ghes), NAME, "main", 100) == DATA


@pytest.mark.parametrize("name", ["a b/ü#?%2F&=.json", "%2e%2e/x", "-", "..."])
def test_any_file_name_is_read(hub: Hub, name: str) -> None:
    hub.state.put(name, DATA)
    # names that start with two dots are not requested
    assert contents.read(connect(hub), name, "main", 100) == (None if name.startswith("..") else DATA)


def test_a_name_that_is_not_utf8_is_requested_by_its_bytes(hub: Hub) -> None:
    assert contents.read(connect(hub), os.fsdecode(b"a\xff.json"), "main", 100) is None
    assert hub.requests[0].path.endswith("/contents/a%FF.json")


def test_a_missing_file_is_none(hub: Hub) -> None:
    client = connect(hub)
    assert contents.read(client, NAME, "main", 100) is None
    assert contents.read(client, NAME, "no/such branch", 100) is None


@pytest.mark.parametrize("path", ["../../user", "/user", "a/../../../..", "..", "."])
def test_a_path_outside_the_repository_is_not_requested(hub: Hub, path: str) -> None:
    assert contents.read(connect(hub), path, "main", 100) is None
    assert hub.requests == []


def test_a_file_over_the_limit_is_refused(hub: Hub) -> None:
    hub.state.put(NAME, b"x" * 101)
    with pytest.raises(PublishError, match=r"baseline\.json: the response exceeds the limit of 100 bytes"):
        contents.read(connect(hub), NAME, "main", 100)


@pytest.mark.parametrize("data", [DATA, b"", b"x" * 100])
def test_a_server_that_answers_with_json_is_understood(hub: Hub, data: bytes) -> None:
    """Gitea and Forgejo ignore that raw content was asked for."""
    hub.state.has_raw_contents = False
    hub.state.put(NAME, data)
    assert contents.read(connect(hub), NAME, "main", 100) == data
    hub.state.put(NAME, b"x" * 101)
    with pytest.raises(PublishError, match=r"baseline\.json: the response exceeds the limit of 100 bytes"):
        contents.read(connect(hub), NAME, "main", 100)


def test_an_answer_without_the_content_is_an_error(hub: Hub) -> None:
    """GitHub leaves the content of a file of more than 1 MB out of its JSON answer."""
    hub.state.has_raw_contents = False
    hub.state.put(NAME, bytes((1 << 20) + 1))
    with pytest.raises(PublishError, match=r"baseline\.json: the server describes the file instead of sending it"):
        contents.read(connect(hub), NAME, "main", 2 << 20)


def test_a_missing_permission_is_named(hub: Hub) -> None:
    with pytest.raises(ForbiddenError, match="the token needs `contents: read`"):
        contents.read(connect(hub, NOTHING), NAME, "main", 100)


def test_temporary_errors_are_retried(hub: Hub) -> None:
    hub.state.put(NAME, DATA)
    hub.on("GET", "contents", gateway(503))
    assert contents.read(connect(hub), NAME, "main", 100) == DATA
