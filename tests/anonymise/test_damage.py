"""Truncated, broken and hostile traces: what is written has no name of the program."""

from __future__ import annotations

import re
from functools import cache

import pytest

from gotracer_ci.errors import TraceError
from gotracer_ci.trace import wire
from gotracer_ci.trace.spec import HEADER, HEADER_SIZE, Ev
from tests.anonymise.renamed import described, opened, rows, written
from tests.conftest import TRACES
from tests.fuzz.mutate import mutant
from tests.trace.writer import batch, varint

_WORD = re.compile(rb"[A-Za-z]{6,}")


@cache
def secrets(name: str) -> frozenset[bytes]:
    """Return the words in the names of a trace's program, as far as its own anonymised trace has none of them."""
    path = TRACES / f"{name}.trace"
    if not path.exists():
        return frozenset()  # a text case; its names are few and short
    data = path.read_bytes()
    trace = opened(data)
    new, _ = written(trace)
    rows(trace)
    return frozenset(word for text in trace.tables.strings for word in _WORD.findall(text)) - set(_WORD.findall(new))


def check(data: bytes, words: frozenset[bytes]) -> str:
    """Anonymise what can be read of a trace; return why the rest is left out, "" if it is whole."""
    try:
        trace = opened(data)
        new, damage = written(trace)
    except TraceError as refused:
        return refused.problem
    assert not words & set(_WORD.findall(new))
    if damage is None:
        before, after = described(trace), described(opened(new))
        # tables that cannot be read end the reading of both, and what strings they had before may differ
        assert after[0] == before[0]
        assert (after[-1] is None) == (before[-1] is None)
    else:
        assert len(new) > HEADER_SIZE
    return damage.problem if damage else ""


def test_there_are_names_to_be_found() -> None:
    assert {b"programs", b"annotations"} < secrets("annotations-go1.26")


@pytest.mark.parametrize("name", ["tour-go1.19", "tour-go1.22", "tour-go1.25", "tour-go1.27"])
def test_truncated_traces(name: str) -> None:
    """What can be read of a newer one is written; of an older one nothing, because its names are at the end."""
    data = (TRACES / f"{name}.trace").read_bytes()
    found = {check(data[:size], secrets(name)) for size in range(HEADER_SIZE, len(data), 211)}
    assert any("truncated" in problem for problem in found)
    if name == "tour-go1.27":
        assert "" not in found


@pytest.mark.parametrize("part", range(4))
def test_mutants(part: int) -> None:
    found = set()
    for number in range(100):
        one = mutant(16, 100 * part + number)
        found.add(check(one.data, secrets(one.origin)) == "")
    assert found == {True, False}


@pytest.mark.parametrize("name", ["lockcontention-go1.19", "lockcontention-go1.27"])
def test_a_text_that_includes_the_next_ones(name: str) -> None:
    """A name of the standard library is one no longer if what follows it became a part of it."""
    data = bytearray((TRACES / f"{name}.trace").read_bytes())
    trace = opened(bytes(data))
    rows(trace)
    for text in trace.tables.strings:
        at = data.find(bytes([len(text)]) + text) if 4 < len(text) < 60 else -1
        if at > 0:
            data[at] += 60
            check(bytes(data), secrets(name))
            data[at] -= 60


def test_a_truncated_trace_is_written_up_to_its_last_whole_batch() -> None:
    data = (TRACES / "generations-go1.26.trace").read_bytes()
    new, damage = written(opened(data[:-100]))
    assert damage
    assert damage.problem == "the trace is truncated inside a batch"
    before, after = opened(data[:-100]), opened(new)
    assert len(rows(after)) == len(rows(before)) > 100
    assert after.damage


def test_names_in_a_batch_that_says_to_hold_events() -> None:
    """A flipped byte must not turn a table of names into something that is copied."""
    entry = bytes([Ev.STRING, 1, 11]) + b"main.secret"
    for first in range(256):
        data = HEADER % 26 + batch(1, 7, 100, bytes([first]) + entry) + bytes([Ev.END_OF_GENERATION])
        try:
            new, _ = written(opened(data))
        except TraceError:
            continue
        assert b"secret" not in new


@pytest.mark.parametrize("kind", [Ev.STRINGS, Ev.STACKS])
def test_a_broken_table_ends_the_trace(kind: Ev) -> None:
    whole = batch(1, 7, 100, bytes([Ev.STRINGS, Ev.STRING, 1, 4]) + b"load")
    broken = batch(1, 7, 100, bytes([kind, Ev.STRING, 2, 200, 1]) + b"secret")
    new, damage = written(opened(HEADER % 26 + whole + broken + whole))
    assert damage
    assert "table is broken" in damage.problem
    assert [one.end for one in _batches(new)] == [len(new)]
    assert b"text 1" in new


def test_a_trace_without_a_readable_batch_is_refused() -> None:
    with pytest.raises(TraceError, match="string table is broken"):
        written(opened(HEADER % 26 + batch(1, 7, 100, bytes([Ev.STRINGS, 1, 1, 0]))))


def test_a_hostile_number_of_functions_is_refused_early() -> None:
    """Not after all have been held."""
    frames = b"".join(varint(1 + k // 1500) + varint(k % 1500) + varint(k % 1499) + b"\1" for k in range(300_000))
    stacks = [bytes([Ev.STACKS, Ev.STACK, 1, 120]) + part for part in _parts(frames, 120)]
    data = HEADER % 26 + batch(1, 7, 100, b"\x04") + b"".join(batch(1, 7, 100, body) for body in stacks)
    _, damage = written(opened(data))
    assert damage
    assert damage.problem == "the stacks have more than 131,072 different functions"


def _parts(data: bytes, frames: int) -> list[bytes]:
    """Split frames into parts of this many."""
    ends = [found.end() for found in re.finditer(rb"(?:(?:[\x80-\xff]*[\x00-\x7f]){4}){%d}" % frames, data, re.DOTALL)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _batches(data: bytes) -> list[wire.Batch]:
    at = HEADER_SIZE
    found = []
    while at < len(data):
        found.append(wire.read_batch(memoryview(data), at))
        at = found[-1].end
    return found
