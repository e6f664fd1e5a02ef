"""The traces of all reports, each once, in an order that does not depend on that of the reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from gotracer_ci.report.model import TraceSummary
from gotracer_ci.rules.merge import programs_of
from gotracer_ci.shards.record import order
from gotracer_ci.shards.restore import Recorded, Shard


class Side(NamedTuple):
    """The traces of the run, or of its base commit. again: each that is left out, and the one that it repeats."""

    traces: list[Recorded]
    again: list[tuple[Recorded, Recorded]]


def sides(shards: Sequence[Shard]) -> tuple[Side, Side]:
    """Return the traces of the run and of its base commit, with their programs: each trace once, in order."""
    known: dict[tuple[TraceSummary, int], list[Recorded]] = {}

    def once(traces: Iterable[Recorded]) -> Side:
        side = Side([], [])
        for one in sorted(traces, key=lambda one: order(one.summary)):
            # times in ns and all numbers are the same only if the trace is
            same = known.setdefault((replace(one.summary, path=""), len(one.measured)), [])
            before = next((other for other in same if other.measured == one.measured), None)
            if before:
                side.again.append((one, before))
            else:
                same.append(one)
                side.traces.append(one)
        return side

    head = once(one for shard in shards for one in shard.traces)
    base = once(one for shard in shards for one in shard.base)
    programs = programs_of(*([one.program for one in side.traces] for side in (head, base)))
    named = (
        [one._replace(program=program) for one, program in zip(side.traces, of_side, strict=True)]
        for side, of_side in zip((head, base), programs, strict=True)
    )
    return Side(next(named), head.again), Side(next(named), base.again)
