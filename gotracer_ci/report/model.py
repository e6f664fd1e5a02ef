"""Report: everything that an output format may show, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from gotracer_ci.baseline.verdicts import Comparison, Verdict
from gotracer_ci.errors import EXIT_CLEAN, EXIT_FLAGGED
from gotracer_ci.findings import LEFT_OUT, Doc, Finding, Natural, RuleInfo, Severity
from gotracer_ci.report.links import Links, of_run
from gotracer_ci.report.measurements import Measurements
from gotracer_ci.report.picture import Pictures


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One trace of the run. One that cannot be read at all has no events; it comes last and has no findings."""

    path: Annotated[str, Doc("As the user named it; relative to the root if it is below it.")]
    go_version: Annotated[
        str, Doc("The version in the header, which is that of the format: Go 1.24 writes 1.23, Go 1.27 writes 1.26.")
    ]
    duration_ns: Annotated[Natural, Doc("From the first to the last event.")]
    events: Annotated[Natural, Doc("Those before the damage, if there is any.")]
    goroutines: Natural
    gomaxprocs: Natural
    damage: Annotated[str | None, Doc("What is wrong with the trace; null for a complete one.")] = None
    program: Annotated[str, Doc("The package of the test binary or of the command; empty if unknown.")] = ""


class Row(dict[str, Any]):
    """A row of a table: its values by column, as they are in the document."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of tables, of all traces; each has the trace's path as "trace". Each table has its own schema."""

    goroutines: Annotated[tuple[Row, ...], Doc("The groups of gotracer-ci goroutines.")]
    over_time: Annotated[tuple[Row, ...], Doc("The parts of gotracer-ci goroutines --over-time.")]
    tasks: Annotated[tuple[Row, ...], Doc("The types of gotracer-ci tasks.")]
    regions: Annotated[tuple[Row, ...], Doc("The groups of gotracer-ci regions.")]
    gc: Annotated[tuple[Row, ...], Doc("The cycles of gotracer-ci gc.")]
    tests: Annotated[tuple[Row, ...], Doc("Those of gotracer-ci tests.")]
    wakes: Annotated[tuple[Row, ...], Doc("Those of gotracer-ci wakes.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What gotracer-ci found in Go execution traces. All times are nanoseconds.

    findings: those of a severity above NONE, and those below every threshold that are new or worse than the baseline;
    worst first. The JSON report has regressions first.
    rules_known: the whole catalogue; pictures: what the HTML page draws, None without. The JSON report leaves both out.
    """

    version: str
    fail_on: Annotated[Severity, Doc("none: never fails.")]
    strict: bool
    only_regressions: Annotated[
        bool, Doc("Without anything to compare with, nothing fails: only a regression does.")
    ] = False
    top: Annotated[Natural, Doc("How many findings of each rule the terminal and Markdown show; 0 for all.")] = 0
    all_alerts: Annotated[
        bool, Doc("Code scanning and GitLab get all findings above the thresholds, not only regressions.")
    ] = False
    commit: Annotated[str, Doc("The traced commit; empty if unknown.")] = ""
    run: Annotated[str, Doc("The URL of the workflow run that traced it; empty if unknown.")] = ""
    folder: Annotated[str, Doc("Where paths begin in the repository; empty at its root.")] = ""
    notes: Annotated[tuple[str, ...], Doc("What a reader must know about this run; one line each.")] = ()
    traces: tuple[TraceSummary, ...]
    base_traces: Annotated[tuple[TraceSummary, ...], Doc("Of the base commit; they have no findings.")] = ()
    rules: Annotated[tuple[RuleInfo, ...], Doc("Those that ran, with the thresholds that were in force.")]
    uncompared: Annotated[bool, Doc("There is a baseline, but it could not be used; a note says why.")] = False
    comparison: Comparison | None
    findings: tuple[Finding, ...]
    tables: Annotated[Tables | None, Doc("With --with tables; null without.")] = None
    measurements: Annotated[
        Measurements | None,
        Doc("What gotracer-ci merge needs to join this report with those of other jobs; null if it cannot be joined."),
    ] = None
    rules_known: tuple[RuleInfo, ...] = field(default=(), metadata=LEFT_OUT)
    pictures: Pictures | None = field(default=None, metadata=LEFT_OUT)

    @property
    def links(self) -> Links:
        """The addresses of the report's commit, files and run; empty outside GitHub."""
        return of_run(self.run, self.commit, self.folder)

    def verdict(self, finding: Finding) -> Verdict | None:
        return self.comparison.verdicts.get(finding.key) if self.comparison else None

    @property
    def is_diff(self) -> bool:
        """Whether two sets of traces were compared, the base and the head."""
        return self.comparison is not None and self.comparison.is_diff

    @property
    def is_update(self) -> bool:
        """Whether the run was added to the baseline. It never fails: whoever merges the file decides."""
        return self.comparison is not None and self.comparison.is_update

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that make the run fail, in the order of `findings`."""
        return () if self.is_update else self.counting

    @property
    def counting(self) -> tuple[Finding, ...]:
        """The findings that make a run fail unless it updates the baseline."""
        if self.fail_on is Severity.NONE:
            return ()
        flagged = [f for f in self.findings if f.severity >= self.fail_on]
        if self.comparison or self.only_regressions:
            keys = {v.key for v in self.comparison.regressions(strict=self.strict)} if self.comparison else set()
            # a regression is at least a warning, even below every threshold
            flagged = [
                f
                for f in self.findings
                if (f.absolute and f.severity >= self.fail_on)
                or (f.key in keys and max(f.severity, Severity.WARN) >= self.fail_on)
            ]
        return tuple(flagged)

    @property
    def exit_code(self) -> int:
        """0 or 1. For a damaged trace the caller exits with 2 instead, after everything is reported."""
        return EXIT_FLAGGED if self.failing else EXIT_CLEAN
