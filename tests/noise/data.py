"""The data set: one file per program, with the compared groups of each trace.

    {"program":"shop","half":"","go":"1.26","gomaxprocs":4,"keys":[["MutexContention","sync.(*Mutex).Lock","main.f"]]}
    {"job":0,"condition":"quiet","run":"unchanged","wall_ms":812,"groups":[[0,210,740000]]}

A group is the index of its key, its number of events, and its trimmed total in µs or its counter value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from gotracer_ci.baseline.measurements import Conditions, TraceGroups, compared
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS, limit_of
from gotracer_ci.rules.registry import BUILT_IN, limits_of
from tests.noise.programs import EVALUATION, NOISE, TUNING, NoiseError

LIMITS: Final = limits_of(BUILT_IN)
UNCHANGED: Final = "unchanged"
BASE: Final = "base"  # also unchanged: recorded in the same job, like base traces in a workflow
LEAST_NS: Final = MS // 5  # a fifth of the size of a baseline file
_US: Final = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded trace. run: UNCHANGED, BASE or the name of a change."""

    job: int
    condition: str
    run: str
    trace: TraceGroups


@dataclass(frozen=True, slots=True)
class Recorded:
    """All recorded runs of a program by job. half: see Program."""

    program: str
    half: str
    runs: tuple[Run, ...] = ()

    @property
    def jobs(self) -> list[int]:
        return sorted({run.job for run in self.runs})

    def traces(self, job: int, name: str) -> list[TraceGroups]:
        """Return the traces of one job (unchanged, base or with a change) in the order of recording."""
        return [run.trace for run in self.runs if (run.job, run.run) == (job, name)]


def directory_data(directory: Path = NOISE) -> list[Recorded]:
    """Return the whole data set, ordered by program name."""
    return [load(path) for path in sorted(directory.glob("*.jsonl"))]


def of_half(data: Iterable[Recorded], half: str) -> list[Recorded]:
    """Return the programs of a half. For a program in both, even jobs are for tuning, the others for evaluation."""
    parity = {TUNING: 0, EVALUATION: 1}[half]
    found = []
    for recorded in data:
        if recorded.half == half:
            found.append(recorded)
        elif not recorded.half:
            found.append(replace(recorded, runs=tuple(run for run in recorded.runs if run.job % 2 == parity)))
    return found


def path_of(program: str, directory: Path = NOISE) -> Path:
    return directory / f"{program}.jsonl"


def load(path: Path) -> Recorded:
    """Read the file of a program.

    Raises:
        NoiseError: the file is invalid.
    """
    try:
        head, *lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        keys = [Key(*key) for key in head["keys"]]
        conditions = Conditions(head["go"], head["gomaxprocs"])
        runs = tuple(_run(line, keys, conditions) for line in lines)
        return Recorded(head["program"], head["half"], runs)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NoiseError(f"{path}: not a file of recorded runs ({error!r}); restore it, or delete it") from None


def dump(recorded: Recorded) -> str:
    """Return the file's text, with the jobs in order."""
    keys = sorted({(key.rule, key.kind, key.place) for run in recorded.runs for key in _kept(run.trace)})
    index = {key: i for i, key in enumerate(keys)}
    conditions = recorded.runs[0].trace.conditions
    head = {
        "program": recorded.program,
        "half": recorded.half,
        "go": conditions.go,
        "gomaxprocs": conditions.gomaxprocs,
        "keys": keys,
    }
    lines = [head] + [_line(run, index) for run in sorted(recorded.runs, key=lambda run: run.job)]
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def save(recorded: Recorded, directory: Path = NOISE) -> None:
    """Write the program's file atomically.

    Raises:
        NoiseError: the runs come from different environments.
    """
    if len({run.trace.conditions for run in recorded.runs}) > 1:
        raise NoiseError(
            f"{recorded.program}: was recorded with another Go or GOMAXPROCS; delete {path_of(recorded.program).name}"
        )
    path = path_of(recorded.program, directory)
    draft = path.with_suffix(".part")
    draft.write_text(dump(recorded), encoding="utf-8", newline="\n")
    draft.replace(path)


def _line(run: Run, index: dict[tuple[str, str, str], int]) -> dict[str, Any]:
    groups = [
        [index[key.rule, key.kind, key.place], s.count, _short(s.trimmed / _US) if s.unit == "ns" else s.trimmed]
        for key, s in sorted(_kept(run.trace).items())
    ]
    wall_ms = run.trace.wall_ns // MS
    return {"job": run.job, "condition": run.condition, "run": run.run, "wall_ms": wall_ms, "groups": groups}


def _kept(trace: TraceGroups) -> dict[Key, Statistics]:
    return {
        key: s
        for key, s in compared(trace.groups, LIMITS).items()
        if s.trimmed and (s.unit != "ns" or s.trimmed >= LEAST_NS)
    }


def _short(value: float) -> int:
    """Round to three significant digits, since more is noise."""
    return int(float(f"{value:.3g}"))


def _run(line: dict[str, Any], keys: list[Key], conditions: Conditions) -> Run:
    groups = {}
    for number, count, value in line["groups"]:
        limit = limit_of(LIMITS, keys[number])
        if limit:
            total = value * (_US if limit.unit == "ns" else 1)
            groups[keys[number]] = Statistics(limit.unit, count, total, total, 0)
    trace = TraceGroups(conditions, line["wall_ms"] * MS, groups)
    return Run(line["job"], line["condition"], line["run"], trace)
