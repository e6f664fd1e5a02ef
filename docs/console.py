"""Update the output below each `$ gotracer-ci …` in the pages: `python docs/console.py`."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (
    "docs/analyze.md",
    "docs/baseline.md",
    "docs/critical-paths.md",
    "docs/diff.md",
    "docs/events.md",
    "docs/gc.md",
    "docs/goroutines.md",
    "docs/objectives.md",
    "docs/profile.md",
    "docs/regions.md",
    "docs/sql.md",
    "docs/tasks.md",
    "docs/tests.md",
    "docs/wakes.md",
)


def updated(page: str) -> str:
    """Return a page with the current output of its commands."""
    return re.sub(r"(?<=^```console\n)\$ gotracer-ci (.*)\n[^`]*", _run, page, flags=re.MULTILINE)


def _run(match: re.Match[str]) -> str:
    command = [sys.executable, "-m", "gotracer_ci", *shlex.split(match[1])]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 (our own pages)
    return f"$ gotracer-ci {match[1]}\n{output}"


if __name__ == "__main__":
    for name in PAGES:
        path = ROOT / name
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
