"""Explain a regression or a long wait in words: what it waited for, or what the Ps did while it was runnable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gotracer_ci.analysis.critical_path import DEEP, UNKNOWN, Behind, CriticalPath, Part
from gotracer_ci.analysis.run_queue import NO_GOROUTINE, Meanwhile, QueueWait
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.rules import wording
from gotracer_ci.rules.sync_waits import primitive
from gotracer_ci.source.names import normalise
from gotracer_ci.text import count, duration

ALWAYS: Final = frozenset({"LongWait"})
"""Rules whose findings are explained whether or not they got worse: they are not compared."""
_SHOWN: Final = 3
_WORTH_SHOWING: Final = 0.1
"""The part of the whole that is worth a phrase."""


def of_path(path: CriticalPath) -> str:
    """Return the longest parts of a critical path, as a sentence without a full stop."""
    parts = path.parts[:_SHOWN]
    shown = [part for part in parts if part is parts[0] or part.ns >= _WORTH_SHOWING * path.duration_ns]
    return f"It took {duration(path.duration_ns)}, {_spent([(part.ns, part) for part in shown])}"


def _spent(parts: Sequence[tuple[int, Part]]) -> str:
    (ns, longest), *others = parts
    first = f"{duration(ns)} of it {_activity(longest)}"
    return "; ".join([first, *(f"{duration(ns)} {_activity(part)}" for ns, part in others)])


def of_longer_path(path: CriticalPath, base: CriticalPath) -> str:
    """Return the parts of a critical path that grew most, as a sentence without a full stop.

    base: the path of the same thing in a trace of the base commit.
    """
    extra = path.duration_ns - base.duration_ns
    before: dict[tuple[str, str, str], int] = {}
    for part in base.parts:
        before[_key(part)] = before.get(_key(part), 0) + part.ns
    now: dict[tuple[str, str, str], list[Part]] = {}
    for part in path.parts:
        now.setdefault(_key(part), []).append(part)
    grown = sorted(
        ((sum(part.ns for part in same) - before.get(key, 0), same[0]) for key, same in now.items()),
        key=lambda one: -one[0],
    )
    shown = []
    left = extra
    for ns, part in grown[:_SHOWN]:
        # where others became shorter, what grew is more than the whole did
        ns = min(ns, left)
        left -= ns
        if ns >= _WORTH_SHOWING * extra:
            shown.append((ns, part))
    if extra <= 0 or not shown:
        return of_path(path)
    return f"It took {duration(extra)} longer than in the base, {_spent(shown)}"


def of_queue(wait: QueueWait) -> str:
    """Return what the Ps did while a goroutine waited for one, as a sentence without a full stop."""
    ran = [each for each in wait.meanwhile if each.doing != NO_GOROUTINE]
    shown = [each for each in ran[:_SHOWN] if each is ran[0] or each.ns >= _WORTH_SHOWING * wait.procs_ns]
    procs = -(-wait.procs_ns // wait.length_ns)
    who = f"the {count(procs)} Ps" if procs > 1 else "the only P"
    spent = ", ".join(f"{duration(each.ns)} {_ran(each)}" for each in shown)
    idle = f"a P was idle for {duration(wait.idle_ns)}" if wait.idle_ns else "no P was idle"
    return f"While it waited {duration(wait.length_ns)}, {who} spent {spent or 'no time on goroutines'}; {idle}"


def _key(part: Part) -> tuple[str, str, str]:
    """Return what a part has in all builds of a program."""
    return normalise(part.group), part.doing, normalise(part.place or "")


def _activity(part: Part) -> str:
    longest = part.longest
    doing = {DEEP: "in waits behind other waits", UNKNOWN: "that the trace does not explain"}.get(part.doing)
    text = doing or wording.doing(_kind(part.doing, longest.stack))
    if longest.depth and part.group:
        text = f"in goroutines of {part.group}, {text}"
    text += _at(longest.stack)
    return f"{text}, behind {_wait(longest.behind)}" if longest.behind else text


def _wait(behind: Behind) -> str:
    return f"{_kind(behind.reason, behind.stack)}{_at(behind.stack)}"


def _kind(reason: str, stack: Stack) -> str:
    return primitive(stack.functions) or reason if reason == "sync" else reason


def _ran(each: Meanwhile) -> str:
    return f"{wording.doing(each.doing)}{_at(each.stack)}"


def _at(stack: Stack) -> str:
    shown = stack.primary or stack.own
    if shown:
        return f" at {shown.function} ({shown.path or shown.file}:{shown.line})"
    return f" at {stack.function}" if stack.function else ""
