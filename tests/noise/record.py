"""Record a job: runs of one program at one time. The traces are kept, so that changed code can measure them again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.golang import Toolchain
from tests.noise.changes import BY_NAME
from tests.noise.data import BASE, UNCHANGED
from tests.noise.load import CONDITIONS, load
from tests.noise.programs import Program

TRACES: Final = 3
"""The number of traces of each kind of run in a job."""


@dataclass(frozen=True, slots=True)
class Job:
    """One program under one load at one time."""

    program: Program
    number: int
    condition: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of runs to record, each TRACES times. A job has every second change.

        Loads alternate, and so do jobs for tuning and for evaluation. Of twelve jobs, each change is recorded in one
        for each load and half.
        """
        names = [change.name for change in self.program.changes]
        if len(names) > 1:
            first = (self.number // (2 * len(CONDITIONS)) + self.number % len(CONDITIONS)) % 2
            names = names[first::2]
        return (UNCHANGED, BASE, *names)

    @property
    def directory(self) -> Path:
        return self.program.directory / str(self.number)

    @property
    def is_recorded(self) -> bool:
        return self.directory.exists()

    def traces(self, kind: str) -> list[Path]:
        """Return the traces of a kind in the order of recording."""
        return [self.directory / _file(kind, turn) for turn in range(TRACES)]

    def record(self, go: Toolchain) -> None:
        """Record all kinds in turns, every other turn backwards, so that the machine's noise affects all equally."""
        draft = self.directory.with_suffix(".part")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        with load(self.condition):
            for turn, kind in self._order():
                self.program.run(go, draft / _file(kind, turn), BY_NAME.get(kind))
        draft.rename(self.directory)

    def _order(self) -> Iterator[tuple[int, str]]:
        for turn in range(TRACES):
            for kind in self.kinds[:: -1 if turn % 2 else 1]:
                yield turn, kind


def _file(kind: str, turn: int) -> str:
    return f"{kind}-{turn}.trace"
