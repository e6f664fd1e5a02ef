"""A report in every format: one file a format, each imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module

from gotracer_ci.report.model import Report

NAMES = ("human", "json", "ndjson", "markdown", "sarif", "html", "junit", "gitlab")


def render(name: str, report: Report) -> str:
    """The report in the format of that name, as text that UTF-8 can hold; the same bytes for the same report."""
    if name not in NAMES:
        raise ValueError(f"no such report format: {name}")
    text: str = import_module(f"gotracer_ci.report.{name}").render(report)
    return text
