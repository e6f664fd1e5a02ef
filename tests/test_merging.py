"""Reports of several jobs become the report of one job that has all traces."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gotracer_ci import __version__, pipeline
from gotracer_ci.baseline import schema as baseline
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.merging import join
from gotracer_ci.merging.load import load
from gotracer_ci.pipeline import Outcome
from gotracer_ci.report.formats import render
from gotracer_ci.settings import Settings
from gotracer_ci.settings import load as configured
from tests.conftest import PROGRAMS, ROOT, Run, complaints, once, path_of

HEAD = (
    "service-leak-go1.27", "service-lock-go1.27", "tour-go1.27", "lockwait-go1.22", "lockcontention-go1.23",
    "waits-go1.27", "lockcontention-go1.27", "leak-go1.24", "regions-go1.27", "orders-go1.27",
    "schedlatency-go1.26", "starvation-go1.27",
)  # fmt: skip
BASE = (
    "service-go1.27", "service-again-go1.27", "tour-go1.26", "lockwait-go1.27", "generations-go1.25", "waits-go1.26",
    "deadlock-go1.22", "leak-go1.27", "regions-go1.21", "orders-go1.22", "schedlatency-go1.22", "starvation-go1.24",
)  # fmt: skip
SETTINGS = Settings(root=PROGRAMS, format="json", with_tables=True)
KNOWN = ROOT / "testdata/baseline.json"


def paths(names: Sequence[str], start: int = 0, number: int = 12) -> tuple[str, ...]:
    return tuple(path_of(name) for name in sorted(names)[start : start + number])


def analyzed(settings: Settings, file: Path) -> str:
    """Write the report of a job, and return its name."""
    pipeline.run(replace(settings, outputs={"json": file}))
    return str(file)


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the reports of twelve jobs with one trace each, and of four with three traces and those of the base."""

    def make(directory: Path) -> None:
        for number in range(12):
            analyzed(replace(SETTINGS, traces=paths(HEAD, number, 1)), directory / f"alone/{number}.json")
        for number in range(4):
            given = replace(SETTINGS, traces=paths(HEAD, 3 * number, 3), base=paths(BASE, 3 * number, 3))
            analyzed(given, directory / f"base/{number}.json")

    return once(tmp_path_factory, "shards", make)


def merged(directory: Path, settings: Settings, seed: int = 0) -> Outcome:
    """Join the reports in a directory, in any order."""
    names = sorted(map(str, directory.glob("*.json")))
    random.Random(seed).shuffle(names)
    return join.run(settings, load(names))


def document(outcome: Outcome) -> dict[str, Any]:
    """Return everything that a JSON report has, but for what only a report of traces has."""
    found: dict[str, Any] = json.loads(render("json", replace(outcome.report, measurements=None)))
    return found


@pytest.fixture(scope="session")
def two_jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a baseline of two jobs, with the traces of the base."""

    def make(file: Path) -> None:
        for run_id in ("1", "2"):
            given = replace(SETTINGS, baseline=file, update_baseline=True, run_id=run_id, with_tables=False)
            pipeline.run(replace(given, format="human", traces=paths(BASE)))

    return once(tmp_path_factory, "two-jobs.json", make)


@pytest.mark.parametrize("has_base", [False, True])
@pytest.mark.parametrize("has_baseline", [False, True])
def test_twelve_shards_are_like_the_run_over_all_traces(
    has_baseline: bool, has_base: bool, shards: Path, two_jobs: Path
) -> None:
    """In findings, verdicts, tables, notes and exit code, whatever the order of the reports."""
    given = replace(SETTINGS, baseline=two_jobs if has_baseline else None)
    whole = pipeline.run(replace(given, traces=paths(HEAD), base=paths(BASE) if has_base else ()))

    found = [merged(shards / ("base" if has_base else "alone"), given, seed) for seed in (1, 2)]

    assert [document(one) for one in found] == [document(whole)] * 2
    assert [one.exit_code for one in found] == [whole.exit_code] * 2
    assert len(whole.report.findings) > 30
    if whole.report.comparison:
        assert len(whole.report.comparison.verdicts) > 300
        assert whole.report.comparison.flagged


def test_a_matrix_is_one_job_of_the_baseline(shards: Path, two_jobs: Path, tmp_path: Path) -> None:
    files = tmp_path / "whole.json", tmp_path / "merged.json"
    for file in files:
        shutil.copy(two_jobs, file)
    given = replace(SETTINGS, format="human", update_baseline=True, run_id="3", baseline=files[0])

    pipeline.run(replace(given, traces=paths(HEAD)))
    merged(shards / "alone", replace(given, baseline=files[1]))

    assert files[0].read_bytes() == files[1].read_bytes() != two_jobs.read_bytes()


def test_a_rule_that_the_shards_skipped_did_not_measure_the_job(tmp_path: Path) -> None:
    """Otherwise all that it finds later would be new."""
    given = replace(SETTINGS, skip=("GoroutineLeak",))
    names = [
        analyzed(replace(given, traces=(path_of(name),)), tmp_path / f"{name}.json")
        for name in ("service-go1.27", "service-again-go1.27")
    ]
    file = tmp_path / "b.json"
    join.run(replace(SETTINGS, baseline=file, update_baseline=True), load(names))
    (entry,) = (entry for part in baseline.load(file).parts.values() for entry in part.entries)
    assert entry.traces == 2
    assert not entry.measured("GoroutineLeak")
    assert entry.measured("MutexContention")

    leak = pipeline.run(replace(SETTINGS, baseline=file, traces=(path_of("service-leak-go1.27"),)))
    assert "GoroutineLeak" not in {finding.key.rule for finding in leak.report.counting}


def test_jobs_can_use_the_same_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for number, name in enumerate(("lockwait-go1.27", "deadlock-go1.27", "lockwait-go1.22")):
        place = tmp_path / str(number)
        place.mkdir()
        shutil.copy(path_of(name), place / "trace.out")
        monkeypatch.chdir(place)
        names.append(analyzed(replace(SETTINGS, root=Path(), traces=("trace.out",)), place / "r.json"))
    found = [join.run(SETTINGS, load(order)) for order in (names, names[::-1])]
    assert document(found[0]) == document(found[1])
    report = found[0].report
    assert [trace.path for trace in report.traces] == ["trace.out"] * 3
    assert len({trace.events for trace in report.traces}) == 3
    alone = {(f.fingerprint, f.statistics) for name in names for f in join.run(SETTINGS, load([name])).report.findings}
    assert {(f.fingerprint, f.statistics) for f in report.findings} <= alone


def test_a_trace_that_two_jobs_read_counts_once(tmp_path: Path) -> None:
    copy = tmp_path / "again.trace"
    shutil.copy(path_of("lockwait-go1.27"), copy)
    first = analyzed(replace(SETTINGS, traces=paths(("lockwait-go1.27", "deadlock-go1.27"))), tmp_path / "1.json")
    second = analyzed(replace(SETTINGS, traces=(str(copy), path_of("tour-go1.27"))), tmp_path / "2.json")

    outcome = join.run(SETTINGS, load([first, second]))

    whole = pipeline.run(replace(SETTINGS, traces=paths(("lockwait-go1.27", "deadlock-go1.27", "tour-go1.27"))))
    (note,) = outcome.report.notes[:1]
    assert "left out, because each trace counts once" in note
    assert "1.json" in note
    assert "2.json" in note
    assert len(outcome.report.traces) == 3
    assert {finding.key: finding.statistics for finding in outcome.report.findings} == {
        finding.key: finding.statistics for finding in whole.report.findings
    }
    assert outcome.report.tables is not None
    assert {row["trace"] for row in outcome.report.tables.goroutines} == {t.path for t in outcome.report.traces}


def test_a_shard_with_a_damaged_trace_is_reported_and_updates_nothing(tmp_path: Path) -> None:
    half, other = tmp_path / "half.trace", tmp_path / "other.trace"
    whole = Path(path_of("generations-go1.26")).read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    other.write_bytes(b"hello")
    first = analyzed(replace(SETTINGS, traces=(str(other), path_of("lockwait-go1.27"), str(half))), tmp_path / "1.json")
    second = analyzed(replace(SETTINGS, traces=(path_of("deadlock-go1.27"),)), tmp_path / "2.json")
    file = tmp_path / "b.json"

    outcome = join.run(replace(SETTINGS, baseline=file, update_baseline=True), load([second, first]))

    assert outcome.exit_code == 2
    shown = [str(error) for error in outcome.errors]
    assert sorted(line.split(": ")[:2] for line in shown[:2]) == [[first, str(half)], [first, str(other)]]
    assert "not updated: a trace is truncated or damaged" in shown[2]
    assert not file.exists()
    assert [trace.path for trace in outcome.report.traces][-1] == str(other)
    assert outcome.report.findings


def test_a_run_that_could_not_be_compared_is_not_green(shards: Path, tmp_path: Path) -> None:
    names = [str(shards / "alone/0.json")]
    broken = tmp_path / "b.json"
    broken.write_text("{", encoding="utf-8")
    outcome = join.run(replace(SETTINGS, baseline=broken), load(names))
    assert outcome.exit_code == 3
    assert outcome.report.uncompared
    assert "not compared with a baseline" in outcome.report.notes[-1]


def test_jobs_that_had_a_baseline_say_that_it_is_missing(tmp_path: Path) -> None:
    """The verdicts of the jobs do not count, so without it every finding does."""
    given = replace(SETTINGS, baseline=KNOWN, traces=(path_of("service-leak-go1.27"),))
    name = analyzed(given, tmp_path / "1.json")
    outcome = join.run(replace(SETTINGS, fail_on="info"), load([name]))
    assert outcome.exit_code == 1
    assert any("name it with --baseline" in note for note in outcome.report.notes)
    assert not any(
        "name it with" in note for note in join.run(replace(SETTINGS, baseline=KNOWN), load([name])).report.notes
    )


def test_an_objective_is_unmatched_only_if_no_shard_has_it(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[[objective]]\nregion = "no such region"\np50 = "1s"\n[[objective]]\ntest = "TestTake"\nmax = "1s"\n',
        encoding="utf-8",
    )
    given = configured({"root": PROGRAMS, "format": "json"}, file)
    names = [
        analyzed(replace(given, traces=(path_of(name),)), tmp_path / f"{name}.json")
        for name in ("orders-go1.27", "tour-go1.27")
    ]
    whole = pipeline.run(replace(given, traces=(path_of("orders-go1.27"), path_of("tour-go1.27"))))
    found = join.run(SETTINGS, load(names))
    assert found.report.notes == whole.report.notes
    assert [note for note in found.report.notes if "no trace has such a" in note] != []
    assert not any("TestTake" in note for note in found.report.notes)


def test_the_page_shows_what_the_command_prints(run: Run) -> None:
    page = (ROOT / "docs/merge.md").read_text(encoding="utf-8")
    shown = re.findall(r"^    gotracer-ci (analyze .*)$", page, re.MULTILINE)
    ((command, output),) = re.findall(r"```console\n\$ gotracer-ci (.*)\n([^`]*)```", page)
    assert len(shown) == 2
    for line in shown:
        assert run(*shlex.split(line), cwd=ROOT).returncode in (0, 1)
    done = run(*shlex.split(command), cwd=ROOT)
    assert done.stdout.decode() == output
    assert done.returncode == 1


# reports that cannot be joined


@pytest.fixture(scope="module")
def report(shards: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shards / "alone/3.json").read_text(encoding="utf-8"))
    return found


def refused(report: Any, shards: Path, tmp_path: Path) -> str:
    """Return why a report cannot be joined with another one."""
    file = tmp_path / "x.json"
    file.write_text(report if isinstance(report, str) else json.dumps(report), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load([str(shards / "alone/0.json"), str(file)])
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"a":' * 50_000, "\0", "{}"])
def test_what_is_no_report_is_one_line(text: str, shards: Path, tmp_path: Path) -> None:
    problem = refused(text, shards, tmp_path)
    assert ("empty; the job" if text == "" else "not a gotracer-ci report") in problem


def test_reports_of_different_runs_are_refused(report: dict[str, Any], shards: Path, tmp_path: Path) -> None:
    first = json.loads((shards / "alone/0.json").read_text(encoding="utf-8"))
    rules = [dict(rule) for rule in report["rules"]]
    other = [dict(rule, thresholds=[dict(t, value=1.0) for t in rule["thresholds"]]) for rule in rules]
    for changed, problem in (
        ({"version": "0.9.9"}, f"by gotracer-ci 0.9.9, but this is {__version__}; use one version in all jobs"),
        ({"folder": "shop"}, "of the directory in the repository shop"),
        ({"rules": rules[1:]}, "ran GCPauseSpike; use one configuration"),
        ({"rules": other}, "GCPauseSpike has other thresholds than in"),
        ({"measurements": None}, "a report of gotracer-ci merge; merge joins those of gotracer-ci analyze"),
        ({"rules": [*rules, dict(rules[0], name="OurRule")]}, "its job ran the rule OurRule; install the package"),
    ):
        assert problem in refused({**report, **changed}, shards, tmp_path)
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps({**first, "commit": "a" * 40}), encoding="utf-8")
    two.write_text(json.dumps({**report, "commit": "b" * 40}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"two\.json: of the commit b+, but .*one\.json is of a+; join the reports"):
        load([str(one), str(two)])


def test_files_that_do_not_exist_are_named(run: Run, shards: Path, tmp_path: Path) -> None:
    (tmp_path / "large.json").write_bytes(b" " * ((32 << 20) + 1))
    for name, problem in (
        ("none.json", "none.json: no such file"),
        ("*.jsn", "*.jsn: no file matches this glob"),
        (str(shards), "is a directory; name the reports in it, such as"),
        ("large.json", "large.json: exceeds the limit"),
    ):
        done = run("merge", name)
        (line,) = complaints(done)
        assert problem in line
        assert (done.returncode, done.stdout) == (2, b"")
    (line,) = complaints(run("merge"))
    assert line.startswith("no report given")


def leaves(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from leaves(item)
        else:
            yield value, key


ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([0, -1, 1, 7, 10**6, 2**31, 2**62, 2**63, 10**400, 1e308, None, True, "", "x", "LongWait", [], {}]),
    st.integers(0, 2**63),
)


@settings(max_examples=300)
@given(data=st.data())
def test_any_measurements_are_refused_or_compared(
    data: st.DataObject, report: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = json.loads(json.dumps(report))
    places = [*leaves(changed["measurements"]["traces"]), *leaves(changed["measurements"]["groups"])]
    for _ in range(data.draw(st.integers(1, 4))):
        container, key = data.draw(st.sampled_from(places))
        container[key] = data.draw(ODD)
    file = tmp_path_factory.getbasetemp() / "odd.json"
    file.write_text(json.dumps(changed), encoding="utf-8")
    with suppress(UsageError):
        joined = join.run(replace(SETTINGS, baseline=KNOWN), load([str(file)])).report
        assert all(finding.severity > Severity.NONE or joined.verdict(finding) for finding in joined.findings)
        render("json", joined)
