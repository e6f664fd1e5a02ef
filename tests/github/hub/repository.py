"""Files and pull requests of the repository."""

from __future__ import annotations

from tests.github.hub.call import Call
from tests.github.hub.description import RAW
from tests.github.hub.exchange import Refusal, Response


def whole(call: Call) -> Response:
    return Response.of(200, call.shapes.repository())


def contents(call: Call) -> Response:
    """Return a file, raw or as JSON. Directories are not supported."""
    ref = call.request.query.get("ref") or call.state.default_branch
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if name not in call.state.files:
        raise Refusal(404, f"No commit found for the ref {ref}")
    path = call.variables["path"]
    content = call.state.files[name].get(path)
    if content is None:
        raise Refusal(404, "Not Found")
    if call.request.headers.get("accept") == RAW and call.state.has_raw_contents:
        return Response(200, content, f"{RAW}; charset=utf-8")
    return Response.of(200, call.shapes.file(path, name, content))


def pulls(call: Call) -> Response:
    """List pull requests, newest first. As on GitHub, a head without a colon does not filter."""
    query = call.request.query
    state = query.get("state", "open")
    found = [pull for pull in call.state.pulls.values() if state in ("all", pull.state)]
    if ":" in query.get("head", ""):
        found = [pull for pull in found if f"{pull.owner}:{pull.branch}" == query["head"]]
    if query.get("base"):
        found = [pull for pull in found if pull.base == query["base"]]
    newest = sorted(found, key=lambda pull: -pull.number)
    return call.page([call.shapes.pull(pull, whole=False) for pull in newest])


def pull(call: Call) -> Response:
    found = call.state.pulls.get(call.number("pull_number"))
    if found is None:
        raise Refusal(404, "Not Found")
    return Response.of(200, call.shapes.pull(found, whole=True))
