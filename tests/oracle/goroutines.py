"""Compare `goroutines --go-compat` with the summary of Go's own internal/trace, field by field."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from gotracer_ci.analysis.lives import go_summary
from gotracer_ci.tables.goroutines import lives_table
from gotracer_ci.tables.percentiles import UNNAMED
from gotracer_ci.trace.open import open_trace

FIELDS = {
    "Exec": "running_ns",
    "Sched": "runnable_ns",
    "Syscall": "syscall_ns",
    "SyscallBlock": "syscall_blocked_ns",
    "Total": "total_ns",
    "Unknown": "unknown_ns",
    "Block": "waiting_by_reason_ns",
    "Stopped": "stw_ns",
    "Assist": "assist_total_ns",
    "Sweep": "sweep_ns",
}


def ours(path: Path) -> dict[int, dict[str, Any]]:
    """Return the rows that the command shows for all goroutines, in the oracle's words."""
    opened = open_trace(str(path))
    rows = lives_table([("", go_summary(opened))], traces=False, reasons=True, system=True, ranges=True).rows
    return {row["goroutine"]: _in_words(row, opened.start_ns) for row in rows}


def _in_words(row: dict[str, Any], start_ns: int) -> dict[str, Any]:
    times = {name: row[f"{name.lower()}_ns"] for name in ("Created", "Started", "Ended")}
    return {
        "ID": row["goroutine"],
        "Name": row["group"].removeprefix(UNNAMED),
        **{name: 0 if time is None else time + start_ns for name, time in times.items()},
        **{name: row[column] for name, column in FIELDS.items()},
    }


def theirs(oracle: Path, path: Path) -> dict[int, dict[str, Any]]:
    done = subprocess.run([oracle, "-goroutines", path], capture_output=True, text=True, timeout=300, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {goroutine["ID"]: goroutine for goroutine in found}


def compare_goroutines(oracle: Path, path: Path) -> tuple[int, list[str]]:
    """Return how many goroutines were compared, and the differences."""
    mine, its = ours(path), theirs(oracle, path)
    different = [id for id in sorted({*mine, *its}) if mine.get(id) != its.get(id)]
    return len(its), [f"goroutine {id}:\n- Go's: {its.get(id)}\n+ ours: {mine.get(id)}" for id in different[:5]]
