"""The data set: one compressed file per program, with the compared groups of each trace.

    {"program":"orders","half":"","go":"1.27","gomaxprocs":4,"keys":[["MutexContention","sync.(*Mutex).Lock","main.f"]],
     "names":["TestShip"],"did":[[9,false,[0],[0,1]]]}
    {"job":0,"condition":"quiet","run":"unchanged","wall_ms":812,"did":0,"groups":[[0,210,740000,[750000,0,210,750000]]]}

A group is the index of its key, its number of events, and its value: a total in µs, the time of one event in ns, or a
counter. Its parts by test follow (its untrimmed total, then the index of each test's name, its events and total), then
its histogram (the first bucket and its number of events, then the distance to the next bucket and so on). `did` has
what traces ran: the number of tests, whether benchmarks ran for a time, the known tests, and the units of work, each
with its number.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from gotracer_ci.baseline.measurements import Conditions, TraceGroups, compared
from gotracer_ci.findings import Key, Share, Statistics
from gotracer_ci.limits import MS, Limit, limit_of
from gotracer_ci.rules.registry import BUILT_IN, limits_of
from tests.noise.programs import EVALUATION, NOISE, TUNING, NoiseError

LIMITS: Final = limits_of(BUILT_IN)
UNCHANGED: Final = "unchanged"
BASE: Final = "base"  # also unchanged: recorded in the same job, like base traces in a workflow
LEAST_NS: Final = MS // 5  # a fifth of the size of a baseline file
_US: Final = 1000
_FEWEST: Final = 10  # half of what a trace needs on average
_REACH: Final = 0.2  # what is compared is closer to the quantile, also when a job's traces are pooled


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
    return [load(path) for path in sorted(directory.glob("*.jsonl.xz"))]


def of_half(data: Iterable[Recorded], half: str) -> list[Recorded]:
    """Return the programs of a half. For a program in both, even jobs are for tuning, the others for evaluation."""
    parity = {TUNING: 0, EVALUATION: 1}[half]
    found = []
    for recorded in data:
        if recorded.half == half:
            found.append(recorded)
        elif not recorded.half:
            runs = tuple(run for run in recorded.runs if run.job % 2 == parity)
            found.append(replace(recorded, half=half, runs=runs))
    return found


def path_of(program: str, directory: Path = NOISE) -> Path:
    return directory / f"{program}.jsonl.xz"


def load(path: Path) -> Recorded:
    """Read the file of a program.

    Raises:
        NoiseError: the file is invalid.
    """
    try:
        head, *lines = (json.loads(line) for line in text(path).splitlines())
        keys = [Key(*key) for key in head["keys"]]
        conditions = Conditions(head["go"], head["gomaxprocs"])
        runs = tuple(_run(line, keys, head["names"], head["did"], conditions) for line in lines)
        return Recorded(head["program"], head["half"], runs)
    except (lzma.LZMAError, ValueError, KeyError, TypeError, IndexError) as error:
        raise NoiseError(f"{path}: not a file of recorded runs ({error!r}); restore it, or delete it") from None


def text(path: Path) -> str:
    return lzma.decompress(path.read_bytes()).decode()


def dump(recorded: Recorded) -> str:
    """Return the file's text, with the jobs in order."""
    traces = [run.trace for run in recorded.runs]
    keys = sorted({(key.rule, key.kind, key.place) for trace in traces for key in _kept(trace)})
    names = sorted({name for trace in traces for name in _names(trace)})
    index = {key: i for i, key in enumerate(keys)}
    name_index = {name: i for i, name in enumerate(names)}
    did: list[list[Any]] = []
    lines = []
    for run in sorted(recorded.runs, key=lambda run: run.job):
        ran = _did(run.trace, name_index)
        if ran not in did:
            did.append(ran)
        lines.append(_line(run, did.index(ran), index, name_index))
    conditions = traces[0].conditions
    head = {
        "program": recorded.program,
        "half": recorded.half,
        "go": conditions.go,
        "gomaxprocs": conditions.gomaxprocs,
        "keys": keys,
        "names": names,
        "did": did,
    }
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in (head, *lines))


def save(recorded: Recorded, directory: Path = NOISE) -> None:
    """Write the program's file atomically.

    Raises:
        NoiseError: the runs come from different environments.
    """
    if len({run.trace.conditions for run in recorded.runs}) > 1:
        raise NoiseError(
            f"{recorded.program}: recorded with more than one Go or GOMAXPROCS; delete its traces and record it again"
        )
    path = path_of(recorded.program, directory)
    draft = path.with_suffix(".part")
    draft.write_bytes(lzma.compress(dump(recorded).encode(), preset=9))
    draft.replace(path)


def _line(run: Run, did: int, index: Mapping[tuple[str, str, str], int], names: Mapping[str, int]) -> dict[str, Any]:
    trace, groups = run.trace, []
    for key, s in sorted(_kept(trace).items()):
        parts = [
            number
            for name, share in sorted(trace.shares.get(key, {}).items())
            for number in (names[name], share.events, _number(share.total, s.unit))
        ]
        if parts:
            parts.insert(0, _number(s.total, s.unit))
        limit = limit_of(LIMITS, key)
        buckets = list(_steps(_around(trace.lengths.get(key, {}), limit))) if limit else []
        groups.append([index[key.rule, key.kind, key.place], s.count, _number(s.trimmed, s.unit), parts, buckets])
        while groups[-1][-1] == []:
            groups[-1].pop()
    return {
        "job": run.job,
        "condition": run.condition,
        "run": run.run,
        "wall_ms": trace.wall_ns // MS,
        "did": did,
        "groups": groups,
    }


def _kept(trace: TraceGroups) -> dict[Key, Statistics]:
    return {key: s for key, s in compared(trace.groups, LIMITS).items() if _is_kept(s, limit_of(LIMITS, key))}


def _is_kept(s: Statistics, limit: Limit | None) -> bool:
    """Report whether a group can matter. One in a file of a baseline needs more."""
    if limit and limit.quantile:
        return s.count >= _FEWEST and s.count * s.trimmed >= LEAST_NS
    return bool(s.trimmed) and (s.unit != "ns" or s.trimmed >= LEAST_NS)


def _names(trace: TraceGroups) -> Iterator[str]:
    yield from trace.tests
    yield from trace.work
    for key in _kept(trace):
        yield from trace.shares.get(key, ())


def _did(trace: TraceGroups, names: Mapping[str, int]) -> list[Any]:
    tests = sorted(names[name] for name in trace.tests)
    work = [number for name, times in sorted(trace.work.items()) for number in (names[name], times)]
    return [trace.ran, trace.timed, tests, work]


def _number(value: float, unit: str) -> int:
    """Round times to three significant digits, since more is noise."""
    return int(float(f"{value / _US if unit == 'ns' else value:.3g}")) if unit in ("ns", "each") else int(value)


def _around(lengths: Mapping[int, int], limit: Limit) -> dict[int, int]:
    """Return the part of a histogram that the compared quantile depends on. The rest is moved to its ends."""
    first = _bucket_at(lengths, limit.quantile - _REACH)
    last = _bucket_at(lengths, (0.5 if limit.of_base else limit.quantile) + _REACH)
    kept: dict[int, int] = {}
    for bucket, count in sorted(lengths.items()):
        clipped = min(max(bucket, first), last)
        kept[clipped] = kept.get(clipped, 0) + count
    return kept


def _bucket_at(lengths: Mapping[int, int], quantile: float) -> int:
    left = quantile * sum(lengths.values())
    for bucket in sorted(lengths):
        left -= lengths[bucket]
        if left <= 0:
            return bucket
    return max(lengths, default=0)


def _steps(lengths: Mapping[int, int]) -> Iterator[int]:
    last = 0
    for bucket, count in sorted(lengths.items()):
        yield from (bucket - last, count)
        last = bucket


def _run(
    line: dict[str, Any],
    keys: Sequence[Key],
    names: Sequence[str],
    did: Sequence[Sequence[Any]],
    conditions: Conditions,
) -> Run:
    ran, timed, tests, work = did[line["did"]]
    groups, shares, lengths = {}, {}, {}
    for number, count, value, *more in line["groups"]:
        key, (parts, buckets) = keys[number], (*more, [], [])[:2]
        limit = limit_of(LIMITS, key)
        if not limit:
            continue
        scale = _US if limit.unit == "ns" else 1
        total, *parts = parts or (value,)
        groups[key] = Statistics(limit.unit, count, total * scale, value * scale, 0)
        if parts:
            shares[key] = {names[name]: Share(events, total * scale) for name, events, total in _by(3, parts)}
        if buckets:
            lengths[key] = dict(_buckets(buckets))
    trace = TraceGroups(
        conditions=conditions,
        wall_ns=line["wall_ms"] * MS,
        groups=groups,
        ran=ran,
        tests=frozenset(names[name] for name in tests),
        timed=timed,
        tests_of=lambda key: frozenset(shares.get(key, ())) - {""},
        work={names[name]: times for name, times in _by(2, work)},
        shares=shares,
        lengths=lengths,
    )
    return Run(line["job"], line["condition"], line["run"], trace)


def _by(size: int, flat: Sequence[int]) -> Iterator[Sequence[int]]:
    return (flat[start : start + size] for start in range(0, len(flat), size))


def _buckets(steps: Sequence[int]) -> Iterator[tuple[int, int]]:
    bucket = 0
    for distance, count in _by(2, steps):
        bucket += distance
        yield bucket, count
