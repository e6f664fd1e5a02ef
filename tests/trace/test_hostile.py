"""Hostile traces: their work is bounded and can be interrupted, and so is what is kept of them."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.notes import NoteKind
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace import kernel
from gotracer_ci.trace.observers.groups import MAX_GROUPS, MAX_REASONS
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import MAX_PROCS, Ev, IntervalKind
from tests.builds import Build, new_groups, trace_of, uncompiled
from tests.conftest import ROOT, once
from tests.trace import hostile
from tests.trace.hostile import KINDS, RUNS, event, trace
from tests.trace.writer import batch

SMALL = 100_000


class Counting(list[int]):
    """A column that counts how often it is read."""

    reads = 0

    def __getitem__(self, index: Any) -> Any:
        self.reads += 1
        return super().__getitem__(index)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_or_refused(kind: str, decoder: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is a mistake of the test: the reader gets past the beginning."""
    monkeypatch.setattr(decoder.kernel, "MOST_WORK", 0)
    monkeypatch.setattr(import_module("gotracer_ci.trace.v1.order"), "MOST_WORK", 0)
    groups = new_groups()
    opened = trace_of(kind, KINDS[kind](SMALL))
    for _ in opened.chunks((), (groups,)):
        pass
    assert opened.events >= 4 or kind == "old_procs"  # which has no event until the order of all is known
    refused = {"waiting_threads", "abandoned_procs", "old_procs"}
    assert (opened.damage is None) == (kind not in refused), opened.damage


@pytest.mark.parametrize("kind", ["procs_changes", "old_procs_changes"])
def test_a_change_of_gomaxprocs_does_not_look_at_every_p(kind: str) -> None:
    with uncompiled().active() as build:
        opened = trace_of(kind, KINDS[kind](20_000))
        plain = build.kernel.Kernel
        columns: list[Counting] = []

        class Watched(plain):  # type: ignore[misc, valid-type]
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                counting = Counting(self._p_status)  # type: ignore[has-type]
                self._p_status = counting
                columns.append(counting)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(build.kernel, "Kernel", Watched)
            for _ in opened.chunks(()):
                pass
        assert opened.damage is None
        assert opened.events > 3000
        assert columns[0].reads < 300 * opened.events


def test_idle_ps_beyond_gomaxprocs_do_not_count(decoder: Build) -> None:
    """P 300 is idle all the time, but counts only while GOMAXPROCS is larger than that."""
    events = [
        event(Ev.GO_CREATE, 2, 0, 0),
        *(event(Ev.PROCS_CHANGE, n, 0, after=100) for n in (301, 300, 256, 257, 0, 1, MAX_PROCS)),
        event(Ev.GO_DESTROY, after=100),
    ]
    idle = batch(1, 2, 150, event(Ev.PROC_STATUS, 300, 2))
    groups = new_groups()
    opened = trace_of("idle", trace(batch(1, 1, 100, RUNS), idle, batch(1, 1, 200, b"".join(events))))
    for _ in opened.chunks((), (groups,)):
        pass
    assert opened.damage is None
    total = {kind: total for kind, _, _, _, _, total, _, _ in groups.rows()}
    # unknown at first; then while it is 301, 0 (unknown again) and the most
    assert total[IntervalKind.RUNNABLE] == 801
    assert total[IntervalKind.IDLE_P] == 401


@pytest.mark.parametrize("n", [MAX_PROCS + 1, 1 << 31, (1 << 64) - 1])
def test_gomaxprocs_out_of_range_is_damage(n: int, decoder: Build) -> None:
    opened = trace_of("many", trace(batch(1, 1, 100, RUNS), batch(1, 1, 200, event(Ev.PROCS_CHANGE, n, 0))))
    for _ in opened.chunks():
        pass
    assert "GOMAXPROCS of" in str(opened.damage)
    assert opened.totals()["gomaxprocs"] == 0


@pytest.mark.parametrize("kind", ["waiting_threads", "abandoned_procs"])
def test_threads_that_wait_for_each_other_end_the_reading(
    kind: str, decoder: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is counted, so the reader returns often enough for Ctrl-C, and stops in the end."""
    work, steps = 1 << 21, decoder.kernel.STEPS
    monkeypatch.setattr(decoder.kernel, "MOST_WORK", work)
    monkeypatch.setattr(decoder.kernel, "WORK_PER_BYTE", 0)
    opened = trace_of(kind, KINDS[kind](SMALL))
    chunks = sum(1 for _ in opened.chunks(()))
    assert "the order of events takes too long" in str(opened.damage)
    assert opened.events < work // 500
    assert chunks > work // steps


def test_ps_of_the_older_format_that_wait_for_each_other_end_the_reading(
    decoder: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = 1 << 22
    order = import_module("gotracer_ci.trace.v1.order")
    monkeypatch.setattr(order, "MOST_WORK", work)
    monkeypatch.setattr(order, "WORK_PER_EVENT", 0)
    opened = trace_of("old", hostile.old_procs(SMALL))
    pauses = 0

    def count(_: Trace) -> None:
        nonlocal pauses
        pauses += 1

    opened.watch = count
    for _ in opened.chunks(()):
        pass
    assert "too many Ps wait for each other" in str(opened.damage)
    assert pauses > work // order.STEPS


@pytest.mark.parametrize("kind", ["reasons", "stacks"])
def test_the_number_of_groups_is_bounded_and_their_sums_are_exact(kind: str, fast_decoder: Build) -> None:
    opened, groups = trace_of(kind, KINDS[kind](1_200_000)), new_groups()
    stops = 0
    for chunk in opened.chunks((Ev.GO_STOP,), (groups,)):
        stops += chunk.n
    rows = groups.rows()
    assert stops > 2 * MAX_GROUPS
    assert groups.is_merged()
    assert MAX_GROUPS < len(rows) <= MAX_GROUPS + MAX_REASONS + 16
    runnable = [row for row in rows if row[0] == IntervalKind.RUNNABLE]
    assert sum(row[4] for row in runnable) == stops
    assert sum(row[5] for row in runnable) == stops  # each takes 1 ns


def test_merged_groups_are_a_note() -> None:
    facts = analyse(Trace("stacks", memoryview(hostile.stacks(1_200_000))), SourceMap(None))
    assert [note.text for note in facts.notes if note.kind is NoteKind.LIMITED] == [
        "more than 20,000 different waits: further ones are counted without their stacks"
    ]
    few = analyse(Trace("stacks", memoryview(hostile.stacks(SMALL))), SourceMap(None))
    assert not [note for note in few.notes if note.kind is NoteKind.LIMITED]


def test_ids_cannot_be_made_to_collide() -> None:
    """Ids whose hashes would be neighbours without the salt: those of 2,000 goroutines need few probes."""
    with uncompiled().active() as build:
        odd = pow(0x9E3779B97F4A7C15, -1, 1 << 64)
        ids = [build.columns.signed(k * odd % (1 << 64)) for k in range(2000)]
        indices = build.columns.IdMap(ids)
        for k, id in enumerate(ids):
            indices.put(id, k)
        indices._indices = Counting(indices._indices)
        assert [indices.find(id) for id in ids] == list(range(2000))
        assert indices._indices.reads < 20 * len(ids)


PEAK = """
import sys
from gotracer_ci.cli import main
try:
    main(["analyze", sys.argv[1], "-f", "json", "-o", "/dev/null"])
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not kernel.is_compiled() or not Path("/proc/self/status").exists(), reason="takes minutes")
@pytest.mark.parametrize(
    "kind", ["goroutines", "repeated_stacks", "samples", "batches", "empty_batches", "strings", "old_goroutines"]
)
def test_ten_megabytes_take_no_more_than_256_megabytes(
    kind: str, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    trace = once(tmp_path_factory, f"{kind}.trace", lambda file: file.write_bytes(KINDS[kind](10_000_000)))
    done = subprocess.run(
        [sys.executable, "-c", PEAK, trace],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert int(done.stdout) * 1024 <= 256 << 20


def test_too_many_threads_are_damage(decoder: Build) -> None:
    opened = trace_of("threads", KINDS["threads"](1_000_000))
    for _ in opened.chunks(()):
        pass
    assert "more than 65,536 threads" in str(opened.damage)
