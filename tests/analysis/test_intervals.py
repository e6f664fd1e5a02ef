"""Groups of intervals: sums, worst intervals, and merging by place."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis import histogram
from gotracer_ci.analysis.intervals import Interval, IntervalGroup, IntervalKind, PlaceGroup, by_place
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.rules.sync_waits import primitive
from gotracer_ci.trace.observers.groups import EXAMPLES, Groups
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, ROOT, facts_of, path_of

NOWHERE = Stack()
LENGTHS = st.lists(st.integers(1, 10**10), min_size=1, max_size=40)
MEASURED = re.compile(
    r"(?<!while )(wait [\w ().*]+?|syscall|runnable|signal_recv|GC mark assist|stop-the-world \([\w ]+\)) ([\d,.]+) ms"
)


def group(lengths: list[int], *, still_open: bool = False, before_start: bool = False) -> IntervalGroup:
    """Return a group as the kernel does: at most five examples, and a histogram of all lengths."""
    counts: histogram.Histogram = {}
    for length in lengths:
        histogram.merge(counts, {histogram.bucket(length): 1})
    worst = [
        Interval(length, start, start, still_open, before_start, -1, NOWHERE, NOWHERE, NOWHERE)
        for start, length in sorted(enumerate(lengths), key=lambda pair: (-pair[1], pair[0]))
    ]
    return IntervalGroup(IntervalKind.WAITING, "sync", NOWHERE, len(lengths), sum(lengths), worst[:EXAMPLES], counts)


def placed(*parts: list[int]) -> PlaceGroup:
    (place,) = by_place([group(lengths) for lengths in parts], lambda _: "sync", lambda _: "here")
    return place


@given(LENGTHS, LENGTHS)
def test_a_place_adds_up_its_stacks(some: list[int], others: list[int]) -> None:
    place, both = placed(some, others), some + others
    assert (place.count, place.total_ns, place.max_ns) == (len(both), sum(both), max(both))
    assert [w.length_ns for w in place.worst] == sorted(both, reverse=True)[:EXAMPLES]
    assert sum(place.counts.values()) == len(both)
    assert place.quantile_ns(1) == pytest.approx(max(both), rel=0.05, abs=8)


@given(LENGTHS, LENGTHS)
def test_the_order_of_stacks_does_not_matter(some: list[int], others: list[int]) -> None:
    """The order of the kernel's groups must not affect the report."""
    one, other = placed(some, others), placed(others, some)
    assert [w.length_ns for w in one.worst] == [w.length_ns for w in other.worst]
    assert (one.trimmed_ns, one.counts) == (other.trimmed_ns, other.counts)


@given(st.lists(st.integers(1, 10**10) | st.integers(1, 10**5), min_size=1, max_size=700))
def test_trimmed_is_the_total_without_the_largest_hundredth(lengths: list[int]) -> None:
    """At least one. Exact up to five left out, which are examples; beyond that estimated from the histogram."""
    n = max(1, len(lengths) // 100)
    exact = sum(sorted(lengths)[:-n])
    slack = 0 if n <= EXAMPLES else 0.05 * exact + 8 * len(lengths)
    assert abs(placed(lengths).trimmed_ns - exact) <= slack


@pytest.mark.parametrize("factor", [1, 50, 10_000])
def test_trimmed_beyond_the_examples(factor: int) -> None:
    """Of 1,000 intervals ten are left out, five of them known only by bucket."""
    lengths = [1_050_000] * 990 + [  # at the edge of their bucket
        factor * (1_500_000 + 100_000 * i) for i in range(10)
    ]
    ordered = sorted(lengths)
    exact, by_bucket = sum(ordered[:990]), sum(ordered[990:995])
    assert placed(lengths).trimmed_ns == pytest.approx(exact, abs=0.04 * min(exact, by_bucket))
    assert placed(lengths).trimmed_ns != sum(lengths)


def test_groups_are_selected_by_name_and_place() -> None:
    """A group named None is left out. The rest is sorted by name and place."""
    groups = [group([1]), group([2, 3]), group([4])]
    names = {1: "b", 2: "a", 4: None}
    found = by_place(groups, lambda g: names[min(w.length_ns for w in g.worst)], lambda _: "here")
    assert [(g.name, g.place, g.total_ns) for g in found] == [("a", "here", 5), ("b", "here", 1)]


def test_histograms_contain_every_interval() -> None:
    """The kernel uses the same buckets as `bucket`."""
    seen = 0
    for name in NAMES:
        groups = Groups()
        for _ in open_trace(path_of(name)).chunks((), (groups,)):
            pass
        for _, _, _, _, count, total, examples, counts in groups.rows():
            assert len(examples) == min(count, EXAMPLES)
            assert bool(counts) == (count > EXAMPLES)
            if counts:
                seen += 1
                assert sum(counts.values()) == count
                # Above the shortest example all intervals are examples, so their buckets are known.
                known = Counter(histogram.bucket(length) for _, length, *_ in examples)
                least = min(known)
                assert {b: n for b, n in counts.items() if b > least} == {b: n for b, n in known.items() if b > least}
                assert sum(histogram.middle(b) * n for b, n in counts.items()) == pytest.approx(
                    total, abs=total / 31 + 8 * count
                )
        assert all(sum(g.counts.values()) == g.count for g in facts_of(name).intervals)
    assert seen > len(NAMES)


def own_name(found: IntervalGroup) -> str:
    """Return a group's name as in testdata/README.md."""
    if found.kind is IntervalKind.WAITING:
        return f"wait {(found.reason == 'sync' and primitive(found.stack.functions)) or found.reason}"
    if found.kind is IntervalKind.SYSCALL:
        return "signal_recv" if "os/signal.signal_recv" in found.stack.functions else "syscall"
    return {
        IntervalKind.RUNNABLE: "runnable",
        IntervalKind.STW: f"stop-the-world ({found.reason})",
        IntervalKind.MARK_ASSIST: "GC mark assist",
    }.get(found.kind, "")


@pytest.mark.parametrize(
    ("name", "what", "milliseconds"),
    [
        (row[1], what, float(value.replace(",", "")))
        for row in re.finditer(
            r"^\| `(.*)\.trace` \|.*\| (.*) \|$", (ROOT / "testdata/README.md").read_text("utf-8"), re.M
        )
        for what, value in MEASURED.findall(row[2])
    ],
)
def test_the_longest_wait_matches_gos_own_reader(name: str, what: str, milliseconds: float) -> None:
    """Another program measured the maxima in testdata/README.md, with Go's reader."""
    lengths = [
        found.worst[0].length_ns
        for found in facts_of(name).intervals
        # The table leaves out waits without a stack, because the signal loop is indistinguishable.
        if own_name(found) == what and (what != "syscall" or found.stack.frames)
    ]
    assert max(lengths, default=0) == pytest.approx(milliseconds * 1e6, abs=500)
