"""Of several traces one is read a second time for the page: if it is gone by then, everything else stands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.settings import Settings
from tests.conftest import path_of


@pytest.mark.parametrize("then", [None, b"hello"])
def test_a_trace_that_changes_meanwhile_costs_only_the_pictures(then: bytes | None, tmp_path: Path) -> None:
    copies = [tmp_path / name for name in ("first.trace", "second.trace")]
    for copy, name in zip(copies, ("service-lock-go1.27", "service-lock-go1.23"), strict=True):
        shutil.copy(path_of(name), copy)

    def change(number: int, _of: int, _trace: object) -> None:
        for copy in copies if number == 2 else ():
            copy.unlink(missing_ok=True)
            if then is not None:
                copy.write_bytes(then)

    page = tmp_path / "report.html"
    outcome = pipeline.run(Settings(traces=tuple(map(str, copies)), root=tmp_path, outputs={"html": page}), change)
    assert outcome.report.findings
    assert "MutexContention" in page.read_text(encoding="utf-8")
    assert outcome.report.pictures is None
    assert [error.exit_code for error in outcome.errors] == [2]
    assert ("first.trace" in str(outcome.errors[0])) != ("second.trace" in str(outcome.errors[0]))
