"""Code that waits more often than before: for a timer, the network, a channel, a condition or a system call.

Detects
-------
More waits of one kind at one place than in the baseline, however short they are: one more query per request, a file
that is read byte by byte, a channel that has lost its buffer.

Why it matters
--------------
How long waits take varies from run to run by a factor, how many there are by a percent or so. A changed number is the
surest sign that the code does something else than before, and each wait costs a round trip or a switch to another
goroutine.

How it is measured
------------------
The waits of each place are counted by Go's reason: `sleep`, `network`, `chan receive`, `chan send`, `select` and
`sync.(*Cond).Wait`; and the system calls and calls of C by what they are. The number is compared with that of the
baseline's jobs or of base traces. If the run did more or less work, by how often each test ran, or else by its tasks or
regions, the number is compared with that of as much work.

Three traces can confirm it: more sleeps and calls with two jobs or base traces, more waits of the other kinds with
three, because whether goroutines wait for each other also depends on which of them is faster.

Thresholds
----------
None: without a baseline or base traces there is nothing to compare with.

What to do
----------
Look at the place: is it called more often, or does it wait more often per call? Ask for many things at once, use
buffers for reading and writing, and do once what each round of a loop does.

Limits
------
Waits for locks are not counted, because their number depends on who happens to meet (see MutexContention). Neither are
those of a WaitGroup, those of goroutines without own code on their stacks, and those of the testing package itself.
Code that polls waits more often the longer it has to. If every task or region has more of them because the program
starts more tasks or regions, that counts as more work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind, by_place
from gotracer_ci.analysis.yields import in_test_runner
from gotracer_ci.findings import Finding, Key, Severity, Share, Statistics
from gotracer_ci.limits import EVERY_KIND, Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import Measured, documented
from gotracer_ci.rules.sync_waits import COND, primitive
from gotracer_ci.rules.system_calls import C_CALL, CHILD, SYSCALL, kind
from gotracer_ci.text import count, plural

REASONS = frozenset({"sleep", "network", "chan receive", "chan send", "select"})
_CALLS = {SYSCALL: "system calls", C_CALL: "C calls", CHILD: "waits for child processes"}
_MADE = {SYSCALL: "system call", C_CALL: "C call"}
_DID = {"sleep": "slept", "network": "waited for the network", CHILD: "waited for child processes"}
_LIMIT = Limit("count", 1.5, 50, noun="waits", jobs=2, per_work=True)
_OF_OTHERS = _LIMIT._replace(jobs=3)
"""Whether a goroutine waits for another one depends on which of them is faster."""


def _wait(group: IntervalGroup) -> str | None:
    if group.parked or group.stack.system or group.stack.own is None:
        return None
    functions = group.stack.functions
    if group.kind is IntervalKind.SYSCALL:
        found = group.reason or kind(group.stack.frames)
        return found if found in _CALLS else None
    if group.kind is not IntervalKind.WAITING or in_test_runner(functions):
        return None
    if group.reason == COND:
        return COND if primitive(functions) == COND else None
    return group.reason if group.reason in REASONS else None


class WaitCountGrowth(IntervalRule):
    """Measures numbers of waits instead of their times."""

    def limits(self) -> dict[str, Limit]:
        return {
            EVERY_KIND: _OF_OTHERS,
            "sleep": _LIMIT,
            **{call: _LIMIT._replace(noun=noun) for call, noun in _CALLS.items()},
        }

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for group in by_place(facts.intervals, self.select, lambda group: group.stack.place):
            n = group.count
            yield Measured(
                Key(self.name, group.name, group.place),
                Severity.NONE,
                Statistics("count", n, n, n, n),
                tuple(group.worst),
                {test: Share(part.events, part.events) for test, part in group.by_test.items() if test},
            )

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        what, n = measured.key.kind, measured.statistics.count
        where = wording.where(measured.worst[0].stack)
        often = "once" if n == 1 else f"{count(n)} times"
        did = f"made {plural(n, _MADE[what])}" if what in _MADE else f"{_DID.get(what, 'waited')} {often}"
        message = f"{where} {did}" if what in _MADE or what in _DID else f"{where} {did} in {what}"
        return replace(super().explain(facts, measured), message=message)


RULE = WaitCountGrowth(
    info=documented("WaitCountGrowth", __doc__),
    select=_wait,
    message="",
    change="waits {now times} in {kind}",
    detail="Counted over the whole trace and compared with the baseline only. The longest took {longest}.",
    suggestion=(
        "Ask for many things at once, use buffers for reading and writing, and do once what each round of a loop does."
    ),
)
