"""`events --as parsed` against `go tool trace -d=parsed`, on every committed trace."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.events.quoting import quoted
from tests.conftest import TRACES, Run

GO_STOPS = {"regions-go1.21": 0, "regions-go1.27": 43}
"""Where Go's reader stops, because a region ends out of order: events before that."""
PATHS = sorted(TRACES.glob("*.trace"))
ADDRESS = re.compile(r" @ 0x[0-9a-f]+$", re.MULTILINE)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_line_equals_go_s(path: Path, run: Run, gotrace: Path) -> None:
    theirs = subprocess.run([gotrace, "-d=parsed", path], capture_output=True, check=False).stdout.decode()
    done = run("events", path)
    ours = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    expected = ADDRESS.sub("", theirs)
    if path.stem in GO_STOPS:
        assert len(re.findall("^M=", expected, re.MULTILINE)) == GO_STOPS[path.stem]
        ours = ours[: len(expected)]
    assert ours == expected
    assert len(expected) > 100 or path.stem in GO_STOPS


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_quoted_text_is_printable_and_can_be_read_back(text: str) -> None:
    shown = quoted(text.encode())
    assert shown.isprintable()
    assert shown[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape") == text


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert quoted(b'a"\\\xff\n\xe2\x80\xae') == r'"a\"\\\xff\n\u202e"'
