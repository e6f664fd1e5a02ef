"""The program of a trace: the same name for every build and every directory of the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.program import program
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, ROOT, path_of

Frame = tuple[str, str]

# traces with another name than their program
ODD = {
    "allocfree": "heapblip",
    "smallgrowth-seven": "smallgrowth",
    **{package: f"{package} (test)" for package in ("orders", "crowd", "hang")},
}


def named(name: str, root: Path | None) -> str:
    return analyse(open_trace(path_of(name)), SourceMap(Repository.scan(root) if root else None)).program


@pytest.mark.parametrize("name", NAMES)
def test_committed_traces(name: str) -> None:
    """Each program has one name for every Go version, for paths of a runner, and for every root."""
    case = name.rpartition("-go")[0].removesuffix("-runner")
    case = "service" if case.startswith("service") else ODD.get(case, case)
    expected = "example.com/vendored" if case == "vendored" else f"example.com/programs/{case}"
    assert {named(name, root) for root in (ROOT, PROGRAMS)} == {expected}
    without = "main" if "-runner-" in name else expected
    assert named(name, None) == without


@pytest.fixture
def of(tmp_path: Path) -> Callable[..., str]:
    """Return a function that names the program of some frames, given a repository."""
    for file, text in {
        "go.mod": "module example.com/shop\n",
        "main.go": "package main\n\nfunc main() {\n}\n",
        "cmd/api/main.go": "package main\n\nfunc main() {\n}\n",
        "tools/go.mod": "module example.com/tools/v2\n",
        "tools/gen/main.go": "package main\n\nfunc main() {\n}\n",
    }.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def name(*frames: Frame, root: bool = True) -> str:
        repository = Repository.scan(tmp_path) if root else None
        source = SourceMap(repository)
        known = [(function, file.replace("ROOT", str(tmp_path)), 3) for function, file in frames]
        source.learn(known)
        return program((source.resolve(*frame) for frame in known), repository)

    return name


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("ROOT/main.go", "example.com/shop"),
        ("example.com/shop/main.go", "example.com/shop"),
        ("ROOT/cmd/api/main.go", "example.com/shop/cmd/api"),
        ("example.com/shop/cmd/api/main.go", "example.com/shop/cmd/api"),
        ("/build/src/cmd/api/main.go", "example.com/shop/cmd/api"),
        ("ROOT/tools/gen/main.go", "example.com/tools/v2/gen"),
        ("example.com/other@v1.2.3/cmd/x/main.go", "example.com/other/cmd/x"),
        ("/root/go/pkg/mod/example.com/other@v1.2.3/cmd/x/main.go", "example.com/other/cmd/x"),
        ("/elsewhere/x.go", "main"),
        ("./x.go", "main"),
        ("command-line-arguments/x.go", "main"),
        ("_testmain.go", ""),
    ],
)
def test_commands(of: Callable[..., str], file: str, expected: str) -> None:
    assert of(("main.main", file), ("runtime.main", "runtime/proc.go")) == expected


def test_a_repository_without_modules(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "main.go").write_text("package main\n\nfunc main() {\n}\n")
    repository = Repository.scan(tmp_path)
    frame = SourceMap(repository).resolve("main.main", f"{tmp_path}/api/main.go", 3)
    assert program([frame], repository) == "api"


@pytest.mark.parametrize("tested", ["example.com/shop/orders.TestTake", "example.com/shop/orders_test.TestTake.func1"])
@pytest.mark.parametrize("directory", ["ROOT/orders", "example.com/shop/orders", "/elsewhere/orders"])
def test_tests(of: Callable[..., str], tested: str, directory: str) -> None:
    """In the package or its external test package, with any helpers between the test and Go's test runner."""
    frames = (
        ("example.com/helpers/suite.Run.func1", "/root/go/pkg/mod/example.com/helpers@v1.0.0/suite/suite.go"),
        (tested, f"{directory}/orders_test.go"),
        ("testing.tRunner", "testing/testing.go"),
        ("main.main", "_testmain.go"),
    )
    assert of(*frames) == of(*frames, root=False) == "example.com/shop/orders (test)"


def test_a_dot_in_the_last_element(of: Callable[..., str]) -> None:
    assert of(("example.com/shop%2eio/v2%2e0.TestX", "ROOT/x_test.go")) == "example.com/shop.io/v2.0 (test)"


def test_an_unknown_program(of: Callable[..., str]) -> None:
    assert of() == of(("runtime.gcBgMarkWorker", "runtime/mgc.go"), ("example.com/shop.Serve", "ROOT/serve.go")) == ""
