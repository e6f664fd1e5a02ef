"""Rules that installed packages add through the entry point group `gotracer_ci.rules`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from gotracer_ci.errors import UsageError
from gotracer_ci.rules.rule import Rule

GROUP = "gotracer_ci.rules"
_METADATA = (".dist-info", ".egg-info")


def installed() -> Iterator[Rule]:
    """Load the installed rules, sorted by the names of their entry points.

    Raises:
        UsageError: one cannot be loaded, or is not a rule.
    """
    if not any(_names_rules(path or ".") for path in sys.path):
        return
    from importlib.metadata import entry_points  # takes longer than everything else at start: only if needed

    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            rule = entry.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"rule {entry.name} ({entry.value}) cannot be loaded: {error}") from None
        if not isinstance(rule, Rule):
            raise UsageError(f"rule {entry.name} ({entry.value}) is not a Rule")
        yield rule


def _names_rules(path: str) -> bool:
    """Whether a package in an entry of `sys.path` may have rules. Only importlib.metadata can look into archives."""
    if os.path.isfile(path):
        return True
    try:
        names = [name for name in os.listdir(path) if name.endswith(_METADATA)]
    except OSError:
        return False
    return any(_has_group(os.path.join(path, name, "entry_points.txt")) for name in names)


def _has_group(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return GROUP.encode() in file.read()
    except OSError:
        return False
