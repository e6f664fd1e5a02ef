"""`events --as wire`: the file's records, against `go tool trace -d=wire` and against the bytes that they come from."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gotracer_ci.errors import TraceError
from gotracer_ci.events.wire import wire
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import OLD_VERSIONS
from tests.conftest import TRACES, Run, complaints, path_of
from tests.events.encode import encoded
from tests.fuzz.mutate import mutant

PATHS = sorted(TRACES.glob("*.trace"))
GO_STOPS = {"allocfree-go1.23"}
"""Go's tool knows an experiment's events only since the format of 1.26."""
EXPERIMENT = re.compile(rb"(Span|HeapObject|GoroutineStack)(Alloc|Free)? ")
EACH_FORMAT = ("tour-go1.19", "tour-go1.21", "tour-go1.22", "allocfree-go1.23", "tour-go1.25", "tour-go1.27")


def text_of(trace: Trace, *kinds: str, threads: tuple[int, ...] = (), procs: tuple[int, ...] = ()) -> bytes:
    return b"".join(wire(trace, kinds, threads, procs))


def in_memory(data: bytes) -> Trace:
    return Trace("in memory", memoryview(data))


def go_text(gotrace: Path, path: Path) -> bytes:
    return subprocess.run([gotrace, "-d=wire", path], capture_output=True, check=False).stdout


def test_every_byte_equals_go_s(gotrace: Path) -> None:
    """On every committed trace of Go 1.22 and later; Go's tool cannot read older ones."""
    compared = 0
    for path in PATHS:
        trace = open_trace(str(path))
        if trace.version in OLD_VERSIONS:
            continue
        ours, theirs = text_of(trace), go_text(gotrace, path)
        assert trace.damage is None
        if path.stem in GO_STOPS:
            assert 0 < len(theirs) < len(ours)
            ours = ours[: len(theirs)]
        assert ours == theirs, path
        compared += 1
    assert compared > 60


def test_the_text_encodes_to_the_file() -> None:
    """Nothing of any committed trace is lost, in any version: the text alone gives every byte back."""
    for path in PATHS:
        trace = open_trace(str(path))
        assert encoded(text_of(trace).decode(), trace.version) == path.read_bytes(), path


def test_mutants_print_what_go_prints(gotrace: Path, tmp_path: Path) -> None:
    """Ours may stop earlier, because it checks more. Where it reads all, so does Go."""
    stopped = 0
    path = tmp_path / "mutant.trace"
    for number in range(100):
        data = mutant(1, number).data
        try:
            trace = in_memory(data)
        except TraceError:
            continue
        ours = text_of(trace)
        stopped += trace.damage is not None
        if trace.version not in OLD_VERSIONS:
            path.write_bytes(data)
            theirs = go_text(gotrace, path)
            if EXPERIMENT.match(ours, len(theirs)) and trace.version < 26:
                ours = ours[: len(theirs)]
            assert theirs.startswith(ours), number
            assert trace.damage or ours == theirs
    assert 20 < stopped < 95


@pytest.mark.parametrize("name", EACH_FORMAT)
def test_a_truncated_trace_prints_what_is_complete(name: str) -> None:
    data = Path(path_of(name)).read_bytes()
    whole = text_of(in_memory(data))
    for size in random.Random(name).sample(range(16, len(data)), 40):
        trace = in_memory(data[:size])
        text = text_of(trace)
        assert whole.startswith(text)
        assert whole[len(text) - 1 : len(text)] in (b"\n", b"")
        read = encoded(text.decode(), trace.version)
        if trace.damage is None:
            # between two batches, or in the old format between two records: what is there is complete
            assert read == data[:size]
        else:
            assert re.search("truncated|no events", trace.damage.problem)
            assert data.startswith(read)
            assert len(read) > size - 1100


def lines(text: bytes) -> Iterator[str]:
    """Yield records, each with the lines that follow its own."""
    record = ""
    for line in text.decode().splitlines(keepends=True):
        if record and not line.startswith("\t"):
            yield record
            record = ""
        record += line
    yield record


def batch_of(records: list[str], word: str) -> Iterator[tuple[str, str]]:
    """Yield each record with the owner of its batch."""
    owner = ""
    for record in records:
        if "Batch " in record:
            owner = next(part for part in record.split() if part.startswith(word))
        yield owner, record


@pytest.mark.parametrize("name", ["tour-go1.21", "tour-go1.27"])
def test_filters_choose_among_all_records(name: str) -> None:
    def trace() -> Trace:
        return open_trace(path_of(name))

    every = list(lines(text_of(trace())))
    for kind in ("String", "Stack", "HeapAlloc"):
        expected = [record for record in every if record.split()[0] == kind]
        assert 1 < len(expected) < len(every)
        assert list(lines(text_of(trace(), kind.upper()))) == expected
    is_old = name == "tour-go1.21"
    owners = list(batch_of(every, "p=" if is_old else "m="))
    for owner in {owner for owner, _ in owners if owner}:
        number = int(owner[2:])
        expected = [record for of, record in owners if of == owner and "EndOfGeneration" not in record]
        assert 1 < len(expected) < len(every)
        chosen = text_of(trace(), procs=(number,)) if is_old else text_of(trace(), threads=(number,))
        assert list(lines(chosen)) == expected
    both = [record for record in every if record.split()[0] in ("HeapAlloc", "GoCreate")]
    assert list(lines(text_of(trace(), "HeapAlloc", "GoCreate"))) == both


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            ("--as", "wire", "--kind", "GoBlok"),
            "--kind GoBlok: this trace's format has no such type of record; did you",
        ),
        (("--as", "wire", "--kind", "EndOfGeneration"), "--kind EndOfGeneration: this trace's format has no such"),
        (("--as", "wire", "--proc", "0"), "--proc: since Go 1.22 the batches of a trace belong to threads; use --th"),
        (("--as", "wire", "--stack", "main.*"), "--stack cannot be used with --as wire, only with parsed, jsonl"),
        (("--as", "wire", "--from", "1ms"), "--from cannot be used with --as wire, only with parsed, jsonl"),
        (("--as", "footprint", "--kind", "Log"), "--kind cannot be used with --as footprint, only with parsed, "),
        (("-f", "json"), "--format cannot be used with --as parsed, only with footprint"),
        (("--as", "jsonl", "-o", "x.json"), "--output cannot be used with --as jsonl, only with footprint"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("events", path_of("cpusamples-go1.22"), *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaints(done)[0].startswith(problem)
    assert done.stderr.count(b"\n") == 1


def test_the_command_prints_records_and_names_the_damage(run: Run, tmp_path: Path) -> None:
    whole = Path(path_of("annotations-go1.19"))
    cut = tmp_path / "cut.trace"
    cut.write_bytes(whole.read_bytes()[:-100])
    done = run("events", cut, "--as", "wire")
    assert done.returncode == 2
    assert "the trace is truncated" in complaints(done)[0]
    assert 0 < len(done.stdout) < len(text_of(open_trace(str(whole))))
    assert run("events", whole, "--as", "wire").stdout.startswith(done.stdout)
