"""Compare one run with the baseline file, and update the file if asked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.changes import of_update
from gotracer_ci.baseline.limit_changes import between
from gotracer_ci.baseline.measurements import Candidate
from gotracer_ci.baseline.programs import compare_all, unknown, update_all, with_program
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.update import mixed
from gotracer_ci.baseline.verdicts import Comparison, Judged, Level
from gotracer_ci.errors import BaselineError, GotracerError, UsageError
from gotracer_ci.limits import Limits
from gotracer_ci.notes import Note, NoteKind

_ALONE = (
    "no baseline: compared only with the base traces, which can confirm counters but not times; create one with "
    "--baseline FILE --update-baseline"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with the baseline file. path: the file. shown: its name in reports and errors.

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


def judge(request: Request | None, run: Candidate) -> Judged:
    """Compare a run, and update the file or accept findings if asked. An invalid file is an error in the result.

    request: None to compare only with the base traces.
    """
    writes = request and run.is_whole and (request.update or request.accepted)
    # Hold the lock from reading to writing, so that concurrent updates all count.
    lock = schema.updating(request.path, request.inside, create=request.update) if request and writes else nullcontext()
    try:
        with lock:
            return _judge(request, run)
    except BaselineError as error:
        return Judged(None, [Note(NoteKind.UNCOMPARED, f"not compared with a baseline: {error}")], [error])
    except GotracerError as error:
        return Judged(None, (), [error])


def _judge(request: Request | None, run: Candidate) -> Judged:
    old = _old(request, run.limits) if request else None
    if request and request.update:
        return _update(request, old, run)
    if request is None or (old is None and run.base):
        comparison, notes = _compare("", None, run)
        return Judged(comparison, [_reference(_ALONE), *notes])
    if old is None:
        text = f"no baseline at {request.shown} yet: every finding counts; create it with --update-baseline"
        return Judged(None, [_reference(text)])
    comparison, notes = _compare(request.shown, old, run)
    if not request.accepted:
        return Judged(comparison, notes)
    try:
        after, text = _accept(request, old, comparison, run)
    except GotracerError as error:
        return Judged(comparison, notes, [error])
    return Judged(after, [*notes, _reference(text)])


def _compare(shown: str, old: Baseline | None, run: Candidate) -> tuple[Comparison, list[Note]]:
    comparison = compare_all(run.runs, old, shown, run.limits, run.rules, run.base)
    notes = []
    for note, verdicts in unknown(old or Baseline({}), run.runs, run.found, run.base.keys()):
        notes += [_reference(note)] if old else []
        comparison = replace(comparison, verdicts={**comparison.verdicts, **verdicts})
    if run.base and (without := sorted(run.runs.keys() - run.base.keys())):
        programs = ", ".join(without) or "these traces"
        only = "compared only with the baseline" if old else "its findings are shown, but do not count"
        notes.append(_reference(f"no base traces of {programs}: {only}"))
    return comparison, notes


def _old(request: Request, limits: Limits) -> Baseline | None:
    """Return the baseline, or None if there is no file, or an unreadable one that is to be replaced."""
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


def _update(request: Request, old: Baseline | None, run: Candidate) -> Judged:
    if not run.is_whole:
        raise BaselineError(f"{request.shown}: not updated: a trace is truncated or damaged, so its totals are too low")
    new = update_all(old, run.runs, request.run_id, request.commit, run.limits, replace=request.replace)
    if new != old:
        schema.save(request.path, new, request.inside)
        texts = [f"{'created' if old is None else 'updated'} {request.shown}; commit it"]
    else:
        job = f"job {request.run_id}" if request.run_id else "this run"
        once = f"it already has {job}, and each counts once; --replace starts over with it"
        texts = [f"{request.shown} unchanged: {once}"]
    warnings = ((program, mixed(part)) for program, part in sorted(new.parts.items()))
    texts += (with_program(warning, program, new.parts) for program, warning in warnings if warning)
    if old == new:
        before, _ = _compare(request.shown, old, run)
        comparison = replace(before, is_update=True)
    elif old is None:
        alone = compare_all(run.runs, new, request.shown, run.limits, run.rules)
        comparison = replace(alone, is_update=True, changed=between(Baseline({}), new, run.limits))
    else:
        before, _ = _compare(request.shown, old, run)
        comparison = of_update(before, old, new, run.runs, run.limits)
    return Judged(comparison, [_reference(text) for text in texts])


def _accept(request: Request, old: Baseline, before: Comparison, run: Candidate) -> tuple[Comparison, str]:
    if not run.is_whole:
        raise BaselineError(
            f"{request.shown}: nothing accepted: a trace is truncated or damaged, so its totals are too low"
        )
    asked = {fingerprint for fingerprint, _ in request.accepted}
    undecided = [v for v in before.verdicts.values() if v.level is Level.INCONCLUSIVE and v.key.fingerprint in asked]
    if undecided:
        raise UsageError(
            f"--accept {undecided[0].key.fingerprint}: nothing accepted, because this run could not be compared with "
            f"{request.shown}; it takes {undecided[0].more}"
        )
    new = accept(old, before, run.runs, request.accepted, run.limits)
    if new == old:
        return before, f"{request.shown} unchanged: the finding passed to --accept is not a regression"
    schema.save(request.path, new, request.inside)
    after = compare_all(run.runs, new, request.shown, run.limits, run.rules, run.base)
    after = replace(after, verdicts={**before.verdicts, **after.verdicts})
    return after, f"--accept updated {request.shown}; commit it"


def _reference(text: str) -> Note:
    return Note(NoteKind.REFERENCE, text)
