"""Update the table of the package's parts in CONTRIBUTING.md: `python docs/architecture.py`."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gotracer_ci"
PAGE = ROOT / "CONTRIBUTING.md"
HEAD = "| Part | Purpose | May import |\n|---|---|---|\n"
HIDDEN = ("__init__", "__main__")


def table() -> str:
    """Return one row per part, in the order of the data flow: its docstring's first line and its allowed imports."""
    may_import: dict[str, set[str]] = runpy.run_path(str(ROOT / "tests/test_architecture.py"))["MAY_IMPORT"]
    return HEAD + "".join(_row(part, allowed) for part, allowed in may_import.items() if part not in HIDDEN)


def page() -> str:
    """Return CONTRIBUTING.md with an up-to-date table."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
    return before + table() + rest[rest.index("\n\n") + 1 :]


def _row(part: str, allowed: set[str]) -> str:
    file = PACKAGE / part / "__init__.py"
    name = f"{part}/" if file.exists() else f"{part}.py"
    docstring = (
        ast.get_docstring(ast.parse((file if file.exists() else PACKAGE / f"{part}.py").read_text("utf-8"))) or ""
    )
    return f"| `{name}` | {docstring.splitlines()[0]} | {', '.join(sorted(allowed)) or '–'} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
