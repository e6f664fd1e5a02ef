"""Whole runs in this process: traces, a baseline and files in; a report, errors and an exit code out."""

from __future__ import annotations

import gzip
import shutil
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


def analysed(*names: str, **settings: Any) -> Outcome:
    """A run over committed traces, or files where a path is given."""
    traces = tuple(name if "/" in name else path_of(name) for name in names)
    return run(load({"root": PROGRAMS, **settings, "traces": traces}))


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    """A baseline of one run of the healthy service."""
    path = tmp_path / "baseline.json"
    assert analysed("service-go1.27", baseline=path, update_baseline=True).exit_code == 0
    return path


def test_the_update_and_then_the_same_trace_again(baseline: Path) -> None:
    """Nothing is new or worse, although the trace has a finding above its threshold."""
    outcome = analysed("service-go1.27", baseline=baseline)
    assert (outcome.exit_code, outcome.errors) == (0, ())
    assert outcome.report.comparison
    assert {verdict.status for verdict in outcome.report.comparison.verdicts.values()} == {Status.KNOWN}


def test_another_run_of_the_same_program_is_no_regression(baseline: Path) -> None:
    for strict in (False, True):
        outcome = analysed("service-again-go1.27", baseline=baseline, strict=strict)
        assert outcome.exit_code == 0
        assert outcome.report.comparison
        assert outcome.report.comparison.regressions(strict=True) == []


def test_an_added_lock_is_suspected_and_nothing_else(baseline: Path) -> None:
    """One trace against one entry is not enough to be sure."""
    outcome = analysed("service-lock-go1.27", baseline=baseline)
    assert outcome.exit_code == 0
    assert outcome.report.comparison
    (verdict,) = outcome.report.comparison.regressions(strict=True)
    assert verdict.key == Key("MutexContention", "sync.(*Mutex).Lock", "main.(*service).updateInventory")
    assert (verdict.status, verdict.level) == (Status.NEW, Level.SUSPECTED)
    strict = analysed("service-lock-go1.27", baseline=baseline, strict=True)
    assert strict.exit_code == 1
    assert [finding.key for finding in strict.report.failing] == [verdict.key]


def test_an_accepted_regression_counts_no_more_in_that_same_run(baseline: Path) -> None:
    before = analysed("service-leak-go1.27", baseline=baseline)
    (finding,) = before.report.failing
    wanted = ((finding.fingerprint, "the audit stays"),)
    after = analysed("service-leak-go1.27", baseline=baseline, accept=wanted)
    assert (after.exit_code, after.errors) == (0, ())
    assert any("was updated by --accept; commit it" in note for note in after.report.notes)
    assert '"accepted":"the audit stays"' in baseline.read_text()
    text = baseline.read_bytes()
    again = analysed("service-leak-go1.27", baseline=baseline, accept=wanted)
    assert again.exit_code == 0
    assert baseline.read_bytes() == text
    assert any("unchanged: the finding passed to --accept is not a regression" in note for note in again.report.notes)


def test_what_cannot_be_accepted_changes_nothing_and_the_report_is_there(baseline: Path, tmp_path: Path) -> None:
    text = baseline.read_bytes()
    (finding,) = analysed("service-leak-go1.27", baseline=baseline).report.failing
    wanted = ((finding.fingerprint, "why"), ("0123456789abcdef", "why"))
    outcome = analysed("service-leak-go1.27", baseline=baseline, accept=wanted)
    assert outcome.exit_code == 2
    assert str(outcome.errors[0]).startswith("--accept 0123456789abcdef: no group of this run has that fingerprint")
    assert [failing.key for failing in outcome.report.failing] == [finding.key]
    cut = tmp_path / "cut.trace"
    cut.write_bytes(Path(path_of("lockwait-go1.27")).read_bytes()[:9000])
    errors = analysed("service-leak-go1.27", str(cut), baseline=baseline, accept=wanted[:1]).errors
    assert [error.exit_code for error in errors] == [2, 3]
    assert baseline.read_bytes() == text


def test_each_program_is_compared_with_its_own_past(tmp_path: Path) -> None:
    """One run, one file: the leaking service fails, by its name, whatever the test beside it does."""
    path = tmp_path / "baseline.json"
    service, orders = "example.com/programs/service", "example.com/programs/orders (test)"
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
    assert [(finding.key.program, finding.key.place) for finding in alone.report.failing] == [("", finding.key.place)]


def told(outcome: Outcome, folder: Path) -> str:
    """All that a run says: its errors and every format of its report."""
    reports = [render(name, outcome.report) for name in FORMATS]
    text = "\n".join([*reports, *outcome.report.notes, *map(str, outcome.errors)])
    assert str(folder) not in text
    return text


def test_a_baseline_that_was_fetched_is_called_by_where_it_is_from(baseline: Path, tmp_path: Path) -> None:
    name = ".gotracer-ci/baseline.json of main"
    fetched: dict[str, Any] = {"baseline": baseline, "baseline_name": name}

    compared = analysed("service-leak-go1.27", **fetched)
    assert compared.exit_code == 1
    assert compared.report.comparison
    assert compared.report.comparison.baseline == name
    assert name in told(compared, tmp_path)

    assert name in told(analysed("orders-go1.27", **fetched), tmp_path)

    missing = analysed("service-go1.27", baseline=tmp_path / "none.json", baseline_name=name)
    assert f"no baseline at {name} yet" in told(missing, tmp_path)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{", "not valid JSON at line 1"),
        (b"[" * 100_000, "not valid JSON: "),
        (b"{}", 'not a baseline file: missing "schema"'),
        (b"\xff", "not UTF-8 at byte 0"),
        (b" " * (schema.MAX_BYTES + 1), "larger than 16,000,000 bytes"),
        (b'{"schema":99}', "written by a newer gotracer-ci: schema 99"),
        (b'{"schema":2,"programs":[]}', "programs: "),
        (b"<<<<<<< ours\n", "main:1: merge conflict markers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_of_a_fetched_baseline_names_where_it_is_from(data: bytes, problem: str, tmp_path: Path) -> None:
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
    told(outcome, tmp_path)


def test_what_a_baseline_knows_nothing_of_counts(baseline: Path) -> None:
    """As without one: a package that is new to the pipeline is not waved through."""
    outcome = analysed("service-again-go1.27", "orders-go1.27", baseline=baseline)
    assert {finding.key.program for finding in outcome.report.failing} == {"example.com/programs/orders (test)"}
    assert outcome.exit_code == 1
    assert any(
        "the baseline holds nothing of the program example.com/programs/orders (test)" in note
        for note in outcome.report.notes
    )
    assert analysed("orders-go1.27", baseline=baseline, fail_on="never").exit_code == 0


def test_a_trace_that_tells_nothing_is_of_the_runs_or_the_files_only_program(tmp_path: Path) -> None:
    """As the window of a flight recorder may be: no frame of main, none of a test."""
    path, unknown = tmp_path / "baseline.json", tmp_path / "unknown.trace"
    unknown.write_bytes(case((ROOT / "tests/trace/text/ties.txt").read_text()).data)
    analysed("service-go1.27", baseline=path, update_baseline=True)
    together = analysed("service-go1.27", str(unknown), baseline=path)
    assert [trace.program for trace in together.report.traces] == ["example.com/programs/service", ""]
    for outcome in (together, analysed(str(unknown), baseline=path)):
        assert not any("holds nothing of" in note for note in outcome.report.notes)
        assert outcome.report.comparison
        assert {key.program for key in outcome.report.comparison.verdicts} == {""}
    three = analysed("service-go1.27", "orders-go1.27", str(unknown), baseline=path)
    assert any("holds nothing of the program of these traces" in note for note in three.report.notes)


def test_the_same_traces_change_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    for _ in range(2):
        outcome = analysed("service-go1.27", "orders-go1.27", "orders-go1.22", baseline=path, update_baseline=True)
    assert any("holds this run already and was not changed" in note for note in outcome.report.notes)
    assert path.read_text().count('"id":') == 2


def test_an_added_leak_is_confirmed(baseline: Path) -> None:
    """Counters hardly vary, so one trace confirms. The report names who creates the goroutines."""
    outcome = analysed("service-leak-go1.27", baseline=baseline)
    assert outcome.exit_code == 1
    (finding,) = outcome.report.failing
    assert finding.key.place == "main.(*service).startAudit"
    assert "main.(*service).startAudit" in finding.message
    verdict = outcome.report.verdict(finding)
    assert verdict
    assert (verdict.status, verdict.level) == (Status.NEW, Level.CONFIRMED)


def test_goroutines_without_a_name_are_no_regression(tmp_path: Path) -> None:
    """Go 1.22 gives the goroutines that never ran no stack: another version is not a leak of eight goroutines."""
    path = tmp_path / "baseline.json"
    analysed("idle-go1.27", baseline=path, update_baseline=True)
    outcome = analysed("idle-go1.22", baseline=path, strict=True)
    assert outcome.report.failing == ()


def test_an_update_holds_all_rules(tmp_path: Path) -> None:
    """Whatever is shown: what the baseline lacked would be new as soon as it is asked for again."""
    some, every = tmp_path / "some.json", tmp_path / "all.json"
    analysed("service-lock-go1.27", baseline=some, update_baseline=True, skip=("MutexContention",))
    analysed("service-lock-go1.27", baseline=every, update_baseline=True)
    assert some.read_bytes() == every.read_bytes()


def test_what_got_worse_is_shown_below_every_threshold(tmp_path: Path) -> None:
    """15 goroutines more are no leak by the rule, but new against the baseline."""
    path = tmp_path / "baseline.json"
    quiet = {"GoroutineLeakGrowth.floor": "1000"}
    analysed("service-go1.27", baseline=path, update_baseline=True)
    outcome = analysed("service-leak-go1.27", baseline=path, thresholds=quiet)
    assert outcome.exit_code == 1
    assert [finding.severity for finding in outcome.report.failing] == [Severity.NONE]


def test_several_traces_give_one_finding_a_key() -> None:
    """With the worst trace's figures, and which one that is."""
    names = ("lockcontention-go1.23", "lockcontention-go1.27")
    outcome = analysed(*names)
    worst: dict[object, tuple[int, Finding]] = {}
    for index, name in enumerate(names):
        for finding in findings(name):
            before = worst.get(finding.key)
            if before is None or finding.statistics.maximum > before[1].statistics.maximum:
                worst[finding.key] = (index, finding)
    found = {f.key: (f.trace, f.statistics) for f in outcome.report.findings}
    assert found == {key: (index, finding.statistics) for key, (index, finding) in worst.items()}
    assert [trace.path.rpartition("/")[2] for trace in outcome.report.traces] == [f"{name}.trace" for name in names]


def test_a_broken_trace_does_not_spoil_the_others(tmp_path: Path) -> None:
    """All that could be read is reported; the exit code says that not all could."""
    broken = tmp_path / "empty.trace"
    broken.write_bytes(b"")
    outcome = analysed(str(broken), "lockwait-go1.27", str(tmp_path / "missing"))
    assert [f.key for f in outcome.report.findings] == [f.key for f in findings("lockwait-go1.27")]
    assert outcome.exit_code == 2
    assert [type(error) for error in outcome.errors] == [TraceError, TraceError]
    # whoever has only the report must see it, too
    assert view.outcome(outcome.report) in ("failure", "incomplete")
    assert [line.partition(":")[0] for line in view.remarks(outcome.report)[:2]] == [
        f"{broken} could not be read",
        f"{tmp_path / 'missing'} could not be read",
    ]


@pytest.mark.parametrize(("share", "events", "seconds"), [(0.3, 140, 1), (0.5, 277, 2), (0.99, 548, 4)])
def test_a_truncated_trace_is_reported_up_to_the_damage(
    tmp_path: Path, share: float, events: int, seconds: int
) -> None:
    """The wait of 4.5 s on the mutex is open at the end of what could be read, and the damage has its offset."""
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
    """Its totals are too low: everything would look worse afterwards."""
    truncated, path = tmp_path / "truncated.trace", tmp_path / "baseline.json"
    truncated.write_bytes(Path(path_of("lockwait-go1.27")).read_bytes()[:9000])
    outcome = analysed(str(truncated), baseline=path, update_baseline=True)
    assert not path.exists()
    assert [error.exit_code for error in outcome.errors] == [2, 3]


@pytest.mark.parametrize("name", NAMES)
def test_a_gzipped_trace_gives_the_same(tmp_path: Path, name: str) -> None:
    """The pipeline adds nothing to what the rules find, and drops nothing."""
    packed = tmp_path / f"{name}.trace.gz"
    packed.write_bytes(gzip.compress(Path(path_of(name)).read_bytes(), 1))
    outcome = analysed(str(packed))
    assert outcome.errors == ()
    assert outcome.report.findings == findings(name)


def test_files_folders_patterns_each_once(tmp_path: Path) -> None:
    """In a folder whatever begins like a trace, whatever it is called; a file that is named twice counts once."""
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    for name in ("a.trace", "b.out"):
        shutil.copyfile(path_of("waitgroup-go1.26"), folder / name)
    (folder / "c.trace.gz").write_bytes(gzip.compress((folder / "a.trace").read_bytes()))
    (folder / "notes.txt").write_text("no trace")
    (folder / "d.gz").write_bytes(gzip.compress(b"no trace"))
    for given, expected in [
        ([tmp_path], ["a.trace", "b.out", "c.trace.gz"]),
        ([folder / "*.trace"], ["a.trace"]),
        ([tmp_path / "**" / "?.*e*"], ["a.trace", "c.trace.gz"]),
        ([folder / "b.out", tmp_path, folder / "b.out"], ["b.out", "a.trace", "c.trace.gz"]),
    ]:
        outcome = run(load({"root": tmp_path, "traces": tuple(map(str, given))}))
        assert outcome.errors == ()
        assert [trace.path for trace in outcome.report.traces] == [f"deep/er/{name}" for name in expected]


def test_a_name_with_brackets_is_a_file_first(tmp_path: Path) -> None:
    """Go's own test names have them: it is a pattern only where no such file is."""
    odd = tmp_path / "TestX[1]*.trace"
    shutil.copyfile(path_of("waitgroup-go1.26"), odd)
    assert analysed(str(odd)).errors == ()


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
def test_wrong_settings_end_it_before_the_work(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem.replace("(", r"\(")):
        analysed("lockwait-go1.27", **settings)


def test_a_file_that_cannot_be_written_is_an_error_and_the_others_are_there(tmp_path: Path) -> None:
    """A disk full, a folder taken away: seen only when writing. The results of the run stay."""
    outcome = analysed(
        "lockwait-go1.27", outputs={"json": Path("/proc/gotracer/x.json"), "sarif": tmp_path / "new" / "x.sarif"}
    )
    assert [str(error) for error in outcome.errors] == [
        "/proc/gotracer/x.json: cannot be written: No such file or directory"
    ]
    assert outcome.exit_code == 2
    assert outcome.written == {"sarif": tmp_path / "new" / "x.sarif"}
    assert (tmp_path / "new" / "x.sarif").stat().st_size > 1000


def test_without_a_baseline_the_run_says_how_to_make_one() -> None:
    assert any("--baseline FILE --update-baseline" in note for note in analysed("lockwait-go1.27").report.notes)


def test_no_report_holds_a_path_of_the_machine(tmp_path: Path) -> None:
    """A trace below the root is named from there, wherever the run was started."""
    outcome = run(load({"root": ROOT, "traces": (str(TRACES / "lockwait-go1.27.trace"),)}))
    assert outcome.report.traces[0].path == "testdata/traces/lockwait-go1.27.trace"
    assert outcome.report.findings[0].location
    assert outcome.report.findings[0].location.path == "testdata/programs/lockwait/main.go"
