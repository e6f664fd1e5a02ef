"""All runs of a session: each package several times, the base and the change in turns."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from gotracer_ci import files
from gotracer_ci.recording.go_test import Recorded, record
from gotracer_ci.recording.packages import Package

HEAD = "head"
BASE = "base"
_OURS = re.compile(r"[0-9]+\.(?:trace|json)")
_IGNORED = b"*\n"


class Side(NamedTuple):
    """The change or its base. name: HEAD or BASE. directory: where its source is."""

    name: str
    directory: Path
    packages: Sequence[Package]


class Plan(NamedTuple):
    """go: the Go tool. flags: for go test. runs: how often each package is tested. kept: the traces' directory."""

    go: str
    flags: Sequence[str]
    runs: int
    kept: Path


def recorded(plan: Plan, sides: Sequence[Side], tell: Callable[[str], None]) -> dict[str, list[Recorded]]:
    """Run all tests, and return the runs by the side's name.

    A package that fails, or of which no test runs, is not run again on this side: the next run would be the same.

    Args:
        sides: in the order of each turn.
        tell: gets a line before each run.
    """
    runs: dict[str, list[Recorded]] = {side.name: [] for side in sides}
    broken: set[tuple[str, str]] = set()
    every = dict.fromkeys(package for side in sides for package in side.packages)
    for package in every:
        for number in range(1, plan.runs + 1):
            for side in sides:
                if package not in side.packages or (side.name, package.path) in broken:
                    continue
                tell(_turn(package, side.name if len(sides) > 1 else "", number, plan.runs))
                stem = plan.kept / side.name / package.name / str(number)
                stem.parent.mkdir(parents=True, exist_ok=True)
                run = record(plan.go, side.directory, package, plan.flags, stem)
                runs[side.name].append(run)
                if run.problem or not run.trace:
                    broken.add((side.name, package.path))
    return runs


def prepared(directory: Path) -> Path:
    """Return the absolute path of the traces' directory, without those of an earlier session.

    It is created if it does not exist, and git ignores what is in it. Other files in it stay.

    Raises:
        FileError: it cannot be created.
    """
    place = Path(os.path.abspath(directory))
    ignored = place / ".gitignore"
    if not os.path.lexists(ignored):
        files.write(ignored, _IGNORED)
    cleared(place)
    return place


def cleared(place: Path) -> None:
    """Remove the traces and logs of a session, and the directories that are empty then."""
    for side in (HEAD, BASE):
        for folder, _, names in os.walk(place / side, topdown=False):
            for name in names:
                if _OURS.fullmatch(name):
                    Path(folder, name).unlink(missing_ok=True)
            if not os.listdir(folder):
                os.rmdir(folder)


def abandoned(place: Path) -> None:
    """Remove everything of a session without a trace, also the directories that only it has needed."""
    cleared(place)
    with suppress(OSError):
        if files.read(place / ".gitignore", len(_IGNORED)) == _IGNORED and os.listdir(place) == [".gitignore"]:
            os.unlink(place / ".gitignore")
            os.rmdir(place)
            os.rmdir(place.parent)


def _turn(package: Package, side: str, number: int, count: int) -> str:
    parts = [side, f"{number} of {count}" if count > 1 else ""]
    which = ", ".join(part for part in parts if part)
    return f"go test {package.path}" + (f" ({which})" if which else "")
