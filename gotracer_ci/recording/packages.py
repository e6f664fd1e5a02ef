"""The Go tool and the packages that have tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gotracer_ci.errors import UsageError

_FIELDS = "ImportPath,Dir,Module,TestGoFiles,XTestGoFiles,Error"


class Package(NamedTuple):
    """A package with tests. name: its path below its module, "." for the module's own."""

    path: str
    name: str


def tool() -> str:
    """Return the path of the Go tool.

    Raises:
        UsageError: there is none.
    """
    found = shutil.which("go")
    if found is None:
        raise UsageError("go: not found; install Go from https://go.dev/dl, or add it to PATH")
    return found


def with_tests(go: str, directory: Path, patterns: Sequence[str], flags: Sequence[str]) -> list[Package]:
    """Return the packages with tests that the patterns mean, in Go's order.

    Args:
        go: see `tool`.
        directory: where the patterns count from.
        patterns: as for `go test`, such as "./...".
        flags: those of `go test`; its build tags decide which files there are.

    Raises:
        UsageError: go list fails, or no package has tests.
    """
    command = [go, "list", "-e", f"-json={_FIELDS}", *_tags(flags), *patterns]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise UsageError(f"go list {' '.join(patterns)}: {_first_line(done.stderr)}")
    found = list(_documents(done.stdout))
    problems = [entry["Error"]["Err"] for entry in found if entry.get("Error")]
    packages = [
        Package(entry["ImportPath"], _below(entry["ImportPath"], (entry.get("Module") or {}).get("Path", "")))
        for entry in found
        if entry.get("TestGoFiles") or entry.get("XTestGoFiles")
    ]
    if not packages:
        problem = _first_line(problems[0]) if problems else "no package has tests; name packages, such as ./..."
        raise UsageError(f"{' '.join(patterns)}: {problem}")
    return packages


def _tags(flags: Sequence[str]) -> Iterator[str]:
    for i, flag in enumerate(flags):
        name, _, value = flag.lstrip("-").partition("=")
        if flag.startswith("-") and name == "tags":
            yield f"-tags={value or ''.join(flags[i + 1 : i + 2])}"


def _below(path: str, module: str) -> str:
    """Return a package's path below its module; of one without a module, the path as it is."""
    if path == module:
        return "."
    return path.removeprefix(f"{module}/") if module else path


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON documents that follow each other."""
    decoder = json.JSONDecoder()
    at = 0
    while (at := text.find("{", at)) >= 0:
        document, at = decoder.raw_decode(text, at)
        yield document


def _first_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return lines[0].removeprefix("go: ").strip() if lines else "failed without a message"
