"""What differs between two baselines: jobs, groups and limits, and its Markdown for a pull request."""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.baseline.limit_changes import between
from gotracer_ci.baseline.records import Baseline, Group, Part
from gotracer_ci.baseline.verdicts import LimitChange, ProgramChange
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS
from gotracer_ci.report.changes import limits
from tests.baseline.test_merge import BASE, PLACES, SHOP, grown, of
from tests.conftest import LIMITS

EMPTY = Baseline({})


def changed(old: Part, new: Part) -> dict[str, tuple[float | None, float | None]]:
    """Return the limits that differ by place, in ms."""
    (program,) = between(of(old), of(new), LIMITS)
    return {one.key.place: (one.before and one.before / MS, one.after and one.after / MS) for one in program.limits}


def test_a_larger_job_raises_the_limits() -> None:
    """The limit is 1.5 times the largest job, and 5 ms."""
    more = grown(BASE, ("10-1", 200), places=("main.a", "main.new"))
    assert changed(BASE, more) == {"main.a": (170, 305), "main.new": (None, 305)}
    assert changed(more, BASE) == {"main.a": (305, 170), "main.new": (305, None)}


def test_a_smaller_job_changes_no_limit() -> None:
    (program,) = between(of(BASE), of(grown(BASE, ("10-1", 90))), LIMITS)
    assert (program.jobs, program.added, program.removed, program.limits) == (3, 1, 0, ())
    assert between(of(BASE), of(BASE), LIMITS) == ()
    assert between(EMPTY, EMPTY, LIMITS) == ()


def test_one_odd_job_stops_counting_with_the_eighth() -> None:
    young = grown(None, ("0", 150), *((str(i), 100) for i in range(1, 7)))
    assert changed(young, grown(young, ("7", 100))) == dict.fromkeys(PLACES, (230, 155))


def test_a_fixed_group_has_a_lower_limit() -> None:
    fixed = grown(BASE, *((str(i), 2) for i in (10, 11, 12)))
    assert changed(BASE, fixed) == dict.fromkeys(PLACES, (170, 8))


def test_a_warning_about_another_environment() -> None:
    entries = (*BASE.entries[:1], replace(BASE.entries[1], id="9-2", gomaxprocs=8))
    (program,) = between(of(BASE), of(replace(BASE, entries=entries)), LIMITS)
    assert "**Warning**: the baseline mixes environments" in limits([program])


def test_only_jobs_of_the_newest_ones_environment_count() -> None:
    """As for a run that is compared: the larger job of another machine raises no limit."""
    part = grown(None, ("1", 300), ("2", 100))
    mixed = replace(part, entries=(replace(part.entries[0], gomaxprocs=8), part.entries[1]))
    assert changed(grown(None, ("2", 90)), mixed) == dict.fromkeys(PLACES, (140, 155))


def test_the_markdown_lists_what_rose_most_first_and_folds_new_groups() -> None:
    new = grown(BASE, ("10-1", 200), places=("main.a", "main.new"))
    new = grown(new, ("11-1", 400), places=("main.b",))
    without = Part(new.entries, {key: group for key, group in new.groups.items() if key.place != "main.c"})
    text = limits(between(of(BASE), of(without), LIMITS))
    first, *_ = text.splitlines()
    assert first == f"- `{SHOP}`: 4 jobs (2 new); 1 new group, 1 group gone, 2 limits raised"
    table = [line for line in text.splitlines() if line.startswith("| MutexContention")]
    places = [line.partition(" at `")[2].partition("`")[0] for line in table]
    assert places == ["main.b", "main.a", "main.c", "main.new"]
    assert [cell.split() for cell in table[0].split(" | ")[1:3]] == [["170", "ms"], ["605", "ms"]]
    assert table[2].endswith("| – | gone |")
    assert text.index("main.c") < text.index("<details><summary>1 new group</summary>") < text.index("main.new")


def test_a_count_is_shown_as_the_last_allowed_number() -> None:
    key = Key("GoroutineLeakGrowth", "goroutines at the end", "main.f")
    old, new = ({key: Group("count", (value, value))} for value in (4.0, 5.0))
    text = limits(between(of(Part(BASE.entries, old)), of(Part(BASE.entries, new)), LIMITS))
    assert "| 6 | 7 |" in text


def test_hostile_names_stay_text_and_the_size_is_bounded() -> None:
    evil = "@octocat|<!-- x -->`[a](http://x)\n# b" + "`|<@" * 400
    keys = [Key("MutexContention", evil, f"{evil}{i}", f"{evil}{i}") for i in range(150)]
    changes = [
        ProgramChange(key.program, 1, 1, 0, (LimitChange(key, "ns", before, 9.0),), evil)
        for key in keys
        for before in (None, 3.0)
    ]
    text = limits(changes)
    assert len(text) < 60_000
    assert "130 smaller changes left out here" in text
    assert "<!--" not in text.replace("\\<", "")
    assert "\n# b" not in text
    assert {line.count(" | ") for line in text.splitlines() if line.startswith("| Mutex")} == {3, 1}
