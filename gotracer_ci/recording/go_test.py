"""One run of `go test` for one package: its trace, its log, and what went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gotracer_ci.recording.packages import Package
from gotracer_ci.text import plural

_GRACE_S = 5.0
_NAMED = 3
_TIMED_OUT = "panic: test timed out after "
_NO_MESSAGE = ("FAIL", "ok ", "exit status ", "#")


class Recorded(NamedTuple):
    """One run. trace: the file, None if there is none. log: of `go test -json`, None if no test ran.

    problem: "" if all tests passed, or no test ran.
    """

    package: Package
    trace: Path | None
    log: Path | None
    problem: str


def record(go: str, directory: Path, package: Package, flags: Sequence[str], stem: Path) -> Recorded:
    """Run the tests of a package, trace them, and keep the log beside the trace.

    Args:
        go: the Go tool.
        directory: where to run it.
        flags: further ones for `go test`.
        stem: the absolute path of the trace and the log without their suffixes; its directory exists.
    """
    trace, log = stem.with_suffix(".trace"), stem.with_suffix(".json")
    with tempfile.TemporaryDirectory(prefix="gotracer-ci-") as scratch, log.open("wb") as output:
        # without -o, go test leaves the test binary in the current directory
        own = ["-json", "-count=1", f"-trace={trace}", "-o", str(Path(scratch, "test"))]
        code, errors = _run([go, "test", *own, *flags, package.path], directory, output.fileno())
    if not code and not _has_run(log):
        trace.unlink(missing_ok=True)
        log.unlink()
        return Recorded(package, None, None, "")
    problem = _problem(code, log, errors) if code else ""
    if not trace.is_file() or trace.stat().st_size == 0:
        trace.unlink(missing_ok=True)
        return Recorded(package, None, log, problem or "its tests wrote no trace")
    return Recorded(package, trace, log, problem)


def _has_run(log: Path) -> bool:
    """Whether a test or a benchmark began."""
    return any(event.get("Action") == "run" for event in _events(log))


def _run(command: Sequence[str], directory: Path, output: int) -> tuple[int, str]:
    """Run a command, with all processes that it starts; return its exit code and what it wrote to stderr."""
    with subprocess.Popen(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, process_group=0
    ) as process:
        try:
            _, errors = process.communicate()
        except BaseException:
            # the test binary is a child of go, and must not outlive this command
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, errors.decode("utf-8", "replace")


def _problem(code: int, log: Path, errors: str) -> str:
    """Return why a run failed, in a few words."""
    failed: list[str] = []
    lines: list[str] = []
    for event in _events(log):
        action, test, text = (str(event.get(key, "")) for key in ("Action", "Test", "Output"))
        if action == "fail" and test:
            failed.append(test)
        if text.startswith(_TIMED_OUT):
            return f"timed out after {text.removeprefix(_TIMED_OUT).strip()}"
        if action in ("output", "build-output") and not test:
            lines.append(text)
    if failed:
        # a test fails with each of its subtests
        leaves = [name for name in failed if not any(other.startswith(f"{name}/") for other in failed)]
        more = f" and {len(leaves) - _NAMED:,} more" if len(leaves) > _NAMED else ""
        return f"{plural(len(leaves), 'failed test')}: {', '.join(leaves[:_NAMED])}{more}"
    said = [line.strip() for line in (*errors.splitlines(), *lines) if line.strip()]
    message = next((line for line in said if not line.startswith(_NO_MESSAGE)), f"go test exited with {code}")
    return f"{'failed' if _has_run(log) else 'does not build'}: {message}"


def _events(log: Path) -> Iterator[dict[str, object]]:
    with log.open("rb") as stream:
        for line in stream:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                yield event
