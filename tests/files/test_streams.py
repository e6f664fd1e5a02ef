"""Writing to standard output, pipes and devices."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from gotracer_ci.errors import FileError
from gotracer_ci.files import write
from tests.conftest import ROOT
from tests.files.processes import python, started

TWICE = "for text in sys.argv[2:]: files.write(pathlib.Path(sys.argv[1]), text.encode())"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_by_name(tmp_path: Path, name: str) -> None:
    """As a pipe, a new file (>) and a file to append to (>>)."""
    assert started(TWICE, name, "a", "b", stdout=subprocess.PIPE).communicate()[0] == b"ab"
    file = tmp_path / "file"
    for mode, content in (("wb", b"ab"), ("ab", b"abab")):
        with file.open(mode) as stream:
            assert started(TWICE, name, "a", "b", stdout=stream).wait() == 0
        assert file.read_bytes() == content


def test_a_shell_s_process_substitution(tmp_path: Path) -> None:
    script = f'"$@" >(cat > {tmp_path}/file) text; wait'
    command = ["bash", "-c", script, "bash", *python(TWICE)]
    assert subprocess.run(command, env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)}, check=False).returncode == 0
    deadline = time.monotonic() + 30
    while (tmp_path / "file").read_bytes() != b"text" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "file").read_bytes() == b"text"


def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = started(TWICE, pipe, "text")
    assert pipe.read_bytes() == b"text"
    assert process.wait() == 0
    assert pipe.is_fifo()
    write(Path("/dev/null"), b"text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(FileError, match="/dev/full: cannot be written: No space left on device"):
        write(Path("/dev/full"), b"text")


def test_a_reader_that_closes_early_is_not_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    write(Path(f"/dev/fd/{writer}"), b"text")
    os.close(writer)
