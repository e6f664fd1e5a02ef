"""The own code of real test binaries: of a standard library package, in GOPATH mode, and around assertion helpers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import all_rules
from gotracer_ci.source.frames import SourceFrame, SourceMap
from gotracer_ci.source.names import package_of
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace

Write = Callable[[Path, Mapping[str, str]], Path]
Go = Callable[..., str]
BUILDS = pytest.mark.parametrize("flags", [(), ("-trimpath",)], ids=["plain", "trimmed"])

SHOP = "github.com/acme/shop"
LIB = "github.com/acme/lib"
REQUIRE = "github.com/stretchr/testify/require"
EVENTUALLY = """package require

import "time"

func Eventually(condition func() bool) {
	done := make(chan bool)
	go func() {
		for !condition() {
			time.Sleep(time.Millisecond)
		}
		done <- true
	}()
	<-done
}
"""
WAIT = """package {package}

func Wait(c chan bool) bool {{
	return <-c
}}
"""
TEST = """package cart

import (
	"testing"
	"time"

	"{lib}"
	"{require}"
	"{shop}/stock"
)

func TestCart(t *testing.T) {{
	c, ready := make(chan bool), time.Now().Add(20*time.Millisecond)
	go func() {{
		for range [2]int{{}} {{
			time.Sleep(5 * time.Millisecond)
			c <- true
		}}
	}}()
	lib.Wait(c)
	stock.Wait(c)
	require.Eventually(func() bool {{ return time.Now().After(ready) }})
}}
"""


def facts_of(
    go: Go, directory: Path, out: Path, package: str, *flags: str, root: Path | None, **settings: str
) -> Facts:
    go(directory, "test", "-c", *flags, "-o", str(out / "test"), package, **settings)
    run = [str(out / "test"), f"-test.trace={out / 'trace'}"]
    subprocess.run(run, cwd=out, check=True, timeout=120, capture_output=True)
    return analyse(open_trace(str(out / "trace")), SourceMap(Repository.at(root) if root else None))


def frames_of(facts: Facts) -> set[SourceFrame]:
    return {frame for group in facts.intervals for frame in group.stack.frames}


def owners(facts: Facts) -> dict[str, set[str]]:
    """Return package → the owners of its frames."""
    found: dict[str, set[str]] = {}
    for frame in frames_of(facts):
        found.setdefault(package_of(frame.function), set()).add(frame.owner)
    return found


def places(facts: Facts, kind: str) -> set[str]:
    return {found.key.place for found in measure(all_rules(), facts) if found.key.kind == kind}


@BUILDS
def test_the_standard_librarys_package_under_test_is_own_code(tmp_path: Path, go: Go, flags: tuple[str, ...]) -> None:
    goroot = Path(go(tmp_path, "env", "GOROOT").strip())
    for root in (None, goroot, goroot / "src"):
        facts = facts_of(go, goroot / "src", tmp_path, "context", *flags, root=root)
        own = {package for package, found in owners(facts).items() if "own" in found}
        assert own <= {"context", "context_test"}
        assert "context_test" in own
        assert owners(facts)["testing"] == {"std"}
        assert any(place.startswith("context_test.") for place in places(facts, "chan receive"))
        below = {Path(frame.path).parent.as_posix() for frame in frames_of(facts) if frame.path}
        assert below == ({"src/context" if root == goroot else "context"} if root else set())


@pytest.fixture
def gopath(tmp_path: Path, write: Write) -> Path:
    return write(
        tmp_path / "gopath/src",
        {
            f"{SHOP}/cart/cart_test.go": TEST.format(lib=LIB, require=REQUIRE, shop=SHOP),
            f"{SHOP}/stock/stock.go": WAIT.format(package="stock"),
            f"{LIB}/lib.go": WAIT.format(package="lib"),
            f"{REQUIRE}/require.go": EVENTUALLY,
        },
    )


@BUILDS
@pytest.mark.parametrize("root", ["", SHOP, "elsewhere"])
def test_in_gopath_mode_own_code_is_the_programs_repository(
    tmp_path: Path, gopath: Path, go: Go, flags: tuple[str, ...], root: str
) -> None:
    """Its dependencies lie beside it, also those of the same organization."""
    if root:
        (gopath / root / ".git").mkdir(parents=True)
    facts = facts_of(
        go, gopath / SHOP, tmp_path, "./cart", *flags,
        root=gopath / root if root else None, GO111MODULE="off", GOPATH=str(gopath.parent),
    )  # fmt: skip
    found = owners(facts)
    assert {package for package in found if found[package] == {"own"}} == {f"{SHOP}/cart", f"{SHOP}/stock"}
    assert found[LIB] == found[REQUIRE] == {"dependency"}
    assert f"{SHOP}/stock.Wait" in places(facts, "chan receive")
    assert f"{SHOP}/cart.TestCart" in places(facts, "chan receive")
    assert not {place for place in places(facts, "chan receive") if place.startswith((LIB, REQUIRE))}


@BUILDS
def test_an_assertion_helper_of_the_repository_is_not_the_place(
    tmp_path: Path, write: Write, go: Go, flags: tuple[str, ...]
) -> None:
    root = write(
        tmp_path / "code",
        {
            "go.mod": "module example.org/shop\n\ngo 1.21\n",
            "cart/cart_test.go": TEST.format(
                lib="example.org/shop/lib", require="example.org/shop/internal/require", shop="example.org/shop"
            ),
            "stock/stock.go": WAIT.format(package="stock"),
            "lib/lib.go": WAIT.format(package="lib"),
            "internal/require/require.go": EVENTUALLY,
            "internal/require/require_test.go": (
                'package require\n\nimport "testing"\n\n'
                "func TestEventually(t *testing.T) {\n\tn := 0\n\tEventually(func() bool { n++; return n > 3 })\n}\n"
            ),
        },
    )
    facts = facts_of(go, root, tmp_path, "./cart", *flags, root=root)
    waits = places(facts, "chan receive")
    assert {"example.org/shop/lib.Wait", "example.org/shop/cart.TestCart"} <= waits
    assert not {place for place in waits if "require" in place}
    of_itself = facts_of(go, root, tmp_path, "./internal/require", *flags, root=root)
    assert "example.org/shop/internal/require.Eventually" in places(of_itself, "chan receive")
