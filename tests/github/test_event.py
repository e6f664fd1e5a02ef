"""Events: GitHub's own example payloads, unusual ones, and arbitrary JSON."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gotracer_ci.errors import UsageError
from gotracer_ci.github import event
from gotracer_ci.github.event import Event, PullRequest, TracedRun, read
from tests import npm
from tests.github.conftest import EXAMPLES

SHA: Final = "f" * 40
HEAD: Final = "1" * 40
BASE: Final = "2" * 64
PULL_EVENTS: Final = ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment")


def read_of(directory: Path, payload: object, name: str = "pull_request", **variables: str) -> Event:
    """Return the event of a payload, given as a JSON value or as the file's bytes."""
    file = directory / "event.json"
    file.write_bytes(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    return read({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file), "GITHUB_SHA": SHA, **variables})


def opened() -> dict[str, Any]:
    """Return the payload of a pull request from a fork."""
    return {
        "pull_request": {
            "number": 7,
            "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": "me/hello", "fork": True}},
            "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octo/hello", "fork": False}},
        },
        "repository": {"full_name": "octo/hello", "default_branch": "trunk"},
    }


def completed() -> dict[str, Any]:
    """Return the payload of a workflow_run event."""
    return {
        "workflow_run": {
            "id": 4711,
            "run_attempt": 2,
            "event": "pull_request",
            "conclusion": "success",
            "head_sha": HEAD,
            "head_branch": "topic",
            "head_repository": {"full_name": "me/hello", "owner": {"login": "me"}},
            "pull_requests": [],
        },
        "repository": {"full_name": "octo/hello", "default_branch": "trunk"},
    }


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, dict[str, Any]]]:
    """Return all of GitHub's examples as (event, payload), of github.com and GitHub Enterprise Server."""
    directory = npm.package(*EXAMPLES)
    events = [entry for file in sorted(directory.glob("*/index.json")) for entry in json.loads(file.read_bytes())]
    return [(entry["name"], payload) for entry in events for payload in entry["examples"]]


def test_every_example_is_read_under_every_name(examples: list[tuple[str, dict[str, Any]]], tmp_path: Path) -> None:
    assert len(examples) > 700
    for name, payload in examples:
        for called in {name, "pull_request", "workflow_run", ""}:
            found = read_of(tmp_path, payload, called)
            check(found)
            assert found.traced_run is None or called == "workflow_run"


def test_examples_of_pull_requests_are_read_correctly(
    examples: list[tuple[str, dict[str, Any]]], tmp_path: Path
) -> None:
    payloads = [payload for name, payload in examples if name in PULL_EVENTS]
    assert len(payloads) >= 40
    for payload in payloads:
        pull = payload["pull_request"]
        head, base = pull["head"], pull["base"]
        for name in PULL_EVENTS:
            found = read_of(tmp_path, payload, name)
            # no example is of a fork
            assert found.pull_request == PullRequest(pull["number"], head["sha"], is_fork=False)
            assert (found.commit, found.base_ref) == (head["sha"], base["ref"])
            assert not found.is_read_only


def test_examples_of_runs_are_read_correctly(examples: list[tuple[str, dict[str, Any]]], tmp_path: Path) -> None:
    payloads = [payload for name, payload in examples if name == "workflow_run"]
    assert len(payloads) >= 10
    for payload in payloads:
        run = payload["workflow_run"]
        found = read_of(tmp_path, payload, "workflow_run")
        owner = run["head_repository"]["owner"]["login"]
        assert found.traced_run == TracedRun(
            run["id"],
            run.get("run_attempt", 0),
            run["event"],
            run["conclusion"] or "",
            run["head_sha"],
            run["head_branch"] or "",
            owner,
        )
        assert (found.pull_request, found.commit, found.base_ref) == (None, run["head_sha"], "")


def test_examples_of_merge_groups_are_read_correctly(
    examples: list[tuple[str, dict[str, Any]]], tmp_path: Path
) -> None:
    payloads = [payload for name, payload in examples if name == "merge_group"]
    assert payloads
    for payload in payloads:
        found = read_of(tmp_path, payload, "merge_group")
        group = payload["merge_group"]
        assert (found.pull_request, found.commit) == (None, group["head_sha"])
        assert f"refs/heads/{found.base_ref}" == group["base_ref"]


@pytest.mark.parametrize(
    "name", ["push", "workflow_dispatch", "issue_comment", "release", "deployment", "check_run", "create", "delete"]
)
def test_other_events_use_the_runners_commit(
    name: str, examples: list[tuple[str, dict[str, Any]]], tmp_path: Path
) -> None:
    payloads = [payload for event_name, payload in examples if event_name == name]
    assert payloads
    for payload in payloads:
        found = read_of(tmp_path, payload, name)
        assert found == Event(name, None, None, SHA, "", False)


def test_a_pull_request_of_a_fork(tmp_path: Path) -> None:
    pull_request = PullRequest(7, HEAD, is_fork=True)
    assert read_of(tmp_path, opened()) == Event("pull_request", pull_request, None, HEAD, "main", True)
    # it runs the base branch's code, with its permissions
    assert read_of(tmp_path, opened(), "pull_request_target") == Event(
        "pull_request_target", pull_request, None, HEAD, "main", False
    )


def test_a_pull_request_of_a_deleted_fork(tmp_path: Path) -> None:
    payload = opened()
    payload["pull_request"]["head"]["repo"] = None

    found = read_of(tmp_path, payload)

    assert found.pull_request == PullRequest(7, HEAD, is_fork=True)
    assert found.is_read_only
    # two unknown repositories are not the same
    del payload["pull_request"]["base"]["repo"], payload["repository"]
    assert read_of(tmp_path, payload).is_read_only


def test_a_branch_in_a_forked_repository_is_not_a_fork(tmp_path: Path) -> None:
    payload = opened()
    payload["pull_request"]["head"]["repo"] = {"full_name": "Octo/hello", "fork": True}

    found = read_of(tmp_path, payload)

    assert found.pull_request
    assert not found.pull_request.is_fork
    assert not found.is_read_only


@pytest.mark.parametrize(
    ("name", "is_read_only"),
    [
        ("pull_request", True),
        ("push", True),
        ("pull_request_target", False),
        ("workflow_run", False),
        ("schedule", False),
    ],
)
def test_runs_started_by_dependabot_are_read_only(name: str, is_read_only: bool, tmp_path: Path) -> None:
    payload = opened()
    payload["pull_request"]["head"]["repo"]["full_name"] = "octo/hello"

    assert read_of(tmp_path, payload, name, GITHUB_ACTOR="dependabot[bot]").is_read_only is is_read_only
    assert not read_of(tmp_path, payload, name, GITHUB_ACTOR="octocat").is_read_only


def test_the_run_of_a_deleted_fork(tmp_path: Path) -> None:
    payload = completed()
    payload["workflow_run"]["head_repository"] = None

    found = read_of(tmp_path, payload, "workflow_run")

    assert found.traced_run == TracedRun(4711, 2, "pull_request", "success", HEAD, "topic", "")
    assert not found.is_read_only


def test_the_run_of_a_deployment_was_not_traced(tmp_path: Path) -> None:
    found = read_of(tmp_path, completed(), "deployment_status")

    assert (found.traced_run, found.commit) == (None, SHA)


def test_a_first_push_has_no_previous_commit(tmp_path: Path) -> None:
    payload = {"before": "0" * 40, "after": SHA, "ref": "refs/heads/new", "repository": {"default_branch": "main"}}

    assert read_of(tmp_path, payload, "push") == Event("push", None, None, SHA, "", False)


@pytest.mark.parametrize("payload", [{"schedule": "0 4 * * *"}, {"schedule": "0 4 * * *", "repository": {}}])
def test_a_schedule_has_almost_no_payload(payload: object, tmp_path: Path) -> None:
    assert read_of(tmp_path, payload, "schedule") == Event("schedule", None, None, SHA, "", False)


DEEP: Final = b'{"a":' * 100_000
UNREADABLE: Final = {
    "empty": (b"", "not valid JSON at line 1: "),
    "truncated": (json.dumps(opened()).encode()[:-1], "not valid JSON at line 1: "),
    "a list": (json.dumps([opened()]).encode(), "not an event payload: not a JSON object"),
    "a string": (b'"pull_request"', "not an event payload: not a JSON object"),
    "null": (b"null", "not an event payload: not a JSON object"),
    "deep and truncated": (DEEP, "not valid JSON"),
    "not UTF-8": (b'{"pull_request":"\xff"}', "not UTF-8 at byte 17; save it as UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "starts with a byte order mark; save it as UTF-8 without one"),
    "a number of many digits": (b'{"a":' + b"9" * 100_000 + b"}", "not valid JSON: it has a number with thousands"),
    "too large": (b"{}".ljust(event.MAX_BYTES + 1), "exceeds the limit of 32,000,000 bytes"),
}


@pytest.mark.parametrize(("payload", "problem"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_a_payload_is_refused(payload: bytes, problem: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_of(tmp_path, payload)
    assert str(caught.value).startswith(f"GITHUB_EVENT_PATH: {tmp_path / 'event.json'}: {problem}")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (Path.mkdir, "a directory"),
        (os.mkfifo, "a named pipe"),
        (lambda path: path.symlink_to("/dev/zero"), "a device"),
    ],
)
def test_a_payload_is_a_regular_file(make: Callable[[Path], object], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    make(path)
    with pytest.raises(UsageError) as caught:
        read({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(path), "GITHUB_SHA": SHA})
    assert str(caught.value) == f"GITHUB_EVENT_PATH: {path}: is {kind}, not a regular file"


def test_the_largest_payload_is_read(tmp_path: Path) -> None:
    assert read_of(tmp_path, json.dumps(opened()).encode().ljust(event.MAX_BYTES)).commit == HEAD


def test_without_a_file_the_variables_are_used(tmp_path: Path) -> None:
    nothing = Event("push", None, None, SHA, "", False)
    for path in ("", str(tmp_path / "none.json"), str(tmp_path / "none.json/x")):
        assert read({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": path, "GITHUB_SHA": SHA}) == nothing
    assert read({}) == Event("", None, None, "", "", False)


NO_NUMBERS: Final = ("7", 7.0, True, 0, -7, 2**53, 10**400, float("nan"), float("inf"), None, [7], {"number": 7})


@pytest.mark.parametrize("number", NO_NUMBERS, ids=repr)
def test_an_invalid_number_is_unknown(number: object, tmp_path: Path) -> None:
    payload, run = opened(), completed()
    payload["pull_request"]["number"] = number
    run["workflow_run"]["id"] = number

    found = read_of(tmp_path, payload)

    # A pull request without a number cannot get a comment, but its commit was traced.
    assert (found.pull_request, found.commit, found.base_ref) == (None, HEAD, "main")
    assert read_of(tmp_path, run, "workflow_run").traced_run is None


NO_REFS: Final = (
    "", "a b", "a\nb", "a\x00b", "a\x7fb", "\ud800", "a:b", "a~1", "a\\b", "x" * 1025, 7, None, True, ["main"],
)  # fmt: skip


@pytest.mark.parametrize("ref", NO_REFS, ids=repr)
def test_an_invalid_branch_name_is_unknown(ref: object, tmp_path: Path) -> None:
    payload, run = opened(), completed()
    payload["pull_request"]["base"]["ref"] = run["workflow_run"]["head_branch"] = ref

    found, traced = read_of(tmp_path, payload), read_of(tmp_path, run, "workflow_run").traced_run

    assert (found.pull_request, found.base_ref) == (PullRequest(7, HEAD, is_fork=True), "")
    assert traced
    assert traced.head_branch == ""


@pytest.mark.parametrize(
    "ref", ["x" * 1024, "dependabot/npm/a-1.2", "@me", "größer/日本", "<!--`$(x)`&#1;-->", "a%0Ab"]
)
def test_a_valid_branch_name_is_kept(ref: str, tmp_path: Path) -> None:
    payload = opened()
    payload["pull_request"]["base"]["ref"] = ref
    run = completed()
    run["workflow_run"]["head_branch"] = ref

    traced = read_of(tmp_path, run, "workflow_run").traced_run

    assert read_of(tmp_path, payload).base_ref == ref
    assert traced
    assert traced.head_branch == ref


@pytest.mark.parametrize(
    "sha", ["", "0" * 40, "0" * 64, "1" * 39, "1" * 41, "1" * 40 + "\n", "G" * 40, 1, None], ids=repr
)
def test_an_invalid_commit_is_not_linked_to(sha: object, tmp_path: Path) -> None:
    payload = opened()
    payload["pull_request"]["head"]["sha"] = sha

    found = read_of(tmp_path, payload)

    assert found.pull_request
    assert (found.pull_request.head_sha, found.commit) == ("", SHA)
    assert read_of(tmp_path, {}, "push", GITHUB_SHA=str(sha)).commit == ""


@pytest.mark.parametrize(
    "name", ["me", "me/", "/hello", "me/..", "me/.", "me/a/b", "me/a b", "me/a?b", "mé/a", 1], ids=repr
)
def test_an_invalid_repository_is_a_deleted_fork(name: object, tmp_path: Path) -> None:
    payload = opened()
    payload["pull_request"]["head"]["repo"]["full_name"] = name

    found = read_of(tmp_path, payload)

    assert found.pull_request
    assert found.pull_request.is_fork


KNOWN: Final = {"pull_request": opened(), "workflow_run": completed()}


def places(value: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the paths to all members, recursively."""
    for name, inner in value.items():
        yield (name,)
        if isinstance(inner, dict):
            yield from ((name, *rest) for rest in places(inner))


PLACES: Final = [(name, place) for name, payload in KNOWN.items() for place in places(payload)]
ANY_TEXT: Final = st.text(st.characters(exclude_categories=()), max_size=20)
NAMES: Final = st.sampled_from(sorted({place[-1] for _, place in PLACES} | {"merge_group", "base_ref"})) | ANY_TEXT
# includes values that only Python's JSON reader accepts: NaN, infinity and lone surrogates
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.sampled_from([HEAD, "main", "me/hello"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from([*PULL_EVENTS, "workflow_run", "merge_group", "push", "schedule"]),
    payload=st.dictionaries(NAMES, JSON, max_size=4),
)
def test_any_object_is_a_payload(name: str, payload: object, tmp_path: Path) -> None:
    check(read_of(tmp_path, payload, name))


@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(known=st.sampled_from(PLACES), value=JSON)
def test_any_member_may_be_anything(known: tuple[str, tuple[str, ...]], value: object, tmp_path: Path) -> None:
    name, place = known
    payload = json.loads(json.dumps(KNOWN[name]))
    inner = payload
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value

    check(read_of(tmp_path, payload, name))


def check(found: Event) -> None:
    """Check that the values of an event are safe in a request, a link and a log line."""
    assert re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", found.commit)
    pull, run = found.pull_request, found.traced_run
    numbers = [pull.number if pull else 1, run.id if run else 1, (run.attempt if run else 0) + 1]
    assert all(type(number) is int and number > 0 for number in numbers)
    texts = [text for part in (found, pull, run) if part for text in astuple(part) if isinstance(text, str)]
    for text in texts:
        assert not re.search(r"[\x00-\x20\x7f]", text)
        text.encode()
