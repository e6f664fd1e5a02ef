"""The parts of a comment: each job of a run writes its own, and replaces only what it knows better.

The jobs of a matrix usually share a comment. A part says in a hidden marker which run and which programs it is about,
so that a job without findings neither resolves nor deletes those of another job.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

LIMIT: Final = 65_536
"""GitHub's maximum length of a comment in UTF-16 code units."""
ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MARKER: Final = re.compile(
    rf"^<!-- gotracer-ci id=(?P<id>{ID.pattern}) run=(?P<run>[0-9]{{1,20}}) attempt=(?P<attempt>[0-9]{{1,10}})"
    r"(?: programs=(?P<programs>[\w/.,~%@+-]{1,2000}))?(?: leg=(?P<leg>[0-9a-f]{1,16}))? -->(?:\r?\n|\Z)",
    re.MULTILINE | re.ASCII,
)
_START: Final = "<!-- gotracer-ci "
_LONGEST: Final = 1_000
_SHORT: Final = "\n\nThe details are in the summary of its run.\n"


@dataclass(frozen=True, slots=True, order=True)
class WorkflowRun:
    """A workflow run. Runs compare by the order in which they started."""

    id: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one job says in a comment.

    programs: the names of what it traced, sorted; empty if unknown. leg: identifies the job among those of its run that
    trace the same programs; "" if unknown.
    """

    run: WorkflowRun
    text: str
    programs: tuple[str, ...] = ()
    leg: str = ""

    def is_same_job(self, other: Part) -> bool:
        return (self.run, self.programs, self.leg) == (other.run, other.programs, other.leg)

    def replaces(self, older: Part) -> bool:
        """Whether this part knows better: it is of a newer run, about at least the same programs."""
        return self.run > older.run and set(older.programs) <= set(self.programs)


def part(run: WorkflowRun, text: str, programs: Iterable[str] = (), leg: str = "") -> Part:
    """Return a part. Names of any length fit into its marker, and its text contains no marker."""
    names = sorted({quote(name, safe="/.~@+") for name in programs if name})
    if len(",".join(names)) > _LONGEST:
        names = ["~" + hashlib.sha256(",".join(names).encode()).hexdigest()[:16]]
    return Part(run, text.replace(_START, "<!- - gotracer-ci "), tuple(names), leg)


def parse(text: str, comment_id: str) -> tuple[Part, ...]:
    """Return the parts of a comment; none if it is not one of ours with this ID."""
    found = list(_MARKER.finditer(text))
    if not found or found[0].start() or any(marker["id"] != comment_id for marker in found):
        return ()
    ends = [*(marker.start() for marker in found[1:]), len(text)]
    return tuple(
        Part(
            WorkflowRun(int(marker["run"]), int(marker["attempt"])),
            text[marker.end() : end] if end == len(text) else text[marker.end() : end].removesuffix("\n"),
            tuple((marker["programs"] or "").split(",")) if marker["programs"] else (),
            marker["leg"] or "",
        )
        for marker, end in zip(found, ends, strict=True)
    )


def render(parts: Iterable[Part], comment_id: str, mine: Part) -> str:
    """Return the comment within GitHub's limit. The texts of other parts are shortened first, the longest first."""
    shown = sorted(parts, key=lambda one: (one.programs, one.leg, one.run))
    order = sorted(range(len(shown)), key=lambda n: (shown[n].is_same_job(mine), -len(shown[n].text)))
    for number in order:
        if _units(_written(shown, comment_id)) <= LIMIT or len(shown) == 1:
            break
        shown[number] = _shortened(shown[number])
    while _units(_written(shown, comment_id)) > LIMIT and len(shown) > 1:  # more jobs than fit
        shown.pop(-1 if not shown[-1].is_same_job(mine) else 0)
    return _written(shown, comment_id)


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts without those that another one replaces. Of two of the same job, the first stays."""
    kept: list[Part] = []
    for one in parts:
        if not any(one.is_same_job(other) for other in kept):
            kept.append(one)
    return tuple(one for one in kept if not any(other.replaces(one) for other in kept))


def added(parts: Sequence[Part], mine: Part, *, create: bool) -> tuple[Part, ...]:
    """Return the parts with mine in place of what it replaces. create: False adds it only if it replaces something."""
    others = [one for one in parts if not mine.is_same_job(one)]
    is_expected = create or len(others) < len(parts) or any(mine.replaces(one) for one in others)
    return joined([mine, *others]) if is_expected else tuple(parts)


def _written(parts: Sequence[Part], comment_id: str) -> str:
    return "\n".join(_marker(one, comment_id) + one.text for one in parts)


def _marker(one: Part, comment_id: str) -> str:
    programs = f" programs={','.join(one.programs)}" if one.programs else ""
    leg = f" leg={one.leg}" if one.leg else ""
    return f"{_START}id={comment_id} run={one.run.id} attempt={one.run.attempt}{programs}{leg} -->\n"


def _shortened(one: Part) -> Part:
    """Return a part with only its first two paragraphs: the headline and the verdict."""
    return replace(one, text="\n\n".join(one.text.split("\n\n")[:2]).removesuffix(_SHORT).rstrip() + _SHORT)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
