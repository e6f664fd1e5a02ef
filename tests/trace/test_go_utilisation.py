"""Mutator utilisation equals Go's for stop-the-world, assists and sweeps; `test_gc` has a plain walk for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import OLD_VERSIONS
from tests.oracle.utilisation import compare_utilisation
from tests.trace.conftest import TRACES
from tests.trace.test_oracle import STOPS
from tests.trace.writer import case

TEXT = Path(__file__).with_name("text") / "garbage-collection.txt"
NEW = [path for path in TRACES if path.stem not in STOPS and open_trace(str(path)).version not in OLD_VERSIONS]


@pytest.mark.parametrize("path", NEW, ids=lambda path: path.stem)
def test_utilisation_and_minima_are_go_s(path: Path, oracle_program: Path) -> None:
    compared, differences = compare_utilisation(oracle_program, path)
    assert compared > 50
    assert differences == []


def test_so_are_those_of_a_trace_with_known_times(oracle_program: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.trace"
    path.write_bytes(case(TEXT.read_text(encoding="utf-8")).data)
    assert compare_utilisation(oracle_program, path)[1] == []
