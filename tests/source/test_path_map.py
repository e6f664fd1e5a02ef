"""Path maps of the user and those suggested, and hostile paths in a trace."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gotracer_ci.errors import UsageError
from gotracer_ci.notes import NoteKind
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from tests.source.app import APP, FILES, GOROOT, TRIMMED_MAIN, Frames, mapped

Write = Callable[[Path, Mapping[str, str]], Path]
HOSTILE = st.lists(
    st.sampled_from(["/", "..", ".", "./", "@v1.2.3/", "vendor/", "\\", "C:", "\0", "%2e", "[", "main", "src", "\n"])
    | st.sampled_from([APP, "pkg/w.go", "main.go", "grammar.y", "runtime", "F", "sub@v0.0.0/inner/i.go", "~"])
    | st.sampled_from(["\\\\share\\", "!dep", "/pkg/mod/", "example.com/dep@v1.2.3/dep.go", "example.com/dep", "pkg."])
    | st.sampled_from([".func1", "main.", "W", "_test.go", "golang.org/toolchain@", "a" * 4000, "=", "'", " "])
    | st.text(max_size=3),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, write: Write) -> Repository:
    return Repository.scan(write(tmp_path_factory.mktemp("repo"), FILES))


@pytest.mark.parametrize(
    ("path_map", "file", "path"),
    [
        (("/bazel/out", "."), "/bazel/out/pkg/w.go", "pkg/w.go"),
        (("/bazel/out/", "sub/"), "/bazel/out/inner/i.go", "sub/inner/i.go"),
        (("/bazel/out", "{root}/sub"), "/bazel/out/inner/i.go", "sub/inner/i.go"),
        (("corp.example/mono/repo", "."), "corp.example/mono/repo/pkg/w.go", "pkg/w.go"),
        (("C:\\ci\\repo", ""), "C:/ci/repo/pkg/w.go", "pkg/w.go"),
        (("/bazel/out", "."), "/bazel/outside/pkg/w.go", None),
    ],
)
def test_path_map(repository: Repository, path_map: tuple[str, str], file: str, path: str | None) -> None:
    start, to = path_map
    [frame] = mapped(
        repository, [("x.y/z.Unknown", file, 1)], path_map=[(start, to.replace("{root}", str(repository.root)))]
    )
    assert (frame.path, frame.mapped) == (path, "exact" if path else "")


@pytest.mark.parametrize("path_map", [("", "."), ("/a", ".."), ("/a", "sub/../../x"), ("/a", "/etc"), ("/a", "C:/x")])
def test_path_map_stays_in_the_repository(repository: Repository, path_map: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="--path-map"):
        SourceMap(repository, path_map=[path_map])


def test_a_note_suggests_a_path_map_if_less_than_half_is_mapped(repository: Repository) -> None:
    frames = [GOROOT, (f"{APP}/pkg.W", f"{APP}/pkg/w.go", 1)]
    frames += [(f"x.y/{name}.F", f"/build/tree/{name}/f.go", 1) for name in "abc"]
    source = SourceMap(repository)
    source.learn(frames)
    for frame in frames:
        source.resolve(*frame)
    [note] = source.notes()
    assert note.kind is NoteKind.UNMAPPED
    assert "only 1 of 4" in note.text
    assert "/build/tree/a/f.go is not" in note.text


@pytest.mark.parametrize(
    ("start", "directory", "suggested"),
    [
        ("/build/tree", "", "/build/tree=."),
        ("/build/my tree", "", "'/build/my tree=.'"),
        ("/build", "sub/", "/build=sub"),
        (f"{APP}/moved", "", f"{APP}/moved=."),
        ("C:/ci", "", "C:/ci=."),
        ("//share/ci", "", "/share/ci=."),
        ("", "", "/=."),
        # paths that FROM=TO cannot express
        ("/a=b", "", None),
        ("/a\tb", "", None),
    ],
)
def test_the_suggested_path_map(repository: Repository, start: str, directory: str, suggested: str | None) -> None:
    files = ("inner/i.go",) if directory else ("pkg/w.go", "internal/vendor/v.go", "tools/x/x.go", "pkg/new.go")
    source = SourceMap(repository)
    frames = [("x.y/z.F", f"{start}/{file}", 1) for file in files] + [TRIMMED_MAIN]
    source.learn(frames)
    for frame in frames[:-1]:
        assert source.resolve(*frame).path is None
    [note] = source.notes()
    assert note.text.endswith(
        f"--path-map {suggested}" if suggested else "is --root the repository of the traced program?"
    )


@given(frames=st.lists(st.tuples(HOSTILE, HOSTILE, st.integers()), max_size=6))
def test_only_files_of_the_repository_are_named(repository: Repository, frames: Frames) -> None:
    source = SourceMap(repository)
    source.learn(frames)
    for frame in [source.resolve(*frame) for frame in frames]:
        assert frame.owner in {"own", "dependency", "std"}
        assert frame.path is None or frame.path in repository.files
        assert (frame.path is None) is (frame.mapped == "")
    for note in source.notes():
        assert note.text.isprintable()
        assert len(note.text) < 10_000


@given(start=HOSTILE, directory=st.sampled_from(["", "sub/", "cmd/"]))
@example(start="/golang.org/toolchain@", directory="")
def test_a_suggested_path_map_is_valid_on_the_command_line(repository: Repository, start: str, directory: str) -> None:
    below = [
        file.removeprefix(directory) for file in repository.files if file.startswith(directory) and file.endswith(".go")
    ]
    frames = [("x.y/z.F", f"{start}/{file}", 1) for file in below if "vendor/" not in file]
    source = SourceMap(repository)
    source.learn(frames)
    missing = sum(source.resolve(*frame).path is None for frame in frames)
    _, option, word = " ".join(note.text for note in source.notes()).partition("--path-map ")
    if option:
        [path_map] = shlex.split(word)
        before, _, after = path_map.partition("=")
        followed = mapped(repository, frames, path_map=[(before, after)])
        assert 2 * sum(frame.path is None for frame in followed) <= missing
