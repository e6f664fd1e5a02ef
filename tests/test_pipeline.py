"""Whole runs in this process, from traces and a baseline to a report, errors and an exit code."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.errors import BaselineError, TraceError, UsageError
from gotracer_ci.findings import Finding, Key, Severity
from gotracer_ci.pipeline import Outcome, run
from gotracer_ci.report import view
from gotracer_ci.report.formats import FORMATS, render
from gotracer_ci.settings import load
from tests.conftest import NAMES, PROGRAMS, ROOT, TRACES, findings, path_of
from tests.trace.writer import case

SERVICE = "example.com/programs/service"


def of_rules(found: Iterable[Finding]) -> list[Finding]:
    """Return findings as the rules make them of one trace: without the program and what a second reading explains."""
    return [replace(finding, key=finding.key._replace(program=""), explanation="") for finding in found]


def analysed(*names: str, **settings: Any) -> Outcome:
    """Run over committed traces, or over files given by path."""
    traces = tuple(name if "/" in name else path_of(name) for name in names)
    return run(load({"root": PROGRAMS, **settings, "traces": traces}))


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    """Return a baseline with one run of the healthy service."""
    path = tmp_path / "baseline.json"
    assert analysed("service-go1.27", baseline=path, update_baseline=True).exit_code == 0
    return path


def test_the_update_and_then_the_same_trace_again(baseline: Path) -> None:
    """Nothing is new or worse, although the trace has a finding above its threshold."""
    outcome = analysed("service-go1.27", baseline=baseline)
    assert (outcome.exit_code, outcome.errors) == (0, ())
    assert outcome.report.comparison
    assert {verdict.status for verdict in outcome.report.comparison.verdicts.values()} == {Status.KNOWN}


def test_another_run_of_the_same_program_is_not_a_regression(baseline: Path) -> None:
    for strict in (False, True):
        outcome = analysed("service-again-go1.27", baseline=baseline, strict=strict)
        assert outcome.exit_code == 0
        assert outcome.report.comparison
        assert outcome.report.comparison.regressions(strict=True) == []


def test_an_added_lock_is_suspected_and_nothing_else(baseline: Path) -> None:
    """One trace and one entry are not enough to confirm it."""
    outcome = analysed("service-lock-go1.27", baseline=baseline)
    assert outcome.exit_code == 0
    assert outcome.report.comparison
    (verdict,) = outcome.report.comparison.regressions(strict=True)
    assert verdict.key == Key("MutexContention", "sync.(*Mutex).Lock", "main.(*service).updateInventory", SERVICE)
    assert (verdict.status, verdict.level) == (Status.NEW, Level.SUSPECTED)
    strict = analysed("service-lock-go1.27", baseline=baseline, strict=True)
    assert strict.exit_code == 1
    assert [finding.key for finding in strict.report.failing] == [verdict.key]


def test_an_accepted_regression_no_longer_counts_in_the_same_run(baseline: Path) -> None:
    before = analysed("service-leak-go1.27", baseline=baseline)
    (finding,) = before.report.failing
    wanted = ((finding.fingerprint, "the audit stays"),)
    after = analysed("service-leak-go1.27", baseline=baseline, accept=wanted)
    assert (after.exit_code, after.errors) == (0, ())
    assert any(note.startswith("--accept updated ") and note.endswith("; commit it") for note in after.report.notes)
    assert '"accepted":"the audit stays"' in baseline.read_text()
    text = baseline.read_bytes()
    again = analysed("service-leak-go1.27", baseline=baseline, accept=wanted)
    assert again.exit_code == 0
    assert baseline.read_bytes() == text
    assert any("unchanged: the finding passed to --accept is not a regression" in note for note in again.report.notes)


def test_a_failed_acceptance_changes_nothing_and_the_report_is_written(baseline: Path, tmp_path: Path) -> None:
    text = baseline.read_bytes()
    (finding,) = analysed("service-leak-go1.27", baseline=baseline).report.failing
    wanted = ((finding.fingerprint, "why"), ("0123456789abcdef", "why"))
    outcome = analysed("service-leak-go1.27", baseline=baseline, accept=wanted)
    assert outcome.exit_code == 2
    assert str(outcome.errors[0]).startswith("--accept 0123456789abcdef: no group of this run has this fingerprint")
    assert [failing.key for failing in outcome.report.failing] == [finding.key]
    cut = tmp_path / "cut.trace"
    cut.write_bytes(Path(path_of("lockwait-go1.27")).read_bytes()[:9000])
    errors = analysed("service-leak-go1.27", str(cut), baseline=baseline, accept=wanted[:1]).errors
    assert [error.exit_code for error in errors] == [2, 3]
    assert baseline.read_bytes() == text


def test_each_program_is_compared_with_its_own_past(tmp_path: Path) -> None:
    """With two programs in one run and one file, only the leaking service fails, by its name."""
    path = tmp_path / "baseline.json"
    service, orders = SERVICE, "example.com/programs/orders (test)"
    assert analysed("service-go1.27", "orders-go1.27", baseline=path, update_baseline=True).exit_code == 0
    same = analysed("service-again-go1.27", "orders-go1.27", baseline=path, strict=True)
    assert (same.exit_code, same.report.failing) == (0, ())
    outcome = analysed("orders-go1.27", "service-leak-go1.27", "service-leak-go1.27", baseline=path)
    (finding,) = outcome.report.failing
    assert (finding.key.program, finding.trace) == (service, 1)
    assert finding.message.startswith(f"{service}: ")
    assert [trace.program for trace in outcome.report.traces] == [orders, service]
    verdict = outcome.report.verdict(finding)
    assert verdict
    assert verdict.now == (40,)
    both = {(finding.key.program, finding.key.rule) for finding in outcome.report.findings}
    assert (orders, "MutexContention") in both
    alone = analysed("service-leak-go1.27", baseline=path)
    (single,) = alone.report.failing
    assert (single.key, single.fingerprint) == (finding.key, finding.fingerprint)
    assert not single.message.startswith(service)


def output_of(outcome: Outcome, directory: Path) -> str:
    """Return all output of a run: its errors and its report in every format."""
    reports = [render(name, outcome.report) for name in FORMATS]
    text = "\n".join([*reports, *outcome.report.notes, *map(str, outcome.errors)])
    assert str(directory) not in text
    return text


def test_a_fetched_baseline_is_named_by_its_origin(baseline: Path, tmp_path: Path) -> None:
    name = ".gotracer-ci/baseline.json of main"
    fetched: dict[str, Any] = {"baseline": baseline, "baseline_name": name}

    compared = analysed("service-leak-go1.27", **fetched)
    assert compared.exit_code == 1
    assert compared.report.comparison
    assert compared.report.comparison.baseline == name
    assert name in output_of(compared, tmp_path)

    assert name in output_of(analysed("orders-go1.27", **fetched), tmp_path)

    missing = analysed("service-go1.27", baseline=tmp_path / "none.json", baseline_name=name)
    assert f"no baseline at {name} yet" in output_of(missing, tmp_path)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "not valid JSON at line 1"),
        (b"[" * 100_000, "not valid JSON: "),
        (b"{}", 'not a baseline file: missing "schema"'),
        (b"\xff", "not UTF-8 at byte 0"),
        (b" " * (schema.MAX_BYTES + 1), "exceeds the limit of 16,000,000 bytes"),
        (b'{"schema":99}', "written by a newer gotracer-ci: schema 99"),
        (b'{"schema":2,"programs":[]}', "programs: "),
        (b"<<<<<<< ours\n", "main:1: merge conflict markers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_in_a_fetched_baseline_names_its_origin(data: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "fetched.json"
    path.write_bytes(data)

    outcome = analysed("service-go1.27", baseline=path, baseline_name="b.json of main")

    (error,) = outcome.errors
    assert isinstance(error, BaselineError)
    assert str(error).startswith(("b.json of main: ", "b.json of main:1: "))
    assert problem in str(error)
    remedies = ("restore it from version control", "update gotracer-ci", "name another", "save it", 'run "gotracer-ci')
    assert str(error).partition("; ")[2].startswith(remedies)
    assert "\n" not in str(error)
    assert f"not compared with a baseline: {error}" in outcome.report.notes
    output_of(outcome, tmp_path)


def test_a_trace_without_a_program_belongs_to_the_only_program(tmp_path: Path) -> None:
    """The window of a flight recorder may have no frame of main or a test."""
    path, unknown = tmp_path / "baseline.json", tmp_path / "unknown.trace"
    unknown.write_bytes(case((ROOT / "tests/trace/text/ties.txt").read_text()).data)
    analysed("service-go1.27", baseline=path, update_baseline=True)
    together = analysed("service-go1.27", str(unknown), baseline=path)
    assert [trace.program for trace in together.report.traces] == ["example.com/programs/service", ""]
    for outcome, program in ((together, SERVICE), (analysed(str(unknown), baseline=path), "")):
        assert not any("has no data for" in note for note in outcome.report.notes)
        assert outcome.report.comparison
        assert {key.program for key in outcome.report.comparison.verdicts} == {program}
    three = analysed("service-go1.27", "orders-go1.27", str(unknown), baseline=path)
    assert any("has no data for the program of these traces" in note for note in three.report.notes)


def test_a_trace_without_a_test_is_not_of_the_test_binary_beside_it(tmp_path: Path) -> None:
    """A package whose tests leave no frame would make every regression of another one look as if it came and went."""
    short = tmp_path / "short.trace"
    short.write_bytes(case((ROOT / "tests/trace/text/ties.txt").read_text()).data)
    outcome = analysed("orders-go1.27", str(short), base=(path_of("orders-go1.22"),))
    assert outcome.report.comparison
    assert {key.program for key in outcome.report.comparison.verdicts} == {"example.com/programs/orders (test)"}
    assert [trace.program for trace in outcome.report.traces] == ["example.com/programs/orders (test)", ""]
    verdicts = outcome.report.comparison.verdicts.values()
    assert {len(verdict.now) for verdict in verdicts if verdict.now} == {1}


def test_updating_with_the_same_traces_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    for _ in range(2):
        outcome = analysed("service-go1.27", "orders-go1.27", "orders-go1.22", baseline=path, update_baseline=True)
    assert any("unchanged: it already has this run" in note for note in outcome.report.notes)
    assert path.read_text().count('"id":') == 2


def test_an_added_leak_is_confirmed(baseline: Path) -> None:
    """Counters hardly vary, so one trace confirms it. The report names the creator of the goroutines."""
    outcome = analysed("service-leak-go1.27", baseline=baseline)
    assert outcome.exit_code == 1
    (finding,) = outcome.report.failing
    assert finding.key.place == "main.(*service).startAudit"
    assert "main.(*service).startAudit" in finding.message
    verdict = outcome.report.verdict(finding)
    assert verdict
    assert (verdict.status, verdict.level) == (Status.NEW, Level.CONFIRMED)


def test_goroutines_without_a_name_are_not_a_regression(tmp_path: Path) -> None:
    """In Go 1.22 goroutines that never ran have no stack. Another Go version must not look like a leak."""
    path = tmp_path / "baseline.json"
    analysed("idle-go1.27", baseline=path, update_baseline=True)
    outcome = analysed("idle-go1.22", baseline=path, strict=True)
    assert outcome.report.failing == ()


def test_an_update_contains_all_rules(tmp_path: Path) -> None:
    """Even with --rule: findings of a missing rule would be new in the next run."""
    some, every = tmp_path / "some.json", tmp_path / "all.json"
    analysed("service-lock-go1.27", baseline=some, update_baseline=True, skip=("MutexContention",))
    analysed("service-lock-go1.27", baseline=every, update_baseline=True)
    assert some.read_bytes() == every.read_bytes()


def test_a_regression_below_every_threshold_is_shown(tmp_path: Path) -> None:
    """15 more goroutines are not a leak for the rule, but new compared with the baseline."""
    path = tmp_path / "baseline.json"
    quiet = {"GoroutineLeakGrowth.floor": "1000", "GoroutineLeak.info": "1000"}
    analysed("service-go1.27", baseline=path, update_baseline=True)
    outcome = analysed("service-leak-go1.27", baseline=path, thresholds=quiet)
    assert outcome.exit_code == 1
    assert [finding.severity for finding in outcome.report.failing] == [Severity.NONE]


def test_several_traces_give_one_finding_per_key() -> None:
    """With the values of the worst trace, and its index."""
    names = ("lockcontention-go1.23", "lockcontention-go1.27")
    outcome = analysed(*names)
    worst: dict[object, tuple[int, Finding]] = {}
    for index, name in enumerate(names):
        for finding in findings(name):
            before = worst.get(finding.key)
            if before is None or finding.statistics.maximum > before[1].statistics.maximum:
                worst[finding.key] = (index, finding)
    found = {f.key: (f.trace, f.statistics) for f in of_rules(outcome.report.findings)}
    assert found == {key: (index, finding.statistics) for key, (index, finding) in worst.items()}
    assert [trace.path.rpartition("/")[2] for trace in outcome.report.traces] == [f"{name}.trace" for name in names]


def test_a_broken_trace_does_not_spoil_the_others(tmp_path: Path) -> None:
    """Everything readable is reported, and the exit code is that of a damaged trace."""
    broken = tmp_path / "empty.trace"
    broken.write_bytes(b"")
    outcome = analysed(str(broken), "lockwait-go1.27", str(tmp_path / "missing"))
    assert of_rules(outcome.report.findings) == list(findings("lockwait-go1.27"))
    assert outcome.exit_code == 2
    assert [type(error) for error in outcome.errors] == [TraceError, TraceError]
    # the report must show it too
    assert view.outcome(outcome.report) in ("failure", "incomplete")
    assert [line.partition(":")[0] for line in view.remarks(outcome.report)[:2]] == [
        f"{broken} could not be read",
        f"{tmp_path / 'missing'} could not be read",
    ]


@pytest.mark.parametrize(("share", "events", "seconds"), [(0.3, 140, 1), (0.5, 277, 2), (0.99, 548, 4)])
def test_a_truncated_trace_is_reported_up_to_the_damage(
    tmp_path: Path, share: float, events: int, seconds: int
) -> None:
    """The 4.5 s wait on the mutex is still open at the damage, which is reported with its offset."""
    whole = Path(path_of("lockwait-go1.27")).read_bytes()
    truncated = tmp_path / "truncated.trace"
    truncated.write_bytes(whole[: int(len(whole) * share)])
    outcome = analysed(str(truncated))
    (error,) = outcome.errors
    assert isinstance(error, TraceError)
    assert error.offset is not None
    assert 0 < error.offset <= len(whole) * share
    assert outcome.exit_code == 2
    (trace,) = outcome.report.traces
    assert trace.damage
    assert trace.events == events
    (wait,) = next(f for f in outcome.report.findings if f.key.rule == "MutexContention").occurrences
    assert (wait.still_open, wait.duration_ns // 1_000_000_000) == (True, seconds)


def test_a_truncated_trace_never_goes_into_a_baseline(tmp_path: Path) -> None:
    """Its totals are too low, so every later run would look worse."""
    truncated, path = tmp_path / "truncated.trace", tmp_path / "baseline.json"
    truncated.write_bytes(Path(path_of("lockwait-go1.27")).read_bytes()[:9000])
    outcome = analysed(str(truncated), baseline=path, update_baseline=True)
    assert not path.exists()
    assert [error.exit_code for error in outcome.errors] == [2, 3]


@pytest.mark.parametrize("name", NAMES)
def test_a_gzipped_trace_gives_the_same_report(tmp_path: Path, name: str) -> None:
    """The pipeline shows exactly the findings of the rules."""
    packed = tmp_path / f"{name}.trace.gz"
    packed.write_bytes(gzip.compress(Path(path_of(name)).read_bytes(), 1))
    outcome = analysed(str(packed))
    assert outcome.errors == ()
    assert of_rules(outcome.report.findings) == list(findings(name))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"rule": ("Nope",)}, "Nope: no such rule"),
        ({"thresholds": {"GCAssist.warn": "-2ms"}}, "GCAssist.warn=-2ms: a threshold cannot be negative"),
        ({"root": Path("/nowhere/at/all")}, "/nowhere/at/all: no such directory"),
        ({"outputs": {"json": PROGRAMS}}, "it is a directory"),
        ({"outputs": {"json": PROGRAMS / "go.mod" / "x.json"}}, "go.mod is not a directory"),
        ({"output": PROGRAMS / "go.mod" / "x.json"}, "go.mod is not a directory"),
    ],
)
def test_invalid_settings_fail_before_the_analysis(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem.replace("(", r"\(")):
        analysed("lockwait-go1.27", **settings)


def test_an_unwritable_file_is_an_error_and_the_others_are_written(tmp_path: Path) -> None:
    """A full disk or a removed directory is noticed only when writing. The run's results are kept."""
    outcome = analysed(
        "lockwait-go1.27", outputs={"json": Path("/proc/gotracer/x.json"), "sarif": tmp_path / "new" / "x.sarif"}
    )
    assert [str(error) for error in outcome.errors] == [
        "/proc/gotracer/x.json: cannot be written: No such file or directory"
    ]
    assert outcome.exit_code == 2
    assert outcome.written == {"sarif": tmp_path / "new" / "x.sarif"}
    assert (tmp_path / "new" / "x.sarif").stat().st_size > 1000


def test_without_a_baseline_the_run_explains_how_to_create_one() -> None:
    assert any("--baseline FILE --update-baseline" in note for note in analysed("lockwait-go1.27").report.notes)


def test_no_report_contains_an_absolute_path(tmp_path: Path) -> None:
    """A trace below the root is named relative to it, from any working directory."""
    outcome = run(load({"root": ROOT, "traces": (str(TRACES / "lockwait-go1.27.trace"),)}))
    assert outcome.report.traces[0].path == "testdata/traces/lockwait-go1.27.trace"
    assert outcome.report.findings[0].location
    assert outcome.report.findings[0].location.path == "testdata/programs/lockwait/main.go"
