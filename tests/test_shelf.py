"""What is put away comes back, and a run of many traces holds the facts of few."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.analysis.facts import Facts
from gotracer_ci.report.formats import FORMATS
from gotracer_ci.settings import Settings
from gotracer_ci.shelf import Packed, Plain, Shelf, packed
from tests.conftest import PROGRAMS, facts_of, path_of
from tests.variants import variant

NAMES = ("lockwait-go1.27", "service-leak-go1.27", "tour-go1.27")


def test_values_come_back_in_any_order() -> None:
    shelf = Shelf()
    facts = [facts_of(name) for name in NAMES]
    kept = [shelf.put(Plain(one)) for one in facts]
    for at in (2, 0, 0, 1, 2):
        assert kept[at]() == facts[at]


def test_a_value_from_another_process_is_put_away_as_it_is() -> None:
    value = {"a": (1, 2.5, "x")}
    sent = packed(Plain(value))
    assert packed(sent) is sent
    assert sent() == Shelf().put(sent)() == value


def test_without_a_temporary_directory_values_stay_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a container whose files are read-only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    kept = Shelf().put(Plain([1, 2]))
    assert isinstance(kept, Packed)
    assert kept() == [1, 2]


@pytest.fixture
def many(tmp_path: Path) -> tuple[str, ...]:
    """Thirty traces of three programs: each has findings, and of equal ones the first is the worst."""
    paths = [tmp_path / f"{number:02}.trace" for number in range(30)]
    for number, path in enumerate(paths):
        path.write_bytes(variant(Path(path_of(NAMES[number % len(NAMES)])).read_bytes(), number))
    return tuple(map(str, paths))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_does_not_hold_the_facts_of_all_traces(
    many: tuple[str, ...], jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while it reads them, nor when it compares them and describes what it found."""
    held = []
    # what is here already need not be looked at again and again
    gc.collect()
    gc.freeze()

    def count(*_: object) -> None:
        held.append(sum(type(one) is Facts for one in gc.get_objects()))

    judge = pipeline.judge

    def counted(*given: object, **options: object) -> object:
        count()
        return judge(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "judge", counted)
    try:
        outcome = pipeline.run(
            Settings(traces=many, base=(path_of("service-go1.27"),), root=PROGRAMS, jobs=jobs), count
        )
        count()
    finally:
        gc.unfreeze()
    assert outcome.report.findings
    assert len(outcome.report.traces) == len(many)
    assert max(held) <= 2


def test_no_format_changes(many: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every format has the same bytes, whether results are put away or held, with base traces and tables."""
    settings = Settings(
        traces=many[:9],
        base=(path_of("service-lock-go1.27"), path_of("tour-go1.26"), path_of("lockwait-go1.22")),
        root=PROGRAMS,
        with_tables=True,
        outputs=dict.fromkeys(FORMATS, Path("/dev/null")),
    )
    monkeypatch.setattr(pipeline, "write", lambda *_: ({}, []))
    put_away = pipeline.run(settings).report
    monkeypatch.setattr(Shelf, "put", lambda _, kept: Plain(kept()))
    held = pipeline.run(settings).report
    assert put_away.findings
    assert put_away.tables
    for name in FORMATS:
        assert FORMATS[name].render(put_away) == FORMATS[name].render(held), name
