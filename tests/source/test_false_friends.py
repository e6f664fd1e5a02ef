"""Files that look like a file of the repository but are not: their frames must not get its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gotracer_ci.source.frames import SourceFrame, SourceMap
from gotracer_ci.source.repository import Repository

Write = Callable[[Path, Mapping[str, str]], Path]
Frame = tuple[str, str, int]

APP = "example.org/app"
LOCKS = "package locks\n\nfunc Contend() {\n\tgo hold()\n}\n\nfunc hold() {\n}\n" + "\n" * 90
FILES = {
    "go.mod": f"module {APP}\n\nrequire example.net/dep v1.0.0\n",
    "main.go": "package main\n\nfunc main() {\n\tlocks.Contend()\n\n\n\n}\n",
    "locks/locks.go": LOCKS,
    "runtime/proc.go": "package runtime\n" + "\n" * 500,
    "time/time.go": "package time\n" + "\n" * 500,
    "vendor/modules.txt": "# example.net/dep v1.0.0\n# example.net/app v1.0.0\n",
    "vendor/example.net/dep/locks/locks.go": LOCKS,
    "nested/go.mod": f"module {APP}/nested\n\nreplace example.net/lib => ./lib\n",
    "nested/locks/locks.go": LOCKS,
    "nested/lib/lib.go": "package lib\n\nfunc F() {\n}\n",
}
GOROOT = ("runtime.gopark", "/usr/local/go/src/runtime/proc.go", 400)
TRIMMED = (("runtime.gopark", "runtime/proc.go", 400), ("main.main", f"{APP}/main.go", 4))


@pytest.fixture
def resolve(tmp_path: Path, write: Write) -> Callable[..., SourceFrame]:
    repository = Repository.scan(write(tmp_path / "repo", FILES))

    def last(*frames: Frame) -> SourceFrame:
        known = [(function, file.replace("ROOT", str(repository.root)), line) for function, file, line in frames]
        source = SourceMap(repository)
        source.learn(known)
        return source.resolve(*known[-1])

    return last


@pytest.mark.parametrize(
    "frame",
    [
        ("example.net/dep/locks.Contend", "/root/go/pkg/mod/example.net/dep@v1.1.0/locks/locks.go", 4),
        ("example.net/gone/locks.Contend", "/build/vendor/example.net/gone/locks/locks.go", 4),
        # a module beside the repository: by name, and if the trace has only an inlined closure of it
        ("example.net/sibling/locks.Contend", "/home/u/sibling/locks/locks.go", 4),
        (f"{APP}/locks.Contend.func1", "/home/u/sibling/locks/locks.go", 14),
        (f"{APP}/locks.Contend.Run.func1", "/home/u/sibling/x/locks.go", 14),
        (f"{APP}/locks.hold.1", "/home/u/sibling/locks/locks.go", 4),
        # another program
        ("main.main", "/home/u/tool/main.go", 4),
        ("main.run", "/home/u/tool/main.go", 5),
        ("main.main", "ROOT/elsewhere/main.go", 4),
        # the standard library
        ("time.Sleep", "/usr/local/go/src/runtime/time.go", 4),
        ("time.Now", "/usr/local/go/src/time/time.go", 4),
        ("runtime.goexit", "/usr/local/go/src/runtime/proc.go", 4),
    ],
)
def test_absolute(resolve: Callable[..., SourceFrame], frame: Frame) -> None:
    for seen in ((GOROOT,), (GOROOT, ("main.main", "ROOT/main.go", 4))):
        assert resolve(*seen, frame).path is None


@pytest.mark.parametrize(
    "frame",
    [
        ("example.net/dep/locks.Contend", "example.net/dep@v1.1.0/locks/locks.go", 4),
        ("example.net/sibling/locks.Contend", "example.net/sibling@v0.0.0/locks/locks.go", 4),
        (f"{APP}/locks.Contend.func1", "example.net/sibling@v0.0.0/locks/locks.go", 4),
        (f"{APP}/locks.Contend.func1", "locks/locks.go", 4),
        (f"{APP}x/locks.Contend", f"{APP}x/locks/locks.go", 4),
        # the nested module replaces it, the built one does not
        ("example.net/lib.F", "example.net/lib@v1.0.0/lib.go", 4),
        ("time.Sleep", "runtime/time.go", 4),
        ("time.Now", "time/time.go", 4),
        ("runtime.goexit", "runtime/proc.go", 4),
    ],
)
def test_trimmed(resolve: Callable[..., SourceFrame], frame: Frame) -> None:
    assert resolve(*TRIMMED, frame).path is None


@pytest.mark.parametrize(
    ("frame", "path"),
    [
        ((f"{APP}/locks.Contend", f"{APP}/locks/locks.go", 4), "locks/locks.go"),
        ((f"{APP}/nested/locks.Contend", f"{APP}/nested/locks/locks.go", 4), "nested/locks/locks.go"),
        (
            ("example.net/dep/locks.Contend", "example.net/dep@v1.0.0/locks/locks.go", 4),
            "vendor/example.net/dep/locks/locks.go",
        ),
        (
            ("example.net/dep/locks.Contend", "/m/pkg/mod/example.net/dep@v1.0.0/locks/locks.go", 4),
            "vendor/example.net/dep/locks/locks.go",
        ),
        # inlined across packages: the file counts
        ((f"{APP}/nested/locks.Contend.func1", f"{APP}/locks/locks.go", 4), "locks/locks.go"),
    ],
)
def test_the_repositorys_own_files_are_still_found(
    resolve: Callable[..., SourceFrame], frame: Frame, path: str
) -> None:
    assert resolve(*TRIMMED, frame).path == path


def test_the_nested_module_built_itself_is_replaced(tmp_path: Path, write: Write) -> None:
    write(tmp_path, FILES | {"nested/f_test.go": "package nested\n"})
    frames = [
        ("example.org/app/nested.TestF", f"{APP}/nested/f_test.go", 1),
        ("example.net/lib.F", "example.net/lib@v1.0.0/lib.go", 4),
    ]
    source = SourceMap(Repository.scan(tmp_path))
    source.learn(frames)
    assert source.resolve(*frames[1]).path == "nested/lib/lib.go"


def test_links(tmp_path: Path, write: Write) -> None:
    """A link to the vendor directory and a link's target in it are dependencies. No link leads outside."""
    root = write(tmp_path / "repo", FILES)
    write(tmp_path / "secrets", {"locks.go": LOCKS})
    write(root / "tool", {"go.mod": f"module {APP}/tool\n", "deps/example.net/lib/lib.go": "package lib\n"})
    (root / "tool" / "vendor").symlink_to("deps")
    (root / "dep").symlink_to("vendor/example.net/dep")
    (root / "out").symlink_to(tmp_path / "secrets")
    (root / "locks" / "secret.go").symlink_to(tmp_path / "secrets" / "locks.go")
    (root / "again").symlink_to(".")
    source = SourceMap(Repository.scan(root))
    found = {
        file: source.resolve("example.org/app/x.F", f"{root}/{file}", 1)
        for file in (
            "dep/locks/locks.go",
            "tool/vendor/example.net/lib/lib.go",
            "out/locks.go",
            "locks/secret.go",
            "again/again/locks/locks.go",
        )
    }
    assert [(frame.owner, frame.path) for frame in found.values()] == [
        ("dependency", "vendor/example.net/dep/locks/locks.go"),
        ("dependency", "tool/deps/example.net/lib/lib.go"),
        ("own", None),
        ("own", None),
        ("own", "locks/locks.go"),
    ]
