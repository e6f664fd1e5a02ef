"""What profiles promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gotracer_ci.analysis.profile import GoProfileAnalysis, ProfileAnalysis, StackProfile
from gotracer_ci.export.folded import folded
from gotracer_ci.export.pprof import pprof
from gotracer_ci.export.speedscope import speedscope
from gotracer_ci.tables.profile import functions_table, tree
from gotracer_ci.tables.table import Table
from tests.promises.base import Facts, Sums


def _check_profile(found: StackProfile) -> None:
    """No time is negative, every open interval is counted, and each format can be written."""
    for sample in found.samples:
        assert min(sample.number, sample.ns) >= 0
    assert found.open_count >= 0 <= found.open_ns
    for base in (None, found):
        assert pprof(found, base, ["about"])
        assert speedscope(found, base)
        assert len("".join(folded(found, base)).splitlines()) <= len(found.samples)
        assert all(tree(found, base, 100))


def _times_of_profile(found: StackProfile) -> Sums:
    """Return the times without what a cut changes: whether an interval is open, and how running time is shared out."""
    sums: Sums = Counter()
    for sample in found.samples:
        where = () if sample.state == "running" else sample.stack
        sums[sample.group, sample.state, sample.reason, sample.waker, where] += sample.ns
    return sums


def _profile_tables(found: StackProfile) -> Iterator[Table]:
    yield functions_table(found, None)
    yield functions_table(found, found)


def _profile(kind: str) -> Facts:
    return Facts(
        lambda trace: ProfileAnalysis(trace, kind, places=True),
        _check_profile,
        _times_of_profile,
        lambda _: Counter(),
        _profile_tables,
    )


def _go_profile(kind: str) -> Facts:
    """Facts of whole traces only."""
    return Facts(
        lambda trace: GoProfileAnalysis(trace, kind, places=True),
        _check_profile,
        lambda _: Counter(),
        lambda _: Counter(),
        _profile_tables,
    )


PROFILES = {
    "wall": _profile("wall"),
    "sched": _profile("sched"),
    "cpu": _profile("cpu")._replace(times=lambda _: Counter()),
    "Go's sync": _go_profile("sync"),
    "Go's sched": _go_profile("sched"),
}
