"""Code scanning: uploads of SARIF and the state of their processing."""

from __future__ import annotations

import base64
import gzip
import json
import uuid

from tests.github.hub.call import Call
from tests.github.hub.exchange import Refusal, Response
from tests.github.hub.state import Upload


def upload(call: Call) -> Response:
    if not call.state.code_scanning:
        raise Refusal(403, "Code scanning is not enabled for this repository. Please enable code scanning.")
    body = call.body
    # Do not catch errors: a malformed upload is a bug in the client.
    packed = base64.b64decode(body["sarif"], validate=True)
    if len(packed) > call.state.upload_limit:
        raise Refusal(413, "Payload too large")
    number = uuid.UUID(int=call.state.next_id())
    sarif = json.loads(gzip.decompress(packed))
    added = Upload(str(number), body["commit_sha"], body["ref"], sarif, list(call.state.processing))
    call.state.uploads.append(added)
    return Response.of(202, call.shapes.receipt(added))


def processing(call: Call) -> Response:
    for each in call.state.uploads:
        if each.id == call.variables["sarif_id"]:
            answer = each.answers.pop(0) if len(each.answers) > 1 else each.answers[0]
            return Response.of(200, call.shapes.processing(each, answer))
    raise Refusal(404, "Not Found")
