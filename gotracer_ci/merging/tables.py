"""The tables of all reports, each as one job with all traces would have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from gotracer_ci.report.model import Row, Tables
from gotracer_ci.shards.restore import Recorded, Shard
from gotracer_ci.tables.included import sorted_rows


def tables(shards: Sequence[Shard], traces: Sequence[Recorded]) -> Tables | None:
    """Return the tables, None unless all reports have them.

    Args:
        shards: in the order of `Recorded.report`.
        traces: those of the run, in the report's order.
    """
    every = [shard.report.tables for shard in shards if shard.report.tables]
    if len(every) < len(shards):
        return None
    positions = {(one.report, one.summary.path): at for at, one in enumerate(traces)}
    made = {}
    for field in fields(Tables):
        placed: list[tuple[int, Row]] = []
        for number, report in enumerate(every):
            for row in getattr(report, field.name):
                # another report has a trace that is left out
                if (at := positions.get((number, str(row.get("trace"))))) is not None:
                    placed.append((at, row))
        placed.sort(key=lambda one: one[0])
        made[field.name] = tuple(map(Row, sorted_rows(field.name, [row for _, row in placed])))
    return Tables(**made)
