"""The stand-in for GitHub: it responds like GitHub, and it detects violations."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ROOT
from tests.github.hub import Hub, faults, state

JSON, RAW = "application/vnd.github+json", "application/vnd.github.raw+json"
COMMENTS = "/issues/7/comments"
SARIFS = "/code-scanning/sarifs"
SARIF = {"version": "2.1.0", "runs": []}


def ask(hub: Hub, method: str, path: str, token: str = state.WRITE, **options: Any) -> requests.Response:
    """Send a valid request. A path that is not a URL is relative to the repository."""
    session = requests.Session()
    session.trust_env = False
    url = path if path.startswith("http") else f"{hub.url}/repos/{state.REPOSITORY}{path}"
    headers = {
        "Accept": JSON,
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": f"Bearer {token}" if token else None,
    }
    return session.request(method, url, headers={**headers, **options.pop("headers", {})}, timeout=60, **options)


def packed(sarif: object) -> str:
    return base64.b64encode(gzip.compress(json.dumps(sarif).encode())).decode()


def upload(hub: Hub, sarif: str, **members: str) -> requests.Response:
    return ask(hub, "POST", SARIFS, json={"commit_sha": "a" * 40, "ref": "refs/heads/main", "sarif": sarif, **members})


@pytest.fixture(params=["hub", "ghes"])
def either(request: pytest.FixtureRequest) -> Hub:
    hub: Hub = request.getfixturevalue(request.param)
    return hub


def test_comments_are_created_updated_listed_and_deleted(either: Hub) -> None:
    either.state.pull(7)
    either.state.pull(8)
    either.state.comment(8, "elsewhere")

    made = ask(either, "POST", COMMENTS, json={"body": "first"})
    changed = ask(either, "PATCH", made.json()["url"], json={"body": "second"})
    listed = ask(either, "GET", COMMENTS)
    deleted = ask(either, "DELETE", made.json()["url"])

    assert [each.status_code for each in (made, changed, listed, deleted)] == [201, 200, 200, 204]
    assert [(each["body"], each["user"]["login"]) for each in listed.json()] == [("second", "github-actions[bot]")]
    assert either.state.bodies(7) == []
    assert either.state.bodies(8) == ["elsewhere"]
    assert ask(either, "PATCH", made.json()["url"], json={"body": "third"}).status_code == 404


@pytest.mark.parametrize(("size", "pages"), [("", 3), ("?per_page=100", 1)])
def test_long_lists_come_in_pages(size: str, pages: int, either: Hub) -> None:
    either.state.pull(7)
    texts = [either.state.comment(7, f"{number}", state.OCTOCAT).body for number in range(65)]

    answers = [ask(either, "GET", f"{COMMENTS}{size}")]
    while "next" in answers[-1].links:
        answers.append(ask(either, "GET", answers[-1].links["next"]["url"]))

    assert [each["body"] for answer in answers for each in answer.json()] == texts
    assert len(answers) == pages
    assert "/repositories/" in answers[0].headers.get("link", "/repositories/")


@pytest.mark.parametrize(("body", "status"), [("🙂" * 32_768, 201), ("🙂" * 32_768 + ".", 422), (" ", 422)])
def test_how_long_a_comment_may_be(body: str, status: int, hub: Hub) -> None:
    hub.state.pull(7)
    answer = ask(hub, "POST", COMMENTS, json={"body": body})
    assert answer.status_code == status
    assert (answer.json().get("message") == "Validation Failed") == (status == 422)


@pytest.mark.parametrize(
    ("token", "method", "path", "status", "message"),
    [
        (state.READ, "POST", COMMENTS, 403, "Resource not accessible by integration"),
        (state.NOTHING, "GET", COMMENTS, 403, "Resource not accessible by integration"),
        (state.READ, "GET", COMMENTS, 200, ""),
        (state.PERSONAL, "POST", COMMENTS, 201, ""),
        ("ghs_expired", "GET", COMMENTS, 401, "Bad credentials"),
        ("", "GET", COMMENTS, 401, "Requires authentication"),
    ],
)
def test_permissions_of_a_token(token: str, method: str, path: str, status: int, message: str, either: Hub) -> None:
    either.state.pull(7)
    answer = ask(either, method, path, token, json={"body": "text"} if method == "POST" else None)
    assert answer.status_code == status
    if message:
        assert answer.json()["message"] == message
        assert answer.json()["status"] == str(status)
    if status == 403:
        assert "pull_requests=" in answer.headers["x-accepted-github-permissions"]


def test_reading_a_public_repository_needs_no_permission(hub: Hub) -> None:
    hub.state.pull(7)
    hub.state.private = False
    artifact = hub.state.artifact(5, {})
    assert ask(hub, "GET", COMMENTS, state.NOTHING).status_code == 200
    assert ask(hub, "POST", COMMENTS, state.NOTHING, json={"body": "text"}).status_code == 403
    assert ask(hub, "GET", f"/actions/artifacts/{artifact.id}/zip", state.NOTHING).status_code == 403


def test_a_workflows_token_has_no_user(either: Hub) -> None:
    assert ask(either, "GET", f"{either.url}/user").status_code == 403
    assert ask(either, "GET", f"{either.url}/user", state.PERSONAL).json()["login"] == "octocat"


def test_locked_conversations(hub: Hub) -> None:
    hub.state.pull(7, locked=True)
    answer = ask(hub, "POST", COMMENTS, json={"body": "text"})
    assert (answer.status_code, answer.json()["message"][-10:]) == (403, "is locked.")


def test_files(either: Hub) -> None:
    either.state.put("a directory/b.json", "{}")
    either.state.put("a directory/b.json", "[]", ref="f" * 40)
    either.state.put("large", bytes(1024 * 1024 + 1))
    path = "/contents/a%20directory/b.json"

    as_json = ask(either, "GET", path).json()
    raw = ask(either, "GET", f"{path}?ref={'f' * 40}", headers={"Accept": RAW})

    assert base64.b64decode(as_json["content"]) == b"{}"
    assert raw.content == b"[]"
    assert raw.headers["content-type"].startswith(RAW)
    assert ask(either, "GET", "/contents/large").json()["content"] == ""
    assert ask(either, "GET", "/contents/nothing").status_code == 404
    assert ask(either, "GET", f"{path}?ref=nowhere").json()["message"] == "No commit found for the ref nowhere"


def test_pull_requests(either: Hub) -> None:
    either.state.pull(7, "change", "a" * 40)
    either.state.pull(8, "change", "b" * 40, repository="mallory/service")
    either.state.pull(9, "gone", repository="")
    either.state.pull(10, "change", state="closed")

    def numbers(query: str) -> list[int]:
        return [each["number"] for each in ask(either, "GET", f"/pulls{query}").json()]

    assert numbers("") == [9, 8, 7]
    assert numbers("?state=all&head=octo-org:change") == [10, 7]
    assert numbers("?head=mallory:change") == [8]
    assert numbers("?head=change") == [9, 8, 7]
    fork = ask(either, "GET", "/pulls/8").json()["head"]
    assert (fork["sha"], fork["repo"]["full_name"], fork["repo"]["fork"]) == ("b" * 40, "mallory/service", True)
    assert ask(either, "GET", "/pulls/9").json()["head"]["repo"] is None
    assert ask(either, "GET", "/pulls/11").status_code == 404


def test_the_repository_itself(either: Hub) -> None:
    answer = ask(either, "GET", "").json()
    assert (answer["full_name"], answer["default_branch"], answer["private"]) == (state.REPOSITORY, "main", True)
    assert ask(either, "GET", f"{either.url}/repos/somebody/else").status_code == 404


def test_artifacts_come_from_another_host(either: Hub) -> None:
    either.state.artifact(5, {"findings.json": "1"})
    either.state.artifact(6, {"findings.json": "2"})
    newer = either.state.artifact(5, {"findings.json": "3"})
    other = either.state.artifact(5, {}, name="other", expired=True)

    listed = ask(either, "GET", "/actions/runs/5/artifacts?name=gotracer-ci").json()
    answer = ask(either, "GET", listed["artifacts"][0]["archive_download_url"])

    assert listed["total_count"] == 2
    assert answer.content == newer.content
    assert answer.history[0].status_code == 302
    assert not answer.url.startswith(either.url)
    assert ask(either, "GET", f"/actions/artifacts/{other.id}/zip").status_code == 410


def test_an_upload_is_processed_eventually(either: Hub) -> None:
    url = upload(either, packed(SARIF), checkout_uri="file:///github/workspace").json()["url"]
    assert [ask(either, "GET", url).json()["processing_status"] for _ in range(3)] == [
        "pending",
        "complete",
        "complete",
    ]
    assert either.state.uploads[0].sarif == SARIF


def test_an_upload_that_fails(hub: Hub) -> None:
    hub.state.processing = [{"processing_status": "failed", "errors": ["no result has a location"]}]
    answer = ask(hub, "GET", upload(hub, packed(SARIF)).json()["url"]).json()
    assert answer == {"processing_status": "failed", "errors": ["no result has a location"]}


def test_refused_uploads(hub: Hub) -> None:
    hub.state.upload_limit = 10
    assert upload(hub, packed(SARIF)).status_code == 413
    hub.state.code_scanning = False
    assert upload(hub, packed(SARIF)).status_code == 403
    assert hub.state.uploads == []


GOOD: dict[str, Any] = {"commit_sha": "a" * 40, "ref": "refs/heads/main", "sarif": packed(SARIF)}


@pytest.mark.parametrize(
    ("method", "path", "options", "wrong"),
    [
        ("GET", "/nothing", {}, "no operation"),
        ("PUT", COMMENTS, {"json": {"body": "text"}}, "no operation"),
        ("GET", f"{COMMENTS}?pages=2", {}, "'pages' is not known"),
        ("GET", f"{COMMENTS}?per_page=101", {}, "per_page is over"),
        ("GET", f"{COMMENTS}?per_page=many", {}, "per_page"),
        ("GET", "/issues/seven/comments", {}, "issue_number"),
        ("GET", COMMENTS, {"json": {}}, "a body is not expected"),
        ("GET", COMMENTS, {"headers": {"Accept": "*/*"}}, "Accept"),
        ("GET", COMMENTS, {"headers": {"X-GitHub-Api-Version": "2020-01-01"}}, "X-GitHub-Api-Version"),
        ("GET", COMMENTS, {"headers": {"User-Agent": ""}}, "User-Agent"),
        ("GET", "/pulls?state=half-open", {}, "state"),
        ("POST", COMMENTS, {}, "request body"),
        ("POST", COMMENTS, {"json": {"text": "text"}}, "'body' is a required property"),
        ("POST", COMMENTS, {"json": {"body": 7}}, "['body']"),
        ("POST", COMMENTS, {"json": {"body": "text", "event": "x"}}, "'event' is not known"),
        ("POST", COMMENTS, {"data": "body=text"}, "mimetype not found"),
        ("POST", SARIFS, {"json": {**GOOD, "commit_sha": "main"}}, "commit_sha"),
        ("POST", SARIFS, {"json": {**GOOD, "ref": "main"}}, "ref"),
        ("POST", SARIFS, {"json": {**GOOD, "sarif": base64.b64encode(b"{}").decode()}}, "BadGzipFile"),
        ("POST", SARIFS, {"json": {**GOOD, "sarif": "{}"}}, "binascii.Error"),
    ],
)
def test_an_invalid_request_is_detected(method: str, path: str, options: dict[str, Any], wrong: str, hub: Hub) -> None:
    hub.state.pull(7)

    answer = ask(hub, method, path, **options)

    assert answer.status_code == 501
    assert wrong in " ".join(hub.violations)
    assert hub.state.bodies(7) == []
    hub.violations.clear()


def test_an_invalid_response_is_detected(hub: Hub) -> None:
    hub.state.pull(7, state="half-open")
    assert ask(hub, "GET", "/pulls/7").status_code == 501
    assert "the answer 200" in hub.violations[0]
    assert "['state']: 'half-open' is not one of" in hub.violations[0]
    hub.violations.clear()


def test_a_token_sent_to_the_storage_is_detected(hub: Hub) -> None:
    artifact = hub.state.artifact(5, {})
    address = ask(hub, "GET", f"/actions/artifacts/{artifact.id}/zip", allow_redirects=False).headers["location"]
    assert ask(hub, "GET", address).status_code == 501
    assert "was sent the token" in hub.violations[0]
    hub.violations.clear()


def test_a_path_outside_the_base_is_detected(ghes: Hub) -> None:
    assert ask(ghes, "GET", f"{ghes.server_url}/user").status_code == 501
    assert len(ghes.violations) == 1
    ghes.violations.clear()


def test_the_fixture_fails_a_test(tmp_path: Path) -> None:
    """Even a test that ignores the response."""
    file = tmp_path / "test_it.py"
    file.write_text(
        "import requests\n"
        "from tests.github.conftest import contract, hub\n"
        "def test_it(hub):\n"
        "    requests.get(hub.url + '/nothing')\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(file)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "*"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 passed, 1 error" in done.stdout
    assert "GET /nothing: no operation" in done.stdout


def test_the_log_has_no_token(hub: Hub) -> None:
    hub.state.pull(7)
    ask(hub, "POST", COMMENTS, json={"body": "text"})
    (seen,) = hub.writes
    assert str(seen) == f"POST /repos/{state.REPOSITORY}{COMMENTS} 201"
    assert seen.body == {"body": "text"}
    assert state.WRITE not in repr(hub.requests)


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (faults.gateway(), 502, {"content-type": "text/html; charset=utf-8"}),
        (faults.secondary_limit(), 403, {"x-ratelimit-remaining": "4999"}),
        (faults.secondary_limit(7, 429), 429, {"retry-after": "7"}),
        (faults.primary_limit(1234), 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1234"}),
        (faults.refused(403, "no"), 403, {}),
        (faults.slow(0), 200, {}),
    ],
)
def test_faults_end_after_the_given_number(
    fault: faults.Action, status: int, headers: dict[str, str], hub: Hub
) -> None:
    hub.state.pull(7)
    hub.on("GET", "/comments$", fault, times=2)

    answers = [ask(hub, "GET", path) for path in (COMMENTS, "/pulls", COMMENTS, COMMENTS)]

    assert [answer.status_code for answer in answers] == [status, 200, status, 200]
    assert {name: answers[0].headers.get(name) for name in headers} == headers
    assert hub.faults_left == 0


@pytest.mark.parametrize(("after", "bodies"), [(False, []), (True, ["text"])])
def test_a_response_is_lost_before_or_after_the_request_is_served(after: bool, bodies: list[str], hub: Hub) -> None:
    hub.state.pull(7)
    hub.on("POST", "/comments$", faults.closed(), after=after)
    with pytest.raises(requests.ConnectionError):
        ask(hub, "POST", COMMENTS, json={"body": "text"})
    assert hub.state.bodies(7) == bodies


def test_something_happens_meanwhile(hub: Hub) -> None:
    hub.state.pull(7)
    comment = hub.state.comment(7, "text")
    hub.on("PATCH", "/comments/", faults.meanwhile(hub.state.comments.clear))
    assert ask(hub, "PATCH", f"/issues/comments/{comment.id}", json={"body": "new"}).status_code == 404


def test_two_are_held_between_listing_and_creating(hub: Hub) -> None:
    hub.state.pull(7)

    def client() -> None:
        if not ask(hub, "GET", COMMENTS).json():
            ask(hub, "POST", COMMENTS, json={"body": "text"})

    clients = [threading.Thread(target=client) for _ in range(2)]
    with hub.hold("POST", "/comments$") as held:
        for each in clients:
            each.start()
        held.wait(2)
        assert hub.state.bodies(7) == []
    for each in clients:
        each.join()
    assert hub.state.bodies(7) == ["text", "text"]
