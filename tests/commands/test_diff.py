"""`gotracer-ci diff` in real processes: the sides, the result in all formats, and what cannot be compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.report.formats import FILES, FORMATS
from tests.conftest import ROOT, Run, complaints, path_of
from tests.variants import variant

SERVICE, AGAIN, LEAK, LOCK = (path_of(f"service{name}-go1.27") for name in ("", "-again", "-leak", "-lock"))
NOT_CHANGED = {"known", "not in the baseline"}
USAGE = "write gotracer-ci diff BASE HEAD, or gotracer-ci diff BASE... -- HEAD..."


def document(run: Run, *arguments: str | Path, code: int = 0, cwd: Path = ROOT) -> dict[str, Any]:
    done = run("diff", *arguments, "-f", "json", cwd=cwd)
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def changed(found: dict[str, Any]) -> dict[tuple[str, ...], tuple[str, str]]:
    """Return status and level of each group that changed."""
    return {
        tuple(verdict["key"].values()): (verdict["status"], verdict["level"])
        for verdict in found["comparison"]["verdicts"]
        if verdict["status"] not in NOT_CHANGED and verdict["level"] in ("confirmed", "suspected")
    }


def paths(found: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the base traces and of the head traces."""
    return tuple([Path(trace["path"]).name for trace in found[side]] for side in ("base_traces", "traces"))  # type: ignore[return-value]


def test_a_regression_fails_and_the_other_way_round_it_is_an_improvement(run: Run) -> None:
    worse, better = document(run, SERVICE, LEAK, code=1), document(run, LEAK, SERVICE)
    jsonschema.validate(worse, FORMATS["json"].schema())
    assert (worse["summary"]["new"], worse["summary"]["failing"], better["summary"]["fixed"]) == (1, 1, 1)
    mirrored = {"new": "fixed", "worse": "better"}
    concurrency = {key for key in changed(worse) if key[0] == "ConcurrencyChange"}
    assert {key[0] for key in changed(worse).keys() - concurrency} >= {"GoroutineLeak", "GoroutineLeakGrowth"}
    assert {key: one for key, one in changed(better).items() if key not in concurrency} == {
        key: (mirrored[status], level) for key, (status, level) in changed(worse).items() if key not in concurrency
    }


def test_a_trace_does_not_differ_from_itself(run: Run) -> None:
    found = document(run, SERVICE, LOCK, "--", SERVICE, LOCK)
    assert changed(found) == {}
    assert len(found["base_traces"]) == len(found["traces"]) == 2
    done = run("diff", SERVICE, SERVICE)
    assert (done.returncode, done.stdout) == (0, b"no regressions; 1 base and 1 head trace\n")


def test_sides_are_files_directories_and_globs_with_options_anywhere(run: Run, tmp_path: Path) -> None:
    for side, names in (("base", (SERVICE, AGAIN)), ("head", (LOCK, LEAK))):
        (tmp_path / side).mkdir()
        for name in names:
            shutil.copy(name, tmp_path / side)
    expected = (
        ["service-again-go1.27.trace", "service-go1.27.trace"],
        ["service-leak-go1.27.trace", "service-lock-go1.27.trace"],
    )
    assert paths(document(run, "base", "head", cwd=tmp_path)) == expected
    assert paths(document(run, "base/*.trace", "--", "head", "--top", "1", cwd=tmp_path)) == expected
    again = ["base/service-again-go1.27.trace", "--strict", "base/service-go1.27.trace", "--", "head/*.trace"]
    assert paths(document(run, *again, cwd=tmp_path)) == expected


def test_one_side_can_be_standard_input(run: Run) -> None:
    data = Path(LEAK).read_bytes()
    done = run("diff", SERVICE, "-", stdin=data)
    assert (done.returncode, done.stdout.partition(b";")[0]) == (1, b"1 regression")
    assert complaints(run("diff", "-", "-", stdin=data)) == ["-: standard input can be only one trace of one side"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), f"no trace given; {USAGE}"),
        (("a",), f"1 trace and no --; {USAGE}"),
        (("a", "b", "c"), f"3 traces and no --; {USAGE}"),
        (("--", "b"), f"no trace before --; {USAGE}"),
        (("a", "--"), f"no trace after --; {USAGE}"),
        (("a", "--", "b", "--", "c"), f"--: given 2 times, but there are two sides; {USAGE}"),
        (("a", "--html", "--", "b"), "--html: needs a value before --"),
        ((SERVICE, "--", "nowhere/*.trace"), "nowhere/*.trace: no file matches this glob"),
        (("a", "b", "-f", "csv"), "-f csv: only for --counts and --profile"),
        (("a", "b", "--sort", "base"), "--sort: only --counts and --profile have columns"),
        (("a", "b", "--counts", "--profile", "wall"), "--counts, --profile: give one of them"),
        (("a", "b", "--counts", "-f", "sarif"), "-f sarif: --counts has the formats human, json, csv"),
        (("a", "b", "--profile", "net", "--strict"), "--strict: --profile shows a table, and only reports have this"),
        (("a", "b", "--counts", "--baseline", "b.json"), "No such option '--baseline'"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("diff", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = complaints(done)
    assert line.lower().startswith(problem.lower())


def test_all_formats_come_from_one_comparison(run: Run, tmp_path: Path) -> None:
    files = {name: tmp_path / f"report.{name}" for name in FILES}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    assert run("diff", SERVICE, "--", LEAK, AGAIN, cwd=ROOT).returncode == 0  # not in all traces of the head
    assert run("diff", SERVICE, "--", LEAK, *options, cwd=ROOT).returncode == 1
    headline = "1 regression; 1 base and 1 head trace"
    for name in ("html", "markdown"):
        assert headline in files[name].read_text(encoding="utf-8")
    names = (Path(name).relative_to(ROOT).as_posix() for name in (SERVICE, LEAK))
    assert f"\ngotracer-ci diff {' -- '.join(names)}\n" in files["markdown"].read_text(encoding="utf-8")
    (sarif,) = json.loads(files["sarif"].read_text(encoding="utf-8"))["runs"]
    assert {result["ruleId"] for result in sarif["results"]} == {"GoroutineLeak"}
    assert len(json.loads(files["gitlab"].read_text(encoding="utf-8"))) == 1


def test_a_baseline_in_the_configuration_is_not_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".gotracer-ci").mkdir()
    (tmp_path / ".gotracer-ci/config.toml").write_text('baseline = "missing.json"\nfail-on = "never"\n')
    found = document(run, SERVICE, LEAK, cwd=tmp_path)
    assert (found["comparison"]["baseline"], found["summary"]["new"], found["fail_on"]) == ("", 1, "none")


def test_different_programs_are_not_compared(run: Run) -> None:
    """Those that both sides have are; without any in common nothing passes."""
    orders = path_of("orders-go1.27")
    assert complaints(run("diff", SERVICE, orders)) == [
        "nothing to compare: the base traces are of example.com/programs/service, the head traces of "
        "example.com/programs/orders (test); --counts and --profile show both"
    ]
    found = document(run, SERVICE, orders, "--", LEAK, path_of("tour-go1.27"), code=1)
    assert found["notes"][-2:] == [
        "no base traces of example.com/programs/tour: not compared",
        "no head traces of example.com/programs/orders (test): not compared",
    ]
    assert {key[3] for key in changed(found)} == {"example.com/programs/service"}


def test_another_version_of_go_is_never_no_regression(run: Run) -> None:
    done = run("diff", path_of("service-lock-go1.23"), LOCK)
    assert done.returncode == 0
    first, *rest = done.stdout.decode().splitlines()
    assert first.startswith("could not be compared with the base traces (made with Go 1.23 or 1.24, GOMAXPROCS 2)")
    assert any("only goroutine counts are compared" in line for line in rest)


def test_damaged_traces_are_named_and_not_compared(run: Run, tmp_path: Path) -> None:
    """A cut trace lacks what comes later, and has goroutines that only seem to be left."""
    whole, cut = path_of("lockwait-go1.27"), tmp_path / "cut.trace"
    data = Path(whole).read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    for base, head, side in ((cut, whole, "base"), (whole, cut, "head")):
        alone = run("diff", base, head)
        assert (alone.returncode, alone.stdout) == (2, b"")
        (line,) = complaints(alone)
        assert line.startswith(f"nothing to compare: the {side} has no complete trace; {cut}: the trace is truncated")
        found = document(run, whole, base, "--", whole, head, code=2)
        assert changed(found) == {}
        assert found["comparison"]["base_traces"] == (1 if side == "base" else 2) - (whole == base)
        assert any(trace["damage"] for trace in found["base_traces" if side == "base" else "traces"])


def test_three_traces_of_each_side_confirm_numbers(run: Run, tmp_path: Path) -> None:
    """With fewer, a note says what is missing; the sum of times stays suspected."""
    sides: dict[str, list[str]] = {SERVICE: [], LOCK: []}
    for name, files in sides.items():
        for number in range(3):
            file = tmp_path / f"{len(sides)}-{Path(name).stem}-{number}.trace"
            file.write_bytes(variant(Path(name).read_bytes(), number))
            files.append(str(file))
    one = document(run, sides[SERVICE][0], sides[LOCK][0])
    three = document(run, *sides[SERVICE], "--", *sides[LOCK])
    (alone,), (together,) = (
        [v for v in found["comparison"]["verdicts"] if v["status"] == "new"] for found in (one, three)
    )
    assert (alone["level"], together["level"]) == ("suspected", "suspected")
    assert [note for note in one["notes"] if "record 3 of each" in note]
    assert not [note for note in three["notes"] if "record 3 of each" in note]
    assert document(run, *sides[SERVICE], "--", *sides[LOCK], "--strict", code=1)["summary"]["failing"] == 1
