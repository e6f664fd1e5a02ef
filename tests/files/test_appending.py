"""Appending to files that other processes append to as well."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gotracer_ci.errors import FileError
from gotracer_ci.files import append
from tests.files.processes import OLD, left_behind, started


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
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (50_000, 50_000))
    output, _ = started(code, path, stdout=subprocess.PIPE, preexec_fn=limit).communicate()
    assert output.decode() == f"{path}: cannot be written: File too large\n"
    assert path.read_bytes() == OLD
