"""How names are replaced: word by word, and what decides about owners and rules stays."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.anonymise.names import Names
from gotracer_ci.anonymise.standard import RUNTIME, is_standard, is_standard_file
from gotracer_ci.source.names import normalise

RUNTIME_FRAME = (b"runtime.main", b"/opt/hostedtoolcache/go/1.27.3/x64/src/runtime/proc.go")
CACHE, OTHER = "/home/ann/go/pkg/mod", "/dir1/dir2/go/pkg/mod"


def functions(*names: str) -> list[str]:
    """Return the other names of functions, whose file says nothing."""
    frames = [(name.encode(), b"/home/ann/shop/x.go") for name in names]
    replaced = Names(frames)
    return [replaced[name.encode()].decode() for name in names]


def files(*names: str) -> list[str]:
    """Return the other names of files that an own function is in, beside the runtime's."""
    frames = [RUNTIME_FRAME, *((b"main.run", name.encode()) for name in names)]
    replaced = Names(frames)
    return [replaced[name.encode()].decode() for name in names]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("main.main", "main.main"),
        ("main.load", "main.fn1"),
        ("main.Load", "main.Func1"),
        ("example.com/shop/orders.(*Store).get", "host1.example/pkg1/pkg2.(*Type1).fn1"),
        ("shop/orders_test.TestTotal", "pkg1/pkg2_test.TestFunc1"),
        ("main.TestTotal.func2.1", "main.TestFunc1.func2.1"),
        ("main.Example_second", "main.Example_fn1"),
        ("main.Testify", "main.Func1"),
        ("main.TestMain", "main.TestMain"),
        ("main.load.func1", "main.fn1.func1"),
        ("main.load.load.func1", "main.fn1.fn1.func1"),
        ("main.load.gowrap1", "main.fn1.gowrap1"),
        ("main.load·dwrap·1", "main.fn1·dwrap·1"),
        ("main.load-range1", "main.fn1-range1"),
        ("main.(*cart).Add-fm", "main.(*typ1).Func1-fm"),
        ("main.init.0.func1", "main.init.0.func1"),
        ("main.glob..func1", "main.glob..func1"),
        ("main.each[...].func1", "main.fn1[...].func1"),
        ("main.(*list[...]).push", "main.(*typ1[...]).fn1"),
        ("main.each[example.com/shop.Item]", "main.fn1[fn2.fn3/fn4.Func1]"),
        ("slices.SortFunc[...]", "slices.SortFunc[...]"),
        ("slices.SortFunc[main.Item].func1", "slices.SortFunc[main.Func1].func1"),
        ("net/http.(*conn).serve", "net/http.(*conn).serve"),
        ("net/http_test.TestServe", "net/http_test.TestServe"),
        ("internal/runtime/maps.newTable", "internal/runtime/maps.newTable"),
        ("sync.(*Mutex).Lock\5\1\4main.load", "sync.(*Type1).LockFunc1.fn1"),
        ("log/shop.Print", "log/pkg1.Func1"),
        ("internal/shop.run", "internal/pkg1.fn1"),
        ("gopkg.in/yaml%2ev3.Unmarshal", "host1.example/host2%2eexample.Func1"),
        ("gopkg.in/check%2ev1.(*C).Assert", "gopkg.in/check%2ev1.(*Type1).Func1"),
        ("github.com/stretchr/testify/assert.Eventually", "github.com/stretchr/testify/assert.Func1"),
        ("github.com/stretchr/mux/v2.New", "github.com/pkg1/pkg2/v2.Func1"),
        ("golang.org/x/sys/unix.EpollWait", "golang.org/x/sys/unix.EpollWait"),
        ("golang.org/x/sync/errgroup.(*Group).Go", "golang.org/pkg1/sync/pkg2.(*Type1).Func1"),
        ("google.golang.org/grpc.(*Server).Serve", "google.golang.org/grpc.(*Type1).Func1"),
        ("main._Cfunc_secret", "main._Cfunc_fn1"),
        ("_cgoexp_8da5befbac0f_onEvent", "_cgoexp_Func1"),
        ("type:.eq.example.com/shop.Key", "type:.eq.host1.example/pkg1.Func1"),
        ("main.(*Table).tryLockRow", "main.(*Type1).tryLockFunc1"),
        ("main.lockAll", "main.lockFunc1"),
        ("main.locksmith", "main.fn1"),
        ("main.readKqueueOf", "main.fn1_Kqueue"),
        ("main.fsnotify", "main.fsnotify"),
        ("main.Wait4", "main.Wait4"),
        ("", ""),
    ],
)
def test_functions(name: str, other: str) -> None:
    assert functions(name) == [other]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("/opt/hostedtoolcache/go/1.27.3/x64/src/net/http/server.go", "/usr/local/go/src/net/http/server.go"),
        ("/opt/hostedtoolcache/go/1.27.3/x64/src/shop/cart.go", "/usr/local/go/src/dir1/file1.go"),
        (f"{CACHE}/golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64/src/os/file.go", "/usr/local/go/src/os/file.go"),
        (f"{CACHE}/github.com/!ann/mux@v1.2.3/a_test.go", f"{OTHER}/github.com/!dir1/dir3@v1.0.0/file1_test.go"),
        ("/home/ann/src/shop/cart.go", "/dir1/dir2/src/dir3/file1.go"),
        ("C:/Users/ann/cart.go", "C:/Dir1/dir1/file1.go"),
        ("C:\\Users\\ann\\cart.go", "C:/Dir1/dir1/file1.go"),
        ("shop/vendor/github.com/ann/mux/mux.go", "dir1/vendor/github.com/dir2/dir3/dir3.go"),
        ("net/http/server.go", "net/http/server.go"),
        ("net/http/server.go\5\1\4main.load", "net/dir1/file1.file2.file3"),
        ("shop/main.go", "dir1/main.go"),
        ("cart.pb.go", "file1.file2.go"),
        ("lexer.y", "file1.y"),
        ("plan.secret", "file1.file2"),
        ("<autogenerated>", "<autogenerated>"),
        ("_testmain.go", "_testmain.go"),
        ("/home/ann/watch/backend_inotify.go", "/dir1/dir2/dir3/file1_inotify.go"),
    ],
)  # fmt: skip
def test_files(name: str, other: str) -> None:
    assert files(name) == [other]


def test_a_name_gets_the_same_word_everywhere() -> None:
    """In the package of a function, its file, and its receiver."""
    names = Names([(b"example.com/shop/cart.(*cart).add", b"/src/example.com/shop/cart/cart.go")])
    assert names[b"example.com/shop/cart.(*cart).add"] == b"host1.example/pkg1/pkg2.(*pkg2).fn1"
    assert names[b"/src/example.com/shop/cart/cart.go"] == b"/src/host1.example/pkg1/pkg2/pkg2.go"


def test_texts() -> None:
    names = Names([(b"main.load", b"/home/ann/main.go")])
    assert [names[text] for text in (b"order 7", b"card 4111", b"order 7")] == [b"text 1", b"text 2", b"text 1"]
    assert names[b"main.load"] == b"main.fn1", "a task that is named like a function"
    assert names[b"chan receive"] == b"chan receive"
    assert names[b""] == b""


def test_names_that_look_like_ours() -> None:
    assert functions("pkg2.Func1", "pkg1.Func2", "pkg3.fn1") == ["pkg1.Func1", "pkg2.Func2", "pkg3.fn1"]
    first, second = functions("%41.x", "A.x")
    assert first != second, "the linker would never write the first one"
    names = Names([])
    assert [names[text] for text in (b"text 2", b"text 1")] == [b"text 1", b"text 2"]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.from_regex(rb"[a-zA-Z./_@!-]{0,12}\.\(?\*?[a-zA-Z0-9_.\[\]%-]{0,20}\)?", fullmatch=True),
            st.sampled_from(
                [b"\0", b"\xff\xfe.\xff", b"type:.eq.type:.eq.", b"a[b[c]", b"]]", b"//", b"../..", b"@v1/x", b"-fm"]
            ),
        ),
        max_size=12,
        unique=True,
    )
)
def test_whatever_the_names_are_different_ones_stay_different(names: list[bytes]) -> None:
    replaced = Names([(name, b"f.go") for name in names])
    assert len({replaced[name] for name in names}) == len(names)
    again = Names([(name, b"f.go") for name in names])
    assert [again[name] for name in names] == [replaced[name] for name in names]


def test_closures_stay_with_their_functions() -> None:
    """What the comparison takes for one place is one place afterwards, and nothing else is."""
    names = [
        "main.run.Call.run.func1.Call[...].run.func2.3",
        "main.run.func1",
        "main.(*T).run.func2",
        "main.runs.func1",
    ]
    other = functions(*names)
    groups = [[normalise(a) == normalise(b) for a in some for b in some] for some in (names, other)]
    assert groups[0] == groups[1]


@pytest.mark.parametrize("length", [1_000, 100_000, 1_000_000])
@pytest.mark.parametrize("unit", ["a.", "[", "type:.eq.", "/x", "lock", "@v1/", "read"])
def test_long_names(unit: str, length: int) -> None:
    name = (unit * length)[:length]
    tracemalloc.start()
    try:
        (other,) = functions(name)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    assert len(other) <= 1024
    assert other != name or not re.search("[a-z]{3}", name)


def test_the_standard_library_is_known(goroot: Path) -> None:
    """Of the toolchain that the tests have; the runtime's own texts, too."""
    sources = {path.parent for path in (goroot / "src").rglob("*.go") if not path.name.endswith("_test.go")}
    packages = {path.relative_to(goroot / "src").as_posix() for path in sources}
    files = {path.relative_to(goroot / "src").as_posix() for path in (goroot / "src").rglob("*.go")}
    assert {file for file in files if is_standard(file.rpartition("/")[0]) and not is_standard_file(file)} == set()
    skipped = {"cmd", "builtin", "testdata", ""}
    unknown = {package for package in packages if not is_standard(package)}
    assert {p for p in unknown if skipped.isdisjoint(p.split("/")) and not re.search(r"(?:^|/)[._]", p)} == set()
    runtime = (goroot / "src/runtime/traceruntime.go").read_text(encoding="utf-8")
    reasons = re.findall(r'traceBlock\w+: +"(.*)"', runtime)
    stops = re.findall(r'stw\w+: +"(.*)"', (goroot / "src/runtime/proc.go").read_text(encoding="utf-8"))
    assert reasons
    assert stops
    assert {text.encode() for text in (*reasons, *stops)} <= RUNTIME


def test_other_packages_are_not_standard() -> None:
    assert not any(map(is_standard, ("", "shop", "net/shop", "log/acme/internal/x", "example.com/net/http", "cmd/go")))
