"""Rare orders and damage, written by hand as text: each case states what it expects, and Go's own reader agrees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gotracer_ci.trace.reader import Trace
from tests.builds import Build
from tests.fuzz.go_reader import GoReader, program
from tests.trace.conftest import Oracle
from tests.trace.lines import lines
from tests.trace.writer import case, shown

TEXTS = sorted(Path(__file__).with_name("text").glob("*.txt"))


@pytest.fixture(scope="module")
def go_reader() -> Iterator[GoReader]:
    judge = program()
    with GoReader(judge) as reader:
        yield reader
    judge.unlink()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_case_is_read_as_it_says_and_as_go_s_reader_does(
    path: Path, decoder: Build, oracle: Oracle, go_reader: GoReader, tmp_path: Path
) -> None:
    expected = case(path.read_text(encoding="utf-8"))
    trace = Trace(path.stem, memoryview(expected.data))
    found = list(lines(trace))
    assert [shown(line) for line in found] == expected.events
    assert (trace.damage is not None) == bool(expected.damage)
    assert expected.damage in str(trace.damage)
    written = tmp_path / "case.trace"
    written.write_bytes(expected.data)
    assert found[: len(found) - expected.less] == oracle(written)
    verdict = go_reader.verdict(written)
    assert bool(verdict.problem) == (bool(expected.damage) or expected.stops)
    assert verdict.events == len(found) - expected.less


def test_the_cases_cover_every_version() -> None:
    versions = {case(path.read_text(encoding="utf-8")).data[5:7] for path in TEXTS}
    assert versions == {b"22", b"23", b"25", b"26"}


@pytest.mark.parametrize(
    "text",
    [
        "expect ok\ntrace go 1.22\ngeneration 1\n",
        "# no expectation\ntrace go 1.22\ngeneration 1\n",
        "# no trace\nexpect ok\n",
        "# a word too many\nexpect ok\ntrace go 1.22\ngeneration 1\nthread 1 at 5\n+1 ProcStatus q=1\n",
        "# nothing under way\nexpect ok\ntrace go 1.22\n+1 ProcStatus p=1\n",
    ],
)
def test_a_text_that_says_nothing_is_refused(text: str) -> None:
    """Otherwise a typo would silently test something else."""
    with pytest.raises(ValueError, match=r".+"):
        case(text)
