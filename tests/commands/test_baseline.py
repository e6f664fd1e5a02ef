"""`gotracer-ci baseline` in real processes: its output, warnings and files."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gotracer_ci.baseline.records import Baseline, Group, Part
from gotracer_ci.baseline.schema import dump, load, save
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS
from tests.conftest import PROGRAMS, ROOT, Run, path_of
from tests.test_docs import blocks

SERVICE, ORDERS = "example.com/programs/service", "example.com/programs/orders (test)"
COMMITTED = ROOT / "testdata" / "baseline.json"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the committed baseline, copied to the default path."""
    path = tmp_path / ".gotracer-ci" / "baseline.json"
    path.parent.mkdir()
    shutil.copyfile(COMMITTED, path)
    return path


def changed(file: Path, **groups: Group) -> None:
    """Add groups to the file's program, by rule."""
    (name, part), *_ = load(file).parts.items()
    more = {Key(rule, "kind", "main.f"): group for rule, group in groups.items()}
    save(file, Baseline({name: Part(part.entries, {**part.groups, **more})}))


def test_show(run: Run, file: Path) -> None:
    done = run("baseline", "show")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f"{SERVICE}: 2 jobs, 22 groups"
    assert lines[1].split() == ["JOB", "COMMIT", "GO", "GOMAXPROCS", "TRACES", "LENGTH", "WORK"]
    group = next(line for line in lines if "main.queryDatabase" in line and line.startswith("HighScheduling"))
    assert group.split("  ")[0] == "HighSchedulingLatency"
    assert group.rstrip().endswith("3 ms, 2.6 ms")
    assert run("baseline", "show", COMMITTED).stdout == done.stdout


def test_show_accepted_and_dropped_values_without_control_characters(run: Run, file: Path) -> None:
    changed(
        file,
        MutexContention=Group("ns", (None, 5.0 * MS), (0, 9), accepted="\x1b[31mfor the audit"),
        Gone=Group("count", (3.0, 3.0)),
    )
    text = run("baseline", "show").stdout.decode()
    assert "-, 5 ms" in text
    assert "\N{REPLACEMENT CHARACTER}[31mfor the audit" in text
    assert "no longer compared" in text


def test_show_work_and_the_tests_of_groups(run: Run, file: Path) -> None:
    (name, part), *_ = load(file).parts.items()
    work = tuple((f"Test{letter}", number) for number, letter in enumerate("ABCDE", 1))
    newer = (*(part.entries[1].rules or ()), "Held")
    entries = (part.entries[0], replace(part.entries[1], rules=tuple(sorted(newer)), work=work))
    held = Group("each", (None, 84_249.0), (0, 900), shares=(("", 0.3), ("TestA", 0.2), ("TestB", 0.41)))
    groups = {**part.groups, Key("Held", "held sync.(*Mutex).Lock", "main.f"): held}
    save(file, Baseline({name: Part(entries, groups, work=tuple(test for test, _ in work))}))
    text = run("baseline", "show").stdout.decode()
    assert "TestA 1, TestB 2, TestC 3 and 2 more" in text
    (line,) = [line for line in text.splitlines() if line.startswith("Held")]
    assert "-, 84.2\N{NO-BREAK SPACE}µs" in line.replace(" µs", "\N{NO-BREAK SPACE}µs")
    assert "TestB 41 %, TestA 20 %, others 30 %" in line.replace("\N{NO-BREAK SPACE}", " ").replace("\u202f", " ")


def test_show_on_a_terminal(file: Path) -> None:
    """The tables fit into its width."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gotracer_ci", "baseline", "show", str(file)]
    conditions = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "dumb"}
    done = subprocess.run(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=conditions)
    os.close(theirs)
    text = b""
    while True:
        try:
            text += os.read(ours, 65536)
        except OSError:  # the other end is closed and everything is read
            break
    os.close(ours)
    lines = text.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert lines[0].strip() == f"{SERVICE}: 2 jobs, 22 groups"
    assert max(map(len, lines)) <= 100


def test_check(run: Run, file: Path) -> None:
    done = run("baseline", "check")
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        ".gotracer-ci/baseline.json: valid: 1 program, 2 jobs, 22 groups",
        ".gotracer-ci/baseline.json: warning: 2 jobs: with fewer than 5, a slower run is only suspected",
    ]


def test_check_with_traces(run: Run, file: Path) -> None:
    traces = [path_of(name) for name in ("service-go1.27", "service-lock-go1.23", "orders-go1.27")]
    done = run("baseline", "check", COMMITTED, *traces, cwd=PROGRAMS)
    assert done.returncode == 0
    _, _, other, unknown = done.stdout.decode().splitlines()
    assert "service-lock-go1.23.trace: 2 of 2 baseline jobs ran in another environment" in other
    assert f"orders-go1.27.trace: the baseline has no data for its program, {ORDERS}" in unknown


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ('"gomaxprocs":2,"traces":1,"wall_ms":965', '"gomaxprocs":4,"traces":1,"wall_ms":965', "mixes environments"),
        ('"values":[3,', '"values":[3, ', "edited or of an older schema"),
    ],
)
def test_check_warns(run: Run, file: Path, old: str, new: str, warning: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    done = run("baseline", "check")
    assert done.returncode == 0
    assert warning in done.stdout.decode()


def test_check_warns_about_groups_that_are_no_longer_compared(run: Run, file: Path) -> None:
    changed(file, NoRule=Group("count", (3.0, 3.0)))
    done = run("baseline", "check")
    assert done.returncode == 0
    assert b"1 group no longer compared, first of NoRule; baseline prune" in done.stdout


@pytest.mark.parametrize("command", ["show", "check", "prune"])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "no such baseline"),
        ("{ not JSON", "not valid JSON at line 1"),
        (COMMITTED.read_text()[:700], "not valid JSON at line"),
        ('{"schema":99}', "written by a newer gotracer-ci: schema 99"),
        (
            COMMITTED.read_text().replace('"place":"~main.main"', '"place":"main.main"'),
            "a name or line was deleted, moved",
        ),
        (
            COMMITTED.read_text().replace('"groups":[', '<<<<<<< ours\n"groups":['),
            'merge conflict markers; run "gotracer-ci baseline merge" on it',
        ),
    ],
)
def test_an_invalid_baseline_is_one_line_and_exit_code_3(
    run: Run, tmp_path: Path, command: str, text: str | None, problem: str
) -> None:
    if text is not None:
        (tmp_path / "b.json").write_text(text)
    done = run("baseline", command, "b.json")
    assert (done.returncode, done.stdout) == (3, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("gotracer-ci: b.json:")
    assert problem in line


def test_prune(run: Run, file: Path) -> None:
    before = file.read_bytes()
    changed(file, Gone=Group("count", (3.0, 3.0)))
    assert run("baseline", "prune").stdout == b".gotracer-ci/baseline.json: removed 1 group of 1 program\n"
    assert file.read_bytes() == before
    assert run("baseline", "prune").stdout == b".gotracer-ci/baseline.json: nothing to prune\n"


def test_prune_removes_lines_without_values(run: Run, file: Path) -> None:
    before = file.read_bytes()
    (name, part), *_ = load(file).parts.items()
    gone = {Key("MutexContention", "sync.(*Mutex).Lock", place): "ns" for place in ("main.f", "main.g")}
    save(file, Baseline({name: Part(part.entries, part.groups, gone)}))
    assert file.read_bytes().count(b'"rule":"MutexContention"') == 2
    assert b"22 groups" in run("baseline", "check").stdout
    assert run("baseline", "prune").stdout == b".gotracer-ci/baseline.json: removed 2 groups of 1 program\n"
    assert file.read_bytes() == before


def test_prune_removes_tests_that_no_job_ran(run: Run, file: Path) -> None:
    (name, part), *_ = load(file).parts.items()
    entries = tuple(replace(entry, work=(("TestB", 1),)) for entry in part.entries)
    save(file, Baseline({name: Part(entries, part.groups, work=("TestA", "TestB", "TestC"))}))
    assert run("baseline", "prune").stdout == b".gotracer-ci/baseline.json: removed 0 groups of 1 program\n"
    (part,) = load(file).parts.values()
    assert part.work == ("TestB",)
    assert [entry.work for entry in part.entries] == [(("TestB", 1),)] * 2


def test_check_names_the_rules_that_are_newer_than_the_file(run: Run, file: Path) -> None:
    (name, part), *_ = load(file).parts.items()
    old = tuple(replace(entry, rules=("GoroutineLeakGrowth", "HeapGrowthSpike")) for entry in part.entries)
    save(file, Baseline({name: Part(old, part.groups)}))
    assert (
        "no job measured BlockedOnSyscall, ConcurrencyChange, CpuTimeGrowth" in run("baseline", "check").stdout.decode()
    )


def test_prune_a_program(run: Run, file: Path) -> None:
    (part,) = load(file).parts.values()
    save(file, Baseline({SERVICE: part, ORDERS: part}))
    done = run("baseline", "prune", "--program", ORDERS)
    assert done.returncode == 0
    assert file.read_bytes() == COMMITTED.read_bytes()
    for program, says in ((ORDERS, SERVICE), (SERVICE, "delete the file instead")):
        done = run("baseline", "prune", "--program", program)
        assert done.returncode == 2
        assert says in done.stderr.decode()


def test_prune_upgrades_the_schema(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    entry = '{"id":"1","commit":"","go":"1.26","gomaxprocs":2,"traces":1,"wall_ms":982}'
    group = '{"rule":"GCPauseSpike","kind":"GC cycles","place":"","unit":"count","values":[VALUE]}'
    nothing = group.replace("GC cycles", "stop-the-world count").replace("VALUE", "0")
    file.write_text(f'{{"schema":1,"entries":[{entry}],"groups":[{group.replace("VALUE", "7")},{nothing}]}}')
    run("baseline", "prune", file)
    (part,) = load(file).parts.values()
    assert dump(Baseline({"": part})) == file.read_text()
    assert part.groups == {Key("GCPauseSpike", "GC cycles", ""): Group("count", (7,))}
    assert "stop-the-world" not in file.read_text()


def test_merge_two_files(run: Run, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    (part,) = load(file).parts.values()
    save(other, Baseline({ORDERS: part}))
    done = run("baseline", "merge", file, other)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == dump(Baseline({SERVICE: part, ORDERS: part}))
    assert run("baseline", "merge", "-o", "both.json", other, file).stdout == b""
    assert (tmp_path / "both.json").read_bytes() == done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        ((), 2, "Missing argument"),
        (("FILE",), 2, "no conflict markers"),
        (("--driver", "FILE", "FILE"), 1, "--driver: name two files"),
        (("parts/*.json",), 2, "parts/*.json: no file matches this glob, so there is nothing to merge"),
        (("FILE", "absent.json"), 3, "absent.json: no such baseline"),
        (("--driver", "FILE", "FILE", "absent.json"), 1, "absent.json: no such baseline"),
        (("-o", "/proc/x/y.json", "FILE", "FILE"), 3, "/proc/x/y.json: cannot be written"),
    ],
)
def test_merge_errors(run: Run, file: Path, arguments: tuple[str, ...], code: int, problem: str) -> None:
    done = run("baseline", "merge", *(str(file) if argument == "FILE" else argument for argument in arguments))
    assert (done.returncode, done.stdout) == (code, b"")
    (line,) = done.stderr.decode().splitlines()
    assert problem in line
    assert file.read_bytes() == COMMITTED.read_bytes()


def test_no_command(run: Run) -> None:
    done = run("baseline")
    assert done.returncode == 2
    assert b"no command given" in done.stderr


def parts(directory: Path) -> list[str]:
    """Write five files of one job each, and return their names."""
    (name, part), *_ = load(COMMITTED).parts.items()
    group = Key("MutexContention", "sync.(*Mutex).Lock", "main.f")
    for i in range(5):
        entry = replace(part.entries[0], id=f"77-1-{i}")
        groups = {group: Group("ns", ((10.0 + i) * MS,), (20,))}
        save(directory / f"parts/{i}/baseline.json", Baseline({name: Part((entry,), groups)}))
    return [f"parts/{i}/baseline.json" for i in (3, 0, 4, 1, 2)]


def test_merge_many_files(run: Run, tmp_path: Path) -> None:
    """Named one by one in any order, or by a glob that no shell has expanded."""
    files = parts(tmp_path)
    assert run("baseline", "merge", "parts/**/baseline.json", "-o", "merged.json").returncode == 0
    merged = (tmp_path / "merged.json").read_bytes()
    assert run("baseline", "merge", *files).stdout == merged
    assert run("baseline", "merge", *reversed(files), "merged.json").stdout == merged
    (part,) = load(tmp_path / "merged.json").parts.values()
    assert [entry.id for entry in part.entries] == [f"77-1-{i}" for i in range(5)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '{"schema":99}',
            ": written by a newer gotracer-ci: schema 99, this version reads up to 3; update gotracer-ci",
        ),
        ('<<<<<<< a\n{"schema":3}', ':1: merge conflict markers; run "gotracer-ci baseline merge" on it'),
        ("{", ": not valid JSON"),
        (None, ": no such baseline"),
    ],
)
def test_one_broken_file_of_many_is_named_and_nothing_is_written(
    run: Run, tmp_path: Path, text: str | None, problem: str
) -> None:
    files = parts(tmp_path)
    (tmp_path / files[-1]).unlink()
    if text:
        (tmp_path / files[-1]).write_text(text)
    done = run("baseline", "merge", *files, "-o", "merged.json")
    assert done.returncode == 3
    (line,) = done.stderr.decode().splitlines()
    assert f"{files[-1]}{problem}" in line
    assert not (tmp_path / "merged.json").exists()


def test_diff(run: Run, file: Path, tmp_path: Path) -> None:
    changed(file, MutexContention=Group("ns", (0.0, 40.0 * MS), (0, 20)))
    done = run("baseline", "diff", COMMITTED, file)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert text.startswith(f"- `{SERVICE}`: 2 jobs; 1 new group\n")
    assert "| MutexContention kind at `main.f` | 65 ms |" in text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert run("baseline", "diff", COMMITTED, file, "-o", "changes.md").stdout == b""
    assert (tmp_path / "changes.md").read_text() == text
    assert "No job is added or removed, and no limit changes." in run("baseline", "diff", file, file).stdout.decode()


def test_diff_with_no_file_before(run: Run) -> None:
    text = run("baseline", "diff", "none.json", COMMITTED).stdout.decode()
    assert text.startswith(f"There is no `none.json` yet.\n\n- `{SERVICE}`: 2 jobs (2 new); 22 new groups\n")
    done = run("baseline", "diff", COMMITTED, "none.json")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"none.json: no such baseline" in done.stderr


def test_the_documented_difference_is_what_the_command_prints(run: Run, tmp_path: Path) -> None:
    (block,) = blocks(ROOT / "docs/baseline.md", "markdown")
    shutil.copyfile(COMMITTED, tmp_path / "new.json")
    update = ("--baseline", tmp_path / "new.json", "--update-baseline", "--run-id", "3")
    assert run("analyze", "testdata/traces/service-leak-go1.27.trace", *update, cwd=ROOT).returncode == 0
    assert run("baseline", "diff", COMMITTED, "new.json").stdout.decode() == block
