"""Compare two sets of traces, either of which may be the better one.

What has improved is what would be a regression in the other direction. So both directions have the same limits and
criteria, and swapped sides give the mirrored result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gotracer_ci.baseline.criteria import NEEDED_TRACES
from gotracer_ci.baseline.evidence import improvement, within
from gotracer_ci.baseline.measurements import Candidate, TraceGroups, middle
from gotracer_ci.baseline.programs import compare_all, unknown
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.verdicts import Judged, Level, Status, Verdict
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits, limit_of
from gotracer_ci.notes import Note, NoteKind

_MORE_TRACES: Final = f"at least {NEEDED_TRACES} traces on each side"
_NAMED: Final = 3
_SHOWN: Final = "--counts and --profile show both"
_NO_BASE: Final = "no base traces of this program"
_BASELINE: Final = "a baseline of several jobs (gotracer-ci analyze --baseline)"


def judge(run: Candidate) -> Judged:
    """Compare the head, which is the run, with the base. Both are without damaged traces.

    Raises:
        UsageError: the sides have no program in common, or no test.
    """
    programs = run.runs.keys() & run.base.keys()
    if not programs:
        base, head = _names(run.base), _names(run.runs)
        raise UsageError(f"nothing to compare: the base traces are of {base}, the head traces of {head}; {_SHOWN}")
    tests = [(_tests(run.base[program]), _tests(run.runs[program])) for program in sorted(programs)]
    if all(before and now and before.isdisjoint(now) for before, now in tests):
        base, head = (_names(frozenset[str]().union(*side)) for side in zip(*tests, strict=True))
        raise UsageError(f"nothing to compare: the base traces ran {base}, the head traces {head}; {_SHOWN}")
    there = compare_all(run.runs, None, "", run.limits, run.rules, run.base)
    back = compare_all(run.base, None, "", run.limits, run.rules, run.runs)
    verdicts = {key: _of_both(verdict, back.verdicts.get(key), run.limits) for key, verdict in there.verdicts.items()}
    for _, others in unknown(Baseline({}), run.runs, run.found, run.base.keys()):
        verdicts |= {
            key: verdict._replace(evidence="no base traces of this program") for key, verdict in others.items()
        }
    comparison = replace(there, is_diff=True, verdicts=verdicts)
    return Judged(comparison, [Note(NoteKind.REFERENCE, text) for text in _notes(run, verdicts)])


def _of_both(verdict: Verdict, back: Verdict | None, limits: Limits) -> Verdict:
    """Return the verdict on a group from those of both directions."""
    if verdict.level is Level.INCONCLUSIVE:
        return verdict._replace(more="base and head traces with one Go version and GOMAXPROCS")
    if verdict.flagged:
        return verdict._replace(more=_more(verdict, limits))
    if back is not None and back.flagged:
        return _improved(verdict, back, limits)
    if verdict.status in (Status.BETTER, Status.FIXED):
        # the other direction does not call it worse
        evidence = within(verdict.now, verdict.limit) if verdict.now else ""
        return verdict._replace(status=Status.KNOWN, level=Level.CONFIRMED, evidence=evidence, more="")
    return verdict


def _improved(verdict: Verdict, back: Verdict, limits: Limits) -> Verdict:
    """Return the verdict on a group that is worse in the base, with the values that decided."""
    limit = limit_of(limits, verdict.key)
    # numbers of waits can decide instead of their times, and medians of events instead of other quantiles
    is_other = back.unit != verdict.unit or (limit is not None and limit.quantile > 0)
    base, now = (back.now, back.base) if is_other else (verdict.base, verdict.now)
    improved = verdict._replace(
        status=Status.FIXED if back.status is Status.NEW else Status.BETTER,
        level=back.level,
        unit=back.unit,
        before=middle(base),
        now=now,
        base=base,
        is_older=False,
        more=_more(back, limits),
        cause=back.cause,
    )
    noun = "waits" if back.unit != verdict.unit else limit.noun if limit else ""
    return improved._replace(evidence=improvement(improved, noun))


def _more(verdict: Verdict, limits: Limits) -> str:
    """Return what would confirm a suspicion. Traces of one sitting share its noise, so times need other evidence."""
    limit = limit_of(limits, verdict.key)
    if limit is None or not verdict.can_be_confirmed:
        return verdict.more
    return _BASELINE if limit.is_timing and not limit.quantile else _MORE_TRACES


def _notes(run: Candidate, verdicts: Mapping[Key, Verdict]) -> Iterator[str]:
    for mine, others, missing in ((run.runs, run.base, "base"), (run.base, run.runs, "head")):
        if alone := sorted(mine.keys() - others.keys()):
            yield f"no {missing} traces of {_names(alone)}: not compared"
    fewest = min(len(traces) for side in (run.runs, run.base) for traces in side.values())
    changed = (
        verdict for verdict in verdicts.values() if verdict.status is not Status.KNOWN and not verdict.is_unknown
    )
    if (
        any(v.level is Level.SUSPECTED and v.can_be_confirmed and not v.cause for v in changed)
        and fewest < NEEDED_TRACES
    ):
        yield (
            f"with fewer than {NEEDED_TRACES} traces on a side, only numbers of the whole program and goroutines that "
            f"are left can be confirmed: record {NEEDED_TRACES} of each, in turns"
        )


def _tests(traces: Sequence[TraceGroups]) -> frozenset[str]:
    return frozenset[str]().union(*(trace.tests for trace in traces))


def _names(names: Iterable[str]) -> str:
    """Return the first names of programs or tests, and how many more there are."""
    ordered = [name or "an unknown program" for name in sorted(names)]
    more = f" and {len(ordered) - _NAMED:,} more" if len(ordered) > _NAMED else ""
    return f"{', '.join(ordered[:_NAMED])}{more}"
