"""The lines of a program's part in the baseline file: their order, units, digits and checksums."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from gotracer_ci.baseline.records import Entry, Group, Part
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS


class Unit(NamedTuple):
    """How the file has values. name: of the unit there. factor: the value of one such unit. digits: how many are kept.

    Counts are exact: one more can be a regression. Quantiles vary by a few percent, other times and sizes by more.
    """

    name: str
    factor: int
    digits: int


UNITS: Final = {
    "ns": Unit("ms", MS, 2),
    "each": Unit("us", 1_000, 3),
    "count": Unit("count", 1, 15),
    "bytes": Unit("bytes", 1, 2),
}
_PERCENT: Final = 100
_OPTIONAL: Final = ("platform", "tests")


def part_text(program: str, part: Part) -> str:
    """Return the file's lines for a program."""
    order = part.ordered()
    rules = _rules(part)
    cells = {key: _cells(part, key, group) for key in order if (group := part.groups.get(key)) is not None}
    shown = [part.groups[key] if any(cell != (0, 0) for cell in cells.get(key, ())) else None for key in order]
    lines = ",\n".join(_line(key, unit, group) for (key, unit), group in zip(order.items(), shown, strict=True))
    checks = group_checks(order)
    rows = [cells[key] if group else [(0, 0)] * len(part.entries) for key, group in zip(order, shown, strict=True)]
    entries = ",\n".join(
        _entry(entry, [row[i] for row in rows], checks, rules, part.work) for i, entry in enumerate(part.entries)
    )
    head = [f'{{"program":{as_json(program)}']
    head += [f'"rules":{as_json(rules)}'] if rules else []
    head += [f'"work":{as_json(part.work)}'] if part.work else []
    return ",\n".join((*head, f'"groups":[\n{lines}\n]', f'"entries":[\n{entries}\n]}}'))


def group_checks(keys: Iterable[Key]) -> list[int]:
    """Return the checksums of no group, of the first, of the first two and so on."""
    sums = [0]
    for key in keys:
        sums.append(_crc(key[:3], sums[-1]))
    return sums


def check_of(groups: int, rules: Sequence[str], work: Sequence[str]) -> str:
    """Return the checksum of the names that an entry's numbers belong to. groups: see `group_checks`."""
    crc = _crc(rules, groups) if rules else groups
    return f"{_crc(work, crc) if work else crc:08x}"


def percent(part: float) -> int:
    """Return a part of 1 in whole percent."""
    return round(part * _PERCENT)


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _crc(value: object, before: int) -> int:
    return zlib.crc32(as_json(value).encode(errors="replace"), before)


def _rules(part: Part) -> tuple[str, ...]:
    """Return the rules that entries measured: those of most entries first, otherwise in the file's order.

    An entry only stores how many of the first rules it measured, so a new rule changes no older entry.
    """
    measured = [frozenset(entry.rules) for entry in part.entries if entry.rules is not None]
    known = frozenset[str]().union(*measured)
    order = [*(rule for rule in part.rules if rule in known), *sorted(known.difference(part.rules))]
    return tuple(sorted(order, key=lambda rule: -sum(rule in one for one in measured)))


def _cells(part: Part, key: Key, group: Group) -> list[tuple[float | None, int]]:
    """Return a group's value and number of events in each entry, as the file has them; 0 for what was not measured."""
    _, factor, digits = UNITS[group.unit]
    cells: list[tuple[float | None, int]] = []
    for i, (entry, value) in enumerate(zip(part.entries, group.values, strict=True)):
        written = None if value is None else _rounded(value / factor, digits)
        if value is None and not entry.measured(key.rule):
            written = 0
        cells.append((written, int(_rounded(group.counts[i], 2)) if group.counts else 0))
    return cells


def _line(key: Key, unit: str, group: Group | None) -> str:
    name, factor, digits = UNITS[unit]
    line: dict[str, Any] = {"rule": key.rule, "kind": key.kind, "place": key.place, "unit": name}
    if (
        group and group.reference
    ):  # store it even if it equals the first value, so that the line stays the same when that entry is dropped
        line["ref"] = _rounded(group.reference / factor, digits)
    if group and group.accepted:
        line["accepted"] = group.accepted
    if group and group.shares:
        line["by_test"] = {test: percent(part) for test, part in group.shares}
    return as_json(line)


def _entry(
    entry: Entry,
    cells: Sequence[tuple[float | None, int]],
    checks: Sequence[int],
    rules: Sequence[str],
    work: Sequence[str],
) -> str:
    values = _without_zeros([value for value, _ in cells])
    counts = _without_zeros([number for _, number in cells])
    did = dict(entry.work)
    times = _without_zeros([did.get(name, 0) for name in work])
    known = {name: value for name, value in asdict(entry).items() if value or name not in _OPTIONAL}
    del known["rules"], known["work"]
    measured = len(rules)
    if entry.rules is not None:
        measured = next((i for i, rule in enumerate(rules) if rule not in entry.rules), measured)
    known |= {"rules": measured} if rules else {}
    known |= {"work": times} if times else {}
    check = check_of(checks[max(len(values), len(counts))], rules[:measured], work[: len(times)])
    return as_json({**known, "check": check, "values": values, "n": counts})


def _without_zeros(numbers: list[Any]) -> list[Any]:
    """Leave out the zeros at the end, so that a new group changes no older entry."""
    size = len(numbers)
    while size and numbers[size - 1] == 0:
        size -= 1
    return numbers[:size]


def _rounded(value: float, digits: int) -> float | int:
    """Round to this many significant digits. Return an int if the result is whole."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() else short
