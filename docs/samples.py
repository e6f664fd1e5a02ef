"""Write the sample reports in docs/samples: `python docs/samples.py`."""

from __future__ import annotations

import os
from pathlib import Path

from gotracer_ci import pipeline
from gotracer_ci.report import comment
from gotracer_ci.report.formats import render
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "docs" / "samples"
TRACE = "testdata/traces/service-leak-go1.27.trace"
BASELINE = Path("testdata/baseline.json")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LINKS = Links(
    blob=f"https://github.com/org/gotracer-ci/blob/{COMMIT}/",
    run="https://github.com/org/gotracer-ci/actions/runs/1",
    commit=COMMIT,
)
"""Links like those of a pull request."""


def report() -> Report:
    """Analyze the trace of the README's example."""
    os.chdir(ROOT)
    return pipeline.run(Settings(traces=(TRACE,), baseline=BASELINE)).report


def pages() -> dict[Path, str]:
    """Return each sample with its content."""
    found = report()
    return {
        SAMPLES / "comment.md": comment.render(found, LINKS, 65_536),
        SAMPLES / "report.sarif": render("sarif", found),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
