"""`gotracer-ci test` in a real Go repository."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Done
from tests.recording.conftest import LEAK, STOCK, git

Test = Callable[..., Done]
KEPT = ".gotracer-ci/traces"


def said(done: Done) -> list[str]:
    """Return what the command wrote to stderr."""
    text = done.stderr.decode()
    assert "Traceback" not in text
    return text.splitlines()


def left(repository: Path) -> list[str]:
    """Return what git sees that the commit does not have, other worktrees, and files outside of it."""
    behind = git(repository, "status", "--porcelain", "--ignored").splitlines()
    behind += git(repository, "worktree", "list").splitlines()[1:]
    return behind + [path.name for path in (repository.parent / "tmp").iterdir() if path.name.startswith("gotracer-ci")]


def test_each_package_has_a_trace_and_each_test_its_name(test: Test, repository: Path) -> None:
    done = test("--with", "tables", "-f", "json")
    assert done.returncode in (0, 1)
    assert said(done) == [f"go test example.com/shop/{name}" for name in ("mail", "orders", "stock")]
    report = json.loads(done.stdout)
    paths = [f"{KEPT}/head/{name}/1.trace" for name in ("mail", "orders", "stock")]
    assert [trace["path"] for trace in report["traces"]] == paths
    assert {row["test"] for row in report["tables"]["tests"]} == {
        "TestSend",
        "TestPut",
        "TestPut/two_words",
        "TestCount",
    }
    assert left(repository) == ["!! .gotracer-ci/"]


def test_a_leak_is_confirmed_against_the_base(test: Test, repository: Path) -> None:
    (repository / "mail/mail_test.go").write_text(LEAK, encoding="utf-8")
    done = test("./mail", "--base", "HEAD", "-f", "json")
    assert done.returncode == 1
    first, *turns = said(done)
    assert first == "1 file not committed: part of what is compared with HEAD"
    assert [turn.rpartition("(")[2] for turn in turns] == [
        f"{side}, {i} of 3)" for i in (1, 2, 3) for side in ("base", "head")
    ]
    report = json.loads(done.stdout)
    assert report["summary"]["new"] == report["summary"]["failing"] == 1
    (finding,) = [one for one in report["findings"] if one["key"]["rule"] == "GoroutineLeak"]
    assert (finding["verdict"]["status"], finding["verdict"]["level"]) == ("new", "confirmed")
    assert finding["location"]["path"] == "mail/mail_test.go"
    assert left(repository) == [" M mail/mail_test.go", "!! .gotracer-ci/"]


def test_an_unchanged_package_is_silent_and_replaces_the_earlier_traces(test: Test, repository: Path) -> None:
    test("./stock", "./mail")
    done = test("./stock", "--base", "HEAD", "--count", "2", "-f", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["failing"] == 0
    kept = sorted(str(path.relative_to(repository / KEPT)) for path in (repository / KEPT).rglob("*.trace"))
    assert kept == [f"{side}/stock/{i}.trace" for side in ("base", "head") for i in (1, 2)]


FAILS = STOCK.replace("{}", '{ t.Run("a", func(t *testing.T) { t.Fatal("no") }) }')
TIMES_OUT = STOCK.replace('"testing"', '"testing"; import "time"').replace("{}", "{ time.Sleep(time.Minute) }")


@pytest.mark.parametrize(
    ("text", "flags", "expected"),
    [
        (FAILS, (), "1 failed test: TestCount/a"),
        (TIMES_OUT, ("-timeout", "1s"), "timed out after 1s"),
    ],
    ids=["failing test", "time-out"],
)
def test_what_a_failed_run_recorded_is_analyzed(
    text: str, flags: tuple[str, ...], expected: str, test: Test, repository: Path
) -> None:
    (repository / "stock/stock_test.go").write_text(text, encoding="utf-8")
    done = test("./stock", "--count", "3", "-f", "json", "--", *flags)
    assert done.returncode == 2
    assert said(done)[1:] == [f"gotracer-ci: example.com/shop/stock: {expected}"]
    assert len(json.loads(done.stdout)["traces"]) == 1


@pytest.mark.parametrize(
    ("text", "flags", "expected"),
    [
        (STOCK + "x", (), "example.com/shop/stock: does not build: stock/stock_test.go:7:1"),
        (STOCK.replace("{}", "{ nothing() }"), (), "example.com/shop/stock: does not build: stock/stock_test.go:6"),
        (STOCK, ("-run", "TestNothing"), "./stock: no test ran; does -run match one?"),
    ],
    ids=["syntax", "name", "no test"],
)
def test_a_run_without_a_trace_leaves_nothing_behind(
    text: str, flags: tuple[str, ...], expected: str, test: Test, repository: Path
) -> None:
    (repository / "stock/stock_test.go").write_text(text, encoding="utf-8")
    done = test("./stock", "--", *flags)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = said(done)[1:]
    assert line.startswith(f"gotracer-ci: {expected}")
    assert [path for path in left(repository) if "stock" not in path] == []


def test_a_package_that_does_not_build_costs_only_itself(test: Test, repository: Path) -> None:
    (repository / "stock/stock_test.go").write_text("package stock\nx", encoding="utf-8")
    done = test("./stock", "./mail", "-f", "json")
    assert done.returncode == 2
    assert [trace["path"] for trace in json.loads(done.stdout)["traces"]] == [f"{KEPT}/head/mail/1.trace"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--base", "nothing"), "--base nothing: git knows no such commit"),
        (("--base=-v",), "--base -v: git knows no such commit"),
        (("./nothing",), "./nothing: "),
        (("./orders/..",), "./orders/..: no Go files"),
        (("go.mod",), "go.mod: is a file, not a package; did you mean gotracer-ci tests go.mod?"),
        (("--", "-trace=x"), "-trace=x: gotracer-ci test sets it itself"),
        (("--rule", "Mutex"), "Mutex: no such rule"),
        (("--base", "HEAD", "--baseline", "b", "--update-baseline"), "--base and --update-baseline"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], expected: str, test: Test, repository: Path) -> None:
    done = test(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = said(done)
    assert line.startswith("gotracer-ci: ")
    assert expected in line
    assert left(repository) == []


def test_without_go_the_message_says_where_to_get_it(test: Test, repository: Path) -> None:
    done = test(PATH=str(repository))
    assert said(done) == ["gotracer-ci: go: not found; install Go from https://go.dev/dl, or add it to PATH"]
    assert done.returncode == 2


def test_ctrl_c_ends_the_tests_and_removes_the_worktree(repository: Path, environment: dict[str, str]) -> None:
    started = repository.parent / "started"
    waits = STOCK.replace('"testing"', '"os"; import "testing"').replace(
        "{}", f'{{ os.Create("{started}"); select {{}} }}'
    )
    (repository / "stock/stock_test.go").write_text(waits, encoding="utf-8")
    git(repository, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qam", "waits")
    command = [sys.executable, "-m", "gotracer_ci", "test", "./stock", "--base", "HEAD"]
    process = subprocess.Popen(
        command, cwd=repository, env={**environment, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, process_group=0
    )
    while not started.exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not _is_running(str(repository))
    assert [line for line in left(repository) if "worktree" in line or "gotracer-ci-" in line] == []


def _is_running(place: str) -> bool:
    """Whether the current directory of any process is below a place."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd").startswith(place):
                return True
        except OSError:
            continue
    return False
