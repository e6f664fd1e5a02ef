"""What holds for all streams of the HTML report: their bytes, their strings, and how often traces are read."""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.pictures.columns import MAX_TEXT, Strings, longest
from tests.conftest import ROOT, Run, path_of
from tests.streams import streams_of

TRACES = ("annotations-go1.26", "service-go1.27")


def test_the_same_traces_give_the_same_page(run: Run, tmp_path: Path) -> None:
    """In any order of hashes, with the trace's data from a file or a pipe."""
    pages = []
    for seed in ("1", "2"):
        page = tmp_path / f"{seed}.html"
        traces = (*map(path_of, TRACES), "--base", path_of("service-again-go1.27"))
        run("analyze", *traces, "-f", "html", "-o", page, cwd=ROOT, PYTHONHASHSEED=seed)
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]
    assert set(streams_of(pages[0].decode())) == {"summary-0", "summary-1", "summary-2", "calls", "lanes", "tables"}


def test_standard_input_has_everything_though_it_cannot_be_read_twice(run: Run, tmp_path: Path) -> None:
    data = Path(path_of(TRACES[1])).read_bytes()
    pages = {}
    for name in ("-", path_of(TRACES[1])):
        page = tmp_path / "report.html"
        run("analyze", name, path_of(TRACES[0]), "-f", "html", "-o", page, "--top", "0", stdin=data)
        pages[name] = streams_of(page.read_text(encoding="utf-8"))
    piped, file = pages.values()
    assert (piped["tables"], piped["lanes"]) == (file["tables"], file["lanes"])
    assert piped["tables"].blocks["goroutines"]["id"]


def test_the_worst_trace_has_the_tables_that_it_has_alone(run: Run, tmp_path: Path) -> None:
    """It is read once more; the others are not in the tables."""
    page = tmp_path / "report.html"
    names = (path_of("tour-go1.21"), path_of("lockwait-go1.27"))
    run("analyze", *names, "-f", "html", "-o", page)
    both = streams_of(page.read_text(encoding="utf-8"))
    run("analyze", names[both["tables"].header["trace"]], "-f", "html", "-o", page)
    alone = streams_of(page.read_text(encoding="utf-8"))
    assert both["tables"].header["trace"] == both["lanes"].header["trace"]
    for block, columns in alone["tables"].blocks.items():
        assert {name: column for name, column in both["tables"].blocks[block].items() if name != "node"} == {
            name: column for name, column in columns.items() if name != "node"
        }


def test_strings_are_short_and_safe() -> None:
    strings = Strings()
    numbers = [strings.number(text) for text in ("", "a", "x" * 5_000, "\x1b[31m\u202eevil\n", "a", "x" * 4_000)]
    assert numbers == [0, 1, 2, 3, 1, 2]
    assert strings.values() == ["", "a", "x" * (MAX_TEXT - 1) + "…", "�[31m�evil "]
    assert max(map(len, strings.values())) <= MAX_TEXT


def test_of_too_many_things_the_longest_stay_in_their_order() -> None:
    assert longest([3, 1, 4, 1, 5, 9, 2, 6], 3, lambda n: n) == [5, 9, 6]
    assert longest([2, 2, 2], 2, lambda n: n) == [2, 2]
    assert longest([1, 2], 3, lambda n: n) == [1, 2]
