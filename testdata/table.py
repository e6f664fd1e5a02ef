"""Update the table in README.md: each trace, its expected facts, and those measured with Go's own reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cases import CASES, GO, Case
from measure import measure

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
HEAD = """\
| Trace | Go | Program | Bytes | Events | Generations | What it holds | Measured |
|---|---|---|---:|---:|---:|---|---|
"""
NUMBERS = (
    "goroutines",
    "procs stolen",
    "samples",
    "tasks",
    "regions",
    "logs",
    "generations",
    "experimental",
    "experimental frees",
    "GC cycles",
)
NUMBER_ENDS = ("boundary", "a Mutex", "in a syscall", "their P")


def update_readme(readme: Path, traces: Path, oracle: Path) -> None:
    """Replace the text between the two markers."""
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    rows = "".join(f"{row}\n" for case in CASES for row in _rows(case, traces, oracle))
    readme.write_text(f"{before}{BEGIN}\n{HEAD}{rows}{END}{after}", encoding="utf-8")


def _rows(case: Case, traces: Path, oracle: Path) -> Iterator[str]:
    for version, name in case.traces():
        trace = traces / name
        if trace.exists():
            facts = measure(oracle, trace)
            environment = [f"{key}={value}" for key, value in case.environment.items()]
            run = " ".join([*environment, case.directory, *case.arguments])
            measured = ", ".join(f"{fact} {_amount(fact, facts.get(fact, 0))}" for fact in case.shows(version))
            cells = (
                f"`{name}`",
                GO[version],
                f"`{run}`",
                f"{trace.stat().st_size:,}",
                f"{facts['events']:,}",
                f"{facts['generations']}",
                case.holds,
                measured,
            )
            yield f"| {' | '.join(cells)} |"


def _amount(fact: str, value: int) -> str:
    """Format a fact with its unit: number, bytes for heap facts, or time."""
    if fact in NUMBERS or fact.endswith(NUMBER_ENDS):
        return str(value)
    if fact.startswith("heap"):
        return f"{value / 1e6:,.3f} MB"
    return f"{value / 1e6:,.3f} ms"
