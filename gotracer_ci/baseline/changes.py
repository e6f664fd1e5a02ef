"""Say what an update changes in the baseline: what it raises above the old limits, and what it adds.

An update accepts the run, so later runs no longer report what it raised. Whoever merges the file must know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from gotracer_ci.baseline.limit_changes import between
from gotracer_ci.baseline.programs import part_of, with_program
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.verdicts import Comparison, Status, Verdict
from gotracer_ci.limits import Limits
from gotracer_ci.text import plural

_SHOWN: Final = 10
_NAMED: Final = 3


def of_update(
    before: Comparison, old: Baseline, new: Baseline, programs: Collection[str], limits: Limits
) -> Comparison:
    """Return the comparison of an update: with the file as it was, and with warnings about what it changes.

    Args:
        before: the run compared with the old file.
        programs: those of the run.
        limits: the limits of all rules.
    """
    raised = [verdict for _, verdict in sorted(before.verdicts.items()) if verdict.flagged and not verdict.cause]
    added = tuple(_added(before, old, new, programs))
    lines = [with_program(_raised(verdict), verdict.key.program, programs) for verdict in raised[:_SHOWN]]
    if len(raised) > _SHOWN:
        lines.append(f"this update raises {len(raised) - _SHOWN:,} more values above their limits")
    if added:
        lines.append(f"this update adds {_list(added)}")
    changed = between(old, new, limits)
    return replace(before, is_update=True, added=added, changed=changed, warnings=(*lines, *before.warnings))


def _raised(verdict: Verdict) -> str:
    name = " ".join(part for part in verdict.key[:3] if part)
    what = "adds" if verdict.status is Status.NEW else "raises"
    return f"this update {what} {name}: {verdict.evidence}; later runs no longer report it"


def _added(before: Comparison, old: Baseline, new: Baseline, programs: Collection[str]) -> Iterator[str]:
    """Yield the programs that only the new file has, and its new groups, apart from regressions."""
    for program in sorted(programs):
        name = part_of(old, program, programs)
        part = new.parts.get(program) or new.parts.get(name or "")
        if part is None:
            continue
        here = sorted(key for key, group in part.groups.items() if group.first)
        if name is None:
            yield f"the program {program or 'without a name'} with {plural(len(here), 'group')}"
            continue
        for key in here:
            found = before.verdicts.get(key._replace(program=program))
            if key not in old.parts[name].groups and not (found and found.flagged):
                yield " ".join(word for word in (program if len(programs) > 1 else "", *key[:3]) if word)


def _list(names: Sequence[str]) -> str:
    more = f" and {plural(len(names) - _NAMED, 'other')}" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
