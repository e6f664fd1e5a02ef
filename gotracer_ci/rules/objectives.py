"""Objectives: limits for the times of tasks, regions, tests and waits, from the configuration file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from gotracer_ci import globs
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.rules.units import parse
from gotracer_ci.spelling import did_you_mean

SUBJECTS: Final = ("task", "region", "test", "wait")
LIMITS: Final = ("p50", "p90", "p95", "p99", "max")
_BELOW: Final = "below"
_MIN_COUNT: Final = "min_count"
_SEVERITY: Final = "severity"
_KEYS: Final = (*SUBJECTS, _BELOW, *LIMITS, _MIN_COUNT, _SEVERITY)
_SEVERITIES: Final = {level.label: level for level in Severity if level}
_EXAMPLE: Final = 'write for example p99 = "200ms"'


@dataclass(frozen=True, slots=True)
class Objective:
    """How long something may take.

    number: its place in the file, from 1. subject: one of `SUBJECTS`. pattern: a glob for the type of a task or region,
    the name of a test, or the kind of a wait. below: a pattern for the package that must be on the stack of a wait, ""
    for any. limits: (one of `LIMITS`, ns), in that order. min_count: with fewer instances in a trace it is not judged.
    severity: of the finding if it is missed.
    """

    number: int
    subject: str
    pattern: str
    below: str
    limits: tuple[tuple[str, int], ...]
    min_count: int
    severity: Severity

    @property
    def target(self) -> str:
        """What it is about: `task checkout`, `wait chan receive below example.com/shop/...`."""
        return f"{self.subject} {self.pattern}" + (f" below {self.below}" if self.below else "")

    def matches(self, name: str) -> bool:
        return name == self.pattern or globs.for_names(self.pattern).fullmatch(name) is not None

    def covers(self, package: str) -> bool:
        """Whether a package is `below`: a name, or with Go's wildcard `...` any text, so that x/... is x, too."""
        if not self.below:
            return True
        stem, dots, _ = self.below.rpartition("/...") if self.below.endswith("/...") else (self.below, "", "")
        parts = (re.escape(part) for part in re.split(r"(?:\.\.\.)+", stem))
        return re.fullmatch(".*".join(parts) + ("(?:/.*)?" if dots else ""), package, re.DOTALL) is not None


def parsed(tables: Sequence[Any], file: str) -> tuple[Objective, ...]:
    """Return the objectives in the tables of a configuration file.

    Raises:
        UsageError: names the file, the objective's number, the problem and the fix.
    """
    found = []
    for number, table in enumerate(tables, 1):
        try:
            found.append(_parsed(number, table))
        except UsageError as error:
            raise UsageError(f"{file}: objective {number}: {error}") from None
    return tuple(found)


def _parsed(number: int, table: Any) -> Objective:
    if not isinstance(table, dict):
        raise UsageError("not a table; write [[objective]] and its keys below it")
    for key in table:
        if key not in _KEYS:
            raise UsageError(f"{key}: no such key" + (did_you_mean(key, _KEYS) or f"; there are {', '.join(_KEYS)}"))
    subjects = [key for key in SUBJECTS if key in table]
    if len(subjects) != 1:
        if subjects:
            raise UsageError(f"has both {subjects[0]} and {subjects[1]}; write an objective for each")
        raise UsageError(f'names nothing to judge; add one of {", ".join(SUBJECTS)}, for example task = "checkout"')
    (subject,) = subjects
    if _BELOW in table and subject != "wait":
        raise UsageError(f"{_BELOW}: only for a wait, not for a {subject}; remove it")
    limits = tuple((key, _duration(key, table[key])) for key in LIMITS if key in table)
    if not limits:
        raise UsageError(f"has no limit; {_EXAMPLE}; there are {', '.join(LIMITS)}")
    for (lower, below), (higher, above) in pairwise(limits):
        if below > above:
            raise UsageError(f'{lower} = "{table[lower]}" is above {higher} = "{table[higher]}"; exchange them')
    return Objective(
        number,
        subject,
        _text(subject, table),
        _text(_BELOW, table) if _BELOW in table else "",
        limits,
        _count(table.get(_MIN_COUNT, 1)),
        _severity(table.get(_SEVERITY, Severity.ERROR.label)),
    )


def _text(key: str, table: Mapping[str, Any]) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        raise UsageError(f'{key} = {value}: not a name; write it in quotes, with "*" for any text')
    return value


def _duration(key: str, value: object) -> int:
    try:
        return round(parse(key, value if isinstance(value, str) else "", "ns"))
    except UsageError:
        raise UsageError(f"{key} = {_shown(value)}: not a duration; {_EXAMPLE}") from None


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{_MIN_COUNT} = {_shown(value)}: not a number from 1 on; write for example {_MIN_COUNT} = 20")
    return value


def _severity(value: object) -> Severity:
    if not isinstance(value, str) or value not in _SEVERITIES:
        raise UsageError(f"{_SEVERITY} = {_shown(value)}: no such severity; there are {', '.join(_SEVERITIES)}")
    return _SEVERITIES[value]


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
