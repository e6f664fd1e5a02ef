"""Reports with pictures of committed traces, and their streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gotracer_ci.pipeline import run
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import packed, unpacked
from gotracer_ci.settings import Settings
from tests.conftest import PROGRAMS, path_of
from tests.streams import Decoded, decoded

MAX_BYTES = 200_000
"""Of a summary."""


def report_of(tmp_path: Path, *names: str, **settings: Any) -> Report:
    """Analyze committed traces for a page with tables, in one reading."""
    outputs = {"html": tmp_path / "report.html", "json": tmp_path / "report.json"}
    traces = tuple(map(path_of, names))
    return run(Settings(traces=traces, root=PROGRAMS, outputs=outputs, with_tables=True, **settings)).report


def summaries_of(report: Report) -> list[Decoded]:
    assert report.pictures
    assert all(len(packed(summary)) <= MAX_BYTES for summary in report.pictures.summaries)
    return [decoded(unpacked(summary)) for summary in report.pictures.summaries]


def tables_of(report: Report) -> Decoded:
    assert report.pictures
    return decoded(unpacked(report.pictures.tables))


def calls_of(report: Report) -> Decoded:
    assert report.pictures
    return decoded(unpacked(report.pictures.calls))


def stack_of(calls: Decoded, node: int) -> list[str]:
    """Return the functions of a node of `calls`, leaf first."""
    functions = []
    while node:
        frame = calls.blocks["calls"]["frame"][node - 1]
        functions.append(calls.text(calls.blocks["frames"]["function"][frame]))
        node = calls.blocks["calls"]["parent"][node - 1]
    return functions
