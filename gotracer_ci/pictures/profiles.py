"""The profiles of all traces of a run, or of all base traces, as blocks that name nodes of the tree of calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gotracer_ci.analysis.profiles import StackTime
from gotracer_ci.pictures.calls import Calls
from gotracer_ci.pictures.columns import Strings, block
from gotracer_ci.report.picture import Block
from gotracer_ci.trace.spec import LARGEST

MAX_ROWS: Final = 20_000
"""Of one profile: those with the most time. The others are one row for each state, without a stack."""
_COLUMNS: Final = (("node", 0), ("state", 0), ("reason", 0), ("count", 0), ("ns", 0))
_Key = tuple[int, str, str]


def profiles(
    traces: Sequence[Mapping[str, Sequence[StackTime]]], prefix: str, calls: Calls, strings: Strings
) -> Iterable[Block]:
    """Yield a block for each type of profile, the sum over all traces.

    Args:
        prefix: of the blocks' names. calls: gets the stacks.
    """
    for kind in traces[0] if traces else ():
        rows = [
            (node, strings.number(state), strings.number(reason), *sums)
            for (node, state, reason), sums in _sums((trace[kind] for trace in traces), calls)
        ]
        yield block(f"{prefix}{kind}", _COLUMNS, rows)


def _sums(traces: Iterable[Sequence[StackTime]], calls: Calls) -> list[tuple[_Key, tuple[int, int]]]:
    sums: dict[_Key, tuple[int, int]] = {}
    for trace in traces:
        for time in trace:
            _add(sums, (calls.node(time.stack), time.state, time.reason), time.number, time.ns)
    ranked = sorted(sums.items(), key=lambda of: (-of[1][1], of[0]))
    rest: dict[_Key, tuple[int, int]] = {}
    for (_, state, _), (number, ns) in ranked[MAX_ROWS:]:
        _add(rest, (0, state, ""), number, ns)
    return ranked[:MAX_ROWS] + list(rest.items())


def _add(sums: dict[_Key, tuple[int, int]], key: _Key, number: int, ns: int) -> None:
    before = sums.get(key, (0, 0))
    sums[key] = (min(before[0] + number, LARGEST), min(before[1] + ns, LARGEST))
