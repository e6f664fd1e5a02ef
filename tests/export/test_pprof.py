"""Profiles in pprof's format, read by `go tool pprof` and by a reader of our own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gotracer_ci.analysis.profile import TYPES, Sample, StackProfile
from gotracer_ci.export.pprof import BASE, pprof
from tests.oracle.profiles import decode
from tests.profiles import profile_of

TOUR, SERVICE, CPU = "tour-go1.27", "service-go1.27", "cpusamples-go1.24"


def shown(tool: Path, *arguments: str | Path) -> str:
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", TYPES)
def test_go_s_pprof_reads_every_type(kind: str, pprof_tool: Path, tmp_path: Path) -> None:
    """Its sums are ours, and it can choose by label."""
    profile = profile_of(CPU if kind == "cpu" else TOUR, kind)
    file = tmp_path / "p.pb.gz"
    file.write_bytes(pprof(profile, None, ["still open: 3 intervals"], period_ns=10_000_000))
    raw = shown(pprof_tool, "-raw", file)
    pairs = re.findall(r"^ +(\d+) +(\d+): ", raw, re.MULTILINE)
    assert sum(int(ns) for _, ns in pairs) == sum(sample.ns for sample in profile.samples) > 0
    assert sum(int(n) for n, _ in pairs) == sum(sample.number for sample in profile.samples)
    assert "still open: 3 intervals" in shown(pprof_tool, "-comments", file)
    assert profile.samples[0].stack[0][0] in shown(pprof_tool, "-top", "-nodecount=100000", file)
    tags = shown(pprof_tool, "-tags", file)
    assert {"state", "goroutine"} <= set(re.findall(r"^ *(\w+): Total", tags, re.MULTILINE))


def test_a_base_is_subtracted_as_pprof_does_it(pprof_tool: Path, tmp_path: Path) -> None:
    now, before = profile_of("service-lock-go1.27", "block"), profile_of(SERVICE, "block")
    one, other, both = (tmp_path / f"{name}.pb.gz" for name in ("now", "before", "both"))
    one.write_bytes(pprof(now, None, ()))
    other.write_bytes(pprof(before, None, ()))
    both.write_bytes(pprof(now, before, ()))
    ours, theirs = (
        shown(pprof_tool, "-top", "-nodecount=100000", *options).partition("flat%")[2]
        for options in ([both], ["-diff_base", other, one])
    )
    assert ours == theirs
    assert "-" in ours
    subtracted = [
        values for _, values, labels in decode(both.read_bytes()).samples if dict([BASE]).items() <= labels.items()
    ]
    assert -sum(ns for _, ns in subtracted) == sum(sample.ns for sample in before.samples)


def test_samples_keep_their_stacks_and_labels() -> None:
    profile = profile_of(SERVICE, "sched")
    found = decode(pprof(profile, None, ()))
    assert found.types == [("intervals", "count"), ("delay", "nanoseconds")]
    assert found.period == ("trace", "count", 1)
    assert [(stack, *values) for stack, values, _ in found.samples] == [
        (sample.stack, sample.number, sample.ns) for sample in profile.samples
    ]
    wakers = [labels["waker"] for _, _, labels in found.samples if "waker" in labels]
    assert "main.queryDatabase" in wakers or "main.(*service).placeOrder" in wakers
    assert {labels["state"] for _, _, labels in found.samples} == {"runnable"}


def test_a_label_tells_what_is_still_open() -> None:
    profile = profile_of("deadlock-go1.27", "block")
    marked = [values for _, values, labels in decode(pprof(profile, None, ())).samples if labels.get("open") == "1"]
    still = [(sample.number, sample.ns) for sample in profile.samples if sample.is_open]
    assert marked == still
    assert still


def test_the_same_profile_gives_the_same_bytes() -> None:
    assert pprof(profile_of(TOUR, "wall"), None, ()) == pprof(profile_of(TOUR, "wall"), None, ())


def test_hostile_names_reach_no_terminal(pprof_tool: Path, tmp_path: Path) -> None:
    """Control characters, invisible ones and long names are harmless, and large sums stay what they are."""
    name = "evil\x1b[31m\n\x00\u202e;" + "x" * 1000
    sample = Sample(((name, name, (1 << 63) - 1), ("", "", 0)), "", "waiting", name, name, name, True, 1, (1 << 63) - 1)
    file = tmp_path / "p.pb.gz"
    file.write_bytes(pprof(StackProfile("wall", [sample], {}, 0, 1), None, [name]))
    text = shown(pprof_tool, "-raw", file) + shown(pprof_tool, "-top", file) + shown(pprof_tool, "-tags", file)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)
    assert str((1 << 63) - 1) in text
