"""docs/go-tool-trace.md: every command of the page answers, and it has every address that Go's own tool serves."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gotracer_ci import cli
from tests.conftest import ROOT, path_of
from tests.test_questions import COMPARE, TRACES

PAGE = (ROOT / "docs" / "go-tool-trace.md").read_text(encoding="utf-8")
COMMANDS = [
    line for line in re.findall(r"`gotracer-ci ([^`]+)` \|$", PAGE, re.MULTILINE) if not line.startswith("view")
]
"""Without `view`, which serves until a signal."""
HELPERS = {"/", "/static/"}
"""What the tool's start page and its viewer load."""
SIMILAR = {f"/region{name}": "/regionsched" for name in ("io", "syscall", "block")}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_answers(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("trace.out", "requests.out", "test.out", "before.out", "after.out"):
        (tmp_path / name).symlink_to(path_of(TRACES[name]))
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    done = CliRunner().invoke(cli.cli, words, standalone_mode=False)
    assert done.exception is None, done.exception
    assert done.return_value in ((0, 1) if words[0] in COMPARE else (0,)), done.stderr
    if "-o" in words:
        assert (tmp_path / words[words.index("-o") + 1]).stat().st_size > 100
    else:
        assert len(done.stdout.splitlines()) > 1


@pytest.fixture(scope="module")
def tool() -> str:
    """The main file of `go tool trace`."""
    go = Path(sys.executable).with_name("go")
    root = subprocess.run([go, "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip()
    return Path(root, "src/cmd/trace/main.go").read_text(encoding="utf-8")


def test_the_page_has_every_address_of_the_tool(tool: str) -> None:
    served = set(re.findall(r'mux\.Handle(?:Func)?\("(/[^"]*)"', tool)) - HELPERS
    assert len(served) > 10
    assert {address for address in served if f"`{SIMILAR.get(address, address)}" not in PAGE} == set()


def test_the_page_has_every_flag_of_the_tool(tool: str) -> None:
    flags = set(re.findall(r'flag\.String\("(\w+)"', tool))
    assert {"http", "pprof", "d"} <= flags
    assert {flag for flag in flags if f"| `-{flag}=" not in PAGE} == set()
