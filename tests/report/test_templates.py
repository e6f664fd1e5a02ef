"""Templates that are compiled once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gotracer_ci.report import templates


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Use a copy of the templates that are not compiled, in a process that may compile."""
    copy = tmp_path / "html"
    shutil.copytree(templates.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(templates, "FOLDER", copy)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    templates.environment.cache_clear()
    yield copy
    templates.environment.cache_clear()


def compiled(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("__pycache__/*")}


def rendered(name: str) -> str:
    templates.environment.cache_clear()
    return templates.environment().get_template(name).render(name="<b>\x1b[31m")


def test_each_template_is_compiled_once(folder: Path) -> None:
    templates.compile_all()
    first = {file: file.stat().st_ino for file in folder.glob("__pycache__/*")}
    templates.environment.cache_clear()
    templates.compile_all()

    assert len(first) == len(list(folder.glob("*.html")))
    assert {file: file.stat().st_ino for file in folder.glob("__pycache__/*")} == first


def test_a_template_that_has_changed_is_compiled_again(folder: Path) -> None:
    (folder / "a.html").write_text("old {{ name }}")
    assert rendered("a.html") == "old &lt;b&gt;\N{REPLACEMENT CHARACTER}[31m"
    (folder / "a.html").write_text("new {{ name }}")

    assert rendered("a.html") == rendered("a.html") == "new &lt;b&gt;\N{REPLACEMENT CHARACTER}[31m"


def test_a_damaged_file_is_compiled_again(folder: Path) -> None:
    (folder / "a.html").write_text("{{ name }}")
    expected = rendered("a.html")
    (file,) = folder.glob("__pycache__/*")
    good = file.read_bytes()

    for damaged in (b"damaged", good[: good.index(b"X") + 4], good[:-4]):
        file.write_bytes(damaged)
        assert rendered("a.html") == expected
        assert file.read_bytes() == good


def test_nothing_is_written_where_python_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    templates.compile_all()

    assert compiled(folder) == {}


def test_a_folder_that_cannot_be_written_is_no_problem(folder: Path) -> None:
    (folder / "__pycache__").write_bytes(b"")  # root may write everywhere, but not into a file
    (folder / "a.html").write_text("{{ name }}")

    assert rendered("a.html") == "&lt;b&gt;\N{REPLACEMENT CHARACTER}[31m"
