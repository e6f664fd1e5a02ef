"""Files that grow while their data arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.errors import FileError
from gotracer_ci.files import NewFile


def test_data_are_on_disk_at_once(tmp_path: Path) -> None:
    file = NewFile(tmp_path / "new" / "x")
    file.write(b"abc")
    assert (tmp_path / "new" / "x").read_bytes() == b"abc"
    file.write(b"def")
    file.close()
    assert (file.size, file.path.read_bytes()) == (6, b"abcdef")


def test_an_empty_file_is_removed(tmp_path: Path) -> None:
    NewFile(tmp_path / "x").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "directory"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "x", tmp_path / "other"
    if kind == "directory":
        path.mkdir()
    elif kind == "file":
        path.write_bytes(b"old")
    else:
        path.symlink_to(other)
        if kind == "link":
            other.write_bytes(b"old")
    with pytest.raises(FileError, match="x: exists already; name another file, because it is never overwritten"):
        NewFile(path)
    assert other.exists() == (kind == "link")
