"""Workflow commands, outputs and the summary, read back the way the runner does (actions/runner, ActionCommand.cs)."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gotracer_ci.github import commands
from gotracer_ci.github.commands import Annotation, annotate, append_summary, log, summary_room, write_output

PIECES = [*"\r\n\t :,;%=#[]<\x1b\x85\u2028\u00a0é", "::", "##[", "error", "%0A", "%3A", "<<"]
HOSTILE = st.lists(st.sampled_from(PIECES)).map("".join)


def parse(line: str) -> tuple[str, dict[str, str], str] | None:
    """Return the command that the runner finds in a line: name, properties, message."""
    found = re.match(r"\s*::(\w[\w-]*)(?: (.*?))?::(.*)\Z", line, re.DOTALL)
    if found:
        pairs = (pair.split("=", 1) for pair in (found[2] or "").split(",") if "=" in pair)
        return found[1], {name: unescape(value, "%3A:", "%2C,") for name, value in pairs}, unescape(found[3])
    old = re.search(r"##\[(\w[\w-]*)(.*?)\](.*)", line)
    return (old[1], {}, old[3]) if old else None


def unescape(text: str, *more: str) -> str:
    for pair in ("%0D\r", "%0A\n", *more, "%25%"):
        text = text.replace(pair[:3], pair[3:])
    return text


def lines_read(text: str) -> list[str]:
    """Split into lines as .NET does, at any of three line ends."""
    return re.split(r"\r\n|\r|\n", text)


def shown(text: str) -> str:
    """Return the text as a log shows it."""
    return re.sub(r"[\x1b\x85\u2028]", "\N{REPLACEMENT CHARACTER}", text).replace("##[", "# #[")


@given(message=HOSTILE, title=HOSTILE, file=HOSTILE, line=st.integers(0, 9))
def test_an_annotation_round_trips(message: str, title: str, file: str, line: int) -> None:
    command = Annotation("warning", message, title, file, line).command()

    assert len(lines_read(command)) == 1
    assert "##[" not in command
    assert parse(command) == (
        "warning",
        {
            name: value
            for name, value in {
                "file": shown(file),
                "line": str(line) if file and line else "",
                "title": shown(title),
            }.items()
            if value
        },
        shown(message),
    )


@given(HOSTILE)
@example("a\r::error::b")
@example("a\r\n\u00a0::error::b")
def test_no_line_of_the_log_is_a_command(text: str) -> None:
    out = io.StringIO()

    log(text, out)

    for line in lines_read(out.getvalue()):
        assert parse(line) is None
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_the_log_shows_harmless_text_unchanged() -> None:
    out = io.StringIO()

    log("WARN  LongGC  12 ms  main.f::g (a.go:3)  # [x]\n", out)

    assert out.getvalue().splitlines()[0] == "WARN  LongGC  12 ms  main.f::g (a.go:3)  # [x]"


def test_a_long_message_is_truncated_before_it_is_escaped() -> None:
    found = parse(Annotation("error", "%" * 5000).command())

    assert found
    assert found[2] == "%" * 4095 + "…"


def test_ten_annotations_of_each_level_are_shown_and_the_others_counted() -> None:
    out = io.StringIO()
    many = [Annotation(level, f"{level} {i}") for level in ("error", "notice") for i in range(12)]

    assert annotate(many, out) == 4

    printed = out.getvalue().splitlines()
    assert len(printed) == 20
    assert printed[9] == "::error::error 9"


@given(st.lists(st.tuples(st.from_regex(r"\A[a-z-]{1,9}\Z"), HOSTILE), max_size=4))
def test_outputs_round_trip(values: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as directory:  # one file per example
        path = Path(directory, "output")
        path.touch()
        for name, value in values:
            write_output(path, name, value)

        assert read_outputs(path.read_bytes().decode()) == values


def read_outputs(text: str) -> list[tuple[str, str]]:
    """Parse like EnvFileKeyValuePairs in FileCommandManager.cs of actions/runner."""
    lines = text.split("\n")[:-1]
    found = []
    while lines:
        line = lines.pop(0)
        if "<<" in line and ("=" not in line or line.index("<<") < line.index("=")):
            name, end = line.split("<<", 1)
            stop = lines.index(end)
            found.append((name, "\n".join(lines[:stop])))
            del lines[: stop + 1]
        else:
            name, value = line.split("=", 1)
            found.append((name, value))
    return found


def test_a_value_cannot_end_its_own_heredoc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["taken", "taken", "free"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(tokens))
    path = tmp_path / "output"

    write_output(path, "sarif-file", "a\ngotracer_taken\nevil=1")

    assert read_outputs(path.read_text()) == [("sarif-file", "a\ngotracer_taken\nevil=1")]
    assert list(tokens) == []


def test_the_summary_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n", encoding="utf-8")

    append_summary(path, "# Title")

    assert path.read_text(encoding="utf-8") == "before\n# Title\n"


def test_a_summary_never_exceeds_the_runners_limit(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_bytes(b"x" * 40 + b"\n")

    append_summary(path, "é" * 40_000 + "\n" + ("row é\n" * 300_000))

    assert commands.SUMMARY_LIMIT - 10 < path.stat().st_size <= commands.SUMMARY_LIMIT
    assert path.read_text(encoding="utf-8").endswith("row é\n")
    assert summary_room(path) < 10
