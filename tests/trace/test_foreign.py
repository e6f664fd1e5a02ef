"""Files that are not traces are named for what they are."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from gotracer_ci.errors import TraceError
from gotracer_ci.trace.open import open_trace
from tests.conftest import LOCKWAIT

TRACE = Path(LOCKWAIT).read_bytes()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.trace", TRACE)
    return stream.getvalue()


def archived() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.add(LOCKWAIT, "x.trace")
    return stream.getvalue()


def pprof(*fields: tuple[int, int | bytes]) -> bytes:
    """Return a profile with these fields; all numbers and lengths are below 128."""
    return b"".join(
        bytes([number << 3, value]) if isinstance(value, int) else bytes([number << 3 | 2, len(value)]) + value
        for number, value in fields
    )


HEAP = pprof((11, b"\x08\x01\x10\x02"), (12, 1), (1, b"\x08\x01\x10\x02"), (2, b"\x08\x01\x18\x02"), (6, b"space"))
CPU = pprof((9, 77), (1, b"\x08\x01\x10\x02"), (1, b"\x08\x03\x10\x04"), (10, 5), (6, b""), (6, b"samples"))
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4665a5ea423c2713d436b5ee\nsize 12345\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped(), "it is a zip archive: unpack it"),
        (archived(), "it is a tar archive: unpack it"),
        (gzip.compress(archived()), "it is a tar archive: unpack it"),
        (gzip.compress(gzip.compress(TRACE)), "it is gzipped twice: unpack it once"),
        (b"<!DOCTYPE html>\n<html><title>Sign in</title></html>", "it is an HTML page: was it downloaded from "),
        (b"\n <!-- proxy --> <HTML>", "it is an HTML page: "),
        (POINTER, "it is a Git LFS pointer: run git lfs pull"),
        (HEAP, "it is a pprof profile: read it with go tool pprof"),
        (gzip.compress(CPU), "it is a pprof profile: "),
        (b"Unknown profile\n", "it is a text that begins with 'Unknown profile'"),
        (b"\n\r\n--- FAIL: TestOrders\n", "it is a text that begins with '--- FAIL: TestOrders'"),
        (b"x" * 200_000, f"it is a text that begins with '{'x' * 60}…'"),
        (b"\n\n", "it is an empty text"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + TRACE, "it has 19 bytes before the header of the trace: remove them"),
        ("\ufeff".encode("utf-16-le") + "go 1.22 trace\0".encode("utf-16-le"), "a shell converted it to UTF-16 text"),
        (b"\x7fELF\x02\x01\x01", "it is a program: run it to record a trace"),
        (bytes(4096), "it contains only zero bytes"),
        (b"\xff\xfe\x80\x81", "it does not begin with 'go 1.'"),
        (b"\x08\x01", "it does not begin with 'go 1.'"),
        (CPU[:-3], "it does not begin with 'go 1.'"),
    ],
    ids=range(20),
)
def test_it_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "x.trace"
    file.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        open_trace(str(file))
    assert str(caught.value).startswith(f"{file}: not a Go execution trace: {says}")
    assert "\n" not in str(caught.value)
