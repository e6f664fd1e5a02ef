"""Findings: plain values that describe a problem at one place of a program.

A finding is a group: one rule, one kind, one place, with all its occurrences. Its identity (`Key`) has no line, ID,
duration or absolute path, so it survives moved lines, other machines and `-trimpath`. All times are nanoseconds;
`timestamp_ns` and `start_ns` count from the start of the trace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple


class Doc(NamedTuple):
    """A field's description in the schema of the JSON report. pattern: a regular expression for its values."""

    text: str = ""
    minimum: int | None = None
    pattern: str | None = None


Natural = Annotated[int, Doc(minimum=0)]
LEFT_OUT: Final = MappingProxyType({"left_out": True})
"""The metadata of a field that is not in the JSON report."""


class Severity(IntEnum):
    """How bad a finding is. NONE: below every threshold; shown only if it is worse than the baseline."""

    NONE = 0
    INFO = 1
    WARN = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class More(Enum):
    """Which table shows more about a finding.

    GOROUTINE: what the goroutine of the worst occurrence did around it. STUCK: each goroutine at the end of the trace.
    CREATED: the code that created those. STOPS: every stop-the-world. CYCLES: every GC cycle. TASKS, REGIONS, TESTS:
    the longest ones. QUEUE: the longest waits for a P.
    """

    NONE = 0
    GOROUTINE = 1
    STUCK = 2
    CREATED = 3
    STOPS = 4
    CYCLES = 5
    TASKS = 6
    REGIONS = 7
    TESTS = 8
    QUEUE = 9


class Key(NamedTuple):
    """The identity of a finding, and of a group in a baseline: no lines, IDs, durations or absolute paths."""

    rule: str
    kind: Annotated[str, Doc("The kind of wait in Go's words: sync.(*Mutex).Lock, chan receive, …")]
    place: Annotated[
        str,
        Doc(
            "The normalized name of the topmost own-code function; ~ and the goroutine's entry function if there is no "
            "own code on the stack; of an objective the name of the task, region or test; empty for the whole program."
        ),
    ]
    program: Annotated[str, Doc("The program that was traced; empty if unknown.")] = ""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits, the same on every machine, for every build of the code, and next to any program."""
        import hashlib  # importing it takes 3 ms, and only some formats need it

        return hashlib.sha256("\x1f".join(self if self.program else self[:3]).encode()).hexdigest()[:16]


class Frame(NamedTuple):
    """One frame of a stack, with function and file as the trace has them."""

    function: str
    file: str
    line: Annotated[Natural, Doc("1-based; 0 if unknown.")]
    owner: Annotated[str, Doc("own, dependency or std.")]
    path: Annotated[
        str | None, Doc("The file in the repository, relative to its root; null if it is not mapped to one.")
    ] = None


class Location(NamedTuple):
    """Where a finding is shown: a file and line of the repository."""

    path: Annotated[str, Doc("Relative to the repository's root.")]
    line: Natural
    function: str
    mapped: Annotated[
        str,
        Doc(
            "How the file was found: exact; guess (the only file whose path ends so); or, in an anchor only, creator "
            "(the code that created the goroutine) or anchor (vendored code, main.main, a test or go.mod)."
        ),
    ] = "exact"


class Occurrence(NamedTuple):
    """One of the worst occurrences of a finding."""

    start_ns: int
    duration_ns: int
    goroutine: int
    still_open: Annotated[bool, Doc("It had not ended when the trace did.")] = False
    before_start: Annotated[bool, Doc("It was already under way when the trace began.")] = False
    woken_by: Annotated[
        str,
        Doc("What ended the wait or made it runnable, such as goroutine 7 at main.f (x.go:12). Empty if unknown."),
    ] = ""


class Activity(NamedTuple):
    """What goroutines did while another one waited for them."""

    doing: Annotated[str, Doc("running, runnable, syscall, or the kind of wait in Go's words: sleep, network, …")]
    duration_ns: Annotated[Natural, Doc("At most.")]
    at: Annotated[Frame | None, Doc("The own code where they did it; null if there is none.")]
    behind: Annotated[
        Frame | None, Doc("Where a holder waited for another lock, whose holder did it; null for the lock itself.")
    ] = None


class Holders(NamedTuple):
    """The holders of a lock during its longest wait that is explained, and what they did meanwhile; upper bounds."""

    wait_ns: Natural
    explained_ns: Annotated[Natural, Doc("The part of the wait in which it is known what they did.")]
    locked: Annotated[
        bool, Doc("They held a lock. Otherwise the last one ended the wait, and the others were ahead in a channel.")
    ]
    goroutines: Annotated[Natural, Doc("How many there were, one after the other.")]
    goroutine: Annotated[int, Doc("The one that ended the wait.")]
    activities: Annotated[tuple[Activity, ...], Doc("The longest few, longest first.")]


class Share(NamedTuple):
    """The part of a group that belongs to one test: how many of its events, and their total in the group's unit."""

    events: int
    total: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The values that a baseline compares. They cover all occurrences, not only those above a threshold."""

    unit: Annotated[
        str, Doc("ns for times; each for the time of one event; count or bytes for counters, whose value is total.")
    ]
    count: Annotated[int, Doc("How many occurrences; of a counter 1, or the value itself.")]
    total: int
    trimmed: Annotated[
        int, Doc("The total without the largest 1 % of the durations (at least one); of a counter the total.")
    ]
    maximum: int
    p50: int = 0
    p90: int = 0
    p99: int = 0

    def __reduce__(self) -> tuple[type[Statistics], tuple[Any, ...]]:
        """Pickle in half the time: a worker hands many over."""
        return Statistics, _VALUES(self)


_VALUES: Final = attrgetter(*Statistics.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule at one place."""

    key: Key
    severity: Severity
    message: Annotated[str, Doc("What happened, on one line, with numbers.")]
    detail: Annotated[str, Doc("A few lines: how it was measured, and what woke whom.")]
    suggestion: Annotated[str, Doc("What to do.")]
    location: Annotated[Location | None, Doc("Of own code; null if there is none, or if it is not in the repository.")]
    anchor: Annotated[
        Location | None,
        Doc("Where systems that keep alerts show a finding without a location, because they need a file and a line."),
    ] = None
    trace: Annotated[Natural, Doc("Index of the worst occurrence's trace.")] = 0
    timestamp_ns: Annotated[int, Doc("Of the worst occurrence, from its trace's start.")]
    goroutine: Annotated[int, Doc("Of the worst occurrence.")]
    statistics: Statistics
    occurrences: tuple[Occurrence, ...] = ()
    holders: Annotated[Holders | None, Doc("Null if it is not known what goroutines did that others waited for.")] = (
        None
    )
    stack: Annotated[tuple[Frame, ...], Doc("Of the worst occurrence, leaf first.")]
    groups: Annotated[
        tuple[str, ...], Doc("The functions in which the goroutines of the worst occurrences began, the worst first.")
    ] = ()
    absolute: Annotated[
        bool, Doc("It counts whatever the run is compared with, because it misses an objective; it has no verdict.")
    ] = False
    change: Annotated[
        str,
        Doc(
            "What the place does if this is worse than the baseline, such as leaves {now goroutines} behind, where now "
            "is the value of this run; empty if there are no words for it."
        ),
    ] = ""
    explanation: Annotated[
        str,
        Doc(
            "Of a regression or a long wait, a sentence about the worst occurrence: what it waited for, or what the Ps "
            "did while it was runnable; empty if unknown, or if the holders say it."
        ),
    ] = ""
    more: Annotated[More, Doc("Which table shows more; the member command is how to get it.")] = More.NONE

    @property
    def fingerprint(self) -> str:
        return self.key.fingerprint

    @property
    def alert_location(self) -> Location | None:
        """The location, or else the anchor. People see only the former."""
        return self.location or self.anchor


def rank(finding: Finding) -> tuple[int, int, Key]:
    """Return a sort key: worst severity first, then the time lost, then the key, so the order is always the same."""
    return (-finding.severity, -finding.statistics.total, finding.key)


class Threshold(NamedTuple):
    """One number of a rule that a user can set with `--set RULE.name=value`, or a limit of an objective."""

    name: str
    value: float
    unit: Annotated[str, Doc("ns, bytes, bytes/s, count or ratio (1.0 is 100 %).")]


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """A rule's documentation: the only source of its help on the command line, in SARIF, HTML and the docs.

    sections: (heading, Markdown) in the fixed order Detects, Why it matters, How it is measured, Thresholds, What to
    do, Limits. The JSON report leaves them out.
    """

    name: str
    summary: Annotated[str, Doc("One sentence.")]
    worst: Annotated[Severity, Doc("The highest severity that it gives on its own.")]
    thresholds: tuple[Threshold, ...]
    sections: tuple[tuple[str, str], ...] = field(default=(), metadata=LEFT_OUT)
