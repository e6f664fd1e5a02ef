"""The baseline file: JSON that is reviewed, merged and diffed by people, so one group a line and always the same bytes.

    {"schema":2,
    "programs":[
    {"program":"example.com/shop/orders (test)",
    "entries":[
    {"id":"4711","commit":"1a2b3c4","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1020}
    ],
    "groups":[
    {"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","values":[740],"n":[210]}
    ]}
    ]}

`values` and `n` stand in the order of the entries: of each job the largest trimmed total (or counter) and number of
events of its traces. `ref` is what creep is measured from, left out where it is the first value; `accepted` says why
somebody raised the line. Two significant digits, since more is noise and only makes diffs; no sums, lines, paths or
dates, since those change without the program's behaviour. A file of schema 1 is the part of one unknown program.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gotracer_ci.baseline.statistics import MS, Environment, limit_of
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key

SCHEMA: Final = 2
KEPT_ENTRIES: Final = 10
MAX_BYTES: Final = 16_000_000
_MEND: Final = "restore it from version control, or start anew with --update-baseline --replace"
_UNITS: Final = {"ms": ("ns", MS), "count": ("count", 1), "bytes": ("bytes", 1)}
_Number = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_Whole = Annotated[int, Field(ge=0, le=10**15)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Entry(_Model):
    """One job that was folded in.

    id: of the job's run. go, gomaxprocs, platform: as in Environment. traces: how many it had; wall_ms: its longest.
    """

    id: str = Field(min_length=1)
    commit: str
    go: str
    gomaxprocs: _Whole
    platform: str = ""
    traces: _Whole
    wall_ms: _Whole

    @property
    def environment(self) -> Environment:
        return Environment(self.go, self.gomaxprocs, self.platform)


class _Line(_Model):
    rule: str
    kind: str
    place: str
    unit: Literal["ms", "count", "bytes"]
    values: tuple[_Number | None, ...]
    n: tuple[_Whole, ...] = ()
    ref: _Number | None = None
    accepted: str = ""


class _Program(_Model):
    program: str
    entries: tuple[Entry, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)
    groups: tuple[_Line, ...]


class _File(_Model):
    schema_: Literal[2] = Field(alias="schema")
    programs: tuple[_Program, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Group:
    """What the entries hold of one group, in their order.

    values: ns, count or bytes by `unit`; None where it was dropped because the group was fixed since (see update).
    counts: numbers of events; empty for counters. ref: what creep is measured from, None for the first value that
    there is. accepted: why somebody raised it, "" where nobody did.
    """

    unit: str
    values: tuple[float | None, ...]
    counts: tuple[int, ...] = ()
    ref: float | None = None
    accepted: str = ""

    @property
    def reference(self) -> float:
        """What creep is measured from: 0 where there is nothing."""
        return self.first if self.ref is None else self.ref

    @property
    def first(self) -> float:
        """The first value of those that a file holds, 0 without one."""
        least = MS if self.unit == "ns" else 1
        return next((value for value in self.values if value and value >= least), 0.0)

    def measured_from(self, reference: float, accepted: str) -> Group:
        """The same with another reference, 0 for the first value, and what was accepted of it."""
        return replace(self, ref=None if reference in (0, self.first) else reference, accepted=accepted)


@dataclass(frozen=True, slots=True)
class Part:
    """One program's part of a baseline: entries, the oldest first, and the groups that any of them has."""

    entries: tuple[Entry, ...]
    groups: dict[Key, Group]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline: the program's name → its part. "" is a program that is not known by name."""

    parts: dict[str, Part]


def load(path: Path) -> Baseline:
    """Reads a baseline file.

    Raises:
        BaselineError: one line with the file, what is wrong with it and what to do.
    """
    return parse(read(path), path)


def read(path: Path) -> str:
    """The text of a baseline file, whatever it says.

    Raises:
        BaselineError: one line with the file, what is wrong with it and what to do.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _error(path, "no such baseline", "create it with --update-baseline") from None
    except OSError as error:
        raise _error(path, f"cannot be read: {error.strerror}", "name a file that can be") from None
    if len(data) > MAX_BYTES:
        raise _error(path, f"larger than {MAX_BYTES // 10**6} MB, no baseline is", _MEND)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _error(path, f"not UTF-8 at byte {error.start:,}", _MEND) from None


def parse(text: str, path: Path, *, lenient: bool = False) -> Baseline:
    """The baseline that a file's text stands for.

    Args:
        path: what the text is called in errors.
        lenient: a line may have more or fewer values than there are entries, and then says nothing of them: git put
            the line of one side beside the entries of the other.

    Raises:
        BaselineError: one line with the file, what is wrong with it and what to do.
    """
    try:
        document: Any = json.loads(text)
    except json.JSONDecodeError as error:
        remedy = "gotracer-ci baseline merge mends it" if has_markers(text) else _MEND
        raise _error(path, f"not valid JSON at line {error.lineno}: {error.msg}", remedy) from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, thousands of nested brackets
        raise _error(path, "not a baseline file", _MEND) from None
    version = document.get("schema") if isinstance(document, dict) else None
    if type(version) is not int or version < 1:
        raise _error(path, "not a baseline file: it has no schema number", _MEND)
    if version > SCHEMA:
        raise _error(
            path, f"made by a newer gotracer-ci: schema {version}, this one reads {SCHEMA}", "use that gotracer-ci"
        )
    if version == 1:
        part = {name: value for name, value in document.items() if name != "schema"}
        text = json.dumps({"schema": SCHEMA, "programs": [{"program": "", **part}]})
    try:
        return _checked(path, _File.model_validate_json(text), lenient=lenient)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _error(path, f"{where}: {first['msg']}", _MEND) from None


def has_markers(text: str) -> bool:
    """Whether git left a conflict in the text."""
    return text.startswith("<<<<<<< ") or "\n<<<<<<< " in text


def dump(baseline: Baseline) -> str:
    """The file's text. Timing groups below 1 ms in all entries, and counters that are 0 in all, are left out."""
    parts = ",\n".join(_part(program, part) for program, part in sorted(baseline.parts.items()))
    return f'{{"schema":{SCHEMA},\n"programs":[\n{parts}\n]}}\n'


def save(path: Path, baseline: Baseline) -> None:
    """Writes the file, whole or not at all, and creates its folder.

    Raises:
        BaselineError: it cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays one
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(dump(baseline), encoding="utf-8", newline="\n")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _error(path, f"cannot be written: {error.strerror}", "name a file that can be") from None


def _checked(path: Path, file: _File, *, lenient: bool) -> Baseline:
    parts: dict[str, Part] = {}
    for program in file.programs:
        if program.program in parts:
            raise _error(path, f"two parts of the program {program.program}", _MEND)
        parts[program.program] = _checked_part(path, program, lenient=lenient)
    return Baseline(parts)


def _checked_part(path: Path, program: _Program, *, lenient: bool) -> Part:
    """What a model of one field at a time cannot see: lengths, twins, units."""
    size = len(program.entries)
    if len({entry.id for entry in program.entries}) < size:
        raise _error(path, "two entries have the same id", _MEND)
    groups: dict[Key, Group] = {}
    for line in program.groups:
        key = Key(line.rule, line.kind, line.place)
        unit, factor = _UNITS[line.unit]
        name = " ".join(part for part in key if part)
        if key in groups:
            raise _error(path, f"two lines of {name}", _MEND)
        values: tuple[float | None, ...] = tuple(None if v is None else v * factor for v in line.values)
        ref = None if line.ref is None else line.ref * factor
        group = Group(unit, values, line.n, ref, line.accepted)
        if len(values) != size or len(line.n) != (size if unit == "ns" else 0):
            if not lenient:
                raise _error(path, f"{name}: as many values, and n of times, as there are entries are needed", _MEND)
            nothing = Group(unit, (0.0,) * size, (0,) * (size if unit == "ns" else 0))
            group = nothing.measured_from(group.reference, group.accepted)
        if (limit := limit_of(key)) and limit.unit != unit:
            raise _error(path, f"{name}: the unit {line.unit} is not this group's", _MEND)
        groups[key] = group
    return Part(program.entries, groups)


def _part(program: str, part: Part) -> str:
    entries = ",\n".join(_json(entry.model_dump(exclude_defaults=True)) for entry in part.entries)
    lines = ",\n".join(_line(key, group) for key, group in sorted(part.groups.items()) if group.first)
    return f'{{"program":{_json(program)},\n"entries":[\n{entries}\n],\n"groups":[\n{lines}\n]}}'


def _line(key: Key, group: Group) -> str:
    unit, factor = next((name, factor) for name, (unit, factor) in _UNITS.items() if unit == group.unit)
    line: dict[str, Any] = {
        "rule": key.rule,
        "kind": key.kind,
        "place": key.place,
        "unit": unit,
        "values": [None if value is None else _rounded(value / factor) for value in group.values],
    }
    if group.counts:
        line["n"] = [_rounded(count) for count in group.counts]
    if _rounded(group.reference / factor) != _rounded(group.first / factor):
        line["ref"] = _rounded(group.reference / factor)
    if group.accepted:
        line["accepted"] = group.accepted
    return _json(line)


def _rounded(value: float) -> float | int:
    """Two significant digits; whole numbers as such."""
    short = float(f"{value:.2g}")
    return int(short) if short.is_integer() else short


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _error(path: Path, problem: str, remedy: str) -> BaselineError:
    """One printable line, whatever the file holds."""
    text = "".join(c if c.isprintable() else "?" for c in f"{path}: {problem}")
    return BaselineError(f"{text[:400]}; {remedy}")
