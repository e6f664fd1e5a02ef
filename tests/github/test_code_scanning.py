"""Uploads to code scanning: accepted, rejected, forbidden, slow."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from gotracer_ci.errors import ForbiddenError, PublishError
from gotracer_ci.github import code_scanning
from gotracer_ci.github.client import UPLOAD, Request
from tests.github.connect import Clock, connect
from tests.github.hub import Hub
from tests.github.hub.faults import closed, gateway, refused
from tests.github.hub.state import READ, sha_of

COMMIT = sha_of("merge")
REF = "refs/pull/7/merge"
LOG = json.dumps({"version": "2.1.0", "runs": [], "text": "ü"}, ensure_ascii=False)


def upload(hub: Hub, clock: Clock | None = None) -> str:
    return code_scanning.upload(connect(hub, clock=clock), LOG, COMMIT, REF)


def test_an_upload_is_followed_until_it_is_processed(hub: Hub) -> None:
    clock = Clock()
    url = upload(hub, clock)
    assert url.startswith(f"{hub.url}/repos/{hub.state.repository}/code-scanning/analyses?sarif_id=")
    [done] = hub.state.uploads
    assert (done.commit, done.ref, done.sarif) == (COMMIT, REF, json.loads(LOG))
    assert clock.waits == [code_scanning.INTERVAL]


def test_an_upload_to_an_enterprise_server(ghes: Hub) -> None:
    assert upload(ghes).startswith(f"{ghes.url}/repos/")


def test_the_same_log_is_the_same_request(hub: Hub) -> None:
    upload(hub)
    upload(hub)
    first, second = (seen.body for seen in hub.writes)
    assert first == second
    # gzip stores a modification time
    assert base64.b64decode(first["sarif"])[4:8] == bytes(4)


@pytest.mark.parametrize(
    ("errors", "reasons"),
    [
        ({"errors": ["locationFromSarifResult: expected\n artifact location", "and more"]},
         "locationFromSarifResult: expected artifact location; and more"),
        ({"errors": []}, "no reason given"),
        ({}, "no reason given"),
    ],
)  # fmt: skip
def test_githubs_reasons_for_a_rejection_are_reported(hub: Hub, errors: Mapping[str, Any], reasons: str) -> None:
    hub.state.processing = [{"processing_status": "pending"}, {"processing_status": "failed", **errors}]
    with pytest.raises(PublishError) as error:
        upload(hub)
    assert str(error.value) == f"code scanning rejected the SARIF log: {reasons}"


def test_the_wait_for_processing_is_bounded(hub: Hub) -> None:
    hub.state.processing = [{"processing_status": "pending"}]
    clock = Clock()
    url = upload(hub, clock)
    assert url == f"{hub.url}/repos/{hub.state.repository}/code-scanning/sarifs/{hub.state.uploads[0].id}"
    assert sum(clock.waits) == 120


def test_an_upload_that_is_not_visible_immediately(hub: Hub) -> None:
    hub.on("GET", "sarifs", refused(404, "Not Found"), times=2)
    assert "analyses" in upload(hub)


def test_a_missing_permission_is_named(hub: Hub) -> None:
    with pytest.raises(ForbiddenError, match="the token needs `security-events: write`; add it under"):
        code_scanning.upload(connect(hub, READ), LOG, COMMIT, REF)


def test_disabled_code_scanning_is_not_a_missing_permission(hub: Hub) -> None:
    hub.state.code_scanning = False
    with pytest.raises(ForbiddenError, match=r"enable code scanning in the repository's settings") as error:
        upload(hub)
    assert "security-events" not in str(error.value)


def test_a_log_that_is_too_large(hub: Hub) -> None:
    hub.state.upload_limit = 10
    with pytest.raises(PublishError, match=r"code-scanning/sarifs \(413: Payload too large\): it is too large$"):
        upload(hub)


@pytest.mark.parametrize("fault", [gateway(), gateway(503), closed()])
@pytest.mark.parametrize("after", [False, True])
def test_temporary_errors_are_retried(hub: Hub, fault: Any, after: bool) -> None:
    """Uploading the same log twice creates one analysis: the second replaces the first."""
    hub.on("POST", "sarifs", fault, after=after)
    hub.on("GET", "sarifs", gateway(504))
    assert "analyses" in upload(hub)


@pytest.mark.parametrize("commit", ["", "main", COMMIT[:39], COMMIT.upper(), f"{COMMIT}\n", "a" * 64])
def test_a_commit_is_named_in_full(hub: Hub, commit: str) -> None:
    with pytest.raises(PublishError, match=r"^code scanning needs a commit of 40 hex digits, not '"):
        code_scanning.upload(connect(hub), LOG, commit, REF)


@pytest.mark.parametrize("ref", ["", "main", "refs/heads/", "refs/notes/x", "refs/heads/a b", f"{REF}\n"])
def test_a_ref_is_named_in_full(hub: Hub, ref: str) -> None:
    with pytest.raises(PublishError, match=r"^code scanning needs a ref such as refs/heads/main, not '"):
        code_scanning.upload(connect(hub), LOG, COMMIT, ref)
    assert hub.requests == []


def test_a_dry_run_shows_the_upload(hub: Hub) -> None:
    planned: list[Request] = []
    assert code_scanning.upload(connect(hub, planned=planned.append), LOG, COMMIT, REF) == ""
    [request] = planned
    assert (request.method, request.permission) == ("POST", UPLOAD)
    assert request.body is not None
    assert (request.body["commit_sha"], request.body["ref"]) == (COMMIT, REF)
    assert hub.requests == []
