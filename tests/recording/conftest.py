"""A small Go repository with three packages, and the command line in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Done, Run

GO_MOD = "module example.com/shop\n\ngo 1.21\n"
ORDERS = """
package orders

import (
	"sync"
	"testing"
	"time"
)

func TestPut(t *testing.T) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range [4]int{} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range [40]int{} {
				mu.Lock()
				time.Sleep(time.Millisecond)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	t.Run("two words", func(t *testing.T) { time.Sleep(time.Millisecond) })
}
"""
MAIL = """
package mail

import (
	"testing"
	"time"
)

func send(to chan<- int) {
	go func() { to <- 1 }()
}

func TestSend(t *testing.T) {
	to := make(chan int)
	for range [9]int{} {
		send(to)
		<-to
	}
	time.Sleep(20 * time.Millisecond) // who is left is blocked by then
}
"""
STOCK = """
package stock

import "testing"

func TestCount(t *testing.T) {}
"""
LEAK = MAIL.replace("\t\t<-to\n", "")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose only commit has the packages orders, mail and stock."""
    root = tmp_path / "shop"
    root.mkdir()
    write_repository(root)
    return root


def write_repository(root: Path) -> None:
    """Create the repository in an empty directory."""
    for name, text in (("orders", ORDERS), ("mail", MAIL), ("stock", STOCK)):
        (root / name).mkdir()
        (root / name / f"{name}_test.go").write_text(text, encoding="utf-8")
    (root / "go.mod").write_text(GO_MOD, encoding="utf-8")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "base")


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    return go_environment(scratch)


def go_environment(scratch: Path) -> dict[str, str]:
    """Return the environment for the Go toolchain of the dev dependencies: offline, with the build cache of all tests.

    scratch: the directory for temporary files.
    """
    cache = subprocess.run(["go", "env", "GOCACHE"], check=True, capture_output=True, text=True, env=_with_go({}))
    settings = {"GOENV": "off", "GOTOOLCHAIN": "local", "GOPROXY": "off", "CGO_ENABLED": "0"}
    return _with_go({**settings, "GOCACHE": cache.stdout.strip(), "TMPDIR": str(scratch)})


def _with_go(settings: dict[str, str]) -> dict[str, str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    kept = {name: os.environ[name] for name in ("HOME", "GOCACHE") if name in os.environ}
    return {**kept, **settings, "PATH": path}


@pytest.fixture
def test(run: Run, repository: Path, environment: dict[str, str]) -> Callable[..., Done]:
    """Run gotracer-ci test in the repository."""

    def start(*arguments: str, **more: str) -> Done:
        return run("test", *arguments, cwd=repository, **{**environment, **more})

    return start
