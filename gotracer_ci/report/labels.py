"""Name places and Go versions the way every format shows them."""

from __future__ import annotations

from typing import Final

from gotracer_ci.findings import Activity, Finding, Frame, Holders, Location
from gotracer_ci.report.safe import clean, clean_lines
from gotracer_ci.text import count, duration, percentage

WHOLE: Final = "whole program"
_GROUPS: Final = 3
_BELOW_ENTRY: Final = ("", "runtime.goexit")
_DOING: Final = {
    "sleep": "in time.Sleep",
    "network": "waiting for the network",
    "syscall": "in a system call",
    "running": "running",
    "runnable": "runnable",
}
_ACTIVITIES: Final = 3
_WORTH_SHOWING: Final = 0.1
_COMPLETE: Final = 0.95


def at(place: Location | Frame) -> str:
    """Return `func (file:line)`, with the repository's file if there is one."""
    file = place.path or (place.file if isinstance(place, Frame) else "")
    where = f"{file}:{place.line}" if place.line else file
    return clean(f"{place.function} ({where})" if where else place.function)


def groups(finding: Finding) -> str:
    """Return in which functions the goroutines began, unless its place says it; "" if unknown."""
    shown = finding.location.function if finding.location else ""
    names = [clean(name) for name in finding.groups if name != shown]
    more = [f"{len(names) - _GROUPS} more"] if len(names) > _GROUPS else []
    return ", ".join([*names[:_GROUPS], *more]) if names and finding.key.place[:1] != "~" else ""


def place(finding: Finding) -> str:
    """Return where a finding is, as precisely as known; "" for the whole program. An anchor is not where it is.

    Without own code on the stack this is the goroutine's entry function, and the code that created it if that is known.
    """
    if finding.location:
        return at(finding.location)
    own = next((frame for frame in finding.stack if frame.owner == "own"), None)
    if own:
        return at(own)
    entry = next((frame for frame in reversed(finding.stack) if frame.function not in _BELOW_ENTRY), None)
    where = at(entry) if entry and finding.key.place else clean(finding.key.place.removeprefix("~"))
    creator = finding.anchor if finding.anchor and finding.anchor.mapped == "creator" else None
    return f"{where}, created by {at(creator)}" if where and creator else where


def details(finding: Finding) -> list[str]:
    """Return the lines that say more about a finding, each cleaned."""
    return [*(line for line in clean_lines(finding.detail) if line), *explained(finding)]


def explained(finding: Finding) -> list[str]:
    """Return what is known about the cause of the worst occurrence, as sentences."""
    sentences = [holders(finding.holders)] if finding.holders else []
    sentences += [clean(finding.explanation)] if finding.explanation else []
    return [f"{sentence}." for sentence in sentences]


def holders(found: Holders) -> str:
    """Return what holders of a lock did, and for how long at most, as a sentence without a full stop."""
    if found.goroutines > 1:
        who = f"{count(found.goroutines)} {'holders of the lock' if found.locked else 'goroutines ahead of it'}"
    else:
        who = f"goroutine {found.goroutine}, which {'held the lock' if found.locked else 'ended the wait'},"
    longest, *others = found.activities[:_ACTIVITIES]
    shown = [longest, *(one for one in others if one.duration_ns >= _WORTH_SHOWING * found.wait_ns)]
    spent = ", ".join(f"{duration(one.duration_ns)} {_activity(one)}" for one in shown)
    known = found.explained_ns / max(1, found.wait_ns)
    rest = "" if known >= _COMPLETE else f"; {percentage(known)} of the wait is explained"
    return f"While it waited {duration(found.wait_ns)}, {who} spent up to {spent}{rest}"


def _activity(one: Activity) -> str:
    text = _DOING.get(one.doing) or clean(f"in {one.doing}")
    if one.at:
        text += f" at {at(one.at)}"
    return f"{text}, behind the lock at {at(one.behind)}" if one.behind else text
