"""docs/questions.md: every command answers, on traces that have what it asks for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gotracer_ci import cli
from tests.conftest import ROOT, Run, path_of

PAGE = ROOT / "docs" / "questions.md"
COMMANDS = re.findall(r"\| `gotracer-ci ([^`]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
TRACES = {
    "trace.out": "tour-go1.27",
    "requests.out": "annotations-go1.26",
    "test.out": "orders-go1.27",
    "before.out": "service-go1.27",
    "after.out": "service-leak-go1.27",
    "traces/1.trace": "gcpause-go1.26",
    "traces/2.trace": "tour-go1.26",
}
ELSEWHERE = {"view": "serves until a signal", "capture": "needs a service", "test": "needs a Go module"}
"""Commands whose own tests run them."""
COMPARE = ("analyze", "diff")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.split()[0] not in ELSEWHERE])
def test_the_command_answers(command: str, run: Run, tmp_path: Path) -> None:
    """It has rows, or writes its file; only a comparison may exit with 1."""
    (tmp_path / "traces").mkdir()
    for name, trace in TRACES.items():
        (tmp_path / name).symlink_to(path_of(trace))
    (tmp_path / "baseline.json").symlink_to(ROOT / "testdata" / "baseline.json")
    words = shlex.split(command)
    done = run(*words)
    assert done.returncode in ((0, 1) if words[0] in COMPARE else (0,)), done.stderr
    errors = [line for line in done.stderr.decode().splitlines() if not line.startswith(("note: ", "wrote "))]
    assert errors == []
    if "-o" in words:
        assert (tmp_path / words[words.index("-o") + 1]).stat().st_size > 100
    else:
        assert len(done.stdout.splitlines()) > 1


def test_every_command_that_reads_traces_answers_a_question() -> None:
    others = {"action", "baseline", "completion", "doctor", "help", "merge", "rules"}
    assert {command.split()[0] for command in COMMANDS} == set(cli.COMMANDS) - others
