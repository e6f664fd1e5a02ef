"""Folded stacks, speedscope's documents, the table of functions and the tree of calls."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.analysis.profile import Sample, StackProfile, of_groups
from gotracer_ci.export.folded import folded
from gotracer_ci.export.speedscope import speedscope
from gotracer_ci.tables.profile import functions_table, tree
from tests import npm
from tests.profiles import profile_of

EVIL = "evil\x1b[31m;\n\u202e" + "x" * 1000


def hostile() -> StackProfile:
    frames = ((EVIL, EVIL, -1), ("", "", 0))
    return StackProfile("wall", [Sample(frames, EVIL, "waiting", EVIL, EVIL, "", True, 1, 5)], {}, 0, 5)


@pytest.fixture(scope="module")
def schema() -> object:
    path: Path = npm.package("speedscope", "1.25.0")
    return json.loads(next(path.rglob("file-format-schema.json")).read_text(encoding="utf-8"))


@pytest.mark.parametrize("profile", [profile_of("tour-go1.27", "wall"), hostile()], ids=["tour", "hostile"])
def test_speedscope_documents_follow_its_schema(profile: StackProfile, schema: object) -> None:
    for base in (None, profile_of("service-go1.27", "wall")):
        document = json.loads(speedscope(profile, base))
        jsonschema.validate(document, schema)
        frames = document["shared"]["frames"]
        first = document["profiles"][0]
        assert first["endValue"] == sum(first["weights"]) == sum(sample.ns for sample in profile.samples)
        assert all(0 <= frame < len(frames) for part in document["profiles"] for s in part["samples"] for frame in s)


def test_hostile_names_stay_in_their_place() -> None:
    """A name cannot end a line, a frame or a terminal's attributes."""
    (line,) = folded(hostile(), None)
    assert line.count("\n") == 1
    assert len(line.rpartition(" ")[0].split(";")) == 2
    text = line + "".join(tree(hostile(), None, 0)) + speedscope(hostile(), None)
    assert not {"\x1b", "\u202e"} & set(text)


def test_the_table_has_flat_and_cumulative_time() -> None:
    profile = profile_of("lockwait-go1.27", "sync", places=True)
    rows = {row["function"]: row for row in functions_table(profile, None).rows}
    lock, add = rows["sync.(*Mutex).Lock"], rows["main.(*ledger).add"]
    assert lock["flat_ns"] == 0 < lock["cumulative_ns"] == add["flat_ns"] == add["cumulative_ns"]
    assert sum(row["flat_ns"] for row in rows.values()) == sum(sample.ns for sample in profile.samples)
    assert sum(row["count"] for row in rows.values()) == sum(sample.number for sample in profile.samples)


def test_a_profile_less_itself_is_nothing() -> None:
    profile = profile_of("service-go1.27", "wall", places=True)
    assert all(not row["flat_ns"] and not row["count"] for row in functions_table(profile, profile).rows)
    assert all(line.split()[0] in ("0", "Δ") for line in tree(profile, profile, 0) if not line.endswith("below 1 %\n"))


def test_the_tree_s_children_sum_to_their_parent() -> None:
    """The number of intervals of each function is that of all below it, if nothing is too small to be shown."""
    own = of_groups(profile_of("lockwait-go1.27", "sync"), lambda group: group.startswith("main."))
    heads, *lines = tree(own, None, 0)
    at = heads.index("CALLS")
    depths = [(len(line[at:]) - len(line[at:].lstrip())) // 2 for line in lines]
    counts = [int(line[:at].split()[-1]) for line in lines]
    assert depths[:2] == [0, 1]
    for i, depth in enumerate(depths):
        below = next((j for j in range(i + 1, len(depths)) if depths[j] <= depth), len(depths))
        children = [counts[j] for j in range(i + 1, below) if depths[j] == depth + 1]
        assert not children or sum(children) == counts[i]


def test_the_tree_is_limited() -> None:
    profile = profile_of("service-go1.27", "block")
    every, few = list(tree(profile, None, 0)), list(tree(profile, None, 3))
    shown = [line for line in every if "below 1 %" not in line][1:]
    assert "(all)" in shown[0]
    assert f"{len(shown) - 3} more lines: --top 0 shows all\n" in few
    assert [line.split()[-1] for line in few[1:4]] == [line.split()[-1] for line in shown[:3]]
