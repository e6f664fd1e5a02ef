"""Properties of every rule, and of every finding in every committed trace."""

from __future__ import annotations

import re
from collections import Counter
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.rules import registry
from gotracer_ci.rules.busy_machine import is_busy
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import all_rules, select
from gotracer_ci.rules.rule import SECTIONS, Rule, documented
from gotracer_ci.rules.units import parse
from gotracer_ci.source.names import normalise
from gotracer_ci.text import quantity
from tests.conftest import NAMES, PROGRAMS, described, facts_of, findings, line_of, measured, read

RULES = all_rules()
UNITS = {"ns": "ms", "bytes": "MB", "bytes/s": "MB/s", "count": "", "ratio": "%"}
SCALE = {"ns": 1e6, "bytes": 1e6, "bytes/s": 1e6, "count": 1.0, "ratio": 0.01}

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
each_trace = pytest.mark.parametrize("name", NAMES)


@each_rule
def test_documentation_is_complete(rule: Rule) -> None:
    """The docstring is the only source of a rule's documentation, so it must be complete."""
    assert tuple(heading for heading, _ in rule.info.sections) == SECTIONS
    assert rule.info.summary.endswith(".")
    assert "\n" not in rule.info.summary
    assert all(len(text) > 20 and text.endswith(".") for _, text in rule.info.sections)
    explained = dict(rule.info.sections)["Thresholds"] + dict(rule.info.sections)["How it is measured"]
    assert all(f"`{limit.name}`" in explained for limit in rule.info.thresholds)


@each_rule
def test_thresholds_are_written_as_they_are_read(rule: Rule) -> None:
    for limit in rule.info.thresholds:
        shown = quantity(limit.value, limit.unit)
        assert parse(limit.name, shown, limit.unit) == limit.value
        assert parse(limit.name, shown.replace(" ", ""), limit.unit) == limit.value


def test_names_are_unique_and_gotracers_rules_come_first() -> None:
    assert [rule.name for rule in RULES] == [
        "GCPauseSpike",
        "HighSchedulingLatency",
        "BlockedOnSyscall",
        "MutexContention",
        "GoroutineLeakGrowth",
        "HeapGrowthSpike",
        "ProcessorStarvation",
        "GCAssist",
        "LongWait",
        "TestTimeout",
        "Deadlock",
        "Objective",
        "GoroutineLeak",
        "WaitCountGrowth",
        "LockHoldTimeGrowth",
        "WaitTimeGrowth",
        "CpuTimeGrowth",
        "TestDurationGrowth",
        "RegionDurationGrowth",
        "GoroutineCreationGrowth",
        "ConcurrencyChange",
    ]


def test_every_rule_has_a_file_and_every_file_its_rule() -> None:
    """An unregistered rule would be documented but never run."""
    directory = Path(registry.__file__).parent
    files = {
        path.stem for path in directory.glob("*.py") if re.search(r"^RULE = ", path.read_text("utf-8"), re.MULTILINE)
    }
    names = {re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=GC)(?=[A-Z])", "_", rule.name).lower() for rule in RULES}
    assert files == names


@pytest.mark.parametrize("rule", [rule for rule in RULES if not rule.absolute], ids=lambda rule: rule.name)
def test_every_rule_finds_something_in_the_test_data(rule: Rule) -> None:
    """And no finding exceeds its declared worst severity.

    Objective finds only what the configuration asks for, and a rule without thresholds has only what is compared.
    """
    if not rule.info.thresholds:
        assert any(found.key.rule == rule.name for name in NAMES for found in measured(name))
    found = [f.severity for name in NAMES for f in findings(name) if f.key.rule == rule.name]
    assert bool(found) is bool(rule.info.thresholds)
    assert max(found, default=Severity.NONE) <= rule.info.worst


def test_a_docstring_without_a_section_is_refused() -> None:
    with pytest.raises(ValueError, match="Limits"):
        documented("X", "One.\n\nDetects\n-------\nMuch.\n", warn=(1, "count"))


@given(st.integers(0, 10**6), st.sampled_from(sorted(UNITS)))
def test_units_scale_values(number: int, unit: str) -> None:
    assert parse("X.warn", f"{number}{UNITS[unit]}", unit) == pytest.approx(number * SCALE[unit])
    assert parse("X.warn", f" {number}.5 {UNITS[unit].upper()}", unit) == pytest.approx((number + 0.5) * SCALE[unit])


@given(st.text(max_size=12), st.sampled_from(sorted(UNITS)))
def test_an_invalid_value_is_rejected(text: str, unit: str) -> None:
    """A threshold is a finite number of at least zero. Otherwise an error shows how to write one."""
    value, problem = 0.0, ""
    try:
        value = parse("X.warn", text, unit)
    except UsageError as error:
        problem = str(error)
    assert 0 <= value < float("inf")
    assert not problem or problem.startswith(f"X.warn={text}: ")


@pytest.mark.parametrize("text", ["", "ms", "-1ms", "1 MB", "nan", "inf", "1e999", "9" * 400, "1ms2", "0x1", "1,5ms"])
def test_no_duration(text: str) -> None:
    with pytest.raises(UsageError):
        parse("X.warn", text, "ns")


def test_rule_and_skip_select_rules() -> None:
    assert [rule.name for rule in select(["LongWait", "GCAssist"], [], {})] == ["GCAssist", "LongWait"]
    assert "LongWait" not in [rule.name for rule in select([], ["LongWait"], {})]
    assert select([], [], {}) == RULES


@pytest.mark.parametrize(
    ("only", "skip", "thresholds", "problem"),
    [
        (["Nope"], [], {}, "Nope: no such rule; there are GCPauseSpike, "),
        ([], ["Nope"], {}, "Nope: no such rule"),
        ([], [], {"Nope.warn": "1ms"}, "Nope: no such rule"),
        ([], [], {"LongWait.warn": "1ms"}, "LongWait has no threshold 'warn'; it has info"),
        ([], [], {"GCAssist": "1ms"}, "GCAssist has no threshold ''"),
        ([], [], {"WaitCountGrowth.warn": "1"}, "has no threshold 'warn': it only compares a run with a baseline"),
        ([], [], {"GCAssist.warn": "-1ms"}, "cannot be negative"),
    ],
)
def test_an_unknown_rule_or_threshold_lists_the_known_ones(
    only: list[str], skip: list[str], thresholds: dict[str, str], problem: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)):
        select(only, skip, thresholds)


@each_trace
def test_every_finding_is_at_a_line_of_the_repository(name: str) -> None:
    for finding in findings(name):
        at = finding.alert_location
        assert at is not None
        assert line_of(at.path, at.line).strip()
        assert "func" in (PROGRAMS / at.path).read_text(encoding="utf-8")
        assert at.mapped in (("exact",) if finding.location else ("creator", "anchor"))


@each_trace
def test_every_finding_has_text(name: str) -> None:
    facts = facts_of(name)
    for found in measured(name):
        finding = described(facts, found)
        assert finding.message
        assert finding.detail
        assert finding.suggestion
        assert "\n" not in finding.message
        assert (finding.key, finding.severity, finding.statistics) == (found.key, found.severity, found.statistics)


@each_trace
def test_statistics_agree_with_themselves(name: str) -> None:
    for found in measured(name):
        s = found.statistics
        if s.unit == "each":
            assert 0 <= s.total == s.trimmed <= s.maximum
            assert 0 <= s.p50 <= s.p90 <= s.p99 <= s.maximum
            assert s.count > 0
            assert sum(found.lengths.values()) in (0, s.count)  # a rule may compare its median only
            continue
        assert s.total >= s.maximum >= 0
        assert s.total >= s.trimmed >= 0
        if s.unit == "ns":
            assert s.maximum <= s.total <= s.count * s.maximum
            assert 0 <= s.p50 <= s.p90 <= s.p99 <= s.maximum
            assert s.trimmed <= s.total - s.maximum
        else:
            assert (s.p50, s.p90, s.p99) == (0, 0, 0)
            assert s.trimmed == s.total


@each_trace
def test_the_longest_wait_decides_the_severity(name: str) -> None:
    """Or the fifth longest. The sum of many short waits does not. A small part of the run is an exception.

    Waits in the run queue are no error if a P was idle for most of their time. Neither they nor mark assists are if Ps
    were kept waiting again and again.
    """
    rules = {rule.name: rule for rule in RULES}
    idle: Counter[tuple[str, str]] = Counter()
    for group in facts_of(name).intervals:
        if group.kind is IntervalKind.IDLE_P:
            idle[group.reason, group.stack.place] += group.total_ns
    for found in measured(name):
        rule = rules[found.key.rule]
        if found.statistics.unit == "ns" and isinstance(rule, IntervalRule):
            limits = rule.thresholds
            enough = min(limits.get("share", 0) * facts_of(name).duration_ns, limits.get("total", inf))
            rank = int(limits.get("count", 1))
            length = found.worst[rank - 1].length_ns if rank <= len(found.worst) else 0
            passed = [level for level in Severity if level.label in limits and length >= limits[level.label]]
            expected = max(passed, default=Severity.NONE) if found.statistics.total >= enough else Severity.NONE
            if found.key.kind in rule.informational:
                expected = min(expected, Severity.INFO)
            if expected is Severity.NONE and found.statistics.maximum >= limits.get("error", inf):
                expected = Severity.INFO
            beside = idle if found.key.rule == "HighSchedulingLatency" else {}
            is_machine = 2 * beside.get((found.key.kind, found.key.place), 0) > found.statistics.total
            if is_machine or (rule.of_machine and is_busy(facts_of(name))):
                expected = min(expected, Severity.WARN)
            assert found.severity == expected


@each_trace
def test_occurrences_are_sorted_by_length(name: str) -> None:
    facts = facts_of(name)
    for found in measured(name):
        finding = described(facts, found)
        lengths = [o.duration_ns for o in finding.occurrences]
        assert lengths == sorted(lengths, reverse=True)
        if finding.statistics.unit == "ns":
            assert lengths[0] == finding.statistics.maximum
            assert len(lengths) == min(5, finding.statistics.count)
            assert sum(lengths) <= finding.statistics.total
            assert (finding.goroutine, finding.timestamp_ns) == (
                finding.occurrences[0].goroutine,
                finding.occurrences[0].start_ns,
            )


@each_trace
def test_the_stack_belongs_to_the_place(name: str) -> None:
    """The topmost own function of the shown stack is the finding's place; who led to a goroutine may have no stack."""
    facts = facts_of(name)
    for found in measured(name):
        finding = described(facts, found)
        if finding.key.place and not finding.key.rule.startswith(("Goroutine", "Concurrency")):
            own = [frame for frame in finding.stack if frame.owner == "own"]
            place = normalise(own[0].function) if own else "~" + normalise(finding.stack[-1].function)
            in_test = own and own[0].file.endswith("_test.go") and ".Test" in place
            # of two places, only one has the stack
            assert (place.removesuffix(".func") if in_test else place) in re.split(" to | in ", finding.key.place)


@each_trace
def test_keys_are_unique_and_so_are_fingerprints(name: str) -> None:
    keys = [found.key for found in measured(name)]
    assert len(set(keys)) == len(keys)
    fingerprints = {key.fingerprint for key in keys}
    assert len(fingerprints) == len(keys)
    assert all(re.fullmatch("[0-9a-f]{16}", fingerprint) for fingerprint in fingerprints)


@each_trace
def test_measuring_twice_gives_the_same(name: str) -> None:
    """The result does not depend on the order of execution or on other rules."""
    first, again = facts_of(name), read(name)
    assert measure(RULES, again) == measured(name)
    assert [described(again, m) for m in measured(name)] == [described(first, m) for m in measured(name)]
