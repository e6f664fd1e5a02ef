"""Which traces a user means: files, directories and globs, each trace once."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gotracer_ci import inputs
from gotracer_ci.errors import TraceError, UsageError
from gotracer_ci.inputs import Inputs
from gotracer_ci.pipeline import run
from gotracer_ci.settings import load
from tests.conftest import path_of
from tests.variants import variant

TRACE = Path(path_of("waitgroup-go1.26")).read_bytes()
FIRST = "traces/a.trace"
OTHER = "traces/other.trace"


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, which has two traces."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "traces").mkdir()
    Path(FIRST).write_bytes(TRACE)
    Path(OTHER).write_bytes(variant(TRACE, 1))
    return tmp_path


def find(*names: str, base: tuple[str, ...] = ()) -> Inputs:
    return inputs.find(names, base)


def test_files_directories_and_globs() -> None:
    """In a directory all files that start like a trace, with any name."""
    deep = Path("deep/er")
    deep.mkdir(parents=True)
    for number, name in enumerate(("a.trace", "b.out", "c.trace.gz", ".hidden.trace")):
        data = variant(TRACE, number)
        (deep / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    (deep / "notes.txt").write_text("no trace")
    (deep / "d.gz").write_bytes(gzip.compress(b"no trace"))
    for given, expected in [
        (["deep"], [".hidden.trace", "a.trace", "b.out", "c.trace.gz"]),
        (["deep/er/*.trace"], ["a.trace"]),
        (["deep/**/?.*e*"], ["a.trace", "c.trace.gz"]),
        (["**/er/*.out"], ["b.out"]),
        (["deep/er/.*"], [".hidden.trace"]),
        (["d*p/e[qr]/b.out"], ["b.out"]),
    ]:
        assert find(*given) == ([f"deep/er/{name}" for name in expected], [], [])
    absolute = os.path.abspath("deep")
    assert find(f"{absolute}/*/c*").traces == [f"{absolute}/er/c.trace.gz"]


def link(to: str) -> None:
    Path(to).symlink_to(os.path.abspath(FIRST))


def hard_link(to: str) -> None:
    os.link(FIRST, to)


def copy(to: str) -> None:
    shutil.copyfile(FIRST, to)


def packed(to: str) -> None:
    Path(to).write_bytes(gzip.compress(TRACE, 1))


@pytest.mark.parametrize(
    ("again", "how"), [(link, "same file"), (hard_link, "same file"), (copy, "same content"), (packed, "same content")]
)
@pytest.mark.parametrize("given", [("traces",), ("traces/a.trace", "traces/z.*"), ("traces/[az].*",)])
def test_a_trace_counts_once_whatever_its_names(again: Callable[[str], None], how: str, given: tuple[str, ...]) -> None:
    again("traces/z.trace")
    found = find(*given)
    assert found.traces == [FIRST, *([OTHER] if given == ("traces",) else [])]
    (note,) = found.notes(Path())
    assert note.text == (f"left out, because each trace counts once: traces/z.trace ({how} as traces/a.trace)")


def test_packed_copies_count_once() -> None:
    for level in (1, 9):
        Path(f"{level}.trace.gz").write_bytes(gzip.compress(TRACE, level))
    assert find("1.trace.gz", "9.trace.gz").traces == ["1.trace.gz"]


def test_a_wrong_size_at_the_end_of_a_packed_trace_does_no_harm() -> None:
    """It is untrusted. Two traces that are the same up to there are not the same."""
    size = 1000
    for number in (1, 2):
        data = bytearray(gzip.compress(TRACE[:size] + b"%d" % number))
        data[-4:] = size.to_bytes(4, "little")
        Path(f"{number}.trace.gz").write_bytes(data)
    Path("cut.trace").write_bytes(TRACE[:size])
    given = ["1.trace.gz", "2.trace.gz", "cut.trace"]
    assert find(*given) == (given, [], [])


def test_overlapping_names_count_once() -> None:
    found = find(OTHER, "traces", "traces/*", OTHER)
    assert found.traces == [OTHER, FIRST]
    assert found.notes(Path())[0].text.endswith(
        "traces/other.trace (named twice), traces/a.trace (named twice), traces/other.trace (named twice), 1 more"
    )


def test_a_trace_of_the_change_is_not_one_of_its_base() -> None:
    copy("traces/copy")
    found = find(FIRST, base=("traces",))
    assert (found.traces, found.base) == ([FIRST], [OTHER])
    assert "traces/copy (same content as traces/a.trace)" in found.notes(Path())[0].text
    with pytest.raises(UsageError, match="all of its traces are also traces of the change"):
        find("traces", base=("traces/copy",))


def test_the_report_says_what_was_left_out() -> None:
    copy("traces/copy.trace")
    outcome = run(load({"traces": ("traces",)}))
    assert (outcome.errors, len(outcome.report.traces)) == ((), 2)
    assert outcome.report.notes[0].startswith("left out, because each trace counts once: traces/copy.trace (same")


def test_wildcards_do_not_enter_linked_directories(directory: Path) -> None:
    """Otherwise a loop, or a link to an older run, adds traces."""
    elsewhere = directory / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "old.trace").write_bytes(variant(TRACE, 2))
    (directory / "traces/last").symlink_to(elsewhere)
    (directory / "traces/loop").symlink_to(directory)
    for given in ("traces/**", "traces/**/*.trace", "traces"):
        assert find(given).traces == [FIRST, OTHER]
    with pytest.raises(TraceError, match="no file matches this glob"):
        find("traces/*/*.trace")
    assert find("traces/last/*.trace").traces == ["traces/last/old.trace"]


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_a_usage_error(name: str) -> None:
    """It comes from an unset variable, and would mean everything below the working directory."""
    for given, base in (((name,), ()), ((FIRST, name), ()), ((FIRST,), (name,))):
        with pytest.raises(UsageError, match="the name of a trace is empty; is the variable that should hold it unset"):
            find(*given, base=base)


@pytest.mark.parametrize("name", ["x.trace", "trace.out", "x.trace.out", "cpu_trace.out", "x.trace.gz", "X.TRACE"])
@pytest.mark.parametrize("data", [b"", b"<html>", b"\x1f\x8bnot gzip"])
def test_a_broken_file_named_like_a_trace_is_an_error(name: str, data: bytes) -> None:
    Path("traces", name).write_bytes(data)
    outcome = run(load({"traces": ("traces",)}))
    (error,) = outcome.errors
    assert str(error).startswith(f"traces/{name}: ")
    assert outcome.exit_code == 2
    assert len(outcome.report.traces) == 3


def test_a_name_with_brackets_can_be_a_file(tmp_path: Path) -> None:
    """Go's subtest names can contain brackets. The name is a glob only if no such file exists."""
    odd = tmp_path / "TestX[1]*.trace"
    shutil.copyfile(path_of("waitgroup-go1.26"), odd)
    assert run(load({"traces": (str(odd),)})).errors == ()
