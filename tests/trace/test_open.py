"""Opening a trace: gzip and streams are read once, as far as they are traces, and within the memory that there is."""

from __future__ import annotations

import gzip
import io
import mmap
import os
import resource
import subprocess
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest

from gotracer_ci.errors import TraceError
from gotracer_ci.trace import memory
from gotracer_ci.trace.open import open_trace
from tests.conftest import ROOT, path_of
from tests.trace import hostile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TRACE = Path(path_of("tour-go1.27")).read_bytes()
ZEROS = 64 << 20


class Counting(io.BytesIO):
    """A stream that counts what is read of it."""

    given = 0

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        self.given += len(part)
        return part


class Slow(io.FileIO):
    """A pipe that gives a few bytes at a time."""

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        return super().readinto(memoryview(buffer).cast("B")[:7])


def stdin(monkeypatch: pytest.MonkeyPatch, stream: BinaryIO) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream))


def packed_zeros(first: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    parts = [packer.compress(first), *(packer.compress(zeros) for _ in range(ZEROS >> 20))]
    return b"".join(parts) + packer.flush()


def test_what_is_no_trace_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a megabyte can unpack to a gigabyte."""
    stream = Counting(packed_zeros())
    stdin(monkeypatch, stream)
    with pytest.raises(TraceError, match="not a Go execution trace"):
        open_trace("-")
    assert stream.given < len(stream.getvalue()) / 2


def test_what_is_no_trace_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Counting(bytes(16 << 20))
    stdin(monkeypatch, stream)
    with pytest.raises(TraceError, match="not a Go execution trace"):
        open_trace("-")
    assert stream.given < 2 << 20


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_more_than_fits_into_memory_is_damage(packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits is analyzed."""
    monkeypatch.setattr(memory, "available", lambda: 4 << 20)
    if packed:
        (tmp_path / "a").write_bytes(packed_zeros(TRACE))
        trace = open_trace(str(tmp_path / "a"))
    else:
        stdin(monkeypatch, io.BytesIO(TRACE + bytes(16 << 20)))
        trace = open_trace("-")
    assert trace.size <= 3 << 20
    assert sum(chunk.n for chunk in trace.chunks()) > 300
    verb = "unpacks to" if packed else "has"
    assert f"{verb} more than the 3 MiB that fit into memory" in str(trace.damage)
    if packed:
        assert open_trace(str(tmp_path / "a"), processes=3).size <= 1 << 20


def test_a_limit_of_the_address_space_leaves_less_room(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = mmap.mmap

    def limited(fd: int, size: int, **flags: int) -> mmap.mmap:
        asked.append(size)
        if size > 8 << 20:
            raise OSError(12, "Cannot allocate memory")
        return real(fd, size, **flags)

    monkeypatch.setattr("gotracer_ci.trace.open.mmap.mmap", limited)
    monkeypatch.setattr(memory, "available", lambda: 100 << 20)
    stdin(monkeypatch, io.BytesIO(TRACE))
    assert open_trace("-").size == len(TRACE)
    assert len(asked) == 5


@pytest.mark.parametrize("kind", [Slow, io.FileIO])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_streams_give_the_same_trace(
    kind: type[io.FileIO], packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gives parts of any size."""
    (tmp_path / "a").write_bytes(gzip.compress(TRACE) if packed else TRACE)
    stdin(monkeypatch, io.BufferedReader(kind(tmp_path / "a")))
    trace = open_trace("-")
    expected = open_trace(path_of("tour-go1.27"))
    assert [row for chunk in trace.chunks() for row in chunk.rows()] == [
        row for chunk in expected.chunks() for row in chunk.rows()
    ]


def test_several_members_are_one_trace(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(TRACE[:1000]) + gzip.compress(TRACE[1000:]) + bytes(64))
    trace = open_trace(str(tmp_path / "a"))
    assert (trace.size, trace.damage) == (len(TRACE), None)


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["sh", "-c", 'cat "$0" > "$1"', path_of("tour-go1.27"), str(tmp_path / "pipe")]):
        trace = open_trace(str(tmp_path / "pipe"))
    assert (trace.size, trace.damage) == (len(TRACE), None)


def test_a_lack_of_memory_damages_one_trace(tmp_path: Path) -> None:
    """The other traces are analyzed, and no traceback is shown."""
    (tmp_path / "large").write_bytes(hostile.goroutines(6_000_000))
    limit = 140 << 20
    done = subprocess.run(
        [sys.executable, "-m", "gotracer_ci", "analyze", "large", path_of("lockwait-go1.27"), "-f", "ndjson"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2
    assert "gotracer-ci: large: needs more memory than there is" in done.stderr
    assert "Traceback" not in done.stderr
    assert "MutexContention" in done.stdout


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n"}
TWO = {"proc/self/cgroup": "0::/ci/job\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, memory.UNKNOWN),
        (MEMINFO, 8_192_000),
        ({**MEMINFO, **TWO}, 8_192_000),
        (
            {**MEMINFO, **TWO, "sys/fs/cgroup/ci/job/memory.max": "max\n", "sys/fs/cgroup/ci/job/memory.current": "7"},
            8_192_000,
        ),
        (
            {**MEMINFO, **TWO, "sys/fs/cgroup/ci/memory.max": "5000\n", "sys/fs/cgroup/ci/memory.current": "2000\n"},
            3000,
        ),
        (
            {
                **MEMINFO,
                **TWO,
                "sys/fs/cgroup/memory.max": "5000\n",
                "sys/fs/cgroup/memory.current": "4000\n",
                "sys/fs/cgroup/memory.stat": "anon 1000\nfile 3000\n",
            },
            4000,
        ),
        (
            {
                **MEMINFO,
                "proc/self/cgroup": "4:cpu,cpuacct:/x\n3:memory:/docker/1\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "6000\n",
                "sys/fs/cgroup/memory/memory.usage_in_bytes": "7000\n",
            },
            0,
        ),
    ],
    ids=["unknown", "machine", "no limit", "max", "parent", "container, with cached files", "version 1"],
)
def test_the_memory_that_is_available(files: dict[str, str], expected: int, tmp_path: Path) -> None:
    assert memory.available(system(tmp_path, files)) == expected


def test_this_machine_says_how_much_it_has() -> None:
    assert 1 << 20 < memory.available() < 1 << 50
