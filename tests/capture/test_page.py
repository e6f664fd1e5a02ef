"""docs/capture.md is correct: its output is what the command prints, and its messages exist."""

from __future__ import annotations

import ast
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.capture.conftest import Service
from tests.conftest import ROOT, Run
from tests.test_docs import blocks, rows, section

PAGE = ROOT / "docs" / "capture.md"


@pytest.mark.parametrize(("number", "path"), [(0, "/file"), (1, "/drop")])
def test_pasted_output_is_what_the_command_prints(
    service: Service, run: Run, tmp_path: Path, number: int, path: str
) -> None:
    """stderr and stdout, with the address and the file of the page. WRITE_PAGE=1 updates the page."""
    command, _, output = blocks(PAGE, "console")[number].partition("\n")
    real = {"localhost:6060": service.at(path), "service.trace": str(tmp_path / "service.trace")}
    _, _, *arguments = shlex.split(command)
    done = run(*(real.get(word, word) for word in arguments), cwd=ROOT)
    shown = (done.stderr + done.stdout).decode()
    for name, value in real.items():
        shown = shown.replace(value, name)
    if os.environ.get("WRITE_PAGE"):
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(text.replace(f"{command}\n{output}", f"{command}\n{shown}"), encoding="utf-8")
        return
    assert shown == output


def test_the_messages_that_the_page_explains_exist() -> None:
    """Each half of a message is in the source, apart from its numbers and the name of the status."""
    files = [*(ROOT / "gotracer_ci/capture").glob("*.py"), ROOT / "gotracer_ci/trace/foreign.py"]
    sources = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    nodes = [node for source in sources for node in ast.walk(source) if isinstance(node, ast.Constant)]
    texts = [node.value for node in nodes if isinstance(node.value, str)]
    cells = [row[0] for row in rows(section(PAGE, "Messages")) if row[0] != "Message"]
    messages = [message for cell in cells for message in re.findall("`([^`]+)`", cell)]
    assert len(messages) > 10
    for message in messages:
        for part in re.split(r"; |the response is |\d{3} [A-Z][A-Za-z ]+|\d[\d.]* k?[sB]", message):
            assert any(part.strip() in text for text in texts), part
