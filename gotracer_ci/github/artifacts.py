"""Read one named file from an artifact of another run. The artifact is untrusted: it stays in memory, with limits."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from gotracer_ci.errors import PublishError
from gotracer_ci.github.client import READ_ACTIONS, Client

ARCHIVE_LIMIT = 64 << 20  # compressed bytes
ENTRIES = 10_000  # zipfile reads the whole directory of a zip
_ENTRY = b"PK\x01\x02"  # starts each entry of a zip's directory
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OverflowError, OSError, ValueError,
)  # fmt: skip


class MissingArtifactError(PublishError):
    """The run has no artifact with that name, or it has expired."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file at the root of an artifact. artifact_id: GitHub's. names: those of all files of the artifact."""

    content: bytes
    artifact_id: int
    names: frozenset[str]


def member(client: Client, run_id: int, artifact: str, member: str, limit: int) -> Member:
    """Return a file at the root of an artifact. Of several artifacts with the name, take the newest.

    Args:
        artifact: the artifact's name.
        limit: the maximum size of the file in bytes, uncompressed.

    Raises:
        MissingArtifactError: the run has no such artifact, or it has expired.
        PublishError: the artifact is not a supported zip, or the file is missing or too large.
    """
    found = _newest(client, run_id, artifact)
    name = f"artifact {artifact} of run {run_id}"
    data = client.raw(f"actions/artifacts/{found}/zip", READ_ACTIONS, limit=ARCHIVE_LIMIT)
    if data is None:
        raise MissingArtifactError(f"{name} has been deleted")
    content, names = _unpack(data, name, member, limit)
    return Member(content, found, names)


def _newest(client: Client, run_id: int, artifact: str) -> int:
    path = f"actions/runs/{run_id}/artifacts"
    listed = client.pages(path, READ_ACTIONS, {"name": artifact}, "artifacts")
    named = [item for item in listed if item.get("name") == artifact and isinstance(item.get("id"), int)]
    lasting = [item for item in named if item.get("expired") is False]
    if not lasting:
        raise MissingArtifactError(f"run {run_id} has no artifact {artifact}{': it has expired' * bool(named)}")
    newest: int = max(lasting, key=_age)["id"]
    return newest


def _age(item: dict[str, Any]) -> tuple[str, int]:
    return str(item.get("created_at")), item["id"]


def _unpack(data: bytes, name: str, member: str, limit: int) -> tuple[bytes, frozenset[str]]:
    if data.count(_ENTRY) > ENTRIES:
        raise PublishError(f"{name}: more than {ENTRIES:,} files, which is the limit")
    content, names = b"", frozenset[str]()
    problem = ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = frozenset(archive.namelist())
            entries = [entry for entry in archive.infolist() if entry.filename == member]
            problem = _problem(entries)
            if not problem:
                with archive.open(entries[0]) as file:
                    # The size in the zip's directory is untrusted.
                    content = file.read(limit + 1)
    except _DAMAGE:
        problem = "cannot be read: damaged zip"
    if len(content) > limit:
        problem = f"exceeds the limit of {limit:,} bytes"
    if problem:
        raise PublishError(f"{name}: {member} {problem}")
    return content, names


def _problem(entries: list[zipfile.ZipInfo]) -> str:
    if len(entries) != 1:
        return "occurs more than once" if entries else "is missing"
    if entries[0].flag_bits & 1:
        return "is encrypted"
    if entries[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "has an unsupported compression method"
    return ""
