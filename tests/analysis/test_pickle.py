"""Facts are closed: a worker process can return them, and every report stays the same."""

from __future__ import annotations

import io
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci import pipeline, reading
from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.report.formats import FORMATS
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, ROOT, facts_of, path_of, read

PLAIN = {
    "builtins.getattr",
    "collections.Counter",
    "gotracer_ci.analysis.creations.Creations",
    "gotracer_ci.analysis.creations.Number",
    "gotracer_ci.analysis.durations.Durations",
    "gotracer_ci.analysis.facts.Facts",
    "gotracer_ci.analysis.goroutines.Goroutines",
    "gotracer_ci.analysis.goroutines.Alive",
    "gotracer_ci.analysis.heap.Growth",
    "gotracer_ci.analysis.heap.Heap",
    "gotracer_ci.analysis.holders.Activity",
    "gotracer_ci.analysis.holders.Holding",
    "gotracer_ci.analysis.holds.HoldGroup",
    "gotracer_ci.analysis.intervals.Interval",
    "gotracer_ci.analysis.intervals.IntervalGroup",
    "gotracer_ci.analysis.intervals.Part",
    "gotracer_ci.analysis.ran_tests.RanTest",
    "gotracer_ci.analysis.ran_tests.RanTests",
    "gotracer_ci.analysis.stacks.Stack",
    "gotracer_ci.analysis.stretches.Event",
    "gotracer_ci.analysis.stretches.StretchGroup",
    "gotracer_ci.analysis.tests.Tests",
    "gotracer_ci.notes.Note",
    "gotracer_ci.notes.NoteKind",
    "gotracer_ci.source.frames.SourceFrame",
    "gotracer_ci.trace.spec.IntervalKind",
}

each_trace = pytest.mark.parametrize("name", NAMES)


class Recording(pickle.Unpickler):
    """Records the classes and functions that a pickle refers to."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


@each_trace
def test_a_pickle_has_only_plain_values(name: str) -> None:
    """No repository, no tables of the trace, no functions."""
    unpickler = Recording(pickle.dumps(facts_of(name)))
    assert unpickler.load() == facts_of(name)
    assert unpickler.names <= PLAIN


@each_trace
def test_a_pickle_is_small(name: str) -> None:
    """It has each group and each frame once. The committed traces take up to 40 kB; the repository would take 400."""
    facts = facts_of(name)
    frames = {frame for group in facts.intervals for frame in group.stack.frames}
    assert len(pickle.dumps(facts)) <= 3_000 + 200 * len(facts.intervals) + 150 * len(frames)


@pytest.mark.parametrize(
    ("traces", "baseline"),
    [
        ([path_of(name) for name in NAMES], None),
        ([path_of("service-leak-go1.27"), path_of("service-lock-go1.27")], ROOT / "testdata" / "baseline.json"),
    ],
    ids=["all", "baseline"],
)
def test_no_report_changes(traces: list[str], baseline: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every format has the same bytes, whether the facts come from this process or from a pickle."""
    settings = Settings(traces=tuple(traces), root=ROOT if baseline else PROGRAMS, baseline=baseline)
    here = pipeline.run(settings).report

    def packed(*given: Any, **options: Any) -> Facts:
        facts: Facts = pickle.loads(pickle.dumps(analyse(*given, **options)))
        return facts

    monkeypatch.setattr(reading, "analyse", packed)
    there = pipeline.run(settings).report
    assert here.findings
    for name in FORMATS:
        assert FORMATS[name].render(there) == FORMATS[name].render(here)


def test_a_worker_process_returns_facts() -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(read, "service-go1.27").result() == facts_of("service-go1.27")


def test_damage_survives_pickling(tmp_path: Path) -> None:
    whole = Path(path_of("lockwait-go1.27")).read_bytes()
    half = tmp_path / "half.trace"
    half.write_bytes(whole[: len(whole) // 2])

    facts = analyse(open_trace(str(half)), SourceMap(None))
    again: Facts = pickle.loads(pickle.dumps(facts))

    assert facts.damage
    assert again.damage
    assert (str(again.damage), again.damage.offset) == (str(facts.damage), facts.damage.offset)
    assert again._replace(damage=None) == facts._replace(damage=None)
