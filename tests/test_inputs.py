"""Which traces a user means: files, directories and globs."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from gotracer_ci.pipeline import run
from gotracer_ci.settings import load
from tests.conftest import path_of


def test_files_directories_and_globs_without_duplicates(tmp_path: Path) -> None:
    """In a directory all files that start like a trace, with any name. A file given twice counts once."""
    directory = tmp_path / "deep" / "er"
    directory.mkdir(parents=True)
    for name in ("a.trace", "b.out"):
        shutil.copyfile(path_of("waitgroup-go1.26"), directory / name)
    (directory / "c.trace.gz").write_bytes(gzip.compress((directory / "a.trace").read_bytes()))
    (directory / "notes.txt").write_text("no trace")
    (directory / "d.gz").write_bytes(gzip.compress(b"no trace"))
    for given, expected in [
        ([tmp_path], ["a.trace", "b.out", "c.trace.gz"]),
        ([directory / "*.trace"], ["a.trace"]),
        ([tmp_path / "**" / "?.*e*"], ["a.trace", "c.trace.gz"]),
        ([directory / "b.out", tmp_path, directory / "b.out"], ["b.out", "a.trace", "c.trace.gz"]),
    ]:
        outcome = run(load({"root": tmp_path, "traces": tuple(map(str, given))}))
        assert outcome.errors == ()
        assert [trace.path for trace in outcome.report.traces] == [f"deep/er/{name}" for name in expected]


def test_a_name_with_brackets_can_be_a_file(tmp_path: Path) -> None:
    """Go's subtest names can contain brackets. The name is a glob only if no such file exists."""
    odd = tmp_path / "TestX[1]*.trace"
    shutil.copyfile(path_of("waitgroup-go1.26"), odd)
    assert run(load({"traces": (str(odd),)})).errors == ()
