"""Writing files: permissions, links, and targets that must not be replaced."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gotracer_ci.errors import FileError
from gotracer_ci.files import check_writable, locked, write
from tests.conftest import LOCKWAIT
from tests.files.processes import NOBODY, OLD, left_behind, listening


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


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_trace_is_never_replaced(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    trace, data = tmp_path / "trace.out", pack(Path(LOCKWAIT).read_bytes())
    trace.write_bytes(data)
    with pytest.raises(FileError, match="it is a trace; name another file"):
        check_writable(trace)
    with pytest.raises(FileError, match="it is a trace; name another file"):
        write(trace, b"{}")
    assert trace.read_bytes() == data
