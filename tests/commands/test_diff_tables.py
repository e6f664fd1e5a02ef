"""Numbers and profiles of two sets of traces side by side, against the tables and profiles of each side alone."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables.counts import json_schema
from gotracer_ci.tables.profile import sides_schema
from tests.conftest import ROOT, Run, path_of
from tests.oracle.profiles import decode

SERVICE, LOCK, LEAK = (path_of(f"service{name}-go1.27") for name in ("", "-lock", "-leak"))
TOUR, OLD = path_of("tour-go1.27"), path_of("tour-go1.21")


def document(run: Run, *arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "-f", "json", cwd=ROOT).stdout)
    return found


def by_reason(rows: list[dict[str, Any]], column: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["reason"]] += row[column]
    return sums


def differences(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: now.get(name, 0) - before.get(name, 0) for name in now.keys() | before.keys()}


@pytest.mark.parametrize(("base", "head"), [(SERVICE, LOCK), (SERVICE, LEAK), (OLD, TOUR)])
def test_numbers_are_those_of_the_tables(base: str, head: str, run: Run) -> None:
    """What is left out is the same on both sides, so the differences sum to those of all."""
    found = document(run, "diff", "--counts", base, head)
    jsonschema.validate(found, json_schema())
    kinds = {row["kind"] for row in found["rows"]}
    rows = {
        kind: [row for row in found["rows"] if row["kind"] == kind] for kind in kinds | {"wait", "gc cycle", "stop"}
    }
    sides = [document(run, "wakes", name, "--open")["rows"] for name in (base, head)]
    waits = differences(*(by_reason(side, "waits") for side in reversed(sides)))
    for reason in ("sleep", "sync", "chan send", "chan receive", "network"):
        assert by_reason(rows["wait"], "change")[reason] == waits.get(reason, 0)
    before, now = (len(document(run, "gc", name, "--stw")["rows"]) for name in (base, head))
    assert sum(row["change"] for row in rows["stop"]) == now - before
    for row in found["rows"]:
        assert row["change"] == row["head"] - row["base"] != 0
        assert row["ratio"] == (pytest.approx(row["head"] / row["base"], abs=0.001) if row["base"] else None)


def test_goroutines_are_counted_by_what_led_to_them(run: Run) -> None:
    rows = document(run, "diff", "--counts", SERVICE, LEAK)["rows"]
    created = {row["place"]: row["change"] for row in rows if row["kind"] == "goroutine created"}
    assert created == {"main.(*service).startAudit": 40}


def test_several_traces_count_on_average(run: Run) -> None:
    """A wake is only listed if several places end its wait, and a trace with itself is empty."""
    alone = [document(run, "diff", "--counts", SERVICE, head)["rows"] for head in (LOCK, LEAK)]
    rows = document(run, "diff", "--counts", SERVICE, "--", LOCK, LEAK)["rows"]
    changes: Counter[tuple[Any, ...]] = Counter()
    for row in (*alone[0], *alone[1]):
        if row["kind"] != "wake":
            changes[row["kind"], row["reason"], row["place"]] += row["change"] / 2
    assert {(row["kind"], row["reason"], row["place"]): row["change"] for row in rows if row["kind"] != "wake"} == {
        key: change for key, change in changes.items() if change
    }
    done = run("diff", "--counts", SERVICE, SERVICE, "-f", "csv")
    assert done.stdout == b"kind,reason,place,waker,base,head,change,ratio\r\n"


def test_what_changed_most_comes_first_and_columns_sort(run: Run) -> None:
    rows = document(run, "diff", "--counts", SERVICE, LOCK)["rows"]
    surprise = [row["change"] ** 2 / (row["base"] + row["head"]) for row in rows]
    assert surprise == sorted(surprise, reverse=True)
    text = run("diff", "--counts", SERVICE, LOCK, "--sort", "head", "--top", "2", "-f", "csv").stdout.decode()
    heads = [float(row["head"]) for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert heads == sorted((row["head"] for row in rows), reverse=True)[:2]


def test_other_programs_and_versions_are_noted(run: Run) -> None:
    done = run("diff", "--counts", OLD, TOUR)
    assert b"Go 1.21, GOMAXPROCS 2; head: example.com/programs/tour, Go 1.26, GOMAXPROCS 2: numbers can" in done.stderr
    assert run("diff", "--counts", SERVICE, path_of("orders-go1.27")).returncode == 0


def test_profiles_of_both_sides_are_per_trace(run: Run, tmp_path: Path) -> None:
    found = document(run, "diff", "--profile", "block", SERVICE, "--", LOCK, LEAK)
    jsonschema.validate(found, sides_schema())
    assert (found["type"], len(found["base_traces"]), len(found["traces"])) == ("block", 1, 2)
    change = 0.0
    for name, share in ((SERVICE, -1.0), (LOCK, 0.5), (LEAK, 0.5)):
        file = tmp_path / "block.pb.gz"
        assert run("profile", "--type", "block", name, "-o", file).returncode == 0
        change += share * sum(values[1] for _, values, _ in decode(file.read_bytes()).samples)
    assert sum(row["change_ns"] for row in found["rows"]) == pytest.approx(change, abs=1000)
    updates = next(row for row in found["rows"] if row["function"] == "main.(*service).updateInventory")
    assert (updates["base_ns"], updates["base_count"], updates["head_count"], updates["ratio"]) == (0, 0, 40, None)
    sizes = [abs(row["change_ns"]) for row in found["rows"]]
    assert sizes == sorted(sizes, reverse=True)


def test_other_tools_get_the_difference(run: Run, tmp_path: Path) -> None:
    """The same as `profile --base` writes for one trace of each side."""
    for form, name in (("pprof", "sync.pb.gz"), ("folded", "sync.folded"), ("speedscope", "sync.json")):
        of_profile, of_diff = tmp_path / f"a-{name}", tmp_path / f"b-{name}"
        assert run("profile", "--type", "sync", LOCK, "--base", SERVICE, "-f", form, "-o", of_profile).returncode == 0
        assert run("diff", "--profile", "sync", SERVICE, LOCK, "-f", form, "-o", of_diff).returncode == 0
        a, b = of_profile.read_bytes(), of_diff.read_bytes()
        assert (decode(a).samples == decode(b).samples) if form == "pprof" else (a == b)
