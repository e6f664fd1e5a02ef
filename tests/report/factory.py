"""Handmade reports: some like those of real runs, and one with hostile text everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import cycle

from gotracer_ci.baseline.verdicts import Comparison, Level, Status, Verdict
from gotracer_ci.findings import (
    Activity,
    Finding,
    Frame,
    Holders,
    Key,
    Location,
    Occurrence,
    RuleInfo,
    Severity,
    Statistics,
    Threshold,
)
from gotracer_ci.report.model import Report, TraceSummary

HEADINGS = ("Detects", "Why it matters", "How it is measured", "Thresholds", "What to do", "Limits")
MS = 1_000_000

HANDLER = Frame("example.com/shop/api.(*Server).handleOrder", "/src/shop/api/orders.go", 88, "own", "api/orders.go")
STORE = Frame("example.com/shop/store.(*Cache).Get", "/src/shop/store/cache.go", 41, "own", "store/cache.go")
STACK = (
    Frame("sync.(*Mutex).Lock", "/usr/local/go/src/sync/mutex.go", 46, "std"),
    STORE,
    Frame(
        "github.com/go-chi/chi/v5.(*Mux).routeHTTP",
        "/go/pkg/mod/github.com/go-chi/chi/v5@v5.1.0/mux.go",
        478,
        "dependency",
    ),
    HANDLER,
    Frame("net/http.HandlerFunc.ServeHTTP", "/usr/local/go/src/net/http/server.go", 2220, "std"),
    Frame("net/http.(*conn).serve", "/usr/local/go/src/net/http/server.go", 2092, "std"),
)


def rule(name: str, worst: Severity = Severity.ERROR) -> RuleInfo:
    thresholds = (Threshold("warn", MS, "ns"), Threshold("error", 10 * MS, "ns"))
    sections = tuple((heading, f"{heading} of {name}.\n\n- `one` point\n- another") for heading in HEADINGS)
    return RuleInfo(name, f"{name} finds what its name says.", worst, thresholds, sections)


RULES = tuple(rule(name) for name in ("BlockedOnSyscall", "GCPauseSpike", "HighSchedulingLatency", "MutexContention"))
LONG_WAIT = rule("LongWait", Severity.INFO)
GROWTH = rule("GoroutineLeakGrowth")


def finding(
    rule_name: str = "MutexContention",
    severity: Severity = Severity.WARN,
    function: str = STORE.function,
    kind: str = "sync.(*Mutex).Lock",
    *,
    total: int = 1_480 * MS,
    count: int = 212,
    line: int = 41,
) -> Finding:
    return Finding(
        key=Key(rule_name, kind, function),
        severity=severity,
        message=f"waited 1.48 s in all for {kind}, 150 ms at worst",
        detail="Measured on the waiting goroutine's own stack.\nThe longest wait was ended by goroutine 7.",
        suggestion="Hold the lock for less time, or split what it guards.",
        location=Location("store/cache.go", line, function),
        stack=(STACK[0], Frame(function, "/src/shop/store/cache.go", line, "own", "store/cache.go"), *STACK[2:]),
        goroutine=34,
        timestamp_ns=812_345_678,
        statistics=Statistics("ns", count, total, int(total * 0.9), 150 * MS, 4 * MS, 20 * MS, 96 * MS),
        occurrences=(
            Occurrence(812_345_678, 150 * MS, 34, woken_by="goroutine 7 at store.(*Cache).Put (store/cache.go:77)"),
            Occurrence(12_000, 96 * MS, 35, before_start=True),
            Occurrence(900_000_000, 88 * MS, 36, still_open=True),
        ),
    )


def verdict(
    key: Key,
    status: Status,
    level: Level = Level.CONFIRMED,
    *,
    before: float | None = 740 * MS,
    now: tuple[float, ...] = (1_500 * MS, 1_550 * MS, 1_600 * MS),
    unit: str = "ns",
) -> Verdict:
    more = "two more traces of this change" if level is Level.SUSPECTED else ""
    evidence = f"{len(now)} of {len(now)} traces above the highest of 5 jobs: 740 → 1,500 ms; {level}"
    return Verdict(key, status, level, unit, before, 1_110 * MS, now, evidence=evidence, more=more)


TRACES = (
    TraceSummary("traces/service-1.trace", "1.26", 1_020 * MS, 120_345, 64, 4),
    TraceSummary("traces/service-2.trace", "1.26", 1_013 * MS, 119_870, 63, 4),
    TraceSummary("traces/service-3.trace", "1.26", 1_031 * MS, 121_002, 64, 4),
)
COUNTER = Finding(
    key=Key("GoroutineLeakGrowth", "goroutines", "example.com/shop/jobs.(*Pool).Start"),
    severity=Severity.NONE,
    message="38 more goroutines at the end than at the start, most created in jobs.(*Pool).Start",
    detail="",
    suggestion="Give each worker a way to stop.",
    location=Location("jobs/pool.go", 19, "example.com/shop/jobs.(*Pool).Start", "guess"),
    stack=(),
    goroutine=0,
    timestamp_ns=1_019 * MS,
    statistics=Statistics("count", 1, 42, 42, 42),
)
PAUSE = replace(
    finding("GCPauseSpike", Severity.INFO, "", "GC mark termination", total=6 * MS, count=1),
    location=None,
    stack=(),
    message="stop-the-world pause of 6 ms (GC mark termination)",
)


def comparison_of(
    baseline: str, entries: int, verdicts: Iterable[Verdict] = (), warnings: tuple[str, ...] = (), base_traces: int = 0
) -> Comparison:
    return Comparison(
        baseline=baseline,
        entries=entries,
        base_traces=base_traces,
        warnings=warnings,
        verdicts={verdict.key: verdict for verdict in verdicts},
    )


def report_of(
    traces: tuple[TraceSummary, ...],
    rules: tuple[RuleInfo, ...],
    known: tuple[RuleInfo, ...],
    findings: tuple[Finding, ...],
    comparison: Comparison | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    return Report(
        version="0.1.0",
        traces=traces,
        rules=rules,
        rules_known=known,
        findings=findings,
        comparison=comparison,
        fail_on=Severity.WARN,
        strict=False,
        notes=notes,
    )


def plain_report() -> Report:
    """Return a report without a baseline."""
    known = (*RULES, GROWTH, LONG_WAIT)
    findings = (
        finding("BlockedOnSyscall", Severity.ERROR, HANDLER.function, "syscall", line=88),
        finding(),
        PAUSE,
    )
    return report_of(TRACES[:1], known, known, findings)


def compared_report() -> Report:
    """Return a report with every verdict, a damaged trace, a note and a skipped rule."""
    worse = finding()
    new = finding("BlockedOnSyscall", Severity.ERROR, HANDLER.function, "syscall", total=320 * MS, line=88)
    suspected = finding("HighSchedulingLatency", Severity.WARN, HANDLER.function, "runnable", line=90)
    known = finding("MutexContention", Severity.WARN, "example.com/shop/store.(*Cache).Put", total=900 * MS, line=77)
    better = finding("LongWait", Severity.INFO, "example.com/shop/jobs.(*Pool).worker", "chan receive", count=12)
    undecided = finding(
        "MutexContention", Severity.WARN, "example.com/shop/store.open[...]", "sync.(*Once).Do", count=3
    )
    gone = Key("HighSchedulingLatency", "runnable", "example.com/shop/api.(*Server).warm")
    verdicts = (
        verdict(COUNTER.key, Status.NEW, before=None, now=(42, 42, 42), unit="count"),
        verdict(worse.key, Status.WORSE)._replace(history=(700.0 * MS, 1_600.0 * MS, 30.0 * MS)),
        verdict(new.key, Status.NEW, before=None, now=(310 * MS, 320 * MS, 330 * MS)),
        verdict(suspected.key, Status.WORSE, Level.SUSPECTED, now=(1_480 * MS,)),
        verdict(known.key, Status.KNOWN, now=(720 * MS, 750 * MS, 900 * MS)),
        verdict(better.key, Status.BETTER, now=(100 * MS, 110 * MS, 120 * MS)),
        verdict(undecided.key, Status.NEW, Level.INSUFFICIENT, before=None, now=(0, 0, 20 * MS)),
        verdict(gone, Status.FIXED, now=(0, 0, 0)),
    )
    comparison = comparison_of(".gotracer-ci/baseline.json", 5, verdicts, ("mixed environments",))
    ran = (*RULES, GROWTH, LONG_WAIT)
    skipped = rule("HeapGrowthSpike")
    return report_of(
        (*TRACES[:2], replace(TRACES[2], damage="the file ends inside a batch at byte 48,113")),
        ran,
        (*ran, skipped),
        (new, worse, suspected, known, undecided, better, PAUSE, COUNTER),
        comparison,
        ("41 % of the frames outside the standard library are in the repository; see --path-map",),
    )


def hostile_report(*texts: str) -> Report:
    """Return a report with these texts in turn wherever a trace, a path or a rule can contribute text."""
    text = cycle(texts)

    def named() -> str:
        return re.sub("[\ud800-\udfff]", "?", next(text))  # a key is hashed, so it must be encodable

    key = Key(f"R{named()}", named(), named(), named())
    hostile = Finding(
        key=key,
        severity=Severity.WARN,
        message=next(text),
        detail=f"{next(text)}\n{next(text)}",
        suggestion=next(text),
        location=Location(f"a/{next(text)}.go", 3, next(text)),
        stack=(
            Frame(next(text), next(text), 1, "std"),
            Frame(next(text), next(text), 3, "own", f"a/{next(text)}.go"),
            Frame(next(text), next(text), 9, "own", f"b/{next(text)}.go"),
            Frame(next(text), next(text), 0, "dependency"),
        ),
        goroutine=1,
        timestamp_ns=5,
        statistics=Statistics("ns", 2, 20, 10, 10),
        occurrences=(Occurrence(1, 10, 1, woken_by=next(text)),),
        holders=Holders(10, 4, True, 2, 7, (Activity(next(text), 4, *(Frame(named(), named(), 1, "own"),) * 2),)),
    )
    judged = verdict(key, Status.WORSE)._replace(
        evidence=next(text), more=next(text), history=(700.0 * MS, 740.0 * MS, 720.0 * MS)
    )
    gone = verdict(key._replace(kind=f"{key.kind} "), Status.FIXED, now=(0, 0, 0))
    comparison = comparison_of(f"b{next(text)}", 1, (judged, gone), (next(text),))
    summary, sections = next(text) or "-", ((next(text), next(text)),)
    thresholds = (Threshold(next(text), 1, next(text)),)
    info = RuleInfo(key.rule, summary, Severity.WARN, thresholds, sections)
    traces = (replace(TRACES[0], path=next(text), go_version=next(text), damage=next(text)),)
    notes = (next(text),)
    return report_of(traces, (info,), (info,), (hostile,), comparison, notes)


def hostile_reports(texts: Sequence[str]) -> Report:
    """Return one report with the findings of a hostile report for each text."""
    reports = [hostile_report(text) for text in texts]
    comparison = comparison_of("b", 1, [verdict(report.findings[0].key, Status.WORSE) for report in reports])
    return replace(
        reports[0],
        findings=tuple(report.findings[0] for report in reports),
        rules=tuple(report.rules[0] for report in reports),
        rules_known=tuple(report.rules[0] for report in reports),
        traces=tuple(report.traces[0] for report in reports),
        comparison=comparison,
    )


def large_report(findings: int, frames: int) -> Report:
    """Return a report with many findings and deep stacks in which all frames differ."""
    made = []
    for n in range(findings):
        stack = tuple(
            Frame(f"example.com/big/p{n}.(*T{i}).Method", f"/src/p{n}/f{i}.go", i + 1, "own", f"p{n}/f{i}.go")
            if i % 2
            else Frame(f"net/http.(*conn{n}).serve{i}", f"/usr/local/go/src/net/http/server{n}.go", i + 1, "std")
            for i in range(frames)
        )
        place = stack[1]
        made.append(
            replace(
                finding("MutexContention", Severity.WARN, place.function),
                location=Location(place.path or "", place.line, place.function),
                stack=stack,
            )
        )
    return report_of(TRACES, RULES, RULES, tuple(made))
