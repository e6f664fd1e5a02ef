"""One named file out of an artifact of another run, which anybody may have made: read in memory, under limits."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Any

from gotracer_ci.errors import PublishError
from gotracer_ci.github.client import READ_ACTIONS, Client

ARCHIVE_LIMIT = 64 << 20  # bytes, packed
ENTRIES = 10_000  # a zip's directory is read as a whole
_ENTRY = b"PK\x01\x02"  # how one of its entries begins
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OverflowError, OSError, ValueError,
)  # fmt: skip


class MissingArtifactError(PublishError):
    """The run has no artifact of that name, or no longer."""


def member(client: Client, run_id: int, artifact: str, member: str, limit: int) -> bytes:
    """The content of a file at the root of an artifact; of two of that name, of the newest.

    Args:
        artifact: its name.
        limit: bytes of the file, unpacked.

    Raises:
        MissingArtifactError: there is none that has not expired.
        PublishError: it is no zip that this reads, or the file is not in it, or too large.
    """
    found = _newest(client, run_id, artifact)
    name = f"artifact {artifact} of run {run_id}"
    data = client.raw(f"actions/artifacts/{found}/zip", READ_ACTIONS, limit=ARCHIVE_LIMIT)
    if data is None:
        raise MissingArtifactError(f"{name} has been deleted")
    return _unpack(data, name, member, limit)


def _newest(client: Client, run_id: int, artifact: str) -> int:
    path = f"actions/runs/{run_id}/artifacts"
    listed = client.pages(path, READ_ACTIONS, {"name": artifact}, "artifacts")
    named = [item for item in listed if item.get("name") == artifact and isinstance(item.get("id"), int)]
    lasting = [item for item in named if item.get("expired") is False]
    if not lasting:
        raise MissingArtifactError(
            f"run {run_id} has no artifact {artifact}{' any more: it has expired' * bool(named)}"
        )
    newest: int = max(lasting, key=_age)["id"]
    return newest


def _age(item: dict[str, Any]) -> tuple[str, int]:
    return str(item.get("created_at")), item["id"]


def _unpack(data: bytes, name: str, member: str, limit: int) -> bytes:
    if data.count(_ENTRY) > ENTRIES:
        raise PublishError(f"{name}: it has more than {ENTRIES:,} files, which is the limit")
    content = b""
    problem = ""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename == member]
            problem = _problem(entries)
            if not problem:
                with archive.open(entries[0]) as file:
                    # not by the size that the zip names: who made it says that
                    content = file.read(limit + 1)
    except _DAMAGE:
        problem = "cannot be read: the zip is damaged"
    if len(content) > limit:
        problem = f"is larger than {limit:,} bytes, which is the limit"
    if problem:
        raise PublishError(f"{name}: {member} {problem}")
    return content


def _problem(entries: list[zipfile.ZipInfo]) -> str:
    if len(entries) != 1:
        return "is in it more than once" if entries else "is not in it"
    if entries[0].flag_bits & 1:
        return "is encrypted"
    if entries[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed in a way that is not read here"
    return ""
