"""The baseline file: JSON that is reviewed, merged and diffed by people, so few lines an update, always the same bytes.

    {"schema":2,
    "programs":[
    {"program":"example.com/shop/orders (test)",
    "groups":[
    {"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","ref":740}
    ],
    "entries":[
    {"id":"4711","commit":"1a2b3c4","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1020,"check":"9c9b5b4f",\
    "values":[740],"n":[210]}
    ]}
    ]}

`values` and `n` stand in the order of the groups: the largest trimmed total (or counter) and number of events of the
job's traces. New groups come after the others, and zeros at the end are left out, so that no older line changes.
`check` is of the groups that the numbers are of: they are never taken for another's, whatever git or an editor did.
`ref` is what creep is measured from; `accepted` says why somebody raised the group. Two significant digits, since more
is noise; no sums, lines, paths or dates, since those change without the program's behaviour. A file of schema 1 is the
part of one unknown program.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gotracer_ci.baseline.measurements import MS, limit_of
from gotracer_ci.baseline.records import KEPT_ENTRIES, Baseline, Entry, Group, Part
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key

SCHEMA: Final = 2
MAX_BYTES: Final = 16_000_000
_MEND: Final = "restore it from version control, or start anew with --update-baseline --replace"
_UNITS: Final = {"ms": ("ns", MS), "count": ("count", 1), "bytes": ("bytes", 1)}
_NAMES: Final = {unit: (name, factor) for name, (unit, factor) in _UNITS.items()}
_Number = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_Whole = Annotated[int, Field(ge=0, le=10**15)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Entry(_Model):
    id: str = Field(min_length=1)
    commit: str
    go: str
    gomaxprocs: _Whole
    platform: str = ""
    traces: _Whole
    wall_ms: _Whole


class _Job(_Entry):
    check: str
    values: tuple[_Number | None, ...]
    n: tuple[_Whole, ...]


class _Line(_Model):
    rule: str
    kind: str
    place: str
    unit: Literal["ms", "count", "bytes"]
    ref: _Number | None = None
    accepted: str = ""

    @property
    def key(self) -> Key:
        return Key(self.rule, self.kind, self.place)

    @property
    def name(self) -> str:
        return " ".join(part for part in self.key if part)


class _Program(_Model):
    program: str
    groups: tuple[_Line, ...]
    entries: tuple[_Job, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)


class _File(_Model):
    schema_: Literal[2] = Field(alias="schema")
    programs: tuple[_Program, ...] = Field(min_length=1)


class _OldLine(_Line):
    """Of schema 1: a number for each entry."""

    values: tuple[_Number | None, ...]
    n: tuple[_Whole, ...] = ()


class _OldFile(_Model):
    schema_: Literal[1] = Field(alias="schema")
    entries: tuple[_Entry, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)
    groups: tuple[_OldLine, ...]


def load(path: Path, shown: Path | None = None) -> Baseline:
    """Reads a baseline file. shown: its name in errors, where that is not its path.

    Raises:
        BaselineError: one line with the file, what is wrong with it and what to do.
    """
    return parse(read(path, shown), shown or path)


def read(path: Path, shown: Path | None = None) -> str:
    """The text of a baseline file, whatever it says. shown: as in `load`.

    Raises:
        BaselineError: one line with the file, what is wrong with it and what to do.
    """
    shown = shown or path
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _error(shown, "no such baseline", "create it with --update-baseline") from None
    except OSError as error:
        raise _error(shown, f"cannot be read: {error.strerror}", "name a file that can be") from None
    if len(data) > MAX_BYTES:
        raise _error(shown, f"larger than {MAX_BYTES // 10**6} MB, no baseline is", _MEND)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _error(shown, f"not UTF-8 at byte {error.start:,}", _MEND) from None


def parse(text: str, path: Path) -> Baseline:
    """The baseline that a file's text stands for.

    Args:
        path: what the text is called in errors.

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
    try:
        if version == 1:
            return Baseline({"": _upgraded(path, _OldFile.model_validate_json(text))})
        return _checked(path, _File.model_validate_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _error(path, f"{where}: {first['msg']}", _MEND) from None


def has_markers(text: str) -> bool:
    """Whether git left a conflict in the text."""
    return text.startswith("<<<<<<< ") or "\n<<<<<<< " in text


def dump(baseline: Baseline) -> str:
    """The file's text."""
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


def _checked(path: Path, file: _File) -> Baseline:
    parts: dict[str, Part] = {}
    for program in file.programs:
        if program.program in parts:
            raise _error(path, f"two parts of the program {program.program}", _MEND)
        parts[program.program] = _checked_part(path, program)
    return Baseline(parts)


def _checked_part(path: Path, program: _Program) -> Part:
    checks = _checks(line.key for line in program.groups)
    size = len(program.groups)
    for job in program.entries:
        long = max(len(job.values), len(job.n))
        if long > size or job.check != checks[long]:
            problem = f"the numbers of {job.id} are not of these groups: a group's line was deleted, moved or renamed"
            raise _error(path, problem, _MEND)
    values = zip(*((*job.values, *(0.0,) * (size - len(job.values))) for job in program.entries), strict=True)
    counts = zip(*((*job.n, *(0,) * (size - len(job.n))) for job in program.entries), strict=True)
    return _part_of(path, program.entries, program.groups, [*values], [*counts])


def _upgraded(path: Path, file: _OldFile) -> Part:
    size = len(file.entries)
    for line in file.groups:
        if len(line.values) != size or len(line.n) != (size if line.unit == "ms" else 0):
            problem = f"{line.name}: as many values, and n of times, as there are entries are needed"
            raise _error(path, problem, _MEND)
    return _part_of(path, file.entries, file.groups, [g.values for g in file.groups], [g.n for g in file.groups])


def _part_of(
    path: Path,
    jobs: Sequence[_Entry],
    lines: Sequence[_Line],
    values: Sequence[Sequence[float | None]],
    counts: Sequence[Sequence[int]],
) -> Part:
    """What a model of one field at a time cannot see: twins and units. Of each line what the entries have."""
    entries = tuple(Entry(**{name: getattr(job, name) for name in _Entry.model_fields}) for job in jobs)
    if len({entry.id for entry in entries}) < len(entries):
        raise _error(path, "two entries have the same id", _MEND)
    units: dict[Key, str] = {}
    groups: dict[Key, Group] = {}
    for line, of_line, events in zip(lines, values, counts, strict=True):
        unit, factor = _UNITS[line.unit]
        if line.key in units:
            raise _error(path, f"two lines of {line.name}", _MEND)
        if (limit := limit_of(line.key)) and limit.unit != unit:
            raise _error(path, f"{line.name}: the unit {line.unit} is not this group's", _MEND)
        units[line.key] = unit
        group = Group(
            unit, tuple(None if v is None else v * factor for v in of_line), tuple(events) if unit == "ns" else ()
        )
        if not group.is_nothing:
            groups[line.key] = group.measured_from((line.ref or 0) * factor, line.accepted)
    return Part(entries, groups, units)


def _checks(keys: Iterable[Key]) -> list[str]:
    """Of no group, of the first, of the first two and so on: what tells them from any other groups."""
    sums = [0]
    for key in keys:
        sums.append(zlib.crc32(_json(key[:3]).encode(errors="replace"), sums[-1]))
    return [f"{crc:08x}" for crc in sums]


def _part(program: str, part: Part) -> str:
    order = part.ordered()
    groups = [part.groups.get(key) for key in order]
    shown = [None if group is None or group.is_nothing else group for group in groups]
    lines = ",\n".join(_line(key, unit, group) for (key, unit), group in zip(order.items(), shown, strict=True))
    checks = _checks(order)
    entries = ",\n".join(_entry(entry, i, shown, checks) for i, entry in enumerate(part.entries))
    return f'{{"program":{_json(program)},\n"groups":[\n{lines}\n],\n"entries":[\n{entries}\n]}}'


def _line(key: Key, unit: str, group: Group | None) -> str:
    name, factor = _NAMES[unit]
    line: dict[str, Any] = {"rule": key.rule, "kind": key.kind, "place": key.place, "unit": name}
    if group and group.reference:  # the first value too: it leaves with its entry, and then the line would change
        line["ref"] = _rounded(group.reference / factor)
    if group and group.accepted:
        line["accepted"] = group.accepted
    return _json(line)


def _entry(entry: Entry, index: int, groups: Sequence[Group | None], checks: Sequence[str]) -> str:
    values: list[float | None] = []
    counts: list[float | None] = []
    for group in groups:
        value = group.values[index] if group else 0.0
        factor = _NAMES[group.unit][1] if group else 1
        values.append(None if value is None else _rounded(value / factor))
        counts.append(_rounded(group.counts[index]) if group and group.counts else 0)
    values, counts = _cut(values), _cut(counts)
    check = checks[max(len(values), len(counts))]
    told = {name: value for name, value in asdict(entry).items() if name != "platform" or value}
    return _json({**told, "check": check, "values": values, "n": counts})


def _cut(numbers: list[float | None]) -> list[float | None]:
    """Without the zeros at the end, which a longer list of groups would bring."""
    size = len(numbers)
    while size and numbers[size - 1] == 0:
        size -= 1
    return numbers[:size]


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
