"""One run and the baseline's file: reads it, compares, and writes it where that is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.programs import Runs, all_new, compare_all, told, update_all
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.update import mixed
from gotracer_ci.baseline.verdicts import NOT_COMPARED, Comparison
from gotracer_ci.errors import BaselineError, GotracerError
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits

_ALONE = (
    "no baseline: compared with the base traces alone, which can confirm counters but no times; make one with "
    "--baseline FILE --update-baseline"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with the file. path: the file; shown: its name in reports and errors.

    update, replace, run_id, commit: see `update`. accepted: (fingerprint, reason), see `accept`.
    inside: the directory that the file must be in to be written, see `files.write`.
    """

    path: Path
    shown: str
    update: bool = False
    replace: bool = False
    run_id: str = ""
    commit: str = ""
    accepted: Sequence[tuple[str, str]] = ()
    inside: Path | None = None


@dataclass(slots=True)
class Judged:
    """The comparison, None where there is nothing to compare with; what a reader is told; what went wrong."""

    comparison: Comparison | None
    notes: list[str]
    errors: list[GotracerError]


def judge(
    request: Request | None,
    runs: Runs,
    counting: Mapping[str, Iterable[Key]],
    rules: Collection[str],
    limits: Limits,
    base: Runs,
    *,
    is_whole: bool,
) -> Judged:
    """Compares, and does what else is asked for. Whatever is wrong with the file, the run's results stay.

    Args:
        request: None without a file, for the base alone.
        runs: the run's traces by program.
        counting: by program, the findings that count where there is no baseline.
        rules: those that ran.
        limits: of all rules that there are.
        base: traces of the base commit by program, made in the same job.
        is_whole: whether all traces could be read to their end.
    """
    judged = Judged(None, [], [])
    writes = request and is_whole and (request.update or request.accepted)
    # held from reading to writing, so that two updates at the same time both count
    lock = schema.updating(request.path, request.inside, create=request.update) if request and writes else nullcontext()
    try:
        with lock:
            _judge(request, runs, counting, rules, limits, base, judged, is_whole=is_whole)
    except BaselineError as error:
        judged.errors.append(error)
        if judged.comparison is None:
            judged.notes.append(f"{NOT_COMPARED}{error}")
    except GotracerError as error:
        judged.errors.append(error)
    return judged


def _judge(
    request: Request | None,
    runs: Runs,
    counting: Mapping[str, Iterable[Key]],
    rules: Collection[str],
    limits: Limits,
    base: Runs,
    judged: Judged,
    *,
    is_whole: bool,
) -> None:
    old = _old(request, limits) if request else None
    if request and request.update:
        _update(request, old, runs, rules, limits, judged, is_whole=is_whole)
    elif request is None or (old is None and base):
        judged.notes.append(_ALONE)
        _compare("", None, runs, counting, rules, limits, base, judged)
    elif old is None:
        judged.notes.append(f"no baseline at {request.shown} yet: every finding counts; make it with --update-baseline")
    else:
        comparison = _compare(request.shown, old, runs, counting, rules, limits, base, judged)
        if request.accepted and not is_whole:
            message = f"{request.shown}: nothing was accepted: a trace is cut or broken, and its totals are too low"
            judged.errors.append(BaselineError(message))
        elif request.accepted:
            _accept(request, old, comparison, runs, rules, limits, base, judged)


def _compare(
    shown: str,
    old: Baseline | None,
    runs: Runs,
    counting: Mapping[str, Iterable[Key]],
    rules: Collection[str],
    limits: Limits,
    base: Runs,
    judged: Judged,
) -> Comparison:
    judged.comparison = comparison = compare_all(runs, old, shown, limits, rules, base)
    for note, verdicts in all_new(old or Baseline({}), runs, counting, base.keys()):
        judged.notes.append(note)
        comparison.verdicts.update(verdicts)
    if base and (without := sorted(runs.keys() - base.keys())):
        judged.notes.append(f"no base traces of {', '.join(without) or 'these traces'}: the base is not compared there")
    return comparison


def _old(request: Request, limits: Limits) -> Baseline | None:
    """What there is. A file that cannot be read is no hindrance to starting anew."""
    try:
        exists = request.path.exists()
    except OSError:
        exists = False
    if not exists:
        return None
    try:
        old = schema.load(request.path, Path(request.shown))
        schema.check_units(old, limits, Path(request.shown))
        return old
    except BaselineError:
        if request.replace:
            return None
        raise


def _update(
    request: Request,
    old: Baseline | None,
    runs: Runs,
    rules: Collection[str],
    limits: Limits,
    judged: Judged,
    *,
    is_whole: bool,
) -> None:
    if not is_whole:
        raise BaselineError(f"{request.shown}: not updated: a trace is cut or broken, and its totals would be too low")
    new = update_all(old, runs, request.run_id, request.commit, limits, replace=request.replace)
    if new != old:
        schema.save(request.path, new, request.inside)
        judged.notes.append(f"{request.shown} was {'created' if old is None else 'updated'}; commit it")
    else:
        judged.notes.append(f"{request.shown} holds this run already and was not changed")
    warnings = ((program, mixed(part)) for program, part in sorted(new.parts.items()))
    judged.notes += (told(warning, program, new.parts) for program, warning in warnings if warning)
    # an update accepts what it sees: nothing that is in the file now is new or worse
    judged.comparison = compare_all(runs, new, request.shown, limits, rules)


def _accept(
    request: Request,
    old: Baseline,
    before: Comparison,
    runs: Runs,
    rules: Collection[str],
    limits: Limits,
    base: Runs,
    judged: Judged,
) -> None:
    new = accept(old, before, runs, request.accepted)
    if new == old:
        judged.notes.append(f"{request.shown} was not changed: what --accept names is no regression")
        return
    schema.save(request.path, new, request.inside)
    judged.notes.append(f"{request.shown} was updated by --accept; commit it")
    judged.comparison = after = compare_all(runs, new, request.shown, limits, rules, base)
    after.verdicts.update((key, verdict) for key, verdict in before.verdicts.items() if key not in after.verdicts)
