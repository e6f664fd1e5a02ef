"""`--with tables`: the JSON report has the rows of the tables, and everything else stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.pipeline import run as analyzed
from gotracer_ci.report import schema
from gotracer_ci.report.formats import render
from gotracer_ci.settings import Settings
from gotracer_ci.tables import gc, goroutines, regions, tasks, tests, wakes
from tests.conftest import NAMES, ROOT, Run

TRACES = tuple(f"testdata/traces/{name}.trace" for name in ("service-go1.27", "tour-go1.21", "orders-go1.27"))
COMMANDS = {
    "goroutines": ("goroutines",),
    "over_time": ("goroutines", "--over-time"),
    "tasks": ("tasks",),
    "regions": ("regions",),
    "gc": ("gc",),
    "tests": ("tests",),
    "wakes": ("wakes",),
}
"""The command of each table."""
ROWS = {
    "goroutines": (goroutines.json_schema, "group"),
    "over_time": (goroutines.json_schema, "part"),
    "tasks": (tasks.json_schema, "type"),
    "regions": (regions.json_schema, "group"),
    "gc": (gc.json_schema, "cycle"),
    "tests": (tests.json_schema, "test"),
    "wakes": (wakes.json_schema, "wake"),
}
"""Which published schema has the rows of each table."""


def document(run: Run, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "-f", "json", cwd=ROOT).stdout)
    return found


def test_the_tables_are_those_of_the_commands(run: Run, tmp_path: Path) -> None:
    with_tables = document(run, "analyze", *TRACES, "--with", "tables")
    tables = with_tables.pop("tables")
    assert list(tables) == list(COMMANDS)
    for name, command in COMMANDS.items():
        assert tables[name] == document(run, *command, *TRACES)["rows"]
    without = document(run, "analyze", *TRACES)
    assert without.pop("tables") is None
    assert with_tables == without
    # the page and the tables are made from one reading, and the tables need more of it
    assert (
        document(run, "analyze", *TRACES, "--with", "tables", "--html", str(tmp_path / "page.html"))["tables"] == tables
    )


@pytest.mark.parametrize("names", [(name,) for name in NAMES[::9]] + [tuple(NAMES[::20])], ids=len)
def test_a_report_with_tables_follows_the_schemas_and_can_be_read(names: tuple[str, ...]) -> None:
    traces = tuple(str(ROOT / f"testdata/traces/{name}.trace") for name in names)
    report = analyzed(Settings(traces=traces, root=ROOT, format="json", with_tables=True)).report
    text = render("json", report)
    found = json.loads(text)
    jsonschema.validate(found, schema.json_schema())
    for name, (published, kind) in ROWS.items():
        known = published()
        row = jsonschema.Draft202012Validator({**known["$defs"][kind], "$defs": known["$defs"]})
        for each in found["tables"][name]:
            row.validate(each)
        traced = {each["trace"] for each in found["tables"][name]}
        assert traced <= {trace["path"] for trace in found["traces"]}
        assert name not in ("goroutines", "over_time") or len(traced) == len(names)
    again = schema.read(text, "report.json", {})
    assert again.tables == report.tables


def test_other_formats_need_no_tables() -> None:
    settings = Settings(traces=(str(ROOT / TRACES[0]),), root=ROOT, with_tables=True)
    assert analyzed(settings).report.tables is None


def test_an_unreadable_trace_has_no_rows_and_the_base_has_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "no.trace").write_bytes(b"no trace")
    done = run("analyze", tmp_path / "no.trace", ROOT / TRACES[0], "--base", ROOT / TRACES[1], "--with", "tables",
               "--json", tmp_path / "report.json")  # fmt: skip
    assert done.returncode == 2
    tables = json.loads((tmp_path / "report.json").read_bytes())["tables"]
    assert {Path(row["trace"]).name for rows in tables.values() for row in rows} == {"service-go1.27.trace"}
