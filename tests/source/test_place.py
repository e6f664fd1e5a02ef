"""Places of stacks: own code is the identity, the best repository frame the location."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.source.place import anchor, place, primary, vendored
from gotracer_ci.source.repository import Repository


def frame(
    function: str,
    owner: str = "own",
    path: str | None = None,
    mapped: str = "exact",
    line: int = 1,
    generated: bool = False,
) -> SourceFrame:
    file = path or "x.go"
    return SourceFrame(function, file, line, owner, path, mapped if path else "", generated, file.endswith("_test.go"))


STD = frame("sync.(*Mutex).Lock", "std")
VENDORED = frame("example.com/dep.(*Counter).Add", "dependency", "vendor/example.com/dep/dep.go")
OWN = frame("main.work.func2", "own", "work.go")
TEST = frame("example.com/app.TestWork", "own", "work_test.go")
GENERATED = frame("example.com/app/parser.Parse", "own", "parser/y.go", generated=True)
GUESSED = frame("example.com/app/far.F", "own", "far/far.go", mapped="guess")
UNMAPPED = frame("main.gone")
ENTRY = frame("net/http.(*conn).serve.func1", "std")


@pytest.mark.parametrize(
    ("function", "file", "expected"),
    [
        ("app.TestA", "a_test.go", "app.TestA"),
        ("app.TestA.func1", "a_test.go", "app.TestA"),
        ("app.TestA.func2.1", "a_test.go", "app.TestA"),
        ("app.TestA.gowrap1", "a_test.go", "app.TestA"),
        ("app.FuzzA.func1", "a_test.go", "app.FuzzA"),
        ("app.BenchmarkA.func3", "a_test.go", "app.BenchmarkA"),
        ("app.ExampleA.func1", "a_test.go", "app.ExampleA"),
        ("app.(*suite).TestA.func1", "a_test.go", "app.(*suite).TestA"),
        ("app.helper.func1", "a_test.go", "app.helper.func"),
        ("app.Testing.func1", "a_test.go", "app.Testing.func"),
        ("app.TestA.func1", "a.go", "app.TestA.func"),
    ],
)
def test_a_test_with_its_subtests_and_closures_is_one_place(function: str, file: str, expected: str) -> None:
    assert place([STD, SourceFrame(function, file, 1, "own", None, "", False, file.endswith("_test.go"))]) == expected


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ([STD, VENDORED, OWN, TEST], "main.work.func"),
        ([STD, UNMAPPED, OWN], "main.gone"),
        ([STD, ENTRY], "~net/http.(*conn).serve.func"),
        ([STD, ENTRY, frame("runtime.goexit", "std")], "~net/http.(*conn).serve.func"),
        ([STD, VENDORED], "~example.com/dep.(*Counter).Add"),
        ([], "~"),
    ],
)
def test_place(stack: list[SourceFrame], expected: str) -> None:
    assert place(stack) == expected


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ([STD, VENDORED, GUESSED, GENERATED, TEST, OWN], OWN),
        ([STD, VENDORED, GUESSED, GENERATED, TEST], TEST),
        ([STD, VENDORED, GUESSED, GENERATED], GENERATED),
        ([STD, VENDORED, GUESSED], GUESSED),
        ([STD, VENDORED], None),
        ([STD, UNMAPPED], None),
        ([], None),
    ],
)
def test_primary(stack: list[SourceFrame], expected: SourceFrame | None) -> None:
    assert primary(stack) == expected


def test_vendored_code_is_the_first_in_any_stack() -> None:
    assert vendored([[STD, OWN], [STD, VENDORED]]) == VENDORED
    assert vendored([[STD, OWN], [UNMAPPED]]) is None


def test_primary_is_nearest_the_leaf() -> None:
    caller = frame("main.main", "own", "main.go", line=9)
    assert primary([STD, OWN, caller]) == OWN


MAIN = frame("main.main", "own", "cmd/a/main.go", line=7)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([STD, OWN, frame("main.main", "own", "cmd/a/main.go", line=9), MAIN, TEST], MAIN),
        ([frame("main.main", "own", None), TEST], TEST),
        ([frame("main.TestX.func1", "own", "a_test.go"), TEST], frame("main.TestX.func1", "own", "a_test.go")),
        ([frame("main.testHelper", "own", "a_test.go")], None),
        ([frame("main.Tester", "own", "a_test.go")], None),
        ([frame("main.TestX", "own", "a.go")], None),
        ([], None),
    ],
)
def test_anchor(frames: list[SourceFrame], expected: SourceFrame | None) -> None:
    assert anchor(frames, None) == expected
    assert anchor(reversed(frames), None) == expected


def test_anchor_of_a_program_without_main_in_the_repository(tmp_path: Path) -> None:
    """It is the go.mod nearest to the root, or None without one."""
    (tmp_path / "x.go").write_text("package x\n")
    assert anchor([UNMAPPED], Repository.scan(tmp_path)) is None
    for directory in ("b/c", "b", "a"):
        (tmp_path / directory).mkdir(parents=True, exist_ok=True)
        (tmp_path / directory / "go.mod").write_text(f"module example.com/{directory}\n")
    repository = Repository.scan(tmp_path)
    found = anchor([UNMAPPED], repository)
    assert found is not None
    assert (found.path, found.line, found.function) == ("a/go.mod", 1, "example.com/a")
    assert anchor([MAIN, UNMAPPED], repository) == MAIN
    (tmp_path / "go.mod").write_text("// the root\nmodule example.com\n")
    found = anchor([], Repository.scan(tmp_path))
    assert found is not None
    assert (found.path, found.line) == ("go.mod", 1)
