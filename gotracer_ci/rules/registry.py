"""All rules: ours, and those that installed packages add through the entry-point group `gotracer_ci.rules`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points

from gotracer_ci.errors import UsageError
from gotracer_ci.rules import (
    blocked_on_syscall,
    gc_assist,
    gc_pause_spike,
    goroutine_leak_growth,
    heap_growth_spike,
    high_scheduling_latency,
    long_wait,
    mutex_contention,
    processor_starvation,
)
from gotracer_ci.rules.base import Rule
from gotracer_ci.rules.units import parse

GROUP = "gotracer_ci.rules"

BUILT_IN = (
    gc_pause_spike.RULE,
    high_scheduling_latency.RULE,
    blocked_on_syscall.RULE,
    mutex_contention.RULE,
    goroutine_leak_growth.RULE,
    heap_growth_spike.RULE,
    processor_starvation.RULE,
    gc_assist.RULE,
    long_wait.RULE,
)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Ours in their order, then the installed ones by name.

    Raises:
        UsageError: an installed rule cannot be loaded, or takes a name that there is.
    """
    rules = list(BUILT_IN)
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            rule = entry.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"rule {entry.name} ({entry.value}) cannot be loaded: {error}") from None
        if not isinstance(rule, Rule) or rule.name in {r.name for r in rules}:
            raise UsageError(f"rule {entry.name} ({entry.value}) is no rule, or its name is taken")
        rules.append(rule)
    return tuple(rules)


def select(only: Sequence[str], skip: Sequence[str], thresholds: dict[str, str]) -> tuple[Rule, ...]:
    """The rules to run, with the thresholds that the user set ("RULE.name" → "2ms").

    Raises:
        UsageError: an unknown rule or threshold, or a value that does not fit it.
    """
    rules = all_rules()
    for name in (*only, *skip):
        _known(name, rules)
    changed: dict[str, dict[str, float]] = {}
    for option, text in thresholds.items():
        name, _, threshold = option.partition(".")
        rule = _known(name, rules)
        limits = {t.name: t for t in rule.info.thresholds}
        if threshold not in limits:
            raise UsageError(f"{option}: {name} has no threshold '{threshold}'; it has {', '.join(limits)}")
        changed.setdefault(name, {})[threshold] = parse(option, text, limits[threshold].unit)
    return tuple(
        rule.with_thresholds(changed.get(rule.name, {}))
        for rule in rules
        if (not only or rule.name in only) and rule.name not in skip
    )


def _known(name: str, rules: Sequence[Rule]) -> Rule:
    for rule in rules:
        if rule.name == name:
            return rule
    raise UsageError(f"{name}: no such rule; there are {', '.join(rule.name for rule in rules)}")
