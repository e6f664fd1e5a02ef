"""The repository: the files and modules that a scan finds. Nothing outside it is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gotracer_ci.errors import UsageError
from gotracer_ci.source import repository as repository_module
from gotracer_ci.source import scan
from gotracer_ci.source.gomod import Module, ModuleKind
from gotracer_ci.source.repository import Repository, nearest

Write = Callable[[Path, Mapping[str, str]], Path]

MODULES = {
    "go.mod": """module example.com/app // the root

require example.com/fork v1.0.0
replace (
\texample.com/fork v1.0.0 => ./third_party/fork
\texample.com/outside => ../outside
\texample.com/remote => example.com/other v1.2.3
)
""",
    "lib/go.mod": 'module "example.com/app/lib"\nreplace example.com/app => ../\n',
    "go.work": "go 1.22\nuse (\n\t.\n\t./lib\n)\nreplace example.com/worked => ./worked\n",
    "vendor/modules.txt": "# example.com/dep v1.2.3\n## explicit\nexample.com/dep/in\n# example.com/x => ./x\n",
    "vendor/example.com/dep/go.mod": "module example.com/dep\n",
    "vendor/example.com/dep/in/in.go": "package in\n",
    "third_party/fork/fork.go": "package fork\n",
    "worked/w.go": "package worked\n",
    "lib/lib.go": "package lib\n",
    "main.go": "package main\n",
}


def test_scan_finds_sources_and_module_files_only(tmp_path: Path, write: Write) -> None:
    tree = ["a.go", ".ci/tool/main.go", "p/asm.s", "p/grammar.y", "vendor/modules.txt", "go.mod", "go.work"]
    others = ["README.md", ".git/x.go", "node_modules/x/x.go", "cache/pkg/mod/example.com/dep@v1.2.3/dep.go"]
    others += [".venv/lib/python3.11/site-packages/go/src/os/file.go"]
    write(tmp_path, dict.fromkeys(tree + others, ""))
    assert Repository.scan(tmp_path).files == set(tree)


def test_a_missing_root_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory"):
        Repository.scan(tmp_path / "absent")


def test_the_nearest_repository_is_found_from_the_traces(tmp_path: Path, write: Write) -> None:
    """A workspace is in no repository if actions/checkout has a `path`."""
    write(
        tmp_path, dict.fromkeys(("src/.git/HEAD", "src/app/go.mod", "src/app/t.trace", "other/go.mod", "x.trace"), "")
    )
    trace, root = str(tmp_path / "src/app/t.trace"), tmp_path
    assert nearest(root, [trace]) == root / "src"
    assert nearest(root / "src/app", [trace]) == root / "src/app"
    assert nearest(root, [trace, str(tmp_path / "x.trace")]) == root
    assert nearest(root, ["/elsewhere/t.trace", "-"]) == root
    assert Repository.at(root).files == frozenset()
    assert not Repository.at(root).found
    assert Repository.at(nearest(root, [trace])).files == {"app/go.mod"}


def test_files_are_looked_for_when_they_are_needed(tmp_path: Path, write: Write) -> None:
    """A table without places needs none, and a large repository takes longer than a small trace."""
    write(tmp_path, {"go.mod": "", "a.go": ""})
    repository = Repository.at(tmp_path)
    write(tmp_path, {"b.go": ""})
    assert repository.files == {"go.mod", "a.go", "b.go"}


def test_scan_is_bounded(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {f"{directory}/{number}.go": "" for directory in "ab" for number in range(10)})
    assert Repository.scan(tmp_path).complete
    monkeypatch.setattr(scan, "MAX_ENTRIES", 10)
    cut = Repository.scan(tmp_path)
    assert not cut.complete
    assert len(cut.files) < 10


def test_modules(tmp_path: Path, write: Write) -> None:
    repository = Repository.scan(write(tmp_path, MODULES))
    assert repository.outside == ["../outside"]
    assert repository.modules == {
        "example.com/app": [
            Module("example.com/app", "", ModuleKind.OWN),
            Module("example.com/app", "", ModuleKind.REPLACED, by="lib"),
        ],
        "example.com/app/lib": [Module("example.com/app/lib", "lib", ModuleKind.OWN, by="lib")],
        "example.com/dep": [Module("example.com/dep", "vendor/example.com/dep", ModuleKind.VENDORED, "v1.2.3")],
        "example.com/fork": [Module("example.com/fork", "third_party/fork", ModuleKind.REPLACED)],
        "example.com/worked": [Module("example.com/worked", "worked", ModuleKind.REPLACED)],
        "example.com/x": [Module("example.com/x", "x", ModuleKind.REPLACED)],
    }


@pytest.mark.parametrize(
    ("import_path", "path"),
    [
        ("example.com/app/main.go", "main.go"),
        ("example.com/app/lib/lib.go", "lib/lib.go"),
        ("example.com/dep/in/in.go", "vendor/example.com/dep/in/in.go"),
        ("example.com/fork/fork.go", "third_party/fork/fork.go"),
        ("example.com/worked/w.go", "worked/w.go"),
        ("example.com/app/absent.go", None),
        ("example.com/application/main.go", None),
        ("example.com/app", None),
        ("", None),
        ("/", None),
    ],
)
def test_locate(tmp_path: Path, write: Write, import_path: str, path: str | None) -> None:
    assert Repository.scan(write(tmp_path, MODULES)).locate(import_path)[0] == path


def test_an_import_path_without_a_file_has_a_module(tmp_path: Path, write: Write) -> None:
    path, found = Repository.scan(write(tmp_path, MODULES)).locate("example.com/app/lib/absent.go")
    assert path is None
    assert found == Module("example.com/app/lib", "lib", ModuleKind.OWN, by="lib")


SEVERAL = {
    "go.mod": "module example.com/app\n",
    "vendor/modules.txt": "# example.com/dep v1.0.0\n# example.com/old v1.0.0 => example.com/new v2.0.0\n",
    "vendor/example.com/dep/dep.go": "package dep\n",
    "vendor/example.com/old/old.go": "package old\n",
    "tool/go.mod": "module example.com/tool\nreplace example.com/dep => ./dep\n",
    "tool/dep/dep.go": "package dep\n",
    "other/go.mod": "module example.com/other\n",
    "other/vendor/modules.txt": "# example.com/dep v1.9.0\n# example.com/x v1.0.0 => ./x\n",
    "other/vendor/example.com/dep/dep.go": "package dep\n",
    "other/x/x.go": "package x\n",
    "examples/a/go.mod": "module example\n",
    "examples/a/main.go": "package main\n",
    "examples/b/go.mod": "module example\n",
    "examples/b/main.go": "package main\n",
    "examples/b/more.go": "package main\n",
}


@pytest.mark.parametrize(
    ("mains", "import_path", "path"),
    [
        ([""], "example.com/dep/dep.go", "vendor/example.com/dep/dep.go"),
        (["tool"], "example.com/dep/dep.go", "tool/dep/dep.go"),
        (["other"], "example.com/dep/dep.go", "other/vendor/example.com/dep/dep.go"),
        (["examples/a"], "example.com/dep/dep.go", None),
        (["other"], "example.com/x/x.go", "other/x/x.go"),
        (["tool"], "example.com/x/x.go", None),
        (["examples/a"], "example/main.go", "examples/a/main.go"),
        (["examples/b"], "example/main.go", "examples/b/main.go"),
        # the built module is unknown, so only unique files are found
        ([], "example/main.go", None),
        ([], "example/more.go", "examples/b/more.go"),
    ],
)
def test_modules_of_one_build(tmp_path: Path, write: Write, mains: list[str], import_path: str, path: str) -> None:
    repository = Repository.scan(write(tmp_path, SEVERAL))
    assert repository.as_built(mains).locate(import_path)[0] == path
    assert repository.modules == Repository.scan(tmp_path).modules


def test_all_modules_of_a_workspace_count(tmp_path: Path, write: Write) -> None:
    write(tmp_path, SEVERAL | {"go.work": "go 1.22\nuse (\n\t.\n\t./tool\n)\n"})
    repository = Repository.scan(tmp_path).as_built([""])
    assert repository.locate_copy("example.com/dep", "dep.go", "v1.0.0")[0] == "tool/dep/dep.go"


def test_vendored_copies_by_version(tmp_path: Path, write: Write) -> None:
    repository = Repository.scan(write(tmp_path, SEVERAL))
    copies = [
        repository.locate_cached("/root/go/pkg/mod/example.com/dep", "dep.go", version)
        for version in ("v1.0.0", "v1.9.0", "v2.0.0", "")
    ]
    assert copies == ["vendor/example.com/dep/dep.go", "other/vendor/example.com/dep/dep.go", None, None]
    assert repository.locate_cached("/cache/example.com/new", "old.go", "v2.0.0") == "vendor/example.com/old/old.go"
    for directory in ("/cache/xample.com/new", "/cache/example.com/new/x", "example.com/new", "/", ""):
        assert repository.locate_cached(directory, "old.go", "v2.0.0") is None


@pytest.mark.parametrize(
    ("path", "home", "import_path"),
    [
        ("main.go", "", "example.com/app"),
        ("pkg/a/a.go", "", "example.com/app/pkg/a"),
        ("tool/dep/dep.go", "tool", "example.com/tool/dep"),
        ("tools/x.go", "", "example.com/app/tools"),
        ("examples/a/main.go", "examples/a", "example"),
    ],
)
def test_home(tmp_path: Path, write: Write, path: str, home: str, import_path: str) -> None:
    repository = Repository.scan(write(tmp_path, SEVERAL))
    found = repository.home(path)
    assert found is not None
    assert (found.directory, repository.import_path(path)) == (home, import_path)
    nowhere = Repository.scan(write(tmp_path / "x", {"a.go": ""}))
    assert (nowhere.home("a.go"), nowhere.import_path("a.go"), nowhere.module) == (None, None, None)


def test_links_are_resolved_only_within_the_repository(tmp_path: Path, write: Write) -> None:
    root = write(tmp_path / "repo", {"real/a.go": "package a\n", "go.mod": "module m\n"})
    write(tmp_path, {"secret.go": "package secret\n", "far/b.go": "package far\n", "oper/real/a.go": "package a\n"})
    links = {
        "a.go": "real/a.go",
        "link": "real",
        "twice": "link",
        "secret.go": "../secret.go",
        "far": "../far",
        "twin.go": "../oper/real/a.go",
        "loop": "loop",
        "self": ".",
        "gone.go": "nothing.go",
    }
    for name, target in links.items():
        os.symlink(target, root / name)
    repository = Repository.scan(root)
    assert repository.files == {"real/a.go", "go.mod"}
    assert {repository.find(path) for path in ("a.go", "link/a.go", "twice/a.go", "real/a.go")} == {"real/a.go"}
    for path in (
        "secret.go",
        "far/b.go",
        "loop/a.go",
        "gone.go",
        "twin.go",
        "../secret.go",
        str(tmp_path / "secret.go"),
        "\0",
    ):
        assert repository.find(path) is None


@pytest.mark.parametrize(
    ("text", "lines", "generated"),
    [
        ("", 0, False),
        ("package a\n", 1, False),
        ("package a\n\nfunc F() {}", 3, False),
        ("// Code generated by x. DO NOT EDIT.\npackage a\n", 2, True),
        ("// Code generated by x. DO NOT EDIT.\r\npackage a\r\n", 2, True),
        ("/* c */\n\n// Code generated by x. DO NOT EDIT.\n\npackage a\n", 5, True),
        ("package a\n// Code generated by x. DO NOT EDIT.\n", 2, False),
    ],
)
def test_source(tmp_path: Path, text: str, lines: int, generated: bool) -> None:
    (tmp_path / "a.go").write_bytes(text.encode())
    repository = Repository.scan(tmp_path)
    source = repository.source("a.go")
    assert source.lines == lines
    assert source.generated is generated


DECLARING = """package a

func F() {
	go func() {}()
}
func (t *T[X]) M() {}

func (T) N() {}
func G[X any]() {}
	func no() {}
func Größe() {}
func init() {}
func init() {
}"""


@pytest.mark.parametrize(
    ("function", "seen", "line"),
    [
        ("a.F", [3, 5], 3),
        ("a.F.func1", [4], 3),
        ("a.F", [3, 6], 0),
        ("a.F", [0, -1], 3),
        ("a.(*T[...]).M", [6], 6),
        ("a.T.N", [8], 8),
        ("a.G[go.shape.int]", [9], 9),
        ("a.Größe", [11], 11),
        ("a.init.0", [12, 14], 12),
        ("a.no", [10], 0),
        ("a.M", [6], 0),
        ("a.F", [10**30], 0),
        ("", [1], 0),
    ],
)
def test_declares(tmp_path: Path, function: str, seen: list[int], line: int) -> None:
    (tmp_path / "a.go").write_text(DECLARING, encoding="utf-8")
    assert Repository.scan(tmp_path).declares("a.go", function, seen) == line


def test_a_huge_or_vanished_file_has_no_lines(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"huge.go": "package a\n" * 100, "gone.go": "package a\n"})
    repository = Repository.scan(tmp_path)
    monkeypatch.setattr(repository_module, "MAX_SOURCE_BYTES", 100)
    (tmp_path / "gone.go").unlink()
    assert repository.source("huge.go").lines == 0
    assert repository.source("gone.go").lines == 0
