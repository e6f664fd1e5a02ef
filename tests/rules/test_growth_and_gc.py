"""Goroutine leaks, heap growth and GC.

Each test uses a real trace that shows a known fault of gotracer, the predecessor of this tool.
"""

from __future__ import annotations

import pytest

from gotracer_ci.analysis.heap import Growth
from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.findings import Key, Severity
from tests.conftest import facts_of, findings, measured
from tests.rules.real import MS, RULES, finding_of, has_line, of_rule


@pytest.mark.parametrize(
    ("rise", "milliseconds", "severity"),
    [
        (50, 10, "none"),  # 5 GB/s, but for a very short time
        (10, 150, "none"),  # 67 MB/s, but little
        (20, 200, "warn"),  # 100 MB/s
        (60, 200, "error"),  # 300 MB/s
        (99, 60_000, "none"),
        (100, 60_000, "warn"),
        (500, 60_000, "error"),
    ],
)
def test_a_rate_needs_a_size_and_a_time(rise: int, milliseconds: int, severity: str) -> None:
    """Limits are 100 MB or 50 MB/s, and 500 MB or 200 MB/s. A rate counts from 16 MB and 100 ms."""
    facts = facts_of("heapgrowth-go1.26")
    growth = Growth(facts.start_ns, facts.start_ns + milliseconds * MS, 10**6, 10**6 * (rise + 1), -1)
    rule = RULES["HeapGrowthSpike"].run(facts._replace(heap=facts.heap._replace(growth=growth)))
    (found,) = (m for m in rule if m.key.kind == "live heap")
    assert found.severity.label == severity


def test_a_short_heap_peak_is_not_growth() -> None:
    """425 KB within a millisecond, freed by the next cycle, are not a rate of hundreds of MB/s."""
    assert findings("heapblip-go1.23") == ()
    values = {m.key.kind: m.statistics.total for m in measured("heapblip-go1.23") if m.key.rule == "HeapGrowthSpike"}
    assert values["bytes allocated"] > 400_000
    assert values.get("live heap", 0) < 1000


def test_garbage_that_was_allocated_while_the_collector_marked_is_not_growth() -> None:
    """It counts as live for one cycle: the live heap seems to grow by more than 100 MB in every cycle but the first."""
    assert of_rule("garbage-go1.27", "HeapGrowthSpike") == []
    values = {m.key.kind: m.statistics.total for m in measured("garbage-go1.27") if m.key.rule == "HeapGrowthSpike"}
    assert values.get("live heap", 0) < 2_000_000
    assert values["peak live heap"] < 30_000_000  # the chain that the program keeps has 26 MB
    assert values["bytes allocated"] > 500_000_000


@pytest.mark.parametrize("name", ["heapgrowth-go1.22", "heapgrowth-go1.26"])
def test_heap_growth_is_the_growth_of_the_live_heap(name: str) -> None:
    """The live heap grows by 100 MB or more, at the correct rate."""
    (finding,) = findings(name)
    assert finding.key == Key("HeapGrowthSpike", "live heap", "")
    assert finding.severity is Severity.WARN
    assert 100_000_000 < finding.statistics.total < 160_000_000
    assert finding.location is None
    assert finding.anchor
    assert (finding.anchor.mapped, finding.anchor.function) == ("anchor", "main.main")
    peak = finding_of(name, Key("HeapGrowthSpike", "peak live heap", "")).statistics.total
    assert finding.statistics.total < peak < 200_000_000


def test_read_mem_stats_is_not_gc() -> None:
    """The world was stopped twenty times, never by the collector. The stops are counted separately."""
    stops = [group for group in facts_of("memstats-go1.25").intervals if group.kind is IntervalKind.STW]
    assert sum(group.count for group in stops if group.reason == "read mem stats") == 20
    assert findings("memstats-go1.25") == ()
    of_gc = {m.key.kind: m.statistics.total for m in measured("memstats-go1.25") if m.key.rule == "GCPauseSpike"}
    assert of_gc == {"stop-the-world count": sum(group.count for group in stops), "GC cycles": 0}


@pytest.mark.parametrize(("name", "severity"), [("gcpause-go1.24", Severity.INFO), ("gcpause-go1.26", Severity.ERROR)])
def test_a_gc_pause_is_gc(name: str, severity: Severity) -> None:
    """The collector's own pauses of 30 ms are found. A single one is an exception, as a busy machine has them, too."""
    (finding,) = of_rule(name, "GCPauseSpike")
    assert finding.key == Key("GCPauseSpike", "GC sweep termination", "")
    assert finding.severity is severity
    assert 20 * MS < finding.statistics.maximum < 100 * MS


@pytest.mark.parametrize("name", ["markassist-go1.25", "gcpause-go1.26"])
def test_mark_assist(name: str) -> None:
    """The place is the function that allocates."""
    finding = max(of_rule(name, "GCAssist"), key=lambda f: f.statistics.total)
    assert finding.key.kind == "GC mark assist"
    assert finding.severity >= Severity.WARN
    program, place, line = {
        "markassist-go1.25": ("markassist", "main.buildIndex", "make([]*work.Node"),
        "gcpause-go1.26": ("gcpause", "main.fillBuffers", "make([]byte"),
    }[name]
    assert finding.key.place == place
    assert has_line(finding, f"{program}/main.go", line)
