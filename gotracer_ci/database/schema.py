"""The tables of a database: what SQLite, Parquet and the documentation share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Kind = Literal["id", "count", "ns", "bytes", "text", "flag"]
"""What a column holds. All but text are integers; a flag is 0 or 1 in SQLite."""


class Column(NamedTuple):
    """One column. about: what it holds. to: the table whose id it holds. optional: it can be null."""

    name: str
    kind: Kind
    about: str
    to: str = ""
    optional: bool = False


class Definition(NamedTuple):
    """One table. about: what a row is. key: the columns that identify a row."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("id",)


_ID: Final = Column("id", "id", "Unique in the database.")
_TRACE: Final = Column("trace_id", "id", "The trace.", "trace")
_START: Final = Column("start_ns", "ns", "When it began, from the trace's start.")
_TIME: Final = Column("time_ns", "ns", "When, from the trace's start.")
_LENGTH: Final = Column("duration_ns", "ns", "How long it was, inside the trace.")
_OPEN: Final = Column("still_open", "flag", "It had not ended when the trace did.")
_BEFORE: Final = Column("before_start", "flag", "It was under way when the trace began.")
_GOROUTINE: Final = Column("goroutine_id", "id", "The goroutine.", "goroutine")
_SOMEBODY: Final = _GOROUTINE._replace(about="The goroutine; null if unknown.", optional=True)


def _stack(about: str, name: str = "stack_id") -> Column:
    return Column(name, "id", about, "stack", optional=True)


TRACE: Final = Definition(
    "trace",
    "A trace.",
    (
        _ID,
        Column("name", "text", "As the user named it."),
        Column("go_version", "text", "The version of the trace's format."),
        Column(
            "started",
            "text",
            "When it began, in UTC as in RFC 3339; null before Go 1.25, which does not record it.",
            optional=True,
        ),
        Column("duration_ns", "ns", "The length of the trace, or of what could be read of it."),
        Column("events", "count", "How many events were read."),
        Column("gomaxprocs", "count", "How many Ps there were at the end; null if unknown.", optional=True),
        Column("program", "text", "Which program was traced; null if unknown.", optional=True),
        Column("damage", "text", "What ended the reading early; null for a complete trace.", optional=True),
    ),
)
GOROUTINE: Final = Definition(
    "goroutine",
    "One life of a goroutine. Its five times sum exactly to its duration.",
    (
        _ID,
        _TRACE,
        Column("goid", "id", "Go's ID. With cgo it can come again, for another goroutine."),
        Column("name", "text", "The function in which it began; null if unknown.", optional=True),
        Column("system", "flag", "It is one of the runtime's own."),
        Column("creator_id", "id", "The goroutine that created it; null if unknown.", "goroutine", optional=True),
        _stack("Where it was created; null if unknown.", "creation_stack_id"),
        Column("start_ns", "ns", "When it was created, from the trace's start; 0 if before the trace."),
        Column("duration_ns", "ns", "How long it existed, inside the trace."),
        Column("running_ns", "ns", "How long it ran."),
        Column("runnable_ns", "ns", "How long it could have run, but had no P."),
        Column("waiting_ns", "ns", "How long it waited."),
        Column("syscall_ns", "ns", "How long it was in system calls and had a P."),
        Column("syscall_blocked_ns", "ns", "How long it was in system calls after the loss of its P."),
        Column("still_open", "flag", "It still existed when the trace ended."),
        Column("before_start", "flag", "It existed before the trace."),
    ),
)
INTERVAL: Final = Definition(
    "interval",
    "An interval: time of one goroutine in one state.",
    (
        _ID,
        _TRACE,
        _GOROUTINE,
        Column("state", "text", "running, runnable, waiting, syscall, or syscall_blocked after the loss of its P."),
        Column("reason", "text", "Why it waited or was runnable, in Go's words; null without a reason.", optional=True),
        _START,
        _LENGTH,
        _stack("Where it was; null while it ran, or if unknown."),
        Column("proc", "id", "The P on which it ran or began a system call; null if unknown.", optional=True),
        Column(
            "waker",
            "text",
            "What ended a wait: goroutine, timer, network poller or runtime; null if it did not end, or did not wait.",
            optional=True,
        ),
        Column("waker_id", "id", "The goroutine that ended a wait; null without one.", "goroutine", optional=True),
        _stack("Where that goroutine was; null if unknown.", "waker_stack_id"),
        _OPEN,
        _BEFORE,
    ),
)
STACK: Final = Definition(
    "stack",
    "A stack.",
    (
        _ID,
        _TRACE,
        Column(
            "place",
            "text",
            "The topmost own-code function, normalized; without own code ~ and the goroutine's first function; "
            "null if unknown.",
            optional=True,
        ),
        Column("function", "text", "That function as the trace has it; null if unknown.", optional=True),
        Column(
            "path",
            "text",
            "Its file: in the repository, or else as the trace has it; null without own code.",
            optional=True,
        ),
        Column("line", "count", "The line in it; null without own code.", optional=True),
        Column("system", "flag", "It is one of the runtime's own goroutines that has it."),
    ),
)
STACK_FRAME: Final = Definition(
    "stack_frame",
    "A frame at its place in a stack.",
    (
        Column("stack_id", "id", "The stack.", "stack"),
        Column("depth", "count", "0 is the leaf."),
        Column("frame_id", "id", "The frame.", "frame"),
    ),
    ("stack_id", "depth"),
)
FRAME: Final = Definition(
    "frame",
    "A frame: a line of a function. Many stacks can have it.",
    (
        _ID,
        _TRACE,
        Column("function", "text", "As the trace has it."),
        Column("file", "text", "As the trace has it."),
        Column("line", "count", "1-based; 0 if unknown."),
        Column("owner", "text", "own, dependency or std."),
        Column("path", "text", "The file in the repository; null if it is not mapped to one.", optional=True),
    ),
)
TASK: Final = Definition(
    "task",
    "A task of runtime/trace.",
    (
        _ID,
        _TRACE,
        Column("task", "id", "Go's ID."),
        Column("type", "text", "Its type; null if unknown.", optional=True),
        Column("parent_id", "id", "The task that it is a part of; null without one.", "task", optional=True),
        _START,
        _LENGTH,
        Column("goroutine_id", "id", "Where it began; null if unknown.", "goroutine", optional=True),
        Column("end_goroutine_id", "id", "Where it ended; null if unknown.", "goroutine", optional=True),
        _stack("Where it began; null if unknown."),
        _OPEN,
        _BEFORE,
    ),
)
_OF_TASK: Final = Column("task_id", "id", "Its task; null without one.", "task", optional=True)
REGION: Final = Definition(
    "region",
    "A region of runtime/trace.",
    (
        _ID,
        _TRACE,
        _GOROUTINE,
        _OF_TASK,
        Column("type", "text", "Its type."),
        _START,
        _LENGTH,
        _stack("Where it began; null if unknown."),
        _OPEN,
        _BEFORE,
    ),
)
LOG: Final = Definition(
    "log",
    "A log of runtime/trace.",
    (
        _ID,
        _TRACE,
        _TIME,
        _SOMEBODY,
        _OF_TASK,
        Column("category", "text", "Empty without one."),
        Column("message", "text", "What was logged."),
        _stack("Where; null if unknown."),
    ),
)
GC_CYCLE: Final = Definition(
    "gc_cycle",
    "A GC cycle: its mark phase, and the sweep that follows.",
    (
        _ID,
        _TRACE,
        Column("number", "count", "Counted from 1 in each trace."),
        Column("start_ns", "ns", "When its mark phase began, from the trace's start."),
        Column("mark_ns", "ns", "How long its mark phase was."),
        Column("stop_begin_ns", "ns", "The stop-the-world that begins it; null if not in the trace.", optional=True),
        Column("stop_end_ns", "ns", "The stop-the-world that ends it; null if not in the trace.", optional=True),
        Column("assist_ns", "ns", "How long goroutines ran in mark assists, in the mark phase."),
        Column("assist_total_ns", "ns", "The length of these mark assists, with the time they waited."),
        Column("dedicated_ns", "ns", "How long dedicated mark workers ran."),
        Column("fractional_ns", "ns", "How long fractional mark workers ran."),
        Column("idle_ns", "ns", "How long mark workers ran on Ps that had nothing else to do."),
        Column("unlabelled_ns", "ns", "How long mark workers ran without a mode."),
        Column("live_bytes", "bytes", "What it left, without what was allocated meanwhile.", optional=True),
        Column("goal_bytes", "bytes", "The heap's size at which the next cycle is to end.", optional=True),
        Column("swept_bytes", "bytes", "What was swept after it, until the next cycle."),
        Column("reclaimed_bytes", "bytes", "What of that was free."),
        Column("place", "text", "The own code that began it; null if unknown.", optional=True),
        _OPEN,
        _BEFORE,
    ),
)
STW: Final = Definition(
    "stw",
    "A stop-the-world.",
    (
        _ID,
        _TRACE,
        Column("kind", "text", "What for, in Go's words."),
        _START,
        _LENGTH,
        _SOMEBODY._replace(about="The goroutine that asked for it; null if unknown."),
        _stack("Where it did so; null if unknown."),
        _OPEN,
        _BEFORE,
    ),
)
HEAP: Final = Definition(
    "heap",
    "The heap from a moment on.",
    (
        _ID,
        _TRACE,
        _TIME,
        Column("heap_bytes", "bytes", "Allocated and not swept; null if not known yet.", optional=True),
        Column("goal_bytes", "bytes", "The size at which the current or next cycle is to end.", optional=True),
    ),
)
CPU_SAMPLE: Final = Definition(
    "cpu_sample",
    "A CPU sample.",
    (
        _ID,
        _TRACE,
        _TIME,
        _SOMEBODY._replace(about="The goroutine that ran; null for the runtime's own work."),
        Column("proc", "id", "The P; null if unknown.", optional=True),
        Column("thread", "id", "The thread; null if unknown.", optional=True),
        _stack("Where; null if unknown."),
    ),
)
WAKE: Final = Definition(
    "wake",
    "The waits at one stack, for one reason, that ended in the same way.",
    (
        _ID,
        _TRACE,
        _stack("Where goroutines waited; null if unknown.", "waiter_stack_id"),
        Column(
            "elsewhere", "flag", "The stack of the wait is unknown, and this is another one of the same goroutines."
        ),
        Column("reason", "text", "Why, in Go's words."),
        Column(
            "waker",
            "text",
            "What ended them: goroutine, timer, network poller or runtime; null if they had not ended.",
            optional=True,
        ),
        _stack("Where that goroutine was; null without one, or if unknown.", "waker_stack_id"),
        Column("waits", "count", "How many waits there were."),
        Column("total_ns", "ns", "How long they were in all."),
        Column("max_ns", "ns", "The longest one."),
    ),
)
FINDING: Final = Definition(
    "finding",
    "A finding of gotracer-ci analyze, with its default thresholds.",
    (
        _ID,
        _TRACE,
        Column("fingerprint", "text", "The same in every trace."),
        Column("rule", "text", "The rule's name."),
        Column("kind", "text", "The kind of wait in Go's words; empty for rules that have none."),
        Column("place", "text", "The normalized name of the own code; empty for the whole program."),
        Column("severity", "text", "error, warn or info."),
        Column("message", "text", "What happened."),
        Column("path", "text", "The file in the repository; null if unknown.", optional=True),
        Column("line", "count", "The line in it; null if unknown.", optional=True),
        Column("time_ns", "ns", "When the worst occurrence was, from the trace's start."),
        Column("goid", "id", "Go's ID of its goroutine; −1 if there is none."),
        Column("unit", "text", "The unit of the values: ns or each for times in ns; count or bytes."),
        Column("events", "count", "How many occurrences there were."),
        Column("total", "count", "Their sum."),
        Column("maximum", "count", "The largest one."),
        Column("p50", "count", "Half of them are at most this."),
        Column("p90", "count", "90 % of them are at most this."),
        Column("p99", "count", "99 % of them are at most this."),
    ),
)
TABLES: Final[Sequence[Definition]] = (
    TRACE,
    GOROUTINE,
    INTERVAL,
    STACK,
    STACK_FRAME,
    FRAME,
    TASK,
    REGION,
    LOG,
    GC_CYCLE,
    STW,
    HEAP,
    CPU_SAMPLE,
    WAKE,
    FINDING,
)
"""All tables. Each holds the rows of all traces."""
