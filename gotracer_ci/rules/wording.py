"""Parts of findings that rules share: places, stacks, causes and quantities."""

from __future__ import annotations

from collections.abc import Iterable

from gotracer_ci.analysis.intervals import Interval
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.findings import Frame, Location, Statistics
from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.text import count, duration

_GROUPS = 5
_DOING = {
    "forever": "blocked forever",
    "network": "waiting for the network",
    "sleep": "asleep",
    "syscall": "in a system call",
    **{state: state for state in ("running", "runnable", "waiting")},
}


def location(frame: SourceFrame | None, mapped: str = "") -> Location | None:
    """Return where a frame is in the repository, None if it is not there. mapped: overrides how it was found."""
    if frame is None or frame.path is None:
        return None
    return Location(frame.path, max(1, frame.line), frame.function, mapped or frame.mapped)


def frames(stack: Stack) -> tuple[Frame, ...]:
    return tuple(Frame(f.function, f.file, f.line, f.owner, f.path) for f in stack.frames)


def groups(functions: Iterable[str]) -> tuple[str, ...]:
    """Return the known ones of these functions in which goroutines began, each once, five at most."""
    return tuple(dict.fromkeys(filter(None, functions)))[:_GROUPS]


def where(stack: Stack) -> str:
    """Return the function as the trace has it; without own code, the goroutine by its entry function."""
    if stack.own:
        return stack.own.function
    return f"a goroutine of {stack.function}" if stack.function else "an unnamed goroutine"


def doing(state: str) -> str:
    """Return what a goroutine does, from Go's reason for its wait or else its state: "in chan send", "running"."""
    return _DOING.get(state, f"in {state}")


def cause(interval: Interval) -> str:
    """Return who ended the interval, such as "goroutine 7 at main.f (x.go:12)", "" if unknown."""
    stack = interval.cause_stack
    if interval.cause < 0 and not stack.frames:
        return ""
    who = f"goroutine {interval.cause}" if interval.cause >= 0 else "the runtime"
    shown = stack.primary or stack.own
    if shown is None and stack.frames:
        shown = stack.frames[-1]
    return f"{who} at {shown.function} ({shown.path or shown.file}:{shown.line})" if shown else who


def times(statistics: Statistics) -> str:
    """Return how often, and how long in total."""
    if statistics.count == 1:
        return "once"
    return f"{count(statistics.count)} times, {duration(statistics.total)} in total"
