"""Artifacts of workflow runs. Their content is on another host, which must not receive the token."""

from __future__ import annotations

from tests.github.hub.call import Call
from tests.github.hub.exchange import Refusal, Response


def artifacts(call: Call) -> Response:
    """List the artifacts of a run, newest first."""
    name = call.request.query.get("name")
    found = [each for each in call.state.artifacts.values() if each.run == call.number("run_id")]
    newest = sorted((each for each in found if name in (None, each.name)), key=lambda each: -each.id)
    return call.page([call.shapes.artifact(each) for each in newest], "artifacts")


def download(call: Call) -> Response:
    artifact = call.state.artifacts.get(call.number("artifact_id"))
    if artifact is None or call.variables["archive_format"] != "zip":
        raise Refusal(404, "Not Found")
    if artifact.expired:
        raise Refusal(410, "Artifact has expired")
    return Response(302, headers={"location": f"{call.storage}/{artifact.id}.zip?sig=signature"})
