"""Locks: only one process at a time changes a file."""

from __future__ import annotations

import subprocess
from pathlib import Path

from gotracer_ci.files import locked, write
from tests.files.processes import left_behind, started


def test_one_process_at_a_time_changes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "count"
    code = """
path = pathlib.Path(sys.argv[1])
for _ in range(20):
    with files.locked(path, create=True):
        files.write(path, str(int(path.read_text()) + 1 if path.exists() else 1).encode())
"""
    for process in [started(code, path) for _ in range(5)]:
        assert process.wait() == 0
    assert path.read_text() == "100"
    assert left_behind(path.parent) == ["count"]


def test_a_lock_creates_no_directory_unless_asked(tmp_path: Path) -> None:
    with locked(tmp_path / "new" / "file"):
        assert left_behind(tmp_path) == []


def test_the_lock_of_a_killed_process_is_released(tmp_path: Path) -> None:
    path = tmp_path / "file"
    code = """
import time
with files.locked(pathlib.Path(sys.argv[1])):
    print(flush=True)
    time.sleep(600)
"""
    process = started(code, path, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    process.kill()
    process.communicate()
    with locked(path):
        write(path, b"new")
