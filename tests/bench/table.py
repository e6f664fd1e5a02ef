"""The results as Markdown tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.rounds import Measured
from tests.bench.targets import Check
from tests.bench.traces import MB, Workload


def traces(rows: Iterable[tuple[Workload, int, int]]) -> Iterator[str]:
    """Yield the table of traces. rows: (workload, size in bytes, events)."""
    cells = [(w.name, f"{size / MB:,.3g}", f"{events / 1e6:,.3g}", w.what) for w, size, events in rows]
    return _table(("Trace", "MB", "Million events", "What it is"), cells)


def runs(all_measured: Iterable[Measured]) -> Iterator[str]:
    cells = [
        (
            measured.name,
            contender,
            f"{measured.cpu_s(contender):.3f}",
            f"{measured.fastest_s(contender):.3f}",
            f"{measured.ns_per_event(contender):,.0f}",
            f"{measured.peak(contender) / MB:,.0f}",
        )
        for measured in all_measured
        for contender in measured.runs
    ]
    return _table(("Trace", "Process", "CPU s", "Fastest", "ns an event", "Peak MB"), cells)


def checks(all_checks: Iterable[Check]) -> Iterator[str]:
    cells = [
        (
            check.figure,
            check.trace,
            f"{_number(check.value)} {check.unit}",
            f"{'≥' if check.at_least else '≤'} {check.target:g} {check.unit}",
            check.verdict,
        )
        for check in all_checks
    ]
    return _table(("Figure", "Trace", "Measured", "Target", ""), cells)


def document(facts: dict[str, Any], all_measured: Iterable[Measured], all_checks: Iterable[Check]) -> dict[str, Any]:
    """Return all results, including each single run."""
    return {
        **facts,
        "traces": [asdict(measured) for measured in all_measured],
        "targets": [{**asdict(check), "met": check.met} for check in all_checks],
    }


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
