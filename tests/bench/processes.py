"""CPU time and memory of whole processes, measured by the operating system."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage

POLL = 0.02  # seconds


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources of a process. cpu_s: user and system time. peak: maximum memory in bytes, with mapped files.

    private: maximum anonymous memory; 0 if not measured.
    """

    cpu_s: float
    wall_s: float
    peak: int
    private: int = 0


def run(
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    accept: Sequence[int] = (0,),
    watch: bool = False,
) -> Usage:
    """Run a process to completion. Discard its stdout, and show its stderr if it fails."""
    begun = time.monotonic()
    private = 0
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        if watch:
            private, status, usage = _watched(process.pid)
        else:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        if process.returncode not in accept:
            complaints.seek(0)
            text = complaints.read().decode("utf-8", "replace")
            raise RuntimeError(f"exit code {process.returncode} of {' '.join(command)}\n{text}")
    # Linux reports ru_maxrss in units of 1,024 bytes
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, private)


def _watched(pid: int) -> tuple[int, int, struct_rusage]:
    """Wait for a process and sample its anonymous memory meanwhile (Linux)."""
    most = 0
    status_file = Path("/proc", str(pid), "status")
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            return most, status, usage
        for line in status_file.read_text(encoding="utf-8").splitlines():
            if line.startswith("RssAnon:"):
                most = max(most, int(line.split()[1]) * 1024)
        time.sleep(POLL)
