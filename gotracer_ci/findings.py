"""Findings: what a rule says about one place of a program, as plain values.

A finding is a group: one rule, one kind, one place, with all its occurrences. Its identity (`Key`) holds no
line, id, duration or absolute path, so that it survives moved lines, other machines and `-trimpath`.
All times are nanoseconds; `timestamp_ns` and `start_ns` count from the trace's start.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple


class Severity(IntEnum):
    """How bad a finding is. NONE: measured, below every threshold; shown only when the baseline says it got worse."""

    NONE = 0
    INFO = 1
    WARN = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Key(NamedTuple):
    """The identity of a finding, and of a group in a baseline file.

    rule: the rule's name. kind: the kind of wait in Go's words ("sync.(*Mutex).Lock", "chan receive", …).
    place: the normalised name of the topmost own-code function, `~` and the goroutine's entry function
    where no own code is on the stack, or "" for the whole program. program: which one, where a run has several; in a
    baseline, and in a run of one program, "".
    """

    rule: str
    kind: str
    place: str
    program: str = ""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits, the same on every machine and for every build of the same code."""
        return hashlib.sha256("\x1f".join(self if self.program else self[:3]).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a stack, leaf first in every stack.

    function, file: as the trace has them. line: 1-based, 0 when unknown.
    owner: "own", "dependency" or "std". path: the file in the repository (relative, `/`), None when not mapped.
    """

    function: str
    file: str
    line: int
    owner: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a finding is shown: a repository file and line, and how the file was found.

    mapped: "exact", "guess" (unique suffix), or "anchor" (main.main or the test function, for findings of the
    whole program).
    """

    path: str
    line: int
    function: str
    mapped: str = "exact"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One of the worst occurrences of a finding.

    still_open: it had not ended when the trace did. before_start: it was under way when the trace began.
    woken_by: who ended the wait (or made the goroutine runnable): "goroutine 7 at main.f (x.go:12)", "" unknown.
    """

    start_ns: int
    duration_ns: int
    goroutine: int
    still_open: bool = False
    before_start: bool = False
    woken_by: str = ""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a baseline compares: of all occurrences, not only those above a threshold.

    unit: "ns" for times, "count" or "bytes" for counters (then `total` is the value and `count` is 1 or the number).
    trimmed: the total without the largest 1 % of the durations (at least one); equal to `total` for counters.
    """

    unit: str
    count: int
    total: int
    trimmed: int
    maximum: int
    p50: int = 0
    p90: int = 0
    p99: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule at one place.

    message: one line, what happened, with figures. detail: a few lines, how it was measured, who was woken by whom.
    suggestion: what to do. cost: nanoseconds lost, or the rule's own measure; what ranking goes by.
    stack: of the worst occurrence, leaf first. trace: index of the worst occurrence's trace in the report.
    """

    key: Key
    severity: Severity
    message: str
    detail: str
    suggestion: str
    location: Location | None
    stack: tuple[Frame, ...]
    goroutine: int
    timestamp_ns: int
    statistics: Statistics
    occurrences: tuple[Occurrence, ...] = ()
    trace: int = 0

    @property
    def fingerprint(self) -> str:
        return self.key.fingerprint


def rank(finding: Finding) -> tuple[int, int, Key]:
    """Sort key: worst severity first, then the time lost, then the name, so that the order never depends on chance."""
    return (-finding.severity, -finding.statistics.total, finding.key)


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number of a rule that a user can set with `--set RULE.name=value`.

    unit: "ns", "bytes", "bytes/s", "count" or "ratio" (1.0 = 100 %).
    """

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What a rule says of itself: the one source of its help on the command line, in SARIF, HTML and the docs.

    summary: one sentence. sections: heading → Markdown text, in the fixed order Detects, Why it matters,
    How it is measured, Thresholds, What to do, Limits. worst: the highest severity that it gives on its own.
    """

    name: str
    summary: str
    sections: tuple[tuple[str, str], ...]
    thresholds: tuple[Threshold, ...]
    worst: Severity
