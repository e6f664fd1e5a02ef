"""The sticky comment: one per pull request and ID, only ours, and always from the newest run."""

from __future__ import annotations

import pytest

from gotracer_ci.errors import ForbiddenError, PublishError, UsageError
from gotracer_ci.github import comments
from gotracer_ci.github.client import COMMENT, Client, Request
from gotracer_ci.github.comments import BODY_LIMIT, Posted, check_id
from gotracer_ci.github.parts import WorkflowRun, part
from tests.github.connect import Clock, connect
from tests.github.hub import Hub
from tests.github.hub.faults import Action, closed, gateway, meanwhile, primary_limit, refused, secondary_limit
from tests.github.hub.state import ACTIONS, DEPENDABOT, NOTHING, OCTOCAT, PERSONAL, READ, Comment

OLD, RUN, NEWER = WorkflowRun(8, 2), WorkflowRun(9, 1), WorkflowRun(10, 1)


def text(body: str, run: WorkflowRun = RUN, name: str = "default") -> str:
    return f"<!-- gotracer-ci id={name} run={run.id} attempt={run.attempt} -->\n{body}"


def publish(
    client: Client, body: str = "2 worse", run: WorkflowRun = RUN, name: str = "default", create: bool = True
) -> Posted:
    return comments.publish(client, 7, name, part(run, body), create=create)


def url(hub: Hub, comment: Comment) -> str:
    return f"{hub.server_url}/{hub.state.repository}/pull/7#issuecomment-{comment.id}"


@pytest.fixture(autouse=True)
def _pull(hub: Hub) -> None:
    hub.state.pull(7)


def test_a_comment_is_created(hub: Hub) -> None:
    posted = publish(connect(hub))
    [comment] = hub.state.comments_of(7)
    assert comment.body == text("2 worse")
    assert posted == Posted("created", url(hub, comment))


def test_a_comment_is_updated_in_place(hub: Hub) -> None:
    publish(connect(hub), run=OLD)
    [comment] = hub.state.comments_of(7)
    assert publish(connect(hub), "resolved", create=False) == Posted("updated", url(hub, comment))
    assert hub.state.bodies(7) == [text("resolved")]
    assert [seen.method for seen in hub.writes] == ["POST", "PATCH"]


def test_the_same_text_of_a_newer_run_updates_the_marker(hub: Hub) -> None:
    publish(connect(hub), run=OLD)
    assert publish(connect(hub)).action == "updated"
    assert hub.state.bodies(7) == [text("2 worse")]


def test_the_same_text_of_the_same_run_is_not_written_again(hub: Hub) -> None:
    publish(connect(hub))
    assert publish(connect(hub)).action == "updated"
    assert [seen.method for seen in hub.writes] == ["POST"]


def test_another_text_of_the_same_run_replaces_the_first(hub: Hub) -> None:
    publish(connect(hub))
    assert publish(connect(hub), "3 worse").action == "updated"
    assert hub.state.bodies(7) == [text("3 worse")]


def test_a_clean_run_creates_no_comment(hub: Hub) -> None:
    hub.state.comment(7, "hello", OCTOCAT)
    assert publish(connect(hub), create=False) == Posted("none", "")
    assert hub.writes == []


def test_on_an_enterprise_server(ghes: Hub) -> None:
    ghes.state.pull(7)
    assert publish(connect(ghes)).action == "created"
    assert publish(connect(ghes), "resolved", NEWER).action == "updated"
    assert ghes.state.bodies(7) == [text("resolved", NEWER)]


@pytest.mark.parametrize(("others", "before"), [(30, 0), (30, 30), (100, 99), (100, 100), (250, 101), (250, 250)])
def test_a_comment_is_found_on_any_page(hub: Hub, others: int, before: int) -> None:
    for number in range(before):
        hub.state.comment(7, f"comment {number}", OCTOCAT)
    ours = hub.state.comment(7, text("2 worse", OLD))
    for number in range(others - before):
        hub.state.comment(7, f"comment {number}", DEPENDABOT)
    assert publish(connect(hub), "resolved") == Posted("updated", url(hub, ours))
    assert ours.body == text("resolved")
    assert len(hub.state.comments_of(7)) == others + 1


def test_each_id_has_its_own_comment(hub: Hub) -> None:
    for name in ("default", "linux", "linux.arm64"):
        publish(connect(hub), name, name=name)
    publish(connect(hub), "again", NEWER, "linux")
    assert hub.state.bodies(7) == [
        text("default", name="default"),
        text("again", NEWER, "linux"),
        text("linux.arm64", name="linux.arm64"),
    ]


def test_another_users_comment_with_our_marker_is_left_alone(hub: Hub) -> None:
    forged = text("all is well", WorkflowRun(10**18, 1))
    hub.state.comment(7, forged, OCTOCAT)
    assert publish(connect(hub)).action == "created"
    assert hub.state.bodies(7) == [forged, text("2 worse")]


def test_a_user_leaves_a_bots_comment_alone(hub: Hub) -> None:
    hub.state.comment(7, text("of the bot"), ACTIONS)
    assert publish(connect(hub, PERSONAL)).action == "created"
    assert publish(connect(hub, PERSONAL), "again", NEWER).action == "updated"
    assert hub.state.bodies(7) == [text("of the bot"), text("again", NEWER)]


def test_a_token_that_cannot_query_its_user_updates_a_bots_comment(hub: Hub) -> None:
    hub.state.tokens["odd"] = hub.state.tokens["ghs_write"]
    ours = hub.state.comment(7, text("before", OLD))
    assert publish(connect(hub, "odd")) == Posted("updated", url(hub, ours))
    assert (hub.requests[0].path, hub.requests[0].status) == ("/user", 403)


def test_a_workflows_token_does_not_query_its_user(hub: Hub) -> None:
    publish(connect(hub))
    assert "/user" not in [seen.path for seen in hub.requests]


@pytest.mark.parametrize(
    "body",
    [
        f"As the report said:\n{text('quoted')}",
        f"> {text('quoted')}",
        f" {text('x')}",
        text("x").replace(" -->", "-->"),
        text("x", name="default2"),
        text("x", name="Default"),
        text("x").replace("run=9", "run=9x"),
        text("x").replace("run=9", "run=" + "9" * 21),
        text("x").replace(" -->\n", " --> x\n"),
    ],
)
def test_text_similar_to_the_marker_is_not_a_marker(hub: Hub, body: str) -> None:
    hub.state.comment(7, body)
    publish(connect(hub))
    assert hub.state.bodies(7) == [body, text("2 worse")]


def test_line_ends_of_the_web_editor_are_fine(hub: Hub) -> None:
    hub.state.comment(7, text("a\nb", OLD).replace("\n", "\r\n"))
    assert publish(connect(hub)).action == "updated"


@pytest.mark.parametrize("run", [RUN, OLD])
def test_duplicates_are_merged_into_the_oldest_comment(hub: Hub, run: WorkflowRun) -> None:
    hub.state.comment(7, "hello", OCTOCAT)
    oldest = hub.state.comment(7, text("first", WorkflowRun(3, 1)))
    for number in (7, 5):
        hub.state.comment(7, text(f"run {number}", WorkflowRun(number, 1)))
    hub.state.comment(7, text("another", name="other"))
    assert publish(connect(hub), run=run, create=False) == Posted("updated", url(hub, oldest))
    assert hub.state.bodies(7) == ["hello", text("2 worse", run), text("another", name="other")]


def test_an_older_run_also_removes_duplicates(hub: Hub) -> None:
    oldest = hub.state.comment(7, text("first", OLD))
    hub.state.comment(7, text("newer", NEWER))
    assert publish(connect(hub)) == Posted("superseded", url(hub, oldest))
    assert hub.state.bodies(7) == [text("newer", NEWER)]


@pytest.mark.parametrize(
    ("before", "now", "action"),
    [
        (WorkflowRun(9, 1), WorkflowRun(9, 1), "updated"),
        (WorkflowRun(9, 1), WorkflowRun(9, 2), "updated"),
        (WorkflowRun(9, 2), WorkflowRun(10, 1), "updated"),
        (WorkflowRun(9, 2), WorkflowRun(9, 1), "superseded"),
        (WorkflowRun(10, 1), WorkflowRun(9, 3), "superseded"),
        (WorkflowRun(9, 10), WorkflowRun(9, 9), "superseded"),
        (WorkflowRun(10**10, 1), WorkflowRun(9 * 10**9, 1), "superseded"),
    ],
)
def test_an_older_run_does_not_overwrite_a_newer_one(
    hub: Hub, before: WorkflowRun, now: WorkflowRun, action: str
) -> None:
    ours = hub.state.comment(7, text("before", before))
    assert publish(connect(hub), "now", now) == Posted(action, url(hub, ours))  # type: ignore[arg-type]
    assert ours.body == (text("now", now) if action == "updated" else text("before", before))


def test_a_comment_deleted_meanwhile_is_created_again(hub: Hub) -> None:
    ours = hub.state.comment(7, text("before", OLD))
    hub.on("PATCH", "comments", meanwhile(lambda: hub.state.comments.pop(ours.id)))
    assert publish(connect(hub)).action == "created"
    assert hub.state.bodies(7) == [text("2 worse")]


def test_a_clean_run_does_not_restore_a_comment_deleted_meanwhile(hub: Hub) -> None:
    ours = hub.state.comment(7, text("before", OLD))
    hub.on("PATCH", "comments", meanwhile(lambda: hub.state.comments.pop(ours.id)))
    assert publish(connect(hub), create=False) == Posted("none", "")
    assert hub.state.bodies(7) == []


def test_a_duplicate_deleted_meanwhile_is_not_an_error(hub: Hub) -> None:
    hub.state.comment(7, text("before", OLD))
    second = hub.state.comment(7, text("second", OLD))
    hub.on("DELETE", "comments", meanwhile(lambda: hub.state.comments.pop(second.id)))
    assert publish(connect(hub)).action == "updated"
    assert hub.state.bodies(7) == [text("2 worse")]


TROUBLE = [gateway(), gateway(500), gateway(504), closed(), secondary_limit(), primary_limit(1_700_000_010)]


@pytest.mark.parametrize("fault", TROUBLE)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_error_while_updating_leaves_one_comment(hub: Hub, method: str, after: bool, fault: Action) -> None:
    """Whether or not the request was served before the error."""
    ours = hub.state.comment(7, text("before", OLD))
    hub.state.comment(7, text("second", OLD))
    hub.on(method, "comments", fault, times=1 if after else 2, after=after)
    assert publish(connect(hub)) == Posted("updated", url(hub, ours))
    assert hub.state.bodies(7) == [text("2 worse")]
    assert hub.faults_left == 0


@pytest.mark.parametrize("fault", TROUBLE)
@pytest.mark.parametrize("after", [False, True])
def test_an_error_while_creating_leaves_one_comment(hub: Hub, after: bool, fault: Action) -> None:
    hub.on("POST", "comments", fault, times=1 if after else 2, after=after)
    posted = publish(connect(hub))
    [comment] = hub.state.comments_of(7)
    assert (comment.body, posted.url) == (text("2 worse"), url(hub, comment))
    assert hub.faults_left == 0
    # The client checks whether the write succeeded before repeating it.
    assert [seen.method for seen in hub.writes] == ["POST"] * (1 if after else 3)


def test_a_persistent_error_is_reported(hub: Hub) -> None:
    hub.on("POST", "comments", gateway(), times=100)
    clock = Clock()
    with pytest.raises(PublishError, match=r"^POST /repos/.*/issues/7/comments failed \(502\)"):
        publish(connect(hub, clock=clock))
    assert hub.state.bodies(7) == []
    assert sum(clock.waits) <= 320


@pytest.mark.parametrize(("token", "method"), [(READ, "POST"), (NOTHING, "GET")])
def test_a_missing_permission_is_named(hub: Hub, token: str, method: str) -> None:
    with pytest.raises(
        ForbiddenError, match=rf"^GitHub refused {method} .*: the token needs `pull-requests: write`; add it"
    ):
        publish(connect(hub, token))


def test_a_forbidden_update_is_reported(hub: Hub) -> None:
    hub.state.comment(7, text("before", OLD))
    with pytest.raises(
        ForbiddenError, match=r"^GitHub refused PATCH .*: the token needs `pull-requests: write`; add it"
    ):
        publish(connect(hub, READ))


def test_a_listed_comment_that_cannot_be_updated_is_given_up(hub: Hub) -> None:
    hub.state.comment(7, text("before", OLD))
    hub.on("PATCH", "comments", refused(404, "Not Found"), times=100)
    with pytest.raises(ForbiddenError, match="`pull-requests: write`"):
        publish(connect(hub))


def test_a_refused_new_comment_is_not_retried(hub: Hub) -> None:
    hub.on("POST", "comments", refused(404, "Not Found"), times=100)
    with pytest.raises(ForbiddenError, match="`pull-requests: write`"):
        publish(connect(hub))
    assert len(hub.writes) == 1


def test_a_comment_that_other_runs_keep_changing_is_given_up(hub: Hub) -> None:
    ours = hub.state.comment(7, text("before", OLD))

    def overwrite() -> None:
        ours.body = text("before", OLD)

    hub.on("PATCH", "comments", meanwhile(overwrite), times=100, after=True)
    with pytest.raises(PublishError, match=r"^comment on pull request 7: other runs keep changing it$"):
        publish(connect(hub))
    assert len(hub.writes) == comments.ROUNDS


def test_a_locked_conversation_is_reported(hub: Hub) -> None:
    hub.state.pulls[7].locked = True
    with pytest.raises(ForbiddenError, match=r"issue is locked.*: unlock the conversation, or set the input `comment`"):
        publish(connect(hub))


def test_a_missing_pull_request(hub: Hub) -> None:
    with pytest.raises(ForbiddenError, match=r"issues/8/comments \(404: Not Found\)"):
        comments.publish(connect(hub), 8, "default", part(RUN, "x"), create=True)


@pytest.mark.parametrize("unit", ["x", "é", "…", "😀"])
def test_the_longest_body_is_accepted(hub: Hub, unit: str) -> None:
    run = WorkflowRun(10**19, 10**9)
    size = len(unit.encode("utf-16-le")) // 2
    publish(connect(hub), unit * (BODY_LIMIT // size), run, "n" * 64)
    assert hub.state.bodies(7) == [text(unit * (BODY_LIMIT // size), run, "n" * 64)]


def test_a_body_that_is_too_long_is_reported_with_githubs_message(hub: Hub) -> None:
    with pytest.raises(
        PublishError, match=r"failed \(422: Validation Failed. Body is too long \(maximum is 65536 char"
    ):
        publish(connect(hub), "x" * 65_536)


@pytest.mark.parametrize("name", ["", "a b", "a-->", "ä", "x" * 65, "a\n", "a/b", "a=b"])
def test_an_id_that_does_not_fit_into_the_marker(hub: Hub, name: str) -> None:
    with pytest.raises(UsageError, match=r"^comment-id: "):
        publish(connect(hub), name=name)
    assert hub.requests == []


def test_an_id_may_be_any_value_of_a_matrix() -> None:
    assert check_id("linux-arm64_go1.27--x") == "linux-arm64_go1.27--x"


def test_a_dry_run_shows_the_comment(hub: Hub) -> None:
    planned: list[Request] = []
    client = connect(hub, planned=planned.append)
    assert publish(client) == Posted("created", "")
    ours = hub.state.comment(7, text("before", OLD))
    assert publish(client) == Posted("updated", url(hub, ours))
    assert publish(client, run=WorkflowRun(1, 1)) == Posted("superseded", url(hub, ours))
    below = f"{hub.url}/repos/{hub.state.repository}"
    assert planned == [
        Request("POST", f"{below}/issues/7/comments", COMMENT, {"body": text("2 worse")}),
        Request("PATCH", f"{below}/issues/comments/{ours.id}", COMMENT, {"body": text("2 worse")}),
    ]
    assert hub.writes == []


def test_a_dry_run_without_a_token_shows_the_list_and_the_comment(hub: Hub) -> None:
    planned: list[Request] = []
    assert publish(connect(hub, "", planned=planned.append)) == Posted("created", "")
    assert [request.method for request in planned] == ["GET", "POST"]
    assert hub.requests == []
