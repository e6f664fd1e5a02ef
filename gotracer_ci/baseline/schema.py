"""The baseline file: JSON that people review, merge and diff, so an update changes few lines and the bytes are stable.

    {"schema":2,
    "programs":[
    {"program":"example.com/shop/orders (test)",
    "tests":["TestOrders"],
    "groups":[
    {"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","ref":740}
    ],
    "entries":[
    {"id":"4711","commit":"1a2b3c4","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1020,"tests":12,\
    "check":"9c9b5b4f","values":[740],"n":[210]}
    ]}
    ]}

`values` and `n` follow the order of the groups: the largest trimmed total (or counter) and number of events in the
job's traces. New groups come last, and trailing zeros are left out, so that an update changes no older line. `check` is
a checksum of the groups that the numbers belong to, so that an edit or a merge that moves a group is detected. `ref` is
the value that creep is measured from; `accepted` is the reason why a user accepted a regression. Values have two
significant digits, since more is noise. `tests` names the test functions of all jobs, and counts the tests and subtests
of one job: a run of other tests is compared less. The file has no sums, lines, paths or dates, because those change
even if the program behaves the same. A file of schema 1 has a single part, for an unknown program.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gotracer_ci import files
from gotracer_ci.baseline.records import KEPT_ENTRIES, Baseline, Entry, Group, Part
from gotracer_ci.errors import BaselineError, FileError, MissingFileError
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS, Limits, limit_of

SCHEMA: Final = 2
MAX_BYTES: Final = 16_000_000
_MEND: Final = 'restore it from version control or recreate it with "--update-baseline --replace"'
_MARKER: Final = "<<<<<<< "
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
    tests: _Whole = 0


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
    tests: tuple[str, ...] = ()
    groups: tuple[_Line, ...]
    entries: tuple[_Job, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)


class _File(_Model):
    schema_: Literal[2] = Field(alias="schema")
    programs: tuple[_Program, ...] = Field(min_length=1)


class _OldLine(_Line):
    """A group in schema 1, with a number for each entry."""

    values: tuple[_Number | None, ...]
    n: tuple[_Whole, ...] = ()


class _OldFile(_Model):
    schema_: Literal[1] = Field(alias="schema")
    entries: tuple[_Entry, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)
    groups: tuple[_OldLine, ...]


def load(path: Path, shown: Path | None = None) -> Baseline:
    """Read a baseline file. shown: its name in errors, if not its path.

    Raises:
        BaselineError: one line with the file, the problem and the remedy.
    """
    return parse(read(path, shown), shown or path)


def read(path: Path, shown: Path | None = None) -> str:
    """Return the text of a baseline file without parsing it. shown: as in `load`.

    Raises:
        BaselineError: the file does not exist, or is not a regular text file within the limit.
    """
    shown = shown or path
    try:
        return files.read_text(path, MAX_BYTES)
    except MissingFileError:
        raise _error(shown, "no such baseline", "create it with --update-baseline") from None
    except FileError as error:
        raise _error(shown, error.problem, error.remedy or "name another file") from None


def parse(text: str, path: Path) -> Baseline:
    """Return the baseline that a file's text describes.

    Args:
        path: the name of the text in errors.

    Raises:
        BaselineError: one line with the file, the problem and the remedy.
    """
    try:
        document = files.parse_json(text, path)
    except FileError as error:
        if (line := _first_marker(text)) is not None:
            raise _error(f"{path}:{line}", "merge conflict markers", 'run "gotracer-ci baseline merge" on it') from None
        raise _error(path, error.problem, _MEND) from None
    version = document.get("schema") if isinstance(document, dict) else None
    if type(version) is not int or version < 1:
        raise _error(path, 'not a baseline file: missing "schema"', _MEND)
    if version > SCHEMA:
        problem = f"written by a newer gotracer-ci: schema {version}, this version reads up to {SCHEMA}"
        raise _error(path, problem, "update gotracer-ci")
    try:
        if version == 1:
            return Baseline({"": _upgraded(path, _OldFile.model_validate_json(text))})
        return _checked(path, _File.model_validate_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _error(path, f"{where}: {first['msg']}", _MEND) from None


def check_units(baseline: Baseline, limits: Limits, path: Path) -> None:
    """Check that each group has the unit in which its rule measures.

    Args:
        limits: the limits of all known rules. Groups of other rules are not checked.
        path: the file's name in errors.

    Raises:
        BaselineError: a group has another unit.
    """
    for part in baseline.parts.values():
        for key, group in part.groups.items():
            limit = limit_of(limits, key)
            if limit and limit.unit != group.unit:
                name = " ".join(word for word in key if word)
                raise _error(path, f"{name}: wrong unit {_NAMES[group.unit][0]}", _MEND)


def has_markers(text: str) -> bool:
    """Report whether the text has git's conflict markers."""
    return _first_marker(text) is not None


def _first_marker(text: str) -> int | None:
    """Return the line of git's first conflict marker."""
    at = 0 if text.startswith(_MARKER) else text.find(f"\n{_MARKER}") + 1
    return text.count("\n", 0, at) + 1 if at or text.startswith(_MARKER) else None


def dump(baseline: Baseline) -> str:
    """Return the file's text for a baseline."""
    parts = ",\n".join(_part(program, part) for program, part in sorted(baseline.parts.items()))
    return f'{{"schema":{SCHEMA},\n"programs":[\n{parts}\n]}}\n'


def save(path: Path, baseline: Baseline, inside: Path | None = None) -> None:
    """Write a baseline file and create its directory, after checking that `load` accepts the text.

    Args:
        inside: see `files.write`.

    Raises:
        BaselineError: the file cannot be written, or would be invalid. An existing file is unchanged.
    """
    text = dump(baseline)
    try:
        data = text.encode()
        parse(text, path)
    except UnicodeEncodeError as error:
        problem = f"{error.object[error.start]!r} is not valid UTF-8"
        raise _error(path, f"not written: {problem}", "correct the option or the trace that it comes from") from None
    except BaselineError as error:
        problem = str(error).removeprefix(f"{path}: ").rpartition("; ")[0]
        raise _error(path, f"not written, because it would be invalid: {problem}", "check the traces") from None
    if len(data) > MAX_BYTES:
        problem = f"not written: {len(data):,} bytes exceed the limit of {MAX_BYTES:,}"
        raise _error(path, problem, 'run "gotracer-ci baseline prune"')
    try:
        files.write(path, data, inside)
    except FileError as error:
        raise _error(path, error.problem, error.remedy or "name another file") from None


@contextmanager
def updating(path: Path, inside: Path | None = None, *, create: bool = False) -> Iterator[None]:
    """Keep other processes from updating the file between reading and writing it. inside, create: see `files.locked`.

    Raises:
        BaselineError: the file's directory cannot be created.
    """
    try:
        with files.locked(path, inside, create=create):
            yield
    except FileError as error:
        raise _error(path, error.problem, error.remedy or "name another file") from None


def _checked(path: Path, file: _File) -> Baseline:
    parts: dict[str, Part] = {}
    for program in file.programs:
        if program.program in parts:
            raise _error(path, f"duplicate program {program.program}", _MEND)
        parts[program.program] = _checked_part(path, program)
    return Baseline(parts)


def _checked_part(path: Path, program: _Program) -> Part:
    checks = _checks(line.key for line in program.groups)
    size = len(program.groups)
    for job in program.entries:
        long = max(len(job.values), len(job.n))
        if long > size or job.check != checks[long]:
            problem = (
                f"the values of job {job.id} do not match the groups: a group's line was deleted, moved or renamed"
            )
            raise _error(path, problem, _MEND)
    values = zip(*((*job.values, *(0.0,) * (size - len(job.values))) for job in program.entries), strict=True)
    counts = zip(*((*job.n, *(0,) * (size - len(job.n))) for job in program.entries), strict=True)
    part = _part_of(path, program.entries, program.groups, [*values], [*counts])
    return replace(part, tests=frozenset(program.tests))


def _upgraded(path: Path, file: _OldFile) -> Part:
    size = len(file.entries)
    for line in file.groups:
        if len(line.values) != size or len(line.n) != (size if line.unit == "ms" else 0):
            problem = f"{line.name}: needs one value, and for times one n, for each entry"
            raise _error(path, problem, _MEND)
    return _part_of(path, file.entries, file.groups, [g.values for g in file.groups], [g.n for g in file.groups])


def _part_of(
    path: Path,
    jobs: Sequence[_Entry],
    lines: Sequence[_Line],
    values: Sequence[Sequence[float | None]],
    counts: Sequence[Sequence[int]],
) -> Part:
    """Check duplicates and units, which the models cannot check, and return the part."""
    entries = tuple(Entry(**{name: getattr(job, name) for name in _Entry.model_fields}) for job in jobs)
    if len({entry.id for entry in entries}) < len(entries):
        raise _error(path, "duplicate entry id", _MEND)
    units: dict[Key, str] = {}
    groups: dict[Key, Group] = {}
    for line, of_line, events in zip(lines, values, counts, strict=True):
        unit, factor = _UNITS[line.unit]
        if line.key in units:
            raise _error(path, f"duplicate line for {line.name}", _MEND)
        units[line.key] = unit
        group = Group(
            unit, tuple(None if v is None else v * factor for v in of_line), tuple(events) if unit == "ns" else ()
        )
        if not group.is_nothing:
            groups[line.key] = group.measured_from((line.ref or 0) * factor, line.accepted)
    return Part(entries, groups, units)


def _checks(keys: Iterable[Key]) -> list[str]:
    """Return the checksums of no group, of the first, of the first two and so on."""
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
    tests = f'"tests":{_json(sorted(part.tests))},\n' if part.tests else ""
    return f'{{"program":{_json(program)},\n{tests}"groups":[\n{lines}\n],\n"entries":[\n{entries}\n]}}'


def _line(key: Key, unit: str, group: Group | None) -> str:
    name, factor = _NAMES[unit]
    line: dict[str, Any] = {"rule": key.rule, "kind": key.kind, "place": key.place, "unit": name}
    if (
        group and group.reference
    ):  # store it even if it equals the first value, so that the line stays the same when that entry is dropped
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
    values, counts = _without_zeros(values), _without_zeros(counts)
    check = checks[max(len(values), len(counts))]
    known = {name: value for name, value in asdict(entry).items() if value or name not in ("platform", "tests", "work")}
    return _json({**known, "check": check, "values": values, "n": counts})


def _without_zeros(numbers: list[float | None]) -> list[float | None]:
    """Leave out the zeros at the end, so that a new group changes no older entry."""
    size = len(numbers)
    while size and numbers[size - 1] == 0:
        size -= 1
    return numbers[:size]


def _rounded(value: float) -> float | int:
    """Round to two significant digits. Return an int if the result is whole."""
    short = float(f"{value:.2g}")
    return int(short) if short.is_integer() else short


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _error(path: object, problem: str, remedy: str) -> BaselineError:
    """Return an error with one printable line, whatever the file contains."""
    text = "".join(c if c.isprintable() else "?" for c in f"{path}: {problem}")
    return BaselineError(f"{text[:400]}; {remedy}")
