"""What an update changes in the baseline, for the pull request that proposes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor
from typing import Final

from gotracer_ci.baseline.verdicts import LimitChange, ProgramChange
from gotracer_ci.report import markup, sections, view
from gotracer_ci.report.model import Report
from gotracer_ci.text import plural, quantity, ratio

_ROWS: Final = (50, 20, 5, 1)
"""How many raised values and remarks are listed: as many as fit."""
_MOST: Final = 60_000
"""Characters. GitHub rejects the text of a pull request above 65,536."""
_LIMITS: Final = 20
"""How many limits and how many new groups are listed, of all programs."""
_PROGRAMS: Final = 20
_NAME: Final = 100
"""The most characters of a name."""
_NONE: Final = "–"
_HEAD: Final = ("Limit", "Before", "After", "Change")


def render(report: Report) -> str:
    """Return Markdown: a table of what the update raises above the old limits, all changed limits, and remarks."""
    text = ""
    for rows in _ROWS:
        text = _with_rows(report, rows)
        if len(text) <= _MOST:
            break
    return text


def _with_rows(report: Report, rows: int) -> str:
    comparison = report.comparison
    if comparison is None:
        return ""
    verdicts = comparison.verdicts
    raised = [f for f in report.findings if f.key in comparison.flagged and not verdicts[f.key].cause]
    run = markup.link("One more job", report.links.run)
    blocks = [f"{run} for the trace baseline, compared with the file as it was: {view.headline(report)}.\n"]
    if raised:
        blocks.append(
            f"**Review this before you merge.** {plural(len(raised), 'value')} above the old limits: once this is "
            "merged, runs no longer report them.\n"
        )
        blocks.append(sections.regressions(report, raised[:rows], report.links))
        if len(raised) > rows:
            blocks.append(f"{plural(len(raised) - rows, 'more value')} left out here.\n")
    blocks.append(limits(comparison.changed))
    if remarks := sections.remarks(report, rows):
        blocks.append(remarks)
    return "\n".join(blocks)


def limits(changes: Sequence[ProgramChange]) -> str:
    """Return Markdown: for each program what changes, then the limits that changed most, then new groups.

    The size is bounded, whatever the names are.
    """
    if not changes:
        return "No job is added or removed, and no limit changes.\n"
    lines = [f"- {_summary(change)}\n" for change in changes[:_PROGRAMS]]
    if len(changes) > _PROGRAMS:
        lines.append(f"- {plural(len(changes) - _PROGRAMS, 'more program')}\n")
    blocks = ["".join(lines)]
    every = [limit for change in changes for limit in change.limits]
    several = len(changes) > 1
    if known := sorted((limit for limit in every if limit.before), key=_by_change):
        blocks.append(markup.table(_HEAD, [_row(limit, several=several) for limit in known[:_LIMITS]]))
        if len(known) > _LIMITS:
            blocks.append(f"{plural(len(known) - _LIMITS, 'smaller change')} left out here.\n")
    if new := [limit for limit in every if not limit.before]:
        rows = [_row(limit, several=several)[::2] for limit in new[:_LIMITS]]
        more = f"\n{len(new) - _LIMITS:,} more\n" if len(new) > _LIMITS else ""
        title = f"{plural(len(new), 'new group')}"
        blocks.append(markup.folded(title, markup.table(("New", "Limit"), rows) + more))
    return "\n".join(blocks)


def _summary(change: ProgramChange) -> str:
    """Return a line on a program: `orders`: 5 jobs (2 new); 3 new groups, 1 limit rises."""
    jobs = [f"{change.added:,} new"] * bool(change.added) + [f"{change.removed:,} removed"] * bool(change.removed)
    held = f"{plural(change.jobs, 'job')} ({', '.join(jobs)})" if jobs else plural(change.jobs, "job")
    name = markup.code(change.program, _NAME) if change.program else "a program without a name"
    warning = f". **Warning**: {markup.escape(change.warning, markup.CELL)}" if change.warning else ""
    return f"{name}: {held}; {', '.join(_counts(change.limits)) or 'no limit changes'}{warning}"


def _counts(changes: Sequence[LimitChange]) -> Iterator[str]:
    new = sum(not change.before for change in changes)
    gone = sum(not change.after for change in changes)
    up = sum(change.ratio > 1 for change in changes) - new
    down = len(changes) - new - gone - up
    if new:
        yield plural(new, "new group")
    if gone:
        yield f"{plural(gone, 'group')} gone"
    if up:
        yield f"{plural(up, 'limit')} raised"
    if down:
        yield f"{plural(down, 'limit')} lowered"


def _by_change(change: LimitChange) -> tuple[bool, float]:
    """Sort key: what rose most comes first, then what fell most."""
    return change.ratio <= 1, -change.ratio if change.ratio > 1 else change.ratio


def _row(change: LimitChange, *, several: bool) -> list[str]:
    key = change.key
    name = f"{key.rule} {markup.escape(key.kind, _NAME)}"
    name += f" at {markup.code(key.place, _NAME)}" if key.place else ""
    where = f" in {markup.code(key.program, _NAME)}" if several and key.program else ""
    by = "gone" if not change.after else ratio(change.ratio)
    before, after = (_shown(value, change.unit) for value in (change.before, change.after))
    return [name + where, before, after, by]


def _shown(limit: float | None, unit: str) -> str:
    if limit is None:
        return _NONE
    return quantity(floor(limit) if unit == "count" else limit, unit)
