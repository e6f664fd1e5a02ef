"""Name places and Go versions the way every format shows them."""

from __future__ import annotations

from typing import Final

from gotracer_ci.findings import Finding, Frame, Location
from gotracer_ci.report.safe import clean

WHOLE: Final = "whole program"
_GROUPS: Final = 3
_BELOW_ENTRY: Final = ("", "runtime.goexit")


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
