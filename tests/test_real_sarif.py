"""The SARIF of real traces before the three judges that tests/report holds made-up reports to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.report import render
from gotracer_ci.settings import Settings
from tests.conftest import NAMES, ROOT, path_of
from tests.report.conftest import multitool
from tests.report.sarif_gates import against_schema, by_us, by_validator

__all__ = ["multitool"]


def _log(tmp_path: Path, *names: str, baseline: Path | None = None) -> Path:
    traces = tuple(str(path_of(name)) for name in names)
    report = pipeline.run(Settings(traces=traces, root=ROOT, baseline=baseline)).report
    file = tmp_path / "real.sarif"
    file.write_text(render("sarif", report), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("names", "baseline"),
    [(NAMES, None), (("service-leak-go1.27",), ROOT / "testdata" / "baseline.json")],
    ids=["all traces", "with a baseline"],
)
def test_schema_and_validator_have_nothing_to_say(
    names: tuple[str, ...], baseline: Path | None, multitool: Path, tmp_path: Path
) -> None:
    file = _log(tmp_path, *names, baseline=baseline)
    assert against_schema(file, multitool) == []
    assert by_validator(file, multitool) == []


@pytest.mark.parametrize("name", NAMES)
def test_github_would_accept_and_show_it(name: str, tmp_path: Path) -> None:
    log = json.loads(_log(tmp_path, name).read_text(encoding="utf-8"))
    files = [path for path in (ROOT / "testdata" / "programs").rglob("*") if path.is_file()]
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines()) for path in files}
    assert by_us(log, lines) == []
