"""Traces that URLs name: read in order from web servers and stores, and never waited for forever."""

from __future__ import annotations

import errno
import gzip
import io
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from gotracer_ci import inputs
from gotracer_ci.errors import TraceError
from gotracer_ci.remote import stores
from gotracer_ci.trace import open as opening
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS, ROOT, Run, complaints, path_of
from tests.remote.server import Server

NAME = "generations-go1.26"
DATA = Path(path_of(NAME)).read_bytes()
SECRET = "s3cr3t-t0ken"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(DATA)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries that follow at once."""
    monkeypatch.setattr(stores, "PAUSE_S", 0.01)
    monkeypatch.setattr(stores, "_silent", Counter())


def fetched(url: str) -> bytes:
    stream = stores.Stream(url)
    try:
        return b"".join(iter(lambda: stream.read(100_000), b""))
    finally:
        stream.close()


@pytest.mark.parametrize("how", ["plain", "busy", "dropping", "whole", "stalling"])
def test_a_trace_arrives_whole(how: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the server is busy, drops the connection or stalls, and if it does not know ranges."""
    if how == "stalling":
        monkeypatch.setattr(stores, "LIMIT_S", 0.5)
    assert fetched(f"{server.url}/{how}/a.trace") == DATA
    ranges = [given for _, given in server.requests]
    assert len(ranges) == (1 if how == "plain" else 2)
    if how in ("dropping", "whole"):
        assert ranges[1] == f"bytes={len(DATA) // 2}-"


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("status/404", "no such file"),
        ("status/403", "the server answered 403 Forbidden"),
        ("status/500", "the server answered 500 Internal Server Error (tried 4 times)"),
        ("changing", "it changed while it was read"),
        ("lost", "the connection was lost"),
    ],
)
def test_a_loss_is_named_without_what_signs_the_url(how: str, problem: str, server: Server) -> None:
    url = f"http://user:{SECRET}@{server.host}/{how}/a.trace?X-Amz-Signature={SECRET}"
    with pytest.raises(TraceError) as caught:
        fetched(url)
    assert str(caught.value).startswith(f"{server.url}/{how}/a.trace: cannot be read")
    assert problem in str(caught.value)
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_what_arrived_before_the_loss_is_analyzed(server: Server) -> None:
    trace = open_trace(f"{server.url}/lost/a.trace?key={SECRET}")
    rows = sum(chunk.n for chunk in trace.chunks())
    assert rows > 500
    assert trace.damage
    where = f"after {len(DATA) * 3 // 4:,} bytes"
    assert str(trace.damage).startswith(f"{server.url}/lost/a.trace: cannot be read {where}: the connection was lost")


def test_a_store_that_is_silent_is_not_tried_for_every_trace(server: Server) -> None:
    """Each try can take a minute. One that answers, if only with an error, is not silent."""
    for _ in range(stores.SILENT + 1):
        with pytest.raises(TraceError, match="no such file"):
            fetched(f"{server.url}/status/404")
    assert fetched(f"{server.url}/plain/a.trace") == DATA
    server.close()
    for number in range(stores.SILENT + 2):
        problem = "Connect" if number < stores.SILENT else "was not tried: nothing arrived of 3 traces of its store"
        with pytest.raises(TraceError, match=problem):
            fetched(f"{server.url}/plain/{number}.trace")


class Flaky(MemoryFileSystem):  # type: ignore[misc]
    """A store in memory. The first read of each file after its first 10,000 bytes fails."""

    protocol = "flaky"
    store: ClassVar[dict[str, object]] = {}
    failed: ClassVar[list[int]] = []

    def open(self, path: str, *_arguments: object, **_options: object) -> io.BytesIO:
        class File(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if not Flaky.failed and self.tell() == 10_000:
                    Flaky.failed.append(self.tell())
                    raise ConnectionResetError(errno.ECONNRESET, "reset")
                return super().read(min(size or 0, 10_000))

        return File(DATA)


def test_a_store_that_can_seek_is_read_on() -> None:
    """The bytes that arrived are not fetched again."""
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    assert fetched("flaky://bucket/a.trace") == DATA
    assert Flaky.failed == [10_000]


def test_an_endless_trace_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits into memory is analyzed."""
    monkeypatch.setattr(opening, "MAX_UNPACKED", 4 << 20)
    trace = open_trace(f"{server.url}/endless/a.trace")
    assert sum(chunk.n for chunk in trace.chunks()) > 500
    assert trace.size == 4 << 20
    assert trace.damage
    assert "more than the 4 MiB that fit into memory" in str(trace.damage)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("https://host/run/*.trace?key=K", "web servers cannot be listed, so a glob does not work; name each trace"),
        ("s3://bucket/run/", "is a directory; use a glob such as s3://bucket/run/*.trace"),
        ("simplecache::s3://bucket/a.trace", "chained URLs are not supported; name the trace's own URL"),
        ("nosuch://u:p@host/*.trace", "cannot be listed: no such kind of store"),
        ("memory://none/*.trace", "no file matches this glob"),
        ("http://localhost:6060", "is a service; to fetch and analyze its trace, run gotracer-ci capture URL"),
    ],
)
def test_names_that_cannot_be_traces(name: str, problem: str) -> None:
    with pytest.raises(TraceError) as caught:
        inputs.find([name], ())
    assert caught.value.problem == problem
    assert not any(secret in str(caught.value) for secret in ("u:p", "key"))


def test_every_command_reads_urls(server: Server, run: Run) -> None:
    """With the same result as from a file. What signs a URL appears nowhere."""
    url = f"{server.url}/plain/{NAME}.trace?sig={SECRET}"
    for command in (
        ("analyze", "-f", "json"),
        ("goroutines", "-f", "json"),
        ("events", "--kind", "GoCreate"),
        ("query", "SELECT count(*) FROM goroutine"),
    ):
        local, remote = run(command[0], path_of(NAME), *command[1:]), run(command[0], url, *command[1:])
        assert remote.returncode == local.returncode
        assert SECRET.encode() not in remote.stdout + remote.stderr
        shown = f"{server.url}/plain/{NAME}.trace"
        assert remote.stdout.replace(shown.encode(), path_of(NAME).encode()) == local.stdout
        assert complaints(remote) == []


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 service. Returns its address."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_glob_of_a_bucket(s3: str, run: Run, tmp_path: Path) -> None:
    """The traces are read in the order of their names, by several processes too; a lost one costs only itself."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=s3, aws_access_key_id="id", aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    client.create_bucket(Bucket="bucket")
    directory = tmp_path / "bucket" / "run"
    directory.mkdir(parents=True)
    for name in (NAME, "tour-go1.27", "lockwait-go1.27"):
        shutil.copy(path_of(name), directory)
    (directory / "packed.trace.gz").write_bytes(gzip.compress(Path(path_of("tour-go1.26")).read_bytes()))
    for file in directory.iterdir():
        client.put_object(Bucket="bucket", Key=f"run/{file.name}", Body=file.read_bytes())
    known = {"AWS_ENDPOINT_URL": s3, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": SECRET}
    # a long wait is explained only by reading its trace again, which is not worth a second download
    options = ("--root", PROGRAMS, "-f", "json", "--skip", "LongWait")
    local = run("analyze", "bucket/run/*.trace*", *options)
    remote = run("analyze", "s3://bucket/run/*.trace*", *options, "--jobs", "2", **known)
    assert complaints(remote) == []
    assert remote.stdout.replace(b"s3://bucket", b"bucket") == local.stdout
    assert remote.returncode == local.returncode
    lost = run("analyze", "s3://bucket/run/*.trace", "s3://bucket/run/gone.trace", *options, **known)
    assert complaints(lost) == ["s3://bucket/run/gone.trace: cannot be read: no such file"]
    assert lost.returncode == 2
    assert lost.stdout.count(b'"s3://bucket/run/') >= 4
    without = run("analyze", "s3://bucket/run/a.trace", AWS_ENDPOINT_URL=s3, AWS_EC2_METADATA_DISABLED="true")
    assert complaints(without) == ["s3://bucket/run/a.trace: cannot be read: no credentials for this store were found"]


def test_the_extra_is_named_if_it_is_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fsspec.py").write_text("raise ImportError", encoding="utf-8")
    done = run("analyze", "s3://bucket/run/*.trace", PYTHONPATH=f"{tmp_path}:{ROOT}")
    problem = "cannot be listed: install the extra: pip install 'gotracer-ci[remote]'"
    assert complaints(done) == [f"s3://bucket/run/*.trace: {problem}"]
    assert done.returncode == 2
