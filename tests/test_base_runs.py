"""Whole runs with traces of the base commit, in this process and from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.errors import BaselineError, TraceError, UsageError
from gotracer_ci.findings import Key
from gotracer_ci.pipeline import Outcome, run
from gotracer_ci.report.formats import render
from gotracer_ci.settings import load
from tests.conftest import PROGRAMS, Run, path_of
from tests.variants import variant

SERVICE = "example.com/programs/service"
LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.(*service).updateInventory", SERVICE)
LEAK = Key("GoroutineLeak", "goroutines left", "main.(*service).startAudit", SERVICE)
HEALTHY = ("service-go1.27", "service-again-go1.27")


def copies(directory: Path, *names: str) -> tuple[str, ...]:
    """Write variants of committed traces, so that one can stand for several runs."""
    directory.mkdir(exist_ok=True)
    files = []
    for number, name in enumerate(names):
        file = directory / f"{number}-{name}.trace"
        seed = int.from_bytes(directory.name.encode()) % 1_000_003 * 100 + number
        file.write_bytes(variant(Path(path_of(name)).read_bytes(), seed))
        files.append(file.as_posix())
    return tuple(files)


def analysed(traces: tuple[str, ...], base: tuple[str, ...] = (), **settings: Any) -> Outcome:
    return run(load({"root": PROGRAMS, **settings, "traces": traces, "base": base or None}))


def judged(outcome: Outcome, key: Key) -> Verdict:
    assert outcome.report.comparison
    return outcome.report.comparison.verdicts[key]


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    """Return a baseline with one job of the healthy service."""
    path = tmp_path / "baseline.json"
    assert analysed((path_of("service-go1.27"),), baseline=path, update_baseline=True).exit_code == 0
    return path


def test_a_suspicion_is_confirmed_in_the_same_job(tmp_path: Path, baseline: Path) -> None:
    """First with one trace and a file of one job, then with two more traces of the change and two of the base."""
    changed = copies(tmp_path / "change", *["service-lock-go1.27"] * 3)
    first = analysed(changed[:1], baseline=baseline)
    assert (first.exit_code, judged(first, LOCK).level) == (0, Level.SUSPECTED)

    again = analysed(changed, copies(tmp_path / "base", *HEALTHY), baseline=baseline)

    verdict = judged(again, LOCK)
    assert (again.exit_code, verdict.status, verdict.level) == (1, Status.NEW, Level.CONFIRMED)
    assert "; 0 s in the base traces of this job (confirmed)" in verdict.evidence
    assert [finding.key for finding in again.report.failing] == [LOCK]
    assert [trace.path.rpartition("/")[2] for trace in again.report.base_traces] == [
        "0-service-go1.27.trace",
        "1-service-again-go1.27.trace",
    ]


def test_a_change_that_is_also_in_the_base_is_not_a_regression(tmp_path: Path, baseline: Path) -> None:
    """With the same traces as change and base and an outdated file, for times and counters."""
    for name, key in (("service-lock-go1.27", LOCK), ("service-leak-go1.27", LEAK)):
        changed = copies(tmp_path / f"change-{name}", *[name] * 3)
        outcome = analysed(changed, copies(tmp_path / f"base-{name}", *[name] * 3), baseline=baseline, strict=True)
        assert (outcome.exit_code, judged(outcome, key).status) == (0, Status.KNOWN)
        assert judged(outcome, key).evidence.endswith("(not caused by this change)")
        assert outcome.report.comparison
        assert "in the base traces of this job too" in outcome.report.comparison.warnings[0]


def test_only_base_traces(tmp_path: Path) -> None:
    """Without a file, counters are confirmed, times are suspected, and known findings do not count."""
    base = copies(tmp_path / "base", *HEALTHY)
    lock = analysed(copies(tmp_path / "lock", *["service-lock-go1.27"] * 3), base)
    assert (lock.exit_code, judged(lock, LOCK).level) == (0, Level.SUSPECTED)
    assert judged(lock, LOCK).more == "a baseline of at least 1 job (--baseline)"
    leak = analysed(copies(tmp_path / "leak", "service-leak-go1.27"), base)
    assert (leak.exit_code, judged(leak, LEAK).level) == (1, Level.CONFIRMED)
    same = analysed(copies(tmp_path / "same", "service-again-go1.27"), base, strict=True)
    assert same.exit_code == 0
    assert "only with the base traces" in same.report.notes[-1]
    missing = analysed(copies(tmp_path / "same", "service-again-go1.27"), base, baseline=tmp_path / "none.json")
    assert missing.exit_code == 0
    assert not (tmp_path / "none.json").exists()


def test_a_base_of_another_program_is_not_a_reference(tmp_path: Path, baseline: Path) -> None:
    base = copies(tmp_path / "base", "tour-go1.27", "tour-go1.26")
    changed = copies(tmp_path / "change", *["service-lock-go1.27"] * 3)
    outcome = analysed(changed, base, baseline=baseline)
    assert (judged(outcome, LOCK).level, judged(outcome, LOCK).base) == (Level.SUSPECTED, ())
    assert any("no base traces of example.com/programs/service" in note for note in outcome.report.notes)
    alone = analysed(changed, base)
    assert alone.exit_code == 0
    assert judged(alone, LOCK).status is Status.NOT_IN_BASE
    assert judged(alone, LOCK).evidence == "there are no base traces of this program"
    for name in ("human", "markdown", "junit", "ndjson", "html"):
        text = render(name, alone.report)
        assert "not in the base traces" in text
        assert "not in the baseline" not in text
    assert alone.report.notes[-1].endswith(f"no base traces of {SERVICE}: its findings are shown, but do not count")
    assert not any("has no data" in note for note in alone.report.notes)


def test_programs_have_their_own_base(tmp_path: Path) -> None:
    changed = copies(tmp_path / "change", "service-leak-go1.27", "tour-go1.27")
    outcome = analysed(changed, copies(tmp_path / "base", "tour-go1.27", "service-go1.27"))
    assert outcome.report.comparison
    leaks = [v.key for v in outcome.report.comparison.regressions() if v.key.rule == LEAK.rule]
    assert leaks == [LEAK]
    verdicts = outcome.report.comparison.verdicts.items()
    assert {verdict.status for key, verdict in verdicts if key.program.endswith("tour")} == {Status.KNOWN}


def test_a_truncated_base_trace_is_left_out(tmp_path: Path) -> None:
    """Its totals are too low, so every wait would look longer than in the base. The exit code is 2."""
    (whole, cut) = copies(tmp_path / "base", "lockwait-go1.27", "lockwait-go1.27")
    Path(cut).write_bytes(Path(cut).read_bytes()[:9000])
    outcome = analysed(copies(tmp_path / "change", "lockwait-go1.27"), (whole, cut))
    assert [type(error) for error in outcome.errors] == [TraceError]
    assert outcome.exit_code == 2
    assert [bool(trace.damage) for trace in outcome.report.base_traces] == [False, True]
    assert outcome.report.comparison
    assert {len(v.base) for v in outcome.report.comparison.verdicts.values() if v.unit != "each"} == {1}
    Path(cut).write_bytes(b"no trace")
    assert analysed(copies(tmp_path / "change", "lockwait-go1.27"), (cut,)).exit_code == 2


def test_an_accepted_regression_stays_accepted_with_a_base(tmp_path: Path, baseline: Path) -> None:
    """The branch's file is raised. The base has lower values and must not undo this."""
    changed = copies(tmp_path / "change", "service-leak-go1.27")
    base = copies(tmp_path / "base", *HEALTHY)
    assert analysed(changed, base, baseline=baseline).exit_code == 1
    accepted = ((LEAK.fingerprint, "a pool"),)
    assert analysed(changed, base, baseline=baseline, accept=accepted).exit_code == 0
    assert analysed(changed, base, baseline=baseline).exit_code == 0


@pytest.mark.parametrize(
    ("base", "settings", "error", "problem"),
    [
        (("service-go1.27",), {}, UsageError, "--base: all of its traces are also traces of the change"),
        (("no-such",), {}, TraceError, "no file matches|no such file"),
    ],
)
def test_invalid_bases(
    tmp_path: Path, base: tuple[str, ...], settings: dict[str, Any], error: type[Exception], problem: str
) -> None:
    named = tuple(path_of(name) for name in base)
    path = tmp_path / "b.json"
    if error is UsageError:
        with pytest.raises(error, match=problem):
            analysed((path_of("service-go1.27"),), named, baseline=path, **settings)
    else:
        outcome = analysed((path_of("service-go1.27"),), named, baseline=path, **settings)
        assert outcome.exit_code == 2
        assert "no-such" in str(outcome.errors[0])


def test_an_invalid_baseline_is_also_an_error_with_a_base(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text("{")
    outcome = analysed((path_of("service-go1.27"),), copies(tmp_path / "base", *HEALTHY), baseline=path)
    assert [type(error) for error in outcome.errors] == [BaselineError]
    assert outcome.exit_code == 3


def test_base_takes_files_directories_and_globs(tmp_path: Path, run: Run) -> None:
    copies(tmp_path / "base", *HEALTHY)
    copies(tmp_path / "more", "service-go1.27")
    trace = path_of("service-leak-go1.27")
    done = run("analyze", trace, "--base", "base", "--base", "more/*.trace", "-f", "json")
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert [trace["path"] for trace in document["base_traces"]] == [
        "base/0-service-go1.27.trace",
        "base/1-service-again-go1.27.trace",
        "more/0-service-go1.27.trace",
    ]
    assert document["comparison"]["base_traces"] == 3
    assert document["comparison"]["baseline"] == ""
    refused = run("analyze", "base", "--base", "base/0-service-go1.27.trace")
    assert refused.returncode == 2
    assert refused.stderr.startswith(b"gotracer-ci: --base: all of its traces are also")
