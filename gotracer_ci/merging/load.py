"""Read the reports of a run's jobs, and check that they can be joined.

They may come from anyone, such as the jobs of a fork's pull request, so everything in them is checked.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gotracer_ci import __version__, files
from gotracer_ci.errors import UsageError
from gotracer_ci.globs import matching
from gotracer_ci.inputs import MAX_TRACES
from gotracer_ci.report.model import Report
from gotracer_ci.report.schema import MAX_BYTES, read
from gotracer_ci.rules.registry import all_rules
from gotracer_ci.shards.restore import Shard
from gotracer_ci.text import size

MAX_REPORTS: Final = 1_000
MAX_TOTAL: Final = 128_000_000
_VERSION: Final = re.compile(rb'"version": ?"([0-9A-Za-z.+-]{1,40})"')


def load(names: Iterable[str]) -> list[Shard]:
    """Read the reports of one run, each once.

    names: files and globs.

    Raises:
        UsageError: one of them cannot be joined with the others.
    """
    catalogue = {rule.name: rule.info for rule in all_rules()}
    shards: list[Shard] = []
    total = 0
    for name in dict.fromkeys(_expanded(names)):
        data = files.read(Path(name), MAX_BYTES)
        total += len(data)
        if total > MAX_TOTAL or len(shards) == MAX_REPORTS:
            raise UsageError(f"{name}: exceeds the limit of {MAX_REPORTS:,} reports and {size(MAX_TOTAL)} in all")
        if not data.strip():
            raise UsageError(f"{name}: empty; the job that should have written it may have failed")
        version = _VERSION.search(data[:1_000])
        if version and (other := version[1].decode()) != __version__:
            raise UsageError(f"{name}: by gotracer-ci {other}, but this is {__version__}; use one version in all jobs")
        report = read(data, name, catalogue)
        shard = _shard(report, len(shards), name)
        if shards:
            _check_same(shards[0], shard)
        shards.append(shard)
    if not shards:
        raise UsageError("no report given; name the JSON reports of the jobs, such as shards/*/findings.json")
    if sum(len(shard.report.traces) + len(shard.report.base_traces) for shard in shards) > MAX_TRACES:
        raise UsageError(f"the reports have more than {MAX_TRACES:,} traces, which is the limit per run")
    return shards


def _expanded(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if os.path.isdir(name):
            raise UsageError(
                f"{name}: is a directory; name the reports in it, such as {name.rstrip('/')}/*/findings.json"
            )
        if not os.path.exists(name) and glob.has_magic(name):
            found = sorted(match for match in matching(name) if os.path.isfile(match))
            if not found:
                raise UsageError(f"{name}: no file matches this glob")
            yield from found
        else:
            yield name


def _shard(report: Report, number: int, name: str) -> Shard:
    if report.measurements is None:
        how = "diff" if report.is_diff else "merge"
        raise UsageError(f"{name}: a report of gotracer-ci {how}; merge joins those of gotracer-ci analyze")
    known = {rule.name for rule in all_rules()}
    if missing := sorted({*report.measurements.rules, *(rule.name for rule in report.rules)} - known):
        raise UsageError(f"{name}: its job ran the rule {missing[0]}; install the package of that rule here, too")
    return Shard(report, report.measurements, number, name)


def _check_same(first: Shard, other: Shard) -> None:
    """Check that two reports are of the same run with the same rules.

    Raises:
        UsageError: they are not.
    """
    for what, one, two in (
        ("commit", first.report.commit, other.report.commit),
        ("directory in the repository", first.report.folder, other.report.folder),
    ):
        if one != two and (what != "commit" or (one and two)):
            differs = f"of the {what} {two or '.'}, but {first.name} is of {one or '.'}"
            raise UsageError(f"{other.name}: {differs}; join the reports of one run")
    mine, theirs = ({rule.name: rule.thresholds for rule in shard.report.rules} for shard in (first, other))
    here, there = ({*shard.kept.rules, *rules} for shard, rules in ((first, mine), (other, theirs)))
    one_setting = "use one configuration in all jobs"
    if alone := sorted({*here ^ there, *mine.keys() ^ theirs.keys()}):
        raise UsageError(f"{other.name}: only one of its job and that of {first.name} ran {alone[0]}; {one_setting}")
    for rule, thresholds in mine.items():
        if thresholds != theirs[rule]:
            raise UsageError(f"{other.name}: {rule} has other thresholds than in {first.name}; {one_setting}")
