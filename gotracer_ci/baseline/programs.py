"""Compare and update several programs in one run, each with its own part of the baseline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from gotracer_ci.baseline.causes import linked
from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.creep import creeping
from gotracer_ci.baseline.measurements import Runs
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Comparison, Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits

_EMPTY: Final = Part((), {})
_SHOWN: Final = 3


def part_of(baseline: Baseline, program: str, programs: Collection[str]) -> str | None:
    """Return the name of the program's part, None if the baseline has none.

    A part without a name (from a file of schema 1) or a program without a name (from traces that do not have it)
    matches the only candidate.

    Args:
        programs: the programs of the run.
    """
    if program in baseline.parts:
        return program
    if len(programs) == 1 and len(baseline.parts) == 1 and ("" in baseline.parts or not program):
        return next(iter(baseline.parts))
    return None


def compare_all(
    runs: Runs,
    baseline: Baseline | None,
    path: str,
    limits: Limits,
    rules: Collection[str] | None = None,
    base: Runs | None = None,
) -> Comparison:
    """Return the verdicts for every program that has a baseline or base traces.

    Args:
        baseline: the reference, or None for base traces only.
        path: what the user calls the baseline.
        limits: the limits of all rules.
        rules: the rules that ran, None for all.
        base: traces of the base commit from the same job.
    """
    verdicts: dict[Key, Verdict] = {}
    warnings: list[str] = []
    jobs = 0
    comparable: list[int] = []
    elsewhere: list[str] = []
    of_base = 0
    for program, traces in sorted(runs.items()):
        name = part_of(baseline, program, runs) if baseline else None
        part = baseline.parts[name] if baseline and name is not None else _EMPTY
        before = base.get(program, ()) if base else ()
        if not (part.entries or before):
            continue
        one = compare(traces, part, path, limits, rules, before)
        jobs = max(jobs, len(part.entries))  # the legs of a matrix have jobs of their own
        of_base += one.base_traces
        comparable += [one.comparable or 0] if part.entries else []
        elsewhere += [one.elsewhere] if one.elsewhere else []
        own = {}
        for key, verdict in one.verdicts.items():
            full = key._replace(program=program)
            own[full] = verdict._replace(key=full)
        verdicts |= own | linked(own, traces, limits)
        creep = list(creeping(part, limits)) if part.entries else []
        if len(creep) > _SHOWN:
            creep[_SHOWN:] = [f"creep: {len(creep) - _SHOWN} more; gotracer-ci baseline check lists them"]
        warnings += (with_program(line, program, runs) for line in (*one.warnings, *creep))
    return Comparison(
        baseline=path,
        entries=jobs,
        base_traces=of_base,
        comparable=min(comparable, default=0),
        elsewhere=" or ".join(dict.fromkeys(elsewhere)),
        warnings=tuple(warnings),
        verdicts=verdicts,
    )


def unknown(
    baseline: Baseline, runs: Runs, keys: Mapping[str, Iterable[Key]], base: Collection[str] = ()
) -> Iterator[tuple[str, dict[Key, Verdict]]]:
    """Yield a note and verdicts on the findings for each program that has no part in the baseline.

    A program that joins a workflow, or is renamed, is no regression: its findings are shown and do not count.

    Args:
        keys: each program's findings.
        base: the programs that are compared with base traces instead.
    """
    status, evidence = Status.UNKNOWN, "the baseline has no data for this program"
    if base and not baseline.parts:
        status, evidence = Status.NOT_IN_BASE, "there are no base traces of this program"
    have = ", ".join(name or "one without a name" for name in sorted(baseline.parts))
    others = f" (only for {have})" if have else ""
    for program, traces in sorted(runs.items()):
        if program in base or part_of(baseline, program, runs) is not None:
            continue
        note = (
            f"the baseline has no data for the program {program or 'of these traces'}{others}: its findings are "
            "shown, but do not count; add it with --update-baseline"
        )
        verdicts = {}
        for key in keys[program]:
            full = key._replace(program=program)
            found = [trace.groups.get(key) for trace in traces]
            now = tuple(float(statistics.trimmed) if statistics else 0.0 for statistics in found)
            unit = next(statistics.unit for statistics in found if statistics)
            verdicts[full] = Verdict(full, status, Level.INSUFFICIENT, unit, None, 0.0, now, evidence=evidence)
        yield note, verdicts


def update_all(
    baseline: Baseline | None, runs: Runs, run_id: str, commit: str, limits: Limits, *, replace: bool = False
) -> Baseline:
    """Return the baseline with the run as the newest entry in the parts of its programs. Other parts stay unchanged."""
    parts = dict(baseline.parts) if baseline else {}
    for program, traces in sorted(runs.items()):
        name = part_of(baseline, program, runs) if baseline else None
        old = None if name is None else parts.pop(name)
        parts[program or name or ""] = update(old, traces, run_id, commit, limits, replace=replace)
    return Baseline(parts)


def with_program(line: str, program: str, programs: Collection[str]) -> str:
    """Return the line with its program in front if there are several programs."""
    return f"{program or 'traces of no known program'}: {line}" if len(programs) > 1 else line
