"""Code that runs for longer than before, although nobody waits for it.

Detects
-------
A piece of code that uses more CPU time each time it runs than in the baseline.

Why it matters
--------------
More computing on a free CPU is not a wait, so no other rule sees it. It costs time all the same.

How it is measured
------------------
The time that a goroutine runs from one event of its own to the next: the end of a wait, the beginning of one, waking
another goroutine, creating one, and the beginning and the end of a system call. What runs between two of them is always
the same code. The time in which the goroutine is preempted does not count, nor what it does for the garbage collector
meanwhile.

The 10th percentile is compared, as by LockHoldTimeGrowth, with 1.2 × the median of all jobs. Of each job the fastest
trace counts, because something else on the machine may slow some of them down. The differences of all pieces that begin
or end at the place must add up to 20 ms, or 0.5 % of the run if that is more. If two in three pieces of code run for
longer, the machine is slower, and all of them are corrected for that.

Thresholds
----------
None: it only speaks if there is a baseline or base traces, and it is only suspected.

What to do
----------
Compare CPU profiles of both versions.

Limits
------
A piece that runs fewer than 20 times in a trace, or for less than 1 ms in total, is not seen. What a goroutine does
before its first event and after its last one is left out. The first 100,000 pieces of a trace count. On another CPU
model, code takes another time: with fewer than four pieces of code, only base traces from the same job are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.stretches import Event, StretchGroup
from gotracer_ci.findings import Finding
from gotracer_ci.limits import CPU, EVERY_KIND, Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.event_times import finding, merged
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.rules.sync_waits import primitive


@dataclass(frozen=True, kw_only=True, eq=False)
class CpuTimeGrowth(Rule):
    def measure(self, facts: Facts) -> Iterator[Measured]:
        for group in merged(facts.stretches, _named):
            yield group.measured(self.name, CPU.quantile)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        group = next(one for one in facts.stretches if _named(one) == (measured.key.kind, measured.key.place))
        first, last = group.first, group.last
        stack = first.stack if first.stack.own else last.stack
        return finding(
            measured,
            stack,
            message=f"{wording.where(stack)} ran for {{times}}",
            detail=f"Time running from {_where(first)} to {_where(last)}, without preemptions.",
            suggestion=self.suggestion,
        )

    def limits(self) -> dict[str, Limit]:
        return {EVERY_KIND: CPU}


def _named(group: StretchGroup) -> tuple[str, str]:
    first, last = group.first.stack.place, group.last.stack.place
    kind = f"running from {_what(group.first)} to {_what(group.last)}"
    return kind, first if first == last else f"{first} to {last}"


def _what(event: Event) -> str:
    if event.what == "sync":
        return primitive(event.stack.functions) or event.what
    return event.what or "a wait"


def _where(event: Event) -> str:
    shown = event.stack.primary or event.stack.own
    at = f" at {shown.function} ({shown.path or shown.file}:{shown.line})" if shown else ""
    return f"{_what(event)}{at}"


RULE = CpuTimeGrowth(
    info=documented("CpuTimeGrowth", __doc__),
    suggestion="Compare CPU profiles of both versions.",
)
