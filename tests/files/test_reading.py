"""Reading files, JSON and TOML: only regular files within the limit, and one clear line for each error."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gotracer_ci.errors import FileError, MissingFileError
from gotracer_ci.files import parse_json, parse_toml, read, read_text
from tests.files.processes import listening

LIMIT = 1_000_000


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


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
