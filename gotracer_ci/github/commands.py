"""What a step reports to the runner: workflow commands on stdout, outputs and the job summary in files.

The runner reads every line that a step prints. Text from a trace must therefore never form a command, neither
`::name::` at the start of a line nor the old `##[name]` anywhere in it.
"""

from __future__ import annotations

import re
import secrets
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gotracer_ci import files
from gotracer_ci.text import duration

LEVELS = ("error", "warning", "notice")
PER_LEVEL = 10  # the runner drops further ones of a step
MESSAGE_LIMIT = 4096
SUMMARY_LIMIT = 999_999  # bytes; GitHub drops a summary of more than 1 MiB as a whole
_LONG_PAUSE = 4.0  # seconds

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message next to the code. file: a path in the repository, "" for none; line: 0 for none."""

    level: str
    message: str
    title: str = ""
    file: str = ""
    line: int = 0

    def command(self) -> str:
        """Return the workflow command, on one line."""
        given = {"file": self.file, "line": str(self.line) if self.file and self.line else "", "title": self.title}
        properties = ",".join(f"{name}={_property(value)}" for name, value in given.items() if value)
        message = self.message if len(self.message) <= MESSAGE_LIMIT else self.message[: MESSAGE_LIMIT - 1] + "…"
        return f"::{self.level}{' ' if properties else ''}{properties}::{_data(message)}"


def remark(level: str, message: str) -> Annotation:
    """Return an annotation that belongs to no line of code."""
    return Annotation(level, message, "gotracer-ci")


def annotate(annotations: Iterable[Annotation], stdout: TextIO) -> int:
    """Print as many annotations of each level as the runner shows. Return how many are left out."""
    room = dict.fromkeys(LEVELS, PER_LEVEL)
    left_out = 0
    for annotation in annotations:
        if room[annotation.level]:
            room[annotation.level] -= 1
            print(annotation.command(), file=stdout)
        else:
            left_out += 1
    return left_out


def log(text: str, stdout: TextIO) -> None:
    """Print untrusted text so that none of its lines is a command."""
    for line in re.split(r"\r\n|\r|\n", text):
        print(re.sub(r"^(\s*):(?=:)", r"\1: ", _harmless(line)), file=stdout)


def write_output(path: Path, name: str, value: str) -> None:
    """Append an output to the runner's file."""
    if "\n" in value:
        end = _delimiter(value)
        text = f"{name}<<{end}\n{value}\n{end}\n"
    else:
        text = f"{name}={value}\n"
    files.append(path, text.encode(errors="replace"))


def summary_room(path: Path) -> int:
    """Return how many bytes still fit into the step's summary."""
    return max(0, SUMMARY_LIMIT - (path.stat().st_size if path.exists() else 0))


def append_summary(path: Path, text: str) -> None:
    """Append as many whole lines of Markdown to the step's summary as fit."""
    data = f"{text.rstrip()}\n".encode(errors="replace")
    room = summary_room(path)
    files.append(path, data[: data.rfind(b"\n", 0, room) + 1] if len(data) > room else data)


def _delimiter(value: str) -> str:
    while (end := f"gotracer_{secrets.token_hex(16)}") in value:
        pass
    return end


def _harmless(text: str) -> str:
    return _CONTROL.sub("�", text).replace("##[", "# #[")


def _data(text: str) -> str:
    return _harmless(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def pause(seconds: float) -> None:
    """Wait for GitHub. A long pause is mentioned in the log."""
    if seconds >= _LONG_PAUSE:
        log(f"waiting {duration(round(seconds) * 1e9)} for GitHub", sys.stdout)
    time.sleep(seconds)
