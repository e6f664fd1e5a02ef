"""Report: everything that an output format may show, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from gotracer_ci.baseline.verdicts import Comparison, Verdict
from gotracer_ci.errors import EXIT_CLEAN, EXIT_FLAGGED
from gotracer_ci.findings import Finding, RuleInfo, Severity


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One trace of the run. path: as the user named it, relative to the root where it is below it.

    go_version: "1.26" from the header (the format's version: Go 1.24 writes 1.23, Go 1.27 writes 1.26).
    damage: what is wrong with it, None for a complete one. events: those before the damage, 0 of a trace that could
    not be read at all; such ones come last, and no finding is of them. program: the package
    of the test binary or of the command, "" unknown.
    """

    path: str
    go_version: str
    duration_ns: int
    events: int
    goroutines: int
    gomaxprocs: int
    damage: str | None = None
    program: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A run's result.

    findings: those of a severity above NONE, and those below every threshold that are new or worse than the
    baseline; ranked, worst first; not cut. rules: those that ran, with the thresholds that were in force.
    rules_known: the whole catalogue. notes: one line each, what a reader must know of this run.
    fail_on: NONE means never. base_traces: those of the base commit, which have no findings. folder: where paths
    begin in the repository, "" at its top.
    """

    version: str
    traces: tuple[TraceSummary, ...]
    rules: tuple[RuleInfo, ...]
    rules_known: tuple[RuleInfo, ...]
    findings: tuple[Finding, ...]
    comparison: Comparison | None
    fail_on: Severity
    strict: bool
    notes: tuple[str, ...] = ()
    top: int | None = None
    base_traces: tuple[TraceSummary, ...] = ()
    folder: str = ""

    def verdict(self, finding: Finding) -> Verdict | None:
        return self.comparison.verdicts.get(finding.key) if self.comparison else None

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that make the run fail, ranked as `findings`."""
        if self.fail_on is Severity.NONE:
            return ()
        flagged = [f for f in self.findings if f.severity >= self.fail_on]
        if self.comparison:
            keys = {v.key for v in self.comparison.regressions(strict=self.strict)}
            # what got worse is at least a warning, whatever its thresholds say
            flagged = [f for f in self.findings if f.key in keys and max(f.severity, Severity.WARN) >= self.fail_on]
        return tuple(flagged)

    @property
    def exit_code(self) -> int:
        """0 or 1; damaged traces raise it to 2 in the caller, after everything was reported."""
        return EXIT_FLAGGED if self.failing else EXIT_CLEAN
