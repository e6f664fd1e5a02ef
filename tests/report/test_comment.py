"""The pull request's comment, read as GitHub reads it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from bs4 import Tag

from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Activity, Holders, Severity
from gotracer_ci.report import comment, view
from gotracer_ci.report.links import NO_LINKS
from gotracer_ci.report.model import Report

from . import factory
from .factory import MS
from .github_page import COMMIT, LINKS, page

COMPARED = factory.compared_report()
PLAIN = factory.plain_report()
LIMIT = 65_000
LIMITS = (LIMIT, 25_000, 9_000, 4_000, 600, 0)


def report_of(*verdicts: Verdict) -> Report:
    """Return the report of a complete run, with a finding for each verdict that is not fixed."""
    findings = tuple(replace(factory.finding(), key=v.key) for v in verdicts if v.status is not Status.FIXED)
    assert COMPARED.comparison
    comparison = replace(COMPARED.comparison, verdicts={v.key: v for v in verdicts}, warnings=())
    return replace(COMPARED, traces=factory.TRACES, findings=findings, comparison=comparison, notes=())


def judged(status: Status, level: Level = Level.CONFIRMED, place: str = "main.f") -> Verdict:
    return factory.verdict(factory.finding().key._replace(place=place), status, level)


def many(number: int) -> Report:
    """Return a report with many regressions, each with a stack."""
    large = factory.large_report(number, 30)
    assert COMPARED.comparison
    verdicts = {f.key: factory.verdict(f.key, Status.WORSE) for f in large.findings}
    return replace(large, comparison=replace(COMPARED.comparison, verdicts=verdicts))


def headline(report: Report) -> str:
    """Return the sentence with the verdict."""
    return page(comment.render(report, LINKS, LIMIT))("strong")[0].get_text()


def findings_of(seen: Tag) -> list[str]:
    """Return the first cell of each row."""
    return [row("td")[0].get_text(" ") for row in seen("tr")[1:]]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_the_verdict_comes_first_then_the_regressions() -> None:
    seen = page(comment.render(COMPARED, LINKS, LIMIT))
    title, sentence, table = seen.find_all(True, recursive=False)[:3]
    assert title.get_text() == "gotracer-ci: (*Server).handleOrder (BlockedOnSyscall, syscall): 0 s → 310–330 ms"
    assert sentence.get_text().startswith("2 new, 1 worse, 1 suspected, 1 fixed")
    assert sentence.get_text().endswith(" The run fails.")
    assert findings_of(table) == [
        "🔴 new BlockedOnSyscall",
        "🟠 worse MutexContention",
        "🟠 new GoroutineLeakGrowth",
        "🟠 worse, suspected HighSchedulingLatency",
    ]
    place = table("tr")[2]("td")[1]
    assert [code.get_text() for code in place("code")] == ["store.(*Cache).Get", "store/cache.go:41"]
    assert [link["href"] for link in place("a")] == [f"{LINKS.blob}store/cache.go#L41"]


def test_a_single_regression_needs_no_table() -> None:
    worse, other = judged(Status.WORSE), judged(Status.KNOWN, place="main.g")
    holders = Holders(150 * MS, 145 * MS, True, 1, 7, (Activity("sleep", 145 * MS, factory.HANDLER),))
    report = report_of(worse, other)
    first = replace(report.findings[0], holders=holders)
    effect = factory.verdict(first.key._replace(kind="unblocked"), Status.NEW)._replace(cause=first.fingerprint)
    assert report.comparison
    verdicts = {**report.comparison.verdicts, effect.key: effect}
    report = replace(
        report, findings=(first, *report.findings[1:]), comparison=replace(report.comparison, verdicts=verdicts)
    )
    text = comment.render(report, LINKS, LIMIT)
    seen = page(text)
    assert not seen("table")
    shown = [" ".join(block.get_text(" ").split()) for block in seen.find_all("p", recursive=False)]
    assert shown[1:5] == [
        "🟠 worse: MutexContention store.(*Cache).Get store/cache.go:41 "
        "740 ms → 1.5\N{EN DASH}1.6 s (2.09\N{MULTIPLICATION SIGN})",
        "Cause: While it waited 150 ms, goroutine 7, which held the lock, spent up to 145 ms in time.Sleep at "
        "example.com/shop/api.(*Server).handleOrder (api/orders.go:88).",
        "Effects: MutexContention unblocked 740 ms → 1.5\N{EN DASH}1.6 s",
        "What to do: Hold the lock for less time, or split what it guards.",
    ]
    for once in ("Hold the lock for less time", "While it waited"):
        assert text.count(once) == 1
    brief = page(comment.render(report, LINKS, len(text) // 2))
    assert "store/cache.go:41" in brief.get_text()
    assert "Cause" not in brief.get_text()


def test_the_report_is_an_artifact() -> None:
    (seen,) = [p for p in page(comment.render(COMPARED, LINKS, LIMIT))("p") if "Timeline" in p.get_text()]
    fingerprint = COMPARED.findings[0].fingerprint
    assert seen.get_text() == (
        "Timeline and more: If the workflow uploads gotracer-ci/, the artifacts have a report.html. "
        f"Add #f={fingerprint} to its address to see the first finding."
    )
    assert [link["href"] for link in seen("a")] == [LINKS.artifacts]
    assert "Timeline" not in comment.render(COMPARED, NO_LINKS, LIMIT)


def test_details_have_the_evidence_and_the_suggestion() -> None:
    seen = page(comment.render(COMPARED, LINKS, LIMIT))
    titles = [summary.get_text() for summary in seen("summary")]
    assert titles[1] == "MutexContention at example.com/shop/store.(*Cache).Get (store/cache.go:41)"
    assert titles[4:] == ["1 fixed, 1 better"]
    detail = seen("details")[1].get_text()
    for words in (
        "Compared: 3 of 3 traces above the highest of 5 jobs",
        "ended by goroutine 7.",
        "What to do: Hold the lock for less time",
        "sync.(*Mutex).Lock (/usr/local/go/src/sync/mutex.go:46)",
    ):
        assert words in detail
    assert findings_of(seen("details")[4]) == ["fixed HighSchedulingLatency", "better LongWait"]


def test_a_comment_says_what_to_do_on_the_pull_request_without_command_lines() -> None:
    notes = ("create it with --update-baseline", "3 of the base commit in the same job (--base)")
    text = comment.render(replace(COMPARED, notes=notes), LINKS, LIMIT)
    assert "Push a fix, and the next run updates this comment." in text
    assert f"accept it: the [summary of the run]({LINKS.run})" in text
    assert "in the same job\n" in text
    assert not re.search(r"(^|[\s(`])--[a-z]", text)
    assert "gotracer-ci analyze" not in text


def test_other_findings_are_counted_and_the_footer_names_the_run() -> None:
    seen = page(comment.render(COMPARED, LINKS, LIMIT))
    remarks = [item.get_text() for item in seen("li")]
    assert remarks[0].startswith("traces/service-3.trace is damaged: the file ends inside a batch")
    assert remarks[1] == "mixed environments"
    rest, foot = seen("p")[-2:]
    assert rest.get_text() == "Findings not shown here: 1 not compared."
    assert foot.get_text() == (
        "Commit a1b2c3d · compared with .gotracer-ci/baseline.json (5 jobs) · summary of run 4711 · gotracer-ci 0.1.0"
    )
    assert [link["href"] for link in foot("a")] == [LINKS.blob.replace("blob", "commit").strip("/"), LINKS.run]
    assert COMMIT in LINKS.of_commit


def test_without_urls_there_are_no_links() -> None:
    assert page(comment.render(COMPARED, NO_LINKS, LIMIT))("a") == []


def test_a_clean_run_resolves_an_earlier_comment() -> None:
    report = report_of(judged(Status.KNOWN, place="main.g"), judged(Status.FIXED))
    text = comment.render(report, LINKS, LIMIT)
    assert text.startswith("## gotracer-ci: no regressions, 1 fixed, 1 known\n")
    assert headline(report) == "Everything that an earlier run reported here is resolved."
    assert findings_of(page(text)) == ["fixed MutexContention"]
    assert not comment.is_due(report)


CLEAN = report_of(judged(Status.KNOWN))
CUT = replace(CLEAN, traces=(replace(CLEAN.traces[0], damage="cut short"),))


@pytest.mark.parametrize(
    "report",
    [
        CUT,
        replace(CLEAN, comparison=None, findings=(), uncompared=True),
        report_of(judged(Status.KNOWN), judged(Status.WORSE, Level.SUSPECTED, "main.g")),
        report_of(judged(Status.KNOWN), judged(Status.NEW, Level.INSUFFICIENT, "main.g")),
        report_of(judged(Status.KNOWN, Level.INCONCLUSIVE)),
        report_of(),
    ],
    ids=["cut", "no comparison", "suspected", "too little", "another environment", "nothing compared"],
)
def test_an_undecided_run_does_not_resolve_a_comment(report: Report) -> None:
    assert view.is_resolved(CLEAN)
    assert "resolved" not in comment.render(report, LINKS, LIMIT)


def test_a_truncated_trace_is_named() -> None:
    assert headline(CUT).startswith("The run is incomplete because a trace is damaged; the rest passes")
    assert "traces/service-1.trace is damaged: cut short" in comment.render(CUT, LINKS, LIMIT)


@pytest.mark.parametrize(
    ("report", "due"),
    [
        (CLEAN, False),
        (CUT, False),
        (report_of(judged(Status.NEW)), True),
        (replace(report_of(judged(Status.WORSE)), fail_on=Severity.NONE), True),
        (report_of(judged(Status.NEW, Level.SUSPECTED)), False),
        (replace(report_of(judged(Status.NEW, Level.SUSPECTED)), strict=True), True),
        (report_of(judged(Status.NEW, Level.INSUFFICIENT)), False),
        (PLAIN, True),
        (replace(PLAIN, fail_on=Severity.NONE), False),
        (replace(PLAIN, findings=PLAIN.findings[2:]), False),
    ],
)
def test_only_failures_and_confirmed_regressions_create_a_comment(report: Report, due: bool) -> None:
    assert comment.is_due(report) is due


def test_without_a_baseline_the_findings_that_count_are_listed() -> None:
    seen = page(comment.render(PLAIN, LINKS, LIMIT))
    assert findings_of(seen) == ["🔴 error BlockedOnSyscall", "🟠 warn MutexContention"]
    assert "Findings not shown here: 1 below warn." in seen.get_text()
    strict = page(comment.render(replace(PLAIN, fail_on=Severity.ERROR), LINKS, LIMIT))
    assert findings_of(strict) == ["🔴 error BlockedOnSyscall"]
    assert "2 below error" in strict.get_text()


def test_a_limit_removes_details_first_then_rows_and_links_to_the_summary() -> None:
    report = many(60)
    texts = [comment.render(report, LINKS, limit) for limit in LIMITS]
    assert all(units(text) <= limit for text, limit in zip(texts[:5], LIMITS[:5], strict=True))
    pages = [page(text) for text in texts]
    rows = [max(len(seen("tr")) - 1, 0) for seen in pages]
    details = [len(seen("pre")) for seen in pages]
    assert rows[:2] == [50, 50]
    assert 50 > rows[2] > rows[3] > rows[4] == rows[5] == 0
    assert details[0] == 10
    assert 10 > details[1] > 1
    assert details[2:] == [0, 0, 0, 0]
    for seen, number in zip(pages[:5], rows[:5], strict=True):
        assert f"{60 - number} more like these" in seen.get_text()
        assert LINKS.run in [link["href"] for link in seen("a")]
    worst = "`(*T1).Method` (MutexContention, sync.(\\*Mutex).Lock): 740 ms → 1.5–1.6 s"
    assert texts[5] == f"## gotracer-ci: {worst}\n\n**60 worse. The run fails.**\n"


def test_long_lists_are_truncated_with_a_note() -> None:
    gone = [judged(Status.FIXED, place=f"main.f{i}") for i in range(60)]
    seen = page(comment.render(replace(report_of(*gone), notes=tuple(f"note {i}" for i in range(20))), LINKS, LIMIT))
    assert [summary.get_text() for summary in seen("summary")] == ["60 fixed (50 shown)"]
    assert len(seen("tr")) == 51
    assert [item.get_text() for item in seen("li")] == [*(f"note {i}" for i in range(8)), "12 more remarks"]


def test_long_names_fit_into_the_comment() -> None:
    """With names of a million characters, two UTF-16 units each, in every place."""
    report = factory.hostile_report("\N{GRINNING FACE}\n" * 500_000, "@" * 1_000_000, "`" * 1_000_000)
    text = comment.render(report, LINKS, LIMIT)
    assert units(text) < 30_000
    assert len(page(text)("h2")[0].get_text()) < 1_000
    assert page(text)("strong")[0].get_text().startswith("1 worse, 1 fixed")
    for limit in (5_000, 1_500):
        assert units(comment.render(many(3), LINKS, limit)) <= limit


def test_huge_times_are_formatted() -> None:
    worse = judged(Status.WORSE)._replace(now=(1e308, 5e-324), before=1e-300, history=(1e308, 0.0, 5.0), limit=MS)
    assert units(comment.render(report_of(worse), LINKS, LIMIT)) < LIMIT
