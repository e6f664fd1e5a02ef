"""The baseline file: JSON that people review, merge and diff, so an update changes few lines and the bytes are stable.

    {"schema":3,
    "programs":[
    {"program":"example.com/shop/orders (test)",
    "rules":["BlockedOnSyscall","MutexContention"],
    "work":["TestOrders"],
    "groups":[
    {"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","ref":740,\
    "by_test":{"TestOrders":98}}
    ],
    "entries":[
    {"id":"4711","commit":"1a2b3c4","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1020,"tests":12,"rules":2,\
    "work":[1],"check":"9c9b5b4f","values":[740],"n":[210]}
    ]}
    ]}

`values` and `n` follow the order of the groups: the largest trimmed total (or counter) and number of events in the
job's traces. An entry's `work` follows the program's: how often each test function ran, or each type of task or region.
Its `rules` says how many of the program's rules measured it: of other rules it has no values. New names come last, and
zeros at the end are left out, so that an update changes no older line. `check` is a checksum of the names that the
numbers belong to, so that an edit or a merge that moves a group is detected. `ref` is the value that creep is measured
from; `accepted` is the reason why a user accepted a regression; `by_test` says how many percent of the group belong to
which test. A count is exact; other values have two or three significant digits, since more is noise. The file has no
sums, lines, paths or dates, because those change even if the program behaves the same.

Schema 2 has no `rules`, and `tests` instead of `work`. Schema 1 has a single part, for an unknown program.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from gotracer_ci import files
from gotracer_ci.baseline.layout import UNITS, check_of, group_checks, part_text
from gotracer_ci.baseline.models import File, Job, Line, OldFile, Program
from gotracer_ci.baseline.records import Baseline, Entry, Group, Part, is_counted
from gotracer_ci.errors import BaselineError, FileError, MissingFileError
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits, limit_of

SCHEMA: Final = 3
MAX_BYTES: Final = 16_000_000
_MEND: Final = 'restore it from version control or recreate it with "--update-baseline --replace"'
_MARKER: Final = "<<<<<<< "
_UNIT_NAMES: Final = {unit.name: name for name, unit in UNITS.items()}
_OF_SCHEMA_2: Final = (
    "BlockedOnSyscall",
    "Deadlock",
    "GCAssist",
    "GCPauseSpike",
    "GoroutineLeakGrowth",
    "HeapGrowthSpike",
    "HighSchedulingLatency",
    "MutexContention",
    "ProcessorStarvation",
    "TestTimeout",
)
"""The rules that measured every job of schema 2. Rules of other packages did if the file has groups of theirs."""


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
            return Baseline({"": _upgraded(path, OldFile.model_validate_json(text))})
        return _checked(path, File.model_validate_json(text))
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
                raise _error(path, f"{name}: wrong unit {UNITS[group.unit].name}", _MEND)


def has_markers(text: str) -> bool:
    """Report whether the text has git's conflict markers."""
    return _first_marker(text) is not None


def _first_marker(text: str) -> int | None:
    """Return the line of git's first conflict marker."""
    at = 0 if text.startswith(_MARKER) else text.find(f"\n{_MARKER}") + 1
    return text.count("\n", 0, at) + 1 if at or text.startswith(_MARKER) else None


def dump(baseline: Baseline) -> str:
    """Return the file's text for a baseline."""
    parts = ",\n".join(part_text(program, part) for program, part in sorted(baseline.parts.items()))
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


def _checked(path: Path, file: File) -> Baseline:
    parts: dict[str, Part] = {}
    for program in file.programs:
        if program.program in parts:
            raise _error(path, f"duplicate program {program.program}", _MEND)
        parts[program.program] = _checked_part(path, program, is_old=file.schema_ < SCHEMA)
    return Baseline(parts)


def _checked_part(path: Path, program: Program, *, is_old: bool) -> Part:
    work = program.work or program.tests
    for names, of in ((work, "work"), (program.rules, "rules")):
        if len(set(names)) < len(names):
            raise _error(path, f"duplicate name in {of}", _MEND)
    checks = group_checks(line.key for line in program.groups)
    size = len(program.groups)
    entries = []
    old = _measured(program.groups) if is_old else _OF_SCHEMA_2
    for job in program.entries:
        long = max(len(job.values), len(job.n))
        rules, did = program.rules[: job.rules or 0], work[: len(job.work)]
        is_short = long > size or len(rules) < (job.rules or 0) or len(did) < len(job.work)
        if is_short or job.check != check_of(checks[long], rules, did):
            problem = (
                f"the values of job {job.id} do not match the names before them: a name or line was deleted, moved or "
                "renamed"
            )
            raise _error(path, problem, _MEND)
        measured: tuple[str, ...] | None = tuple(sorted(rules))
        if job.rules is None:  # git puts the job of an older version into a file of this one
            measured = old if is_old or program.rules else None
        entries.append(_entry(job, measured, tuple(sorted((n, k) for n, k in zip(did, job.work, strict=True) if k))))
    values = zip(*((*job.values, *(0.0,) * (size - len(job.values))) for job in program.entries), strict=True)
    counts = zip(*((*job.n, *(0,) * (size - len(job.n))) for job in program.entries), strict=True)
    groups, lines = _groups(path, entries, program.groups, [*values], [*counts])
    return Part(tuple(entries), groups, lines, work, program.rules)


def _upgraded(path: Path, file: OldFile) -> Part:
    size = len(file.entries)
    for line in file.groups:
        if len(line.values) != size or len(line.n) != (size if line.unit == "ms" else 0):
            problem = f"{line.name}: needs one value, and for times one n, for each entry"
            raise _error(path, problem, _MEND)
    entries = [_entry(job, _measured(file.groups)) for job in file.entries]
    lines = file.groups
    groups, units = _groups(path, entries, lines, [line.values for line in lines], [line.n for line in lines])
    return Part(tuple(entries), groups, units)


def _measured(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return the rules that measured the jobs of an older schema."""
    return tuple(sorted({*_OF_SCHEMA_2, *(line.rule for line in lines)}))


def _entry(job: Job, rules: tuple[str, ...] | None, work: tuple[tuple[str, int], ...] = ()) -> Entry:
    return Entry(**{name: getattr(job, name) for name in Job.model_fields}, rules=rules, work=work)


def _groups(
    path: Path,
    entries: Sequence[Entry],
    lines: Sequence[Line],
    values: Sequence[Sequence[float | None]],
    counts: Sequence[Sequence[int]],
) -> tuple[dict[Key, Group], dict[Key, str]]:
    """Check duplicates and parts, which the models cannot check. Return the groups, and the units of all lines."""
    if len({entry.id for entry in entries}) < len(entries):
        raise _error(path, "duplicate entry id", _MEND)
    units: dict[Key, str] = {}
    groups: dict[Key, Group] = {}
    measured = {rule: [entry.measured(rule) for entry in entries] for rule in {line.rule for line in lines}}
    for line, of_line, events in zip(lines, values, counts, strict=True):
        unit = _UNIT_NAMES[line.unit]
        factor = UNITS[unit].factor
        if line.key in units:
            raise _error(path, f"duplicate line for {line.name}", _MEND)
        if sum(line.by_test.values()) > 100:
            raise _error(path, f"{line.name}: its tests have more than 100 percent", _MEND)
        units[line.key] = unit
        if not (any(value != 0 for value in of_line) or any(events)):
            continue
        known = [
            None if value is None or not is_known else value * factor
            for value, is_known in zip(of_line, measured[line.rule], strict=True)
        ]
        shares = tuple(sorted((test, percent / 100) for test, percent in line.by_test.items()))
        group = Group(unit, tuple(known), tuple(events) if is_counted(unit) else (), shares=shares)
        groups[line.key] = group.measured_from((line.ref or 0) * factor, line.accepted)
    return groups, units


def _error(path: object, problem: str, remedy: str) -> BaselineError:
    """Return an error with one printable line, whatever the file contains."""
    text = "".join(c if c.isprintable() else "?" for c in f"{path}: {problem}")
    return BaselineError(f"{text[:400]}; {remedy}")
