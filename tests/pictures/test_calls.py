"""The profiles in the HTML report: on every committed trace they are those of `gotracer-ci profile`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gotracer_ci.analysis.profile import TYPES, ProfileAnalysis, Sample, StackProfile, total
from gotracer_ci.analysis.reading import read_for
from gotracer_ci.analysis.stacks import Stacks, is_system
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, path_of
from tests.drawn import calls_of, report_of, stack_of
from tests.streams import Decoded

Sums = Counter[tuple[tuple[str, ...], str, str, str]]


def command_of(name: str) -> dict[str, StackProfile]:
    """Return what the command shows by default, for each type by an analysis of its own."""
    trace = open_trace(path_of(name))
    analyses = {kind: ProfileAnalysis(trace, kind) for kind in TYPES}
    read_for(trace, tuple(analyses.values()))
    stacks = Stacks(trace.tables, SourceMap(None), trace.version)
    return {kind: analysis.result(trace, stacks) for kind, analysis in analyses.items()}


def expected(profile: StackProfile) -> Sums:
    sums: Sums = Counter()
    for sample in profile.samples:
        if profile.type == "cpu" or not is_system(sample.group):
            key = (functions(sample), sample.state, sample.reason)
            sums[(*key, "ns")] += sample.ns
            sums[(*key, "count")] += sample.number
    return +sums


def functions(sample: Sample) -> tuple[str, ...]:
    return tuple(function for function, _, _ in sample.stack)


def shown(calls: Decoded, block: str) -> Sums:
    sums: Sums = Counter()
    rows = calls.rows(block)
    for row in rows:
        key = (tuple(stack_of(calls, row["node"])), calls.text(row["state"]), calls.text(row["reason"]))
        sums[(*key, "ns")] += row["ns"]
        sums[(*key, "count")] += row["count"]
    assert [row["ns"] for row in rows] == sorted((row["ns"] for row in rows), reverse=True)
    return +sums


@pytest.mark.parametrize("name", NAMES)
def test_each_profile_is_that_of_the_command(name: str, tmp_path: Path) -> None:
    calls = calls_of(report_of(tmp_path, name))
    assert (calls.header["traces"], calls.header["base_traces"]) == (1, 0)
    assert list(calls.blocks) == ["frames", "calls", *TYPES]
    for kind, profile in command_of(name).items():
        assert shown(calls, kind) == expected(profile)


def test_profiles_sum_up_all_traces_and_those_of_the_base_stand_beside_them(tmp_path: Path) -> None:
    head, base = ("service-go1.27", "service-again-go1.27"), "service-leak-go1.27"
    calls = calls_of(report_of(tmp_path, *head, base=(path_of(base),)))
    assert (calls.header["traces"], calls.header["base_traces"]) == (2, 1)
    of_head, of_base = [command_of(name) for name in head], command_of(base)
    for kind in TYPES:
        assert shown(calls, kind) == expected(total([profiles[kind] for profiles in of_head]))
        assert shown(calls, f"base_{kind}") == expected(of_base[kind])


def test_a_caller_stands_before_what_it_calls_and_files_are_those_of_the_repository(tmp_path: Path) -> None:
    calls = calls_of(report_of(tmp_path, "service-go1.27"))
    for number, row in enumerate(calls.rows("calls"), 1):
        assert 0 <= row["parent"] < number
        assert 0 <= row["frame"] < len(calls.blocks["frames"]["line"])
    own = [frame for frame in calls.rows("frames") if frame["linked"]]
    assert own
    for frame in own:
        path = PROGRAMS / calls.text(frame["file"])
        assert path.is_file()
        assert 0 < frame["line"] <= len(path.read_text(encoding="utf-8").splitlines())
    assert {frame["owner"] for frame in own} == {0}
