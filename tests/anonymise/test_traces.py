"""Every committed trace, anonymised: the same events and findings, and no name of the program is left."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.anonymise.rewriting import Renamed
from gotracer_ci.events.choice import Choice, chosen
from gotracer_ci.events.parsed import Parsed
from gotracer_ci.findings import Finding
from gotracer_ci.rules.merge import findings as merged
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import all_rules
from gotracer_ci.rules.rule import Measured
from gotracer_ci.rules.traced import traced
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import MAX_STRING_SIZE
from tests.anonymise.renamed import anonymised, described, opened, written
from tests.conftest import NAMES, path_of
from tests.trace import hostile

each_trace = pytest.mark.parametrize("name", NAMES)
_WORD = re.compile(rb"[A-Za-z]{4,}")
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+$", re.MULTILINE)
_KINDS_ARE_NAMES = {"RegionDurationGrowth"}
KEPT = set(b"test example github golang internal vendor Cfunc cgoexp text Func Type File".split())
"""Words that both can have: what rules know, and what anonymise writes."""
READ_BY_GO = (
    "tour-go1.19", "annotations-go1.21", "tour-go1.22", "cgocallback-go1.22", "allocfree-go1.23", "generations-go1.25",
    "orders-go1.27", "vendored-runner-go1.27",
)  # fmt: skip


def data_of(name: str) -> bytes:
    return Path(path_of(name)).read_bytes()


@each_trace
def test_only_strings_differ(name: str) -> None:
    """Different strings stay different, so events and frames refer to the same numbers of strings."""
    before, after = open_trace(path_of(name)), anonymised(data_of(name))
    assert described(after) == described(before)
    assert len(after.tables.strings) == len(before.tables.strings) == len(set(after.tables.strings))


@each_trace
def test_the_findings_are_the_same_except_for_names(name: str) -> None:
    before, after = (
        analyse(trace, SourceMap(None)) for trace in (open_trace(path_of(name)), anonymised(data_of(name)))
    )
    assert [frame[3:] for frame in _frames(after)] == [frame[3:] for frame in _frames(before)]
    ours, theirs = measure(all_rules(), before), measure(all_rules(), after)
    assert sorted(map(_without_names, theirs)) == sorted(map(_without_names, ours))
    found = [
        sorted(map(_shown, merged([traced(facts, some)._replace(program="")], all_rules(), ())))
        for facts, some in ((before, ours), (after, theirs))
    ]
    assert found[0] == found[1]


def _frames(facts: Facts) -> list[tuple[object, ...]]:
    """Return the frames that the facts show: owner and the like follow function, file and line."""
    return [tuple(frame) for group in facts.intervals for frame in group.stack.frames]


def _without_names(measured: Measured) -> str:
    kind = "" if measured.key.rule in _KINDS_ARE_NAMES else measured.key.kind
    worst = [(one.start_ns, one.length_ns, one.goroutine, one.cause, one.still_open) for one in measured.worst]
    tests = sorted(map(tuple, measured.by_test.values()))
    return repr((measured.key.rule, kind, measured.severity, measured.statistics, worst, tests, measured.machine_ns))


def _shown(finding: Finding) -> str:
    lines = [frame.line for frame in finding.stack]
    occurrences = [(one.start_ns, one.duration_ns) for one in finding.occurrences]
    return repr((finding.key.rule, finding.severity, finding.goroutine, finding.timestamp_ns, lines, occurrences))


@each_trace
def test_no_name_of_the_program_is_left(name: str) -> None:
    trace = open_trace(path_of(name))
    new, _ = written(trace)
    before, after = _strings(trace), _strings(opened(new))
    kept = {word for text in before & after for word in _WORD.findall(text)}
    words = {word for text in before - after for word in _WORD.findall(text)} - kept - KEPT
    standard = {word for text in after if b"/usr/local/go/src/" in text for word in _WORD.findall(text)}
    left = set(_WORD.findall(new)) & words - standard
    assert {word for word in left if any(word in text for text in after) or len(word) > 5} == set()
    assert not any(b"/home/" in text or b"example.com" in text for text in after)


def test_what_is_looked_for_above_is_there_before() -> None:
    (words,) = [set(_WORD.findall(data_of("orders-go1.27")))]
    assert {b"programs", b"example", b"orders"} < words


def _strings(trace: Trace) -> set[bytes]:
    for _ in trace.chunks():
        pass
    return set(trace.tables.strings)


@each_trace
def test_the_same_trace_gives_the_same_bytes_and_can_be_anonymised_again(name: str) -> None:
    once, _ = written(open_trace(path_of(name)))
    assert written(open_trace(path_of(name)))[0] == once
    again = anonymised(once)
    assert described(again) == described(opened(once))


@pytest.mark.parametrize("name", READ_BY_GO)
def test_go_s_reader_accepts_it(name: str, gotrace: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.trace"
    path.write_bytes(written(open_trace(path_of(name)))[0])
    theirs = _parsed(gotrace, path)
    trace = open_trace(str(path))
    assert theirs == "".join(text for part in chosen(trace, Choice(), Parsed(trace).text, "") for text in part)
    assert theirs.count("\nM=") == _parsed(gotrace, Path(path_of(name))).count("\nM=") > 10


def _parsed(gotrace: Path, path: Path) -> str:
    done = subprocess.run([gotrace, "-d=parsed", path], capture_output=True, check=True, text=True)
    return _ADDRESS.sub("", done.stdout)


@pytest.mark.parametrize("name", ["tour-go1.21", "tour-go1.27"])
def test_the_reading_is_watched(name: str) -> None:
    seen: list[int] = []
    trace = open_trace(path_of(name))
    Renamed(trace, lambda so_far: seen.append(so_far.position))
    assert seen == sorted(seen)
    assert trace.size * 0.9 < seen[-1] <= trace.size


def test_the_data_of_experiments_are_left_out() -> None:
    """They have the names of types."""
    data = data_of("allocfree-go1.27")
    new, _ = written(opened(data))
    assert b"unsafe.Pointer" in data
    assert b"unsafe.Pointer" not in new


def test_more_strings_than_fit_into_a_batch() -> None:
    """Short names become longer ones."""
    data = hostile.named_regions(200 << 10)
    before, after = opened(data), anonymised(data)
    assert len(after.data) > len(data)
    assert described(after) == described(before)
    assert max(map(len, after.tables.strings)) <= MAX_STRING_SIZE
