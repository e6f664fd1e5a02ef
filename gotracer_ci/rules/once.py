"""Findings of several rules about the same goroutines are one: the most severe one stays."""

from __future__ import annotations

from collections.abc import Sequence

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.findings import Severity
from gotracer_ci.rules import goroutine_leak, goroutine_leak_growth, mutex_contention
from gotracer_ci.rules.rule import Measured

_LEAK, _GROWTH = goroutine_leak.RULE.name, goroutine_leak_growth.RULE.name
_LOCKS = mutex_contention.RULE.name


def once(facts: Facts, measured: Sequence[Measured]) -> tuple[Measured, ...]:
    """Return what the rules measured, with at most one finding about the goroutines that a place left behind.

    Where these all wait for locks, the finding may be that of the locks.
    """
    severities: dict[tuple[str, str], Severity] = {}
    for found in measured:
        key = found.key.rule, found.key.place
        severities[key] = max(found.severity, severities.get(key, Severity.NONE))

    def stays(found: Measured) -> bool:
        rule, place = found.key.rule, found.key.place
        if rule == _LEAK:
            locks = goroutine_leak.lock_places(facts, place)
            at_locks = min((severities.get((_LOCKS, lock), Severity.NONE) for lock in locks), default=Severity.NONE)
            return found.severity > max(at_locks, severities.get((_GROWTH, place), Severity.NONE))
        return rule != _GROWTH or found.severity >= severities.get((_LEAK, place), Severity.NONE)

    return tuple(found if not found.severity or stays(found) else _hidden(found) for found in measured)


def _hidden(found: Measured) -> Measured:
    return found._replace(severity=Severity.NONE)
