"""Goroutines that wait until the end of the trace, and how to show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Alive
from gotracer_ci.analysis.yields import in_test_runner
from gotracer_ci.findings import Occurrence, Share
from gotracer_ci.rules import wording
from gotracer_ci.rules.sync_waits import primitive
from gotracer_ci.text import count, duration

_RUNNER = "testing."
_ALARM = ".startAlarm.func"
_STATES = ("running", "runnable", "syscall")
_SENTENCES = {
    "forever": "was blocked forever, for {} until then",
    "network": "waited {} for the network",
    "sleep": "slept for {}",
}
_EXAMPLES = 5
_SHOWN = 20
"""The most lines that a finding has for goroutines."""


def alarm(facts: Facts) -> Alive | None:
    """Return the goroutine that ends a test binary whose time is over, None if there is none."""
    return next((group for group in facts.goroutines.alive if is_alarm(group)), None)


def is_alarm(group: Alive) -> bool:
    return group.entry.startswith(_RUNNER) and _ALARM in group.entry


def with_own_code(facts: Facts) -> list[Alive]:
    """Return the goroutines in own code, but not those that the test runner keeps waiting; longest waits first."""
    found = [group for group in facts.goroutines.alive if group.stack.own and not in_test_runner(group.stack.functions)]
    return sorted(found, key=lambda group: (group.since_ns, group.first))


def by_test(numbers: Iterable[tuple[str, int]]) -> dict[str, Share]:
    """Return how many goroutines belong to each test. numbers: tests, "" for none that is known, with numbers."""
    found: Counter[str] = Counter()
    for test, n in numbers:
        found[test] += n
    return {test: Share(n, n) for test, n in found.items() if test}


def waits_ns(group: Alive, facts: Facts) -> int:
    """Return how long the first of them has been in its state."""
    return max(0, facts.start_ns + facts.duration_ns - group.since_ns)


def doing(group: Alive) -> str:
    """Return what they do, in Go's words: the primitive that they wait on, or their state."""
    if group.doing == "sync":
        return primitive(group.stack.functions) or group.doing
    return group.doing


def sentence(group: Alive, facts: Facts) -> str:
    """Return what they did until the end, such as "waited 1.78 s in chan receive"."""
    if group.doing in _STATES:
        return f"was {wording.doing(group.doing)}"
    waited = duration(waits_ns(group, facts))
    return _SENTENCES.get(group.doing, "waited {} in {}").format(waited, doing(group))


def occurrences(groups: Sequence[Alive], facts: Facts) -> tuple[Occurrence, ...]:
    """Return the waits of the first few groups."""
    found = []
    for group in groups[:_EXAMPLES]:
        start_ns = max(0, group.since_ns - facts.start_ns)
        length_ns = waits_ns(group, facts)
        if length_ns:
            found.append(Occurrence(start_ns, length_ns, group.first, still_open=True, before_start=start_ns == 0))
    return tuple(found)


def lines(groups: Iterable[Alive], facts: Facts) -> list[str]:
    """Return a line for each group: who, what it does, for how long and where, and where it comes from."""
    all_lines = [_line(group, facts) for group in groups]
    left = len(all_lines) - _SHOWN
    return [*all_lines[:_SHOWN], *([f"… and {left} more"] if left > 0 else [])]


def _line(group: Alive, facts: Facts) -> str:
    who = f"goroutine {group.first}"
    if group.count > 1:
        who = f"{count(group.count)} goroutines like {group.first}"
    shown = group.stack.primary or group.stack.own
    at = f" at {shown.function} ({shown.path or shown.file}:{shown.line})" if shown else ""
    creator = f", created by {group.creator.function}" if group.creator.own else ""
    return f"{who}: {wording.doing(doing(group))} for {duration(waits_ns(group, facts))}{at}{creator}"
