"""Tables and profiles of two sets of traces, side by side: what `gotracer-ci diff` shows instead of a report."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from gotracer_ci.commands import profile
from gotracer_ci.commands.output import complain, write_table
from gotracer_ci.errors import EXIT_CLEAN
from gotracer_ci.report.safe import clean
from gotracer_ci.text import plural

if TYPE_CHECKING:
    from gotracer_ci.analysis.counts import Counts
    from gotracer_ci.errors import GotracerError
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.tabulate import Summary
    from gotracer_ci.trace.reader import Trace

COUNTS_FORMS: Final = ("human", "json", "csv")
PROFILE_FORMS: Final = (*COUNTS_FORMS, "pprof", "folded", "speedscope")
_TOP: Final = 20


class Asked(NamedTuple):
    """What the options ask for: those of the same names. base, head: the traces, as `inputs.find` takes them."""

    base: tuple[str, ...]
    head: tuple[str, ...]
    form: str
    output: Path | None
    sort: str | None
    top: int | None
    root: Path
    path_map: tuple[tuple[str, str], ...]


def show_counts(asked: Asked) -> int:
    """Show the numbers of both sides, and return the exit code."""
    from gotracer_ci import progress
    from gotracer_ci.tables import counts
    from gotracer_ci.tabulate import tabulate

    done = []
    for names in (asked.base, asked.head):
        gc.collect()  # what was read of a trace refers to itself, and with two sides it would be in memory twice
        with progress.shown(sys.stderr) as watch:
            done.append(tabulate(names, _counts, root=asked.root, path_map=asked.path_map, watch=watch))
    base, head = done
    made, same = counts.counts_table(base.found, head.found)
    _show(asked, made, counts.SCHEMA, (base.summaries, head.summaries))
    notes = [*(note.text for side in done for note in side.notes), *counts.made_with(base.found, head.found)]
    notes += [f"{plural(same, 'number')} left out, because both sides have the same"] if same else []
    return _end(notes, [*base.errors, *head.errors])


def show_profiles(kind: str, asked: Asked) -> int:
    """Show the profiles of both sides, each per trace, and return the exit code. kind: the type of profile."""
    from gotracer_ci.analysis.profile import per_trace
    from gotracer_ci.analysis.reading import WHOLE
    from gotracer_ci.tables.profile import SIDES_SCHEMA, sides_table

    is_table = asked.form in COUNTS_FORMS
    options = profile.Options(kind, "top" if is_table else asked.form, asked.output)
    profile.check(options, WHOLE)
    sides = [profile.Reading(options, WHOLE, asked.root, asked.path_map) for _ in range(2)]
    totals = [
        per_trace(side.total(names), len(side.summaries))
        for side, names in zip(sides, (asked.base, asked.head), strict=True)
    ]
    base, head = (profile.chosen_groups(options, total, None)[0] for total in totals)
    notes = [note for side in sides for note in side.notes]
    if is_table:
        made, same = sides_table(base, head)
        _show(asked, made, SIDES_SCHEMA, (sides[0].summaries, sides[1].summaries), type=kind)
        notes += [f"{plural(same, 'function')} left out, because both sides have the same"] if same else []
    else:
        profile.write(options, head, base, [])
    return _end(notes, [error for side in sides for error in side.errors])


def _counts(trace: Trace, source: SourceMap) -> Counts:
    from gotracer_ci.analysis.counts import counts
    from gotracer_ci.analysis.facts import analyse
    from gotracer_ci.analysis.stacks import Stacks
    from gotracer_ci.analysis.wakes import WakesAnalysis

    wakes = WakesAnalysis(trace)
    stacks = Stacks(trace.tables, source, trace.version)
    facts = analyse(trace, source, analyses=(wakes,), stacks=stacks)
    return counts(facts, wakes.result(trace, stacks))


def _show(
    asked: Asked, table: Table, schema: str, sides: tuple[Sequence[Summary], Sequence[Summary]], **members: Any
) -> None:
    """Write a table, sorted if that is asked for. sides: the traces of the base, and those of the head."""
    top = (_TOP if asked.form == "human" else 0) if asked.top is None else asked.top
    table = (table.sort(asked.sort) if asked.sort else table).top(top)
    base, head = ([trace._asdict() for trace in side] for side in sides)
    write_table(table, asked.form, {"schema": schema, **members, "base_traces": base, "traces": head}, asked.output)


def _end(notes: Sequence[str], errors: Sequence[GotracerError]) -> int:
    """Write what a reader must know besides, and return the exit code."""
    for note in notes:
        click.echo(f"note: {clean(note)}", err=True)
    for error in errors:
        complain(error)
    return errors[0].exit_code if errors else EXIT_CLEAN
