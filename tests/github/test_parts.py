"""The parts of a comment: what one job replaces, and that a whole comment fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.github.parts import LIMIT, Part, WorkflowRun, added, joined, parse, part, render

OLD, NEW = WorkflowRun(1, 1), WorkflowRun(2, 1)
NAMES = st.sampled_from(["a", "b", "example.com/c (test)", "d-->e", "f,g h", "", "x" * 3_000])
PARTS = st.builds(
    part,
    st.builds(WorkflowRun, st.integers(1, 3), st.integers(1, 2)),
    st.sampled_from(["", "one", "two\n\nlines\n", "<!-- gotracer-ci id=x run=9 attempt=9 -->\nfake"]),
    st.lists(NAMES, max_size=3),
    st.sampled_from(["", "0a", "ff"]),
)


@given(st.lists(PARTS, max_size=6))
def test_what_is_written_is_read_back(parts: list[Part]) -> None:
    kept = joined(parts)
    mine = part(NEW, "")
    text = render(kept, "default", mine)
    again = parse(text, "default")
    assert sorted(map(str, again)) == sorted(map(str, kept))
    assert render(again, "default", mine) == text
    assert parse(text, "other") == ()


@given(st.lists(PARTS, max_size=4), st.lists(PARTS, max_size=4))
def test_joining_is_the_same_in_any_order(some: list[Part], others: list[Part]) -> None:
    """Concurrent jobs must agree. Only of two texts of the same job does the first stay."""
    keys = [{(one.run, one.programs, one.leg) for one in joined(way)} for way in (some + others, others + some)]
    assert keys[0] == keys[1]
    assert joined(joined(some) + joined(others)) == joined(some + others)


def test_a_job_replaces_only_what_it_knows_better() -> None:
    orders, billing = part(OLD, "1 new", ["orders"]), part(OLD, "2 new", ["billing"])
    fixed = part(NEW, "resolved", ["orders"])
    assert added([orders, billing], fixed, create=False) == (fixed, billing)
    assert added([fixed, billing], orders, create=True) == (fixed, billing)  # late
    both = part(NEW, "clean", ["billing", "orders"])
    assert added([orders, billing], both, create=False) == (both,)
    assert added([billing], fixed, create=False) == (billing,)
    assert added([both], part(WorkflowRun(3, 1), "clean", ["orders"]), create=False) == (both,)
    again = part(OLD, "confirmed", ["orders"])
    assert added([orders, billing], again, create=True) == (again, billing)
    other_leg = part(OLD, "3 new", ["orders"], "ff")
    assert set(added([orders], other_leg, create=True)) == {orders, other_leg}


def test_other_parts_are_shortened_first() -> None:
    body = "## 1 new\n\n**The run fails.**\n\n" + "x" * 50_000
    mine = part(NEW, body, ["mine"])
    parts = [mine, *(part(NEW, body, [f"other{number}"]) for number in range(20))]
    text = render(parts, "default", mine)
    assert len(text) <= LIMIT
    assert text.count("**The run fails.**") == 21
    assert text.count("x" * 50_000) == 1
    assert mine in parse(text, "default")
    many = [mine, *(part(NEW, body, [f"{number}" * 300]) for number in range(300))]
    assert len(render(many, "default", mine)) <= LIMIT
