"""Explain regressions and long waits from a second reading of their traces: only of their worst occurrences.

A trace that cannot be read again, such as stdin, and a window with too much in it cost only the explanation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import Interval, IntervalKind
from gotracer_ci.baseline.verdicts import Comparison
from gotracer_ci.errors import TraceError
from gotracer_ci.findings import Finding, Key
from gotracer_ci.rules.explained import ALWAYS
from gotracer_ci.rules.traced import Traced
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import STDIN, open_trace
from gotracer_ci.trace.reader import Index
from gotracer_ci.urls import is_url

if TYPE_CHECKING:
    from gotracer_ci.analysis.critical_path import CriticalPath

_MOST: Final = 3
"""Findings of a trace that are explained, the worst ones."""
_MAX_INTERVALS: Final = 500_000
_MAX_BYTES: Final = 500_000
"""What is read again of a trace for a finding that is no regression, so that it costs little."""
_TESTS: Final = "TestDurationGrowth"
_WAITS: Final = ("MutexContention", *ALWAYS)
_PATHS: Final = (_TESTS, "RegionDurationGrowth", "MutexContention")
_QUEUES: Final = ("HighSchedulingLatency", "ProcessorStarvation")


class Again(NamedTuple):
    """A trace that can be read again. name: as `open_trace` takes it. marks: of its first reading."""

    name: str
    marks: Index
    traced: Traced


class _Read(Protocol):
    """A trace that was read, or that could not be."""

    @property
    def name(self) -> str: ...

    @property
    def marks(self) -> Index | None: ...


def again(read: Iterable[_Read], traced: Sequence[Traced]) -> list[Again]:
    """Return what a second reading needs. traced: of those that could be read."""
    known = [(one.name, one.marks) for one in read if one.marks]
    return [Again(name, marks, same) for (name, marks), same in zip(known, traced, strict=True)]


def explained(
    findings: Sequence[Finding],
    comparison: Comparison | None,
    traces: Sequence[Again],
    base: Sequence[Again],
    source: Callable[[], SourceMap],
) -> list[Finding]:
    """Return the findings, with explanations of those that say that something takes long.

    These are regressions, and long waits, which are never compared.

    Args:
        traces: of the run, in the report's order. base: of the base commit.
        source: returns what maps the frames of a trace.
    """
    regressions = {verdict.key for verdict in comparison.regressions(strict=True)} if comparison else set()
    whole = [one for one in base if one.traced.is_whole]
    left = dict.fromkeys(range(len(traces)), _MOST)
    chosen = []
    for finding in findings:
        is_explained = finding.key.rule in ((*_PATHS, *_QUEUES) if finding.key in regressions else ALWAYS)
        if is_explained and finding.trace < len(traces) and left[finding.trace]:
            left[finding.trace] -= 1
            chosen.append(finding)
    before = _lengths([finding.key for finding in chosen if finding.key.rule in _PATHS], whole)
    found: dict[Key, str] = {}
    for finding in chosen:
        with suppress(TraceError, OSError):
            usual = _usual(before.get(finding.key, ()), whole)
            found[finding.key] = _explanation(finding, traces[finding.trace], usual, source)
    return [replace(one, explanation=found[one.key]) if found.get(one.key) else one for one in findings]


def _lengths(keys: Sequence[Key], base: Sequence[Again]) -> dict[Key, list[tuple[int, int]]]:
    """Return by finding how long the worst occurrence took in which trace of the base, trace by trace."""
    found: dict[Key, list[tuple[int, int]]] = {}
    for number, one in enumerate(base):
        for key in keys:
            if same := _worst(key, one):
                found.setdefault(key, []).append((same.length_ns, number))
    return found


def _usual(lengths: Sequence[tuple[int, int]], base: Sequence[Again]) -> Again | None:
    """Return the trace of the base in which it took as long as usual: neither the fastest nor the slowest."""
    return base[sorted(lengths)[len(lengths) // 2][1]] if lengths else None


def _explanation(finding: Finding, trace: Again, usual: Again | None, source: Callable[[], SourceMap]) -> str:
    from gotracer_ci.rules import explained as words

    key = finding.key
    worst = _worst(key, trace)
    if worst is None:
        return ""
    if key.rule in _QUEUES:
        return _queue(trace, worst, source)
    if key.rule in ALWAYS and (worst.still_open or not _is_cheap(trace, worst)):
        return ""
    path = _path(key, trace, worst, source)
    if path is None or (key.rule in _WAITS and path.parts[0].longest.depth <= (1 if finding.holders else 0)):
        return ""  # the finding already says what its holders did, and a path leads to them first
    same = _worst(key, usual) if usual else None
    of_base = _path(key, usual, same, source) if usual and same else None
    if of_base:
        return words.of_longer_path(path, of_base)
    return words.of_path(path)


def _is_cheap(trace: Again, worst: Interval) -> bool:
    """Return whether little is read for the window of an occurrence: the generations that it touches."""
    index = trace.marks
    before = [mark.offset for mark in index.marks if mark.start <= worst.start_ns]
    after = [mark.offset for mark in index.marks if mark.start > worst.start_ns + worst.length_ns]
    size = min(after, default=index.size) - max(before, default=0)
    return size <= _MAX_BYTES and not is_url(trace.name)


def _queue(trace: Again, worst: Interval, source: Callable[[], SourceMap]) -> str:
    from gotracer_ci.analysis.run_queue import Queued, read_queue
    from gotracer_ci.rules import explained as words

    wait = _whole_wait(trace.traced.details().facts, worst)
    if wait is None:
        return ""
    asked = Queued(wait.goroutine, wait.start_ns, wait.length_ns)
    (queued,) = read_queue(open_trace(trace.name), source(), [asked], trace.marks, _MAX_INTERVALS)
    return words.of_queue(queued)


def _worst(key: Key, trace: Again) -> Interval | None:
    """Return the worst occurrence of a finding in a trace, if that can be read again and is of the same program."""
    if trace.traced.program != key.program or trace.name == STDIN:
        return None
    plain = key._replace(program="")
    if all(found.key != plain for found in trace.traced.measured):
        return None
    return next(iter(trace.traced.details().worst.get(plain, ())), None)


def _path(key: Key, trace: Again, worst: Interval, source: Callable[[], SourceMap]) -> CriticalPath | None:
    from gotracer_ci.analysis.critical_path import Path, read_paths

    facts = trace.traced.details().facts
    end = worst.start_ns + worst.length_ns
    for test in facts.ran.tests if key.rule == _TESTS else ():
        if (test.goroutine, facts.start_ns + test.begin_ns) == (worst.goroutine, worst.start_ns):
            # its duration is without pauses
            end = worst.start_ns + test.wall_ns
    asked = [Path(worst.goroutine, worst.start_ns, end)]
    (path,) = read_paths(open_trace(trace.name), source(), asked, trace.marks, _MAX_INTERVALS)
    return path


def _whole_wait(facts: Facts, worst: Interval) -> Interval | None:
    """Return the time in the run queue that an interval is, or of which it is the part with an idle P."""
    runnable = (group for group in facts.intervals if group.kind is IntervalKind.RUNNABLE)
    same = (one for group in runnable for one in group.worst)
    return next((one for one in same if (one.start_ns, one.goroutine) == (worst.start_ns, worst.goroutine)), None)
