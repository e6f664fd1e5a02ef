"""Reading artifacts of another run, valid and hostile."""

from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
from contextlib import suppress

import pytest

from gotracer_ci.errors import ForbiddenError, PublishError
from gotracer_ci.github import artifacts
from gotracer_ci.github.artifacts import MissingArtifactError
from gotracer_ci.github.client import Client
from tests.github.connect import connect
from tests.github.hub import Hub
from tests.github.hub.exchange import Request, Response
from tests.github.hub.faults import gateway, meanwhile, refused
from tests.github.hub.server import Server
from tests.github.hub.state import NOTHING, zipped

RUN = 30433642
NAME = "gotracer-ci"
DATA = b'{"findings": []}'
LIMIT = 1_000_000


def read(hub: Hub, limit: int = LIMIT) -> bytes:
    return artifacts.member(connect(hub), RUN, NAME, "findings.json", limit).content


def problem(hub: Hub) -> str:
    with pytest.raises(PublishError) as error:
        read(hub)
    text = str(error.value)
    assert "\n" not in text
    return text


def test_the_named_file_is_read(hub: Hub) -> None:
    hub.state.artifact(RUN, {"report.html": "<html>", "findings.json": DATA, "x/findings.json": b"no"})
    hub.state.artifact(RUN, {"findings.json": b"no"}, "gotracer-ci-2")
    hub.state.artifact(RUN + 1, {"findings.json": b"no"})
    assert read(hub) == DATA
    names = artifacts.member(connect(hub), RUN, NAME, "findings.json", LIMIT).names
    assert names == {"report.html", "findings.json", "x/findings.json"}


def test_the_storage_of_an_enterprise_server(ghes: Hub) -> None:
    ghes.state.artifact(RUN, {"findings.json": DATA})
    assert read(ghes) == DATA


def test_the_newer_of_two_artifacts_with_one_name_is_read(hub: Hub) -> None:
    hub.state.artifact(RUN, {"findings.json": b"first attempt"})
    hub.state.artifact(RUN, {"findings.json": DATA})
    hub.state.artifact(RUN, {"findings.json": b"gone"}, expired=True)
    assert read(hub) == DATA


def test_a_server_that_ignores_the_name_filter() -> None:
    found = [
        {"id": number, "name": name, "expired": False} for number, name in [(1, "x"), (2, NAME), (3, "y"), ("4", NAME)]
    ]

    def answer(asked: Request) -> Response:
        if asked.path.endswith("/2/zip"):
            return Response(200, zipped({"findings.json": DATA}), "application/zip")
        return Response.of(200, {"artifacts": found})

    server = Server(answer)
    try:
        stored = artifacts.member(Client(server.url, "ghs_x", "octo/hello"), RUN, NAME, "findings.json", LIMIT)
        assert (stored.content, stored.artifact_id) == (DATA, 2)
    finally:
        server.close()


def test_an_artifact_is_found_among_many(hub: Hub) -> None:
    hub.state.artifact(RUN, {"findings.json": DATA})
    for number in range(150):
        hub.state.artifact(RUN, b"", f"other-{number}")
    assert read(hub) == DATA


def test_missing_and_expired_artifacts_are_distinguished(hub: Hub) -> None:
    assert problem(hub) == f"run {RUN} has no artifact gotracer-ci"
    hub.state.artifact(RUN, {"findings.json": DATA}, expired=True)
    assert problem(hub) == f"run {RUN} has no artifact gotracer-ci: it has expired"
    with pytest.raises(MissingArtifactError):
        read(hub)


def test_an_artifact_deleted_between_two_requests(hub: Hub) -> None:
    artifact = hub.state.artifact(RUN, {"findings.json": DATA})
    hub.on("GET", "/zip$", meanwhile(lambda: hub.state.artifacts.pop(artifact.id)))
    assert problem(hub) == f"artifact gotracer-ci of run {RUN} has been deleted"


def test_a_missing_permission_is_named(hub: Hub) -> None:
    with pytest.raises(ForbiddenError, match="the token needs `actions: read`"):
        artifacts.member(connect(hub, NOTHING), RUN, NAME, "findings.json", LIMIT)


def test_temporary_errors_are_retried(hub: Hub) -> None:
    hub.state.artifact(RUN, {"findings.json": DATA})
    hub.on("GET", "artifacts", gateway())
    hub.on("GET", "/zip$", gateway(504))
    assert read(hub) == DATA
    hub.on("GET", "/zip$", refused(410, "Artifact has expired"))
    assert problem(hub).endswith("failed (410: Artifact has expired)")


@pytest.mark.parametrize(
    "name", ["/findings.json", "../findings.json", "x/findings.json", "Findings.json", "findings.json/"]
)
def test_a_file_with_another_name_is_not_read(hub: Hub, name: str) -> None:
    hub.state.artifact(RUN, {name: DATA})
    assert problem(hub) == f"artifact gotracer-ci of run {RUN}: findings.json is missing"


def test_a_file_that_occurs_twice_is_refused(hub: Hub) -> None:
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("findings.json", DATA)
        archive.writestr("findings.json", b"other")
    hub.state.artifact(RUN, file.getvalue())
    assert problem(hub).endswith("findings.json occurs more than once")


def test_a_zip_bomb_is_not_unpacked(hub: Hub) -> None:
    hub.state.artifact(RUN, {"findings.json": bytes(200 * LIMIT)})
    assert problem(hub).endswith("findings.json exceeds the limit of 1,000,000 bytes")


def test_a_zip_bomb_with_a_forged_size_is_not_unpacked(hub: Hub) -> None:
    packed = zipped({"findings.json": bytes(5 * LIMIT)})
    size = struct.pack("<I", 5 * LIMIT)
    assert packed.count(size) == 2
    hub.state.artifact(RUN, packed.replace(size, struct.pack("<I", 100)))
    assert problem(hub).endswith("findings.json cannot be read: damaged zip")


def test_a_file_at_the_limit_is_read_completely(hub: Hub) -> None:
    hub.state.artifact(RUN, {"findings.json": DATA})
    assert read(hub, len(DATA)) == DATA
    with pytest.raises(PublishError, match="exceeds the limit of 15 bytes"):
        read(hub, len(DATA) - 1)


def test_an_encrypted_file_is_refused(hub: Hub) -> None:
    packed = bytearray(zipped({"findings.json": DATA}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    hub.state.artifact(RUN, bytes(packed))
    assert problem(hub).endswith("findings.json is encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unsupported_compression_methods_are_refused(hub: Hub, method: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("findings.json", DATA)
    hub.state.artifact(RUN, file.getvalue())
    assert problem(hub).endswith("findings.json has an unsupported compression method")


def test_a_huge_zip_directory_is_not_read(hub: Hub) -> None:
    hub.state.artifact(RUN, zipped({str(number): b"" for number in range(artifacts.ENTRIES + 1)}))
    assert problem(hub).endswith("more than 10,000 files, which is the limit")


@pytest.mark.parametrize("content", [b"", b"PK", b"<html>", zipped({"findings.json": DATA})[:-10]])
def test_what_is_not_a_zip_is_damaged(hub: Hub, content: bytes) -> None:
    hub.state.artifact(RUN, content)
    assert problem(hub) == f"artifact gotracer-ci of run {RUN}: findings.json cannot be read: damaged zip"


WHOLE = zipped({"findings.json": DATA * 20, "report.html": b"<html>"})


def test_any_damage_gives_the_same_error(hub: Hub) -> None:
    """A valid zip with a few bytes changed, removed or moved."""
    chance = random.Random(5)
    artifact = hub.state.artifact(RUN, WHOLE)
    for _ in range(150):
        data = bytearray(WHOLE)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.choice([0, 1, 0x50, 0x7F, 0xFF, chance.randrange(256)])
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        artifact.content = bytes(data)
        with suppress(PublishError):
            assert len(read(hub)) <= LIMIT
