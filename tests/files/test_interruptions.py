"""Kills and full disks: a file is complete or unchanged."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from gotracer_ci.files import write
from tests.files.processes import OLD, left_behind, started

LOOP = """
path = pathlib.Path(sys.argv[1])
for i in range(10**9):
    files.write(path, (b"a" * 300_000, b"b" * 500_000)[i % 2])
    if i == 1:
        print(flush=True)
"""


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seed", range(8))
def test_a_kill_leaves_a_whole_file(tmp_path: Path, seed: int, sign: signal.Signals) -> None:
    path = tmp_path / "file"
    process = started(LOOP, path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout
    process.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.02))
    process.send_signal(sign)
    process.communicate()
    assert path.read_bytes() in (b"a" * 300_000, b"b" * 500_000)
    write(path, b"new")
    assert path.read_bytes() == b"new"
    drafts = [name for name in left_behind(tmp_path) if name != "file"]
    assert len(drafts) <= (sign != signal.SIGINT)
    assert all(name.startswith(".gotracer-ci-") and name.endswith(".tmp") for name in drafts)


@pytest.mark.parametrize("room", [0, 1, 4096, 99_999])
@pytest.mark.parametrize("before", [None, OLD])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, before: bytes | None, room: int) -> None:
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)
    code = """
try:
    files.write(pathlib.Path(sys.argv[1]), bytes(100_000))
except files.FileError as error:
    print(error)
"""
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (room, room))
    output, _ = started(code, path, stdout=subprocess.PIPE, preexec_fn=limit).communicate()
    assert output.decode() == f"{path}: cannot be written: File too large\n"
    assert left_behind(tmp_path) == ["file"] * (before is not None)
    assert before is None or path.read_bytes() == before
