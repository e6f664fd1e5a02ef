"""All rules: the built-in ones, and those of installed packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise

from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity, Threshold
from gotracer_ci.limits import Limits
from gotracer_ci.rules import (
    blocked_on_syscall,
    concurrency_change,
    cpu_time_growth,
    deadlock,
    gc_assist,
    gc_pause_spike,
    goroutine_creation_growth,
    goroutine_leak,
    goroutine_leak_growth,
    heap_growth_spike,
    high_scheduling_latency,
    lock_hold_time_growth,
    long_wait,
    mutex_contention,
    objective,
    processor_starvation,
    region_duration_growth,
    test_duration_growth,
    test_timeout,
    wait_count_growth,
    wait_time_growth,
)
from gotracer_ci.rules.installed import installed
from gotracer_ci.rules.objective import ObjectiveRule
from gotracer_ci.rules.objectives import Objective
from gotracer_ci.rules.rule import Rule
from gotracer_ci.rules.units import parse
from gotracer_ci.spelling import did_you_mean
from gotracer_ci.text import quantity

BUILT_IN: tuple[Rule, ...] = (
    gc_pause_spike.RULE,
    high_scheduling_latency.RULE,
    blocked_on_syscall.RULE,
    mutex_contention.RULE,
    goroutine_leak_growth.RULE,
    heap_growth_spike.RULE,
    processor_starvation.RULE,
    gc_assist.RULE,
    long_wait.RULE,
    test_timeout.RULE,
    deadlock.RULE,
    objective.RULE,
    goroutine_leak.RULE,
    wait_count_growth.RULE,
    lock_hold_time_growth.RULE,
    wait_time_growth.RULE,
    cpu_time_growth.RULE,
    test_duration_growth.RULE,
    region_duration_growth.RULE,
    goroutine_creation_growth.RULE,
    concurrency_change.RULE,
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return the built-in rules in their order, then the installed ones by name.

    Raises:
        UsageError: an installed rule cannot be loaded, or has the name of another rule.
    """
    rules = list(BUILT_IN)
    for rule in installed():
        if rule.name in {other.name for other in rules}:
            raise UsageError(f"two rules are called {rule.name}; uninstall one of their packages")
        rules.append(rule)
    return tuple(rules)


def limits_of(rules: Sequence[Rule]) -> Limits:
    """Return how the groups of these rules are compared with a baseline."""
    return {(rule.name, kind): limit for rule in rules for kind, limit in rule.limits().items()}


def select(
    only: Sequence[str],
    skip: Sequence[str],
    thresholds: Mapping[str, str],
    objectives: tuple[Objective, ...] = (),
) -> tuple[Rule, ...]:
    """Return the rules to run, with the thresholds that the user set ("RULE.name" → "2ms") and the objectives.

    Raises:
        UsageError: an unknown rule or threshold, a value that does not fit it, or no rule is left.
    """
    rules = all_rules()
    for name in (*only, *skip):
        _known(name, rules)
    changed: dict[str, dict[str, float]] = {}
    for option, text in thresholds.items():
        name, _, threshold = option.partition(".")
        rule = _known(name, rules)
        known = {t.name: t for t in rule.info.thresholds}
        if threshold not in known:
            hint = did_you_mean(threshold, known)
            names = f"; it has {', '.join(known)}" if known else f": {_instead(rule)}"
            raise UsageError(f"{option}: {name} has no threshold '{threshold}'{names}{hint}")
        changed.setdefault(name, {})[threshold] = parse(option, text, known[threshold].unit)
    chosen = tuple(
        rule.with_thresholds(changed.get(rule.name, {}))
        for rule in rules
        if (not only or rule.name in only) and rule.name not in skip
    )
    if not chosen:
        raise UsageError("no rule is left to run; skip fewer")
    for rule in chosen:
        _check_order(rule)
    return tuple(rule.for_objectives(objectives) if isinstance(rule, ObjectiveRule) else rule for rule in chosen)


def unknown(name: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that no rule has."""
    names = list(known)
    return UsageError(f"{name}: no such rule" + (did_you_mean(name, names) or f"; there are {', '.join(names)}"))


def _instead(rule: Rule) -> str:
    """Return what a rule has instead of thresholds."""
    if rule.absolute:
        return "set [[objective]] in the configuration file"
    return "it only compares a run with a baseline or base traces"


def _known(name: str, rules: Sequence[Rule]) -> Rule:
    for rule in rules:
        if rule.name == name:
            return rule
    raise unknown(name, (rule.name for rule in rules))


def _check_order(rule: Rule) -> None:
    """Refuse a threshold that is above that of a higher severity: `warn` above `error`, `warn_rate` above `error_rate`.

    Raises:
        UsageError: names both.
    """
    levels = [level.label for level in Severity if level]
    by_quantity: dict[str, list[Threshold]] = {}
    for limit in rule.info.thresholds:
        level, _, of = limit.name.partition("_")
        if level in levels:
            by_quantity.setdefault(of, []).append(limit)
    for limits in by_quantity.values():
        limits.sort(key=lambda limit: levels.index(limit.name.partition("_")[0]))
        for lower, higher in pairwise(limits):
            if lower.value > higher.value:
                shown = [f"{rule.name}.{limit.name} ({quantity(limit.value, limit.unit)})" for limit in (lower, higher)]
                raise UsageError(f"{shown[0]} is above {shown[1]}; set both")
