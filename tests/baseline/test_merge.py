"""Merging the baselines of two branches by jobs: with git's merge driver, or from a file with conflict markers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.merge import sides, unite
from gotracer_ci.baseline.programs import compare_all
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.schema import dump, load, parse, save
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.commands.baseline import merge_files
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS, ROOT

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
PLACES = ("main.a", "main.b", "main.c", "main.d", "main.e", "main.work")
SHOP = "example.com/shop"


def trace(ms: float, places: Sequence[str] = PLACES) -> TraceGroups:
    """Return a run in which all locks wait equally long."""
    one = Statistics("ns", 10, 2 * round(ms * MS), round(ms * MS), 0)
    return TraceGroups(Conditions("1.26", 4), 1000 * MS, {LOCK._replace(place=place): one for place in places})


def grown(part: Part | None, *runs: tuple[str, float], places: Sequence[str] = PLACES) -> Part:
    for run_id, ms in runs:
        part = update(part, [trace(ms, places)], run_id, "", LIMITS)
    assert part
    return part


def of(part: Part, program: str = SHOP) -> Baseline:
    return Baseline({program: part})


def ids(baseline: Baseline, program: str = SHOP) -> list[str]:
    return [entry.id for entry in baseline.parts[program].entries]


def values(baseline: Baseline, key: Key = LOCK) -> list[float | None]:
    return [None if value is None else value / MS for value in baseline.parts[SHOP].groups[key].values]


def accepted(baseline: Baseline, ms: float, reason: str, key: Key = LOCK) -> Baseline:
    runs = {SHOP: [trace(ms)]}
    comparison = compare_all(runs, baseline, "b.json", LIMITS)
    return accept(baseline, comparison, runs, [(key._replace(program=SHOP).fingerprint, reason)], LIMITS)


BASE = grown(None, ("8-1", 100), ("9-1", 110))


@pytest.mark.parametrize("base", [of(BASE), None])
def test_the_jobs_of_both_sides_are_ordered_by_number(base: Baseline | None) -> None:
    ours, theirs = of(grown(BASE, ("12-1", 130))), of(grown(BASE, ("10-1", 120), ("10-2", 125)))
    united = unite(ours, theirs, base)
    assert united == unite(theirs, ours, base)
    assert ids(united) == ["8-1", "9-1", "10-1", "10-2", "12-1"]
    assert values(united) == [100, 110, 120, 125, 130]
    assert united.parts[SHOP].groups[LOCK].counts == (10,) * 5


def test_the_last_ten_are_kept() -> None:
    ours = of(grown(BASE, *((f"{i}", i) for i in range(20, 26))))
    theirs = of(grown(BASE, *((f"{i}", i) for i in range(10, 16))))
    assert ids(unite(ours, theirs)) == ["12", "13", "14", "15", "20", "21", "22", "23", "24", "25"]


def test_the_order_of_common_jobs_is_kept() -> None:
    """Jobs on both sides keep their order, even if their IDs are not in order."""
    part = grown(None, ("7", 1), ("3", 2), ("5", 3))
    assert ids(unite(of(grown(part, ("4", 4))), of(grown(part, ("1", 5))))) == ["7", "3", "5", "1", "4"]


def test_jobs_replaced_on_one_side_stay_removed() -> None:
    replaced = update(BASE, [trace(500)], "20-1", "", LIMITS, replace=True)
    united = unite(of(replaced), of(grown(BASE, ("10-1", 120))), of(BASE))
    assert ids(united) == ["10-1", "20-1"]
    assert ids(unite(of(BASE), of(replaced), of(BASE))) == ["20-1"]


def test_values_dropped_on_one_side_stay_dropped() -> None:
    fixed = of(grown(BASE, *((str(i), 1) for i in (10, 11, 12))))
    assert values(fixed)[:2] == [None, None]
    assert values(unite(fixed, of(grown(BASE, ("13", 100)))))[:2] == [None, None]


@pytest.mark.parametrize("base", [of(BASE), None])
def test_an_acceptance_on_one_side_applies_to_the_jobs_of_both(base: Baseline | None) -> None:
    """A pull request accepts one line, and a nightly job updates all of them."""
    ours, theirs = accepted(of(BASE), 500, "a lock for the audit"), of(grown(BASE, ("10-1", 120)))
    united = unite(ours, theirs, base)
    group = united.parts[SHOP].groups[LOCK]
    assert (group.accepted, group.reference) == ("a lock for the audit", 500 * MS)
    assert compare([trace(500)], united.parts[SHOP], "b.json", LIMITS).verdicts[LOCK].status is Status.KNOWN
    assert values(united, LOCK._replace(place="main.a")) == [100, 110, 120]


def test_a_dropped_reason_does_not_return() -> None:
    old = accepted(of(BASE), 500, "a lock for the audit")
    fixed = of(grown(old.parts[SHOP], *((str(i), 1) for i in (10, 11, 12))))
    assert unite(old, fixed, old).parts[SHOP].groups[LOCK].accepted == ""


def test_programs_are_merged_separately() -> None:
    ours = Baseline({SHOP: BASE, "example.com/new": grown(None, ("1", 5))})
    united = unite(ours, of(grown(BASE, ("10-1", 120))), of(BASE))
    assert ids(united) == ["8-1", "9-1", "10-1"]
    assert ids(united, "example.com/new") == ["1"]


def test_a_side_of_schema_1_is_the_only_program() -> None:
    assert ids(unite(of(BASE, ""), of(grown(BASE, ("10-1", 120))))) == ["8-1", "9-1", "10-1"]


changes = st.lists(st.tuples(st.integers(1, 30).map(str), st.sampled_from([0.5, 3, 50, 100, 400])), max_size=12)


@given(changes, changes, st.booleans())
def test_merging_is_symmetric(mine: list[tuple[str, float]], other: list[tuple[str, float]], known: bool) -> None:
    def side(runs: Sequence[tuple[str, float]]) -> Baseline:
        return of(grown(BASE, *{run_id: (run_id, ms) for run_id, ms in runs}.values()))

    ours, theirs, base = side(mine), side(other), of(BASE) if known else None
    united = unite(ours, theirs, base)
    assert dump(united) == dump(unite(theirs, ours, base))
    assert len(ids(united)) <= 10
    assert dump(parse(dump(united), Path("b.json"))) == dump(united)
    assert dump(unite(united, united)) == dump(united)
    if not known:
        assert set(ids(ours)[-1:]) <= set(ids(united)) or len(ids(united)) == 10


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with a baseline on main and an update of it on the branch `nightly`."""
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, of(BASE))
    git(tmp_path, "checkout", "-q", "-b", "nightly")
    commit(tmp_path, of(grown(BASE, ("11-1", 130))))
    git(tmp_path, "checkout", "-q", "main")
    return tmp_path


def git(directory: Path, *arguments: str, fails: bool = False) -> str:
    identity = {
        f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(directory)}
    conditions = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), **alone, **identity}
    done = subprocess.run(["git", *arguments], cwd=directory, env=conditions, capture_output=True, text=True)
    assert (done.returncode != 0) is fails, done.stderr
    return done.stdout + done.stderr


def commit(directory: Path, baseline: Baseline) -> None:
    save(directory / "baseline.json", baseline)
    git(directory, "add", ".")
    git(directory, "commit", "-q", "-m", "baseline")


def with_driver(directory: Path) -> None:
    (directory / ".gitattributes").write_text("baseline.json merge=gotracer-ci\n")
    driver = f"{sys.executable} -m gotracer_ci baseline merge --driver %O %A %B"
    git(directory, "config", "merge.gotracer-ci.driver", driver)


def ours() -> dict[str, Baseline]:
    return {"update": of(grown(BASE, ("10-1", 120))), "accept": accepted(of(BASE), 500, "a lock for the audit")}


@pytest.mark.parametrize("change", ours())
def test_git_merges_with_the_driver(repository: Path, change: str) -> None:
    with_driver(repository)
    commit(repository, ours()[change])
    assert "conflict" not in git(repository, "merge", "nightly").lower()
    theirs = of(grown(BASE, ("11-1", 130)))
    assert load(repository / "baseline.json") == unite(ours()[change], theirs, of(BASE))


def test_files_created_on_both_branches_are_merged(tmp_path: Path) -> None:
    """In that case git passes an empty file as the base."""
    git(tmp_path, "init", "-q", "-b", "main")
    with_driver(tmp_path)
    (tmp_path / "other").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "checkout", "-q", "-b", "nightly")
    commit(tmp_path, of(grown(None, ("2", 100))))
    git(tmp_path, "checkout", "-q", "main")
    commit(tmp_path, of(grown(None, ("1", 100))))
    git(tmp_path, "merge", "nightly")
    assert ids(load(tmp_path / "baseline.json")) == ["1", "2"]


def test_the_driver_leaves_a_conflict_that_it_cannot_resolve(repository: Path) -> None:
    with_driver(repository)
    (repository / "baseline.json").write_text("{ not JSON\n")
    git(repository, "commit", "-q", "-a", "-m", "broken")
    output = git(repository, "merge", "nightly", fails=True)
    assert output.count("gotracer-ci: ") == 1
    assert "not valid JSON at line 1" in output
    assert "UU baseline.json" in git(repository, "status", "--porcelain")
    assert (repository / "baseline.json").read_text() == "{ not JSON\n"


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("change", ours())
def test_a_file_with_conflict_markers_is_resolved(repository: Path, change: str, style: str) -> None:
    git(repository, "config", "merge.conflictStyle", style)
    commit(repository, ours()[change])
    git(repository, "merge", "nightly", fails=True)
    file = repository / "baseline.json"
    with pytest.raises(BaselineError, match=r'json:\d+: merge conflict markers; run "gotracer-ci baseline merge"'):
        load(file)
    theirs = of(grown(BASE, ("11-1", 130)))
    assert dump(unite(*sides(file.read_text(), file))) == dump(unite(ours()[change], theirs, of(BASE)))


MANY = tuple(f"main.f{i:02}" for i in range(60))


def read(part: Part) -> Part:
    """Return the part as read from its file: the next update keeps the positions of its groups."""
    return parse(dump(of(part)), Path("b.json")).parts[SHOP]


def many(jobs: int) -> Part:
    return read(grown(None, *((str(i), 100 + 10 * i) for i in range(jobs)), places=MANY))


def in_conflict(directory: Path, base: Part, ours: Baseline, theirs: Baseline) -> str:
    """Return the file with conflict markers after git's own merge of two branches."""
    git(directory, "init", "-q", "-b", "main")
    commit(directory, of(base))
    git(directory, "checkout", "-q", "-b", "theirs")
    commit(directory, theirs)
    git(directory, "checkout", "-q", "main")
    commit(directory, ours)
    git(directory, "merge", "theirs", fails=True)
    return (directory / "baseline.json").read_text()


def lines_in_conflict(text: str) -> int:
    return sum(len(lines.splitlines()) - 1 for lines in re.findall(r"^<<<<<<<.*?(?=^>>>>>>>)", text, re.M | re.S)) - (
        text.count("\n=======\n")
    )


@pytest.mark.parametrize("jobs", [1, 3, 10])
@pytest.mark.parametrize(
    ("mine", "other"),
    [((), ()), (("main.a",), ()), ((), ("main.z",)), (("main.new",), ("main.other",)), (("main.a",), ("main.a",))],
)
def test_two_updates_conflict_in_a_few_lines_that_merge_resolves(
    tmp_path: Path, jobs: int, mine: tuple[str, ...], other: tuple[str, ...]
) -> None:
    """The result equals the driver's, even if both sides added groups and git put one group into both."""
    base = many(jobs)
    ours = of(grown(base, ("11-1", 230), places=MANY + mine))
    theirs = of(grown(base, ("12-1", 240), places=MANY + other))
    text = in_conflict(tmp_path, base, ours, theirs)
    assert lines_in_conflict(text) <= (6 if jobs > 1 else 10)  # git joins two conflicts that are three lines apart
    resolved = dump(merge_files([tmp_path / "baseline.json"]))
    assert resolved == dump(unite(ours, theirs, of(base)))
    assert resolved == dump(unite(theirs, ours, of(base)))
    groups = parse(resolved, Path("b.json")).parts[SHOP].groups
    assert [key.place for key in groups] == [*MANY, *sorted({*mine, *other})]
    assert [groups[LOCK._replace(place=place)].values[-2:] for place in MANY] == [(230 * MS, 240 * MS)] * 60
    for place in {*mine, *other}:
        expected = (230 * MS * (place in mine), 240 * MS * (place in other))
        assert groups[LOCK._replace(place=place)].values[-2:] == expected


@pytest.mark.parametrize("place", ["main.f07", "main.new"])
@pytest.mark.parametrize("jobs", [1, 3, 10])
def test_an_update_and_an_acceptance_are_merged_without_the_driver(tmp_path: Path, jobs: int, place: str) -> None:
    """Git puts the reason into both sides. The acceptance still applies to the other side's job."""
    base, key = many(jobs), LOCK._replace(place=place)
    runs = {SHOP: [trace(500, [place])]}
    comparison = compare_all(runs, of(base), "b.json", LIMITS)
    ours = accept(of(base), comparison, runs, [(key._replace(program=SHOP).fingerprint, "audit")], LIMITS)
    theirs = of(grown(base, ("12-1", 120), places=MANY))
    in_conflict(tmp_path, base, ours, theirs)
    resolved = merge_files([tmp_path / "baseline.json"])
    assert dump(resolved) == dump(unite(ours, theirs, of(base)))
    group = resolved.parts[SHOP].groups[key]
    assert (group.accepted, group.values) == ("audit", (500 * MS,) * min(jobs + 1, 10))


def test_sides_that_git_mixed_are_rejected(tmp_path: Path) -> None:
    """If one side drops a group, and with it a position in all values, git removes its line from the other side too."""
    base = many(3)
    pruned = Part(base.entries, {key: group for key, group in base.groups.items() if key.place != "main.f30"})
    ours, theirs = of(pruned), of(grown(base, ("12-1", 120), places=MANY))
    in_conflict(tmp_path, base, ours, theirs)
    with pytest.raises(
        BaselineError,
        match=r"baseline\.json: the values of job 0 do not match the names before.*; merge the files of .* :2:FILE",
    ):
        merge_files([tmp_path / "baseline.json"])


def test_two_acceptances_are_merged(repository: Path) -> None:
    ours = accepted(of(BASE), 500, "audit", LOCK._replace(place="main.a"))
    theirs = accepted(of(BASE), 600, "orders", LOCK._replace(place="main.e"))
    commit(repository, ours)
    git(repository, "checkout", "-q", "-b", "other", "HEAD~1")
    commit(repository, theirs)
    git(repository, "merge", "main", fails=True)
    resolved = merge_files([repository / "baseline.json"])
    assert dump(resolved) == dump(unite(ours, theirs, of(BASE)))
    reasons = {key.place: group.accepted for key, group in resolved.parts[SHOP].groups.items()}
    assert {place: reason for place, reason in reasons.items() if reason} == {"main.a": "audit", "main.e": "orders"}


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< a\n{}\n",
        "<<<<<<< a\n=======\n",
        ">>>>>>> b\n<<<<<<< a\n",
        "<<<<<<< a\n<<<<<<< a\n=======\n>>>>>>> b\n",
        "",
    ],
)
def test_malformed_conflict_markers(text: str) -> None:
    with pytest.raises(BaselineError, match=r"b\.json: "):
        sides(text, Path("b.json"))
