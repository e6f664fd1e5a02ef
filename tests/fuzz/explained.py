"""Intended differences from Go's reader: traces that only one of both accepts, with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """A known difference. problem: a regular expression for our message. ends_there: both return the same events."""

    problem: str
    ends_there: bool
    why: str


EXPLAINED = (
    Explanation(
        r"a number is broken|the (string|stack) table is broken|the batch with the clock is broken"
        r"|no batch begins here|batches of two generations are interleaved|generation without a clock .*"
        r"|batch without a generation number|the trace is truncated inside .*batch|batch of .* bytes is larger than .*",
        True,
        "a table or clock that ends instead of a number: Go's reader treats it as the end of the trace",
    ),
    Explanation(
        "the trace is truncated: its last generation has no end",
        True,
        "a generation of Go 1.26 without an end or without batches: Go's reader treats it as the end of the trace",
    ),
    Explanation(
        "a time is out of range|the time of a CPU sample is out of range",
        False,
        "a time of more than 126 years: the result of Go's integer conversion is undefined",
    ),
    Explanation("clock frequency is 0", False, "a frequency of 0: Go's reader calculates with infinity"),
    Explanation(
        "(goroutine|P) -?[0-9]+ has the unknown status -?[0-9]+",
        False,
        "a status of 0 or over 255: Go's reader accepts 0 and checks only the lowest byte",
    ),
    Explanation(
        "P -?[0-9]+: the number is out of range|CPU sample with a P that is out of range",
        False,
        "a P number over 32,767: no machine has so many, and the decoder's tables are bounded",
    ),
    Explanation("size of the heap is out of range", False, "a heap of 8 EiB and more"),
    Explanation(
        "GOMAXPROCS of -?[0-9]+ is out of range",
        False,
        "a GOMAXPROCS of more than 32,768, which no machine has",
    ),
    Explanation(
        "CPU sample refers to an unknown stack ID",
        False,
        "a CPU sample with an unknown stack: Go's reader does not check it, and panics when the stack is used",
    ),
    Explanation(
        "an event refers to an unknown string ID|frame refers to the unknown string ID -?[0-9]+",
        False,
        "an event or frame of the old format with an unknown string: Go's reader uses an empty one",
    ),
    Explanation(
        "the trace is truncated: stacks that its events refer to are missing",
        False,
        "the older format, truncated inside the stacks at its end: Go's reader returns the events without stacks",
    ),
    Explanation(
        "a? ?stop-the-world begins inside another( one)?",
        False,
        "two nested stops of one goroutine: Go's reader rejects them only if their reasons are the same",
    ),
)


BEYOND_GO = (
    (
        re.compile('"?misuse of region in goroutine '),  # the oracle quotes the message
        "a region that ends out of order: Go's reader stops there, this one notes the misuse and goes on",
    ),
)
"""Go's message, and why we accept a trace that Go's reader rejects with it."""


def beyond_go(problem: str) -> str:
    """Return why we accept a trace that Go's reader rejects, or "" if the difference is not intended."""
    return next((why for message, why in BEYOND_GO if message.match(problem)), "")


def explanation(problem: str, same_events: bool) -> str:
    """Return why we reject a trace that Go's reader accepts, or "" if the difference is not intended."""
    fitting = (e.why for e in EXPLAINED if re.fullmatch(e.problem, problem) and (same_events or not e.ends_there))
    return next(fitting, "")
