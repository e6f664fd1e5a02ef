"""The file reader and writer with real files: errors, and the effects of kills and full disks."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.errors import FileError, MissingFileError
from gotracer_ci.files import append, check_writable, locked, parse_json, parse_toml, read, read_text, write
from tests.conftest import ROOT

LIMIT = 1_000_000
NOBODY = 65534
OLD = b"what was there"


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", f"import sys, pathlib\nfrom gotracer_ci import files\n{code}", *map(str, arguments)]


def started(code: str, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that runs code with the module `files`."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(python(code, *arguments), env=environment, **options)


@pytest.fixture
def public() -> Iterator[Path]:
    """Yield a directory that every user can read and write, and make this process an ordinary user."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield path
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        shutil.rmtree(path)


def left_behind(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


# reading


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def too_large(path: Path) -> None:
    path.write_bytes(bytes(LIMIT + 1))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (Path.mkdir, "is a directory, not a regular file"),
        (os.mkfifo, "is a named pipe, not a regular file"),
        (listening, "is a socket, not a regular file"),
        (endless, "is a device, not a regular file"),
        (too_large, "exceeds the limit of 1,000,000 bytes"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
        (lambda path: None, "no such file"),
    ],
)
def test_only_a_regular_file_within_the_limit_is_read(
    tmp_path: Path, make: Callable[[Path], object], problem: str
) -> None:
    path = tmp_path / "file"
    make(path)
    with pytest.raises(FileError) as caught:
        read(path, LIMIT)
    assert str(caught.value) == f"{path}: {problem}"
    assert isinstance(caught.value, MissingFileError) == (problem == "no such file")


def test_a_file_at_the_limit_is_read_also_through_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(data := bytes(range(250)) * (LIMIT // 250))
    link.symlink_to(path)
    assert read(path, LIMIT) == read(link, LIMIT) == data


def test_a_file_without_permission(public: Path) -> None:
    path = public / "file"
    path.touch(mode=0)
    with pytest.raises(FileError, match="cannot be read: Permission denied"):
        read(path, LIMIT)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"ok\xff", "not UTF-8 at byte 2; save it as UTF-8"),
        ("text".encode("utf-16"), "not UTF-8 at byte 0; save it as UTF-8"),
        (b"\xef\xbb\xbf{}", "starts with a byte order mark; save it as UTF-8 without one"),
    ],
)
def test_text_is_utf8(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        read_text(path, LIMIT)
    assert str(caught.value) == f"{path}: {problem}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not valid JSON at line 1: Expecting value"),
        ('{"a": 1,\n', "not valid JSON at line 2: Expecting property name"),
        ("[" * 100_000, "not valid JSON"),  # some versions of Python read it and report a missing end
        ('{"a":' * 100_000, "not valid JSON"),
        ("[" + "1" * 5_000 + "]", "not valid JSON: it has a number with thousands of digits"),
    ],
)
def test_bad_json_is_one_line(text: str, problem: str) -> None:
    with pytest.raises(FileError) as caught:
        parse_json(text, "a.json")
    assert str(caught.value).startswith(f"a.json: {problem}")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = ", "not valid TOML: Invalid value"),
        ("a = " + "[" * 100_000, "not valid TOML: its brackets are nested too deeply"),
        ("a = " + "1" * 5_000, "not valid TOML: it has a number with thousands of digits"),
    ],
)
def test_bad_toml_is_one_line(text: str, problem: str) -> None:
    with pytest.raises(FileError) as caught:
        parse_toml(text, "a.toml")
    assert str(caught.value).startswith(f"a.toml: {problem}")
    assert str(caught.value).isprintable()


# writing


def test_a_file_and_its_directories_are_created(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert left_behind(path.parent) == ["file"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_permissions_come_from_the_umask_or_the_replaced_file(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "file"
    before = os.umask(umask)
    try:
        write(path, b"new")
        assert path.stat().st_mode & 0o7777 == 0o666 & ~umask
        path.chmod(0o640)
        write(path, b"newer")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o7777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for another user")
def test_the_owner_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.chown(path, NOBODY, NOBODY)
    write(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY, NOBODY)


@pytest.mark.parametrize("inside", [False, True])
def test_a_link_is_replaced_and_not_followed(tmp_path: Path, inside: bool) -> None:
    victim, link, dangling = tmp_path / "victim", tmp_path / "link", tmp_path / "dangling"
    victim.write_bytes(OLD)
    link.symlink_to(victim)
    dangling.symlink_to(tmp_path / "nothing")
    for path in (link, dangling):
        write(path, b"new", tmp_path if inside else None)
        assert not path.is_symlink()
        assert path.read_bytes() == b"new"
    assert left_behind(tmp_path) == ["dangling", "link", "victim"]
    assert victim.read_bytes() == OLD


def test_a_hard_link_keeps_the_content_of_its_other_name(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(OLD)
    os.link(tmp_path / "other", tmp_path / "file")
    write(tmp_path / "file", b"new")
    assert (tmp_path / "other").read_bytes() == OLD


@pytest.mark.parametrize(
    "path", ["../file", "sub/../../file", "out/file", "out/new/file", "dangling/file", "/dev/null"]
)
def test_nothing_is_written_outside_the_given_directory(tmp_path: Path, path: str) -> None:
    workspace, outside = tmp_path / "work", tmp_path / "outside"
    (workspace / "sub").mkdir(parents=True)
    outside.mkdir()
    (workspace / "out").symlink_to(outside)
    (workspace / "dangling").symlink_to(tmp_path / "nothing")
    for attempt in (check_writable, lambda path, inside: write(path, b"new", inside)):
        with pytest.raises(FileError, match="cannot be written: it is outside of the workspace; name a file in it"):
            attempt(workspace / path, workspace)
    with pytest.raises(FileError, match="outside of the workspace"), locked(workspace / path, workspace, create=True):
        pass
    assert left_behind(tmp_path) == ["outside", "work"]
    assert left_behind(outside) == []


def test_links_inside_the_given_directory_are_allowed(tmp_path: Path) -> None:
    workspace, link = tmp_path / "work", tmp_path / "link"
    (workspace / "sub").mkdir(parents=True)
    (workspace / "inner").symlink_to("sub")
    link.symlink_to(workspace)
    write(link / "inner" / "file", b"new", link)
    assert (workspace / "sub" / "file").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("make", "inside", "problem"),
    [
        (Path.mkdir, False, "it is a directory"),
        (listening, False, "it is a socket"),
        (os.mkfifo, True, "it is a named pipe"),
    ],
)
def test_targets_that_are_never_written_to(
    tmp_path: Path, make: Callable[[Path], object], inside: bool, problem: str
) -> None:
    path = tmp_path / "file"
    make(path)
    for attempt in (check_writable, lambda path, inside: write(path, b"new", inside)):
        with pytest.raises(FileError) as caught:
            attempt(path, tmp_path if inside else None)
        assert str(caught.value) == f"{path}: cannot be written: {problem}"
    assert left_behind(tmp_path) == ["file"]


def test_a_file_that_the_user_cannot_write(public: Path) -> None:
    (public / "file").write_bytes(OLD)
    (public / "file").chmod(0o444)
    (public / "directory").mkdir(mode=0o555)
    for path in (public / "file", public / "directory" / "file", public / "directory" / "deep" / "file"):
        for attempt in (check_writable, lambda path: write(path, b"new")):
            with pytest.raises(FileError, match="cannot be written: Permission denied"):
                attempt(path)
    assert (public / "file").read_bytes() == OLD
    assert left_behind(public / "directory") == []


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    for attempt in (check_writable, lambda path: write(path, b"new")):
        with pytest.raises(FileError, match="cannot be written: File name too long"):
            attempt(tmp_path / ("a" * 300))
    write(tmp_path / ("a" * 255), b"new")
    assert left_behind(tmp_path) == ["a" * 255]


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "file")
    check_writable(Path("/dev/stdout"))
    check_writable(Path("/dev/null"))
    assert left_behind(tmp_path) == []


# streams

TWICE = "for text in sys.argv[2:]: files.write(pathlib.Path(sys.argv[1]), text.encode())"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_by_name(tmp_path: Path, name: str) -> None:
    """As a pipe, a new file (>) and a file to append to (>>)."""
    assert started(TWICE, name, "a", "b", stdout=subprocess.PIPE).communicate()[0] == b"ab"
    file = tmp_path / "file"
    for mode, content in (("wb", b"ab"), ("ab", b"abab")):
        with file.open(mode) as stream:
            assert started(TWICE, name, "a", "b", stdout=stream).wait() == 0
        assert file.read_bytes() == content


def test_a_shell_s_process_substitution(tmp_path: Path) -> None:
    script = f'"$@" >(cat > {tmp_path}/file) text; wait'
    command = ["bash", "-c", script, "bash", *python(TWICE)]
    assert subprocess.run(command, env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)}, check=False).returncode == 0
    deadline = time.monotonic() + 30
    while (tmp_path / "file").read_bytes() != b"text" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "file").read_bytes() == b"text"


def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = started(TWICE, pipe, "text")
    assert pipe.read_bytes() == b"text"
    assert process.wait() == 0
    assert pipe.is_fifo()
    write(Path("/dev/null"), b"text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(FileError, match="/dev/full: cannot be written: No space left on device"):
        write(Path("/dev/full"), b"text")


def test_a_reader_that_closes_early_is_not_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    write(Path(f"/dev/fd/{writer}"), b"text")
    os.close(writer)


# kills and full disks

LOOP = """
path = pathlib.Path(sys.argv[1])
for i in range(10**9):
    files.write(path, (b"a" * 300_000, b"b" * 500_000)[i % 2])
    if i == 1:
        print(flush=True)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seed", range(8))
def test_a_kill_leaves_a_whole_file(tmp_path: Path, seed: int, sign: signal.Signals) -> None:
    path = tmp_path / "file"
    process = started(LOOP, path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.02))
    process.send_signal(sign)
    process.communicate()
    assert path.read_bytes() in (b"a" * 300_000, b"b" * 500_000)
    write(path, b"new")
    assert path.read_bytes() == b"new"
    drafts = [name for name in left_behind(tmp_path) if name != "file"]
    assert len(drafts) <= (sign != signal.SIGINT)
    assert all(name.startswith(".gotracer-ci-") and name.endswith(".tmp") for name in drafts)


@pytest.mark.parametrize("room", [0, 1, 4096, 99_999])
@pytest.mark.parametrize("before", [None, OLD])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, before: bytes | None, room: int) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    code = """
try:
    files.write(pathlib.Path(sys.argv[1]), bytes(100_000))
except files.FileError as error:
    print(error)
"""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))  # noqa: E731
    output, _ = started(code, path, stdout=subprocess.PIPE, preexec_fn=limit).communicate()
    assert output.decode() == f"{path}: cannot be written: File too large\n"
    assert left_behind(tmp_path) == ["file"] * (before is not None)
    assert before is None or path.read_bytes() == before


# appending


def test_append(tmp_path: Path) -> None:
    path = tmp_path / "file"
    append(path, b"a=1\n")
    append(path, b"b=2\n")
    assert path.read_bytes() == b"a=1\nb=2\n"


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (Path.mkdir, "Is a directory"),
        (os.mkfifo, "No such device or address"),
        (lambda path: path.symlink_to(path.with_name("victim")), "Too many levels of symbolic links"),
    ],
)
def test_targets_that_are_never_appended_to(tmp_path: Path, make: Callable[[Path], object], problem: str) -> None:
    path = tmp_path / "file"
    make(path)
    with pytest.raises(FileError) as caught:
        append(path, b"new")
    assert str(caught.value) == f"{path}: cannot be written: {problem}"
    assert left_behind(tmp_path) == ["file"]


def test_streams_are_appended_to() -> None:
    append(Path("/dev/null"), b"text")
    with pytest.raises(FileError, match="/dev/full: cannot be written: No space left on device"):
        append(Path("/dev/full"), b"text")
    code = "files.append(pathlib.Path('/dev/stdout'), b'text')"
    assert started(code, stdout=subprocess.PIPE).communicate()[0] == b"text"


def test_an_incomplete_append_is_undone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    code = """
try:
    files.append(pathlib.Path(sys.argv[1]), bytes(100_000))
except files.FileError as error:
    print(error)
"""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # noqa: E731
    output, _ = started(code, path, stdout=subprocess.PIPE, preexec_fn=limit).communicate()
    assert output.decode() == f"{path}: cannot be written: File too large\n"
    assert path.read_bytes() == OLD


# locks


def test_one_process_at_a_time_changes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "count"
    code = """
path = pathlib.Path(sys.argv[1])
for _ in range(20):
    with files.locked(path, create=True):
        files.write(path, str(int(path.read_text()) + 1 if path.exists() else 1).encode())
"""
    for process in [started(code, path) for _ in range(5)]:
        assert process.wait() == 0
    assert path.read_text() == "100"
    assert left_behind(path.parent) == ["count"]


def test_a_lock_creates_no_directory_unless_asked(tmp_path: Path) -> None:
    with locked(tmp_path / "new" / "file"):
        assert left_behind(tmp_path) == []


def test_the_lock_of_a_killed_process_is_released(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = """
import time
with files.locked(pathlib.Path(sys.argv[1])):
    print(flush=True)
    time.sleep(600)
"""
    process = started(code, path, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.communicate()
    with locked(path):
        write(path, b"new")
