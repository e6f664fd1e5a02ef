"""Comments on issues and pull requests, and their authors."""

from __future__ import annotations

from tests.github.hub.call import Call
from tests.github.hub.exchange import Refusal, Response
from tests.github.hub.state import Comment

BODY_LIMIT = 65_536


def myself(call: Call) -> Response:
    """Return the token's user. A workflow's token has none."""
    if call.token.author.type == "Bot":
        raise Refusal(403, "Resource not accessible by integration")
    return Response.of(200, call.shapes.myself(call.token.author))


def listing(call: Call) -> Response:
    number = _open_number(call)
    return call.page([call.shapes.comment(comment) for comment in call.state.comments_of(number)])


def create(call: Call) -> Response:
    number = _open_number(call)
    if call.state.pulls[number].locked:
        raise Refusal(403, "Unable to create comment because issue is locked.")
    body = _checked(call)
    value = call.shapes.comment(call.state.comment(number, body, call.token.author))
    return Response.of(201, value, location=value["url"])


def update(call: Call) -> Response:
    comment = _comment(call)
    comment.body = _checked(call)
    comment.updated = call.state.now()
    return Response.of(200, call.shapes.comment(comment))


def delete(call: Call) -> Response:
    del call.state.comments[_comment(call).id]
    return Response(204)


def _open_number(call: Call) -> int:
    number = call.number("issue_number")
    if number not in call.state.pulls:
        raise Refusal(404, "Not Found")
    return number


def _comment(call: Call) -> Comment:
    comment = call.state.comments.get(call.number("comment_id"))
    if comment is None:
        raise Refusal(404, "Not Found")
    return comment


def _checked(call: Call) -> str:
    """Return the body if it is short enough, by the strictest unit: GitHub does not document which one it counts."""
    body: str = call.body["body"]
    if not body.strip():
        raise _invalid("Body can't be blank")
    if len(body.encode("utf-16-le", "surrogatepass")) // 2 > BODY_LIMIT:
        raise _invalid(f"Body is too long (maximum is {BODY_LIMIT} characters)")
    return body


def _invalid(message: str) -> Refusal:
    error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
    return Refusal(422, "Validation Failed", errors=[error])
