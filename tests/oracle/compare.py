"""Compare both readers on one trace, line by line, and check the invariants.

Only the last few lines are kept, so the memory does not grow with the trace.
"""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from gotracer_ci.errors import TraceError
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.regions import CROSSED, UNKNOWN
from gotracer_ci.trace.spec import OLD_VERSIONS
from tests.oracle.annotations import compare_regions, compare_tasks
from tests.oracle.goroutines import compare_goroutines
from tests.oracle.profiles import compare_profiles
from tests.oracle.utilisation import compare_utilisation
from tests.trace.lines import lines
from tests.trace.validator import Violation, validate

END = "(the end)"
STOPS = "misuse of region"
"""Go's reader says so where a region ends out of order."""
CONTEXT = 5
"""The number of equal lines to show before the first difference."""


@dataclass
class Comparison:
    """The result for a trace: the number of equal events, the differences, and the damage that both readers report.

    A tracer can write a damaged trace. In that case both readers must stop after the same event. A program can end its
    regions out of order: Go's reader stops there, and ours goes on.

    beyond: the events that follow where Go's reader stops. goroutines, regions, tasks, utilisation: how many summaries,
    and how many steps and minima of the mutator utilisation, were compared, too. samples: of the four profiles.
    """

    events: int = 0
    goroutines: int = 0
    regions: int = 0
    tasks: int = 0
    utilisation: int = 0
    samples: int = 0
    generations: int = 0
    beyond: int = 0
    damage: str = ""
    difference: list[str] = field(default_factory=list)


def compare(oracle: Path, path: Path, *, invariants: bool = True) -> Comparison:
    """Read the trace with both readers. If it is complete, also check the invariants on our events.

    The profiles are compared if `go tool trace` is beside the oracle, as "gotrace".
    """
    found = Comparison()
    try:
        trace = open_trace(str(path))
    except TraceError as error:
        found.difference.append(f"not opened: {error}")
        return found
    with subprocess.Popen([oracle, "-stacks", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        theirs = (line.decode("utf-8").rstrip("\n") for line in process.stdout)
        _compare(found, lines(trace), theirs)
        process.stdout.close()
        problem = process.stderr.read().decode("utf-8", "replace").strip()
        process.wait()
    if not found.difference:
        _compare_ends(found, trace, problem)
    if not found.difference and not found.beyond and not found.damage:
        found.goroutines, found.difference = compare_goroutines(oracle, path)
        found.regions, more = compare_regions(oracle, path)
        found.tasks, most = compare_tasks(oracle, path)
        found.difference += [*more, *most]
        gotrace = oracle.with_name("gotrace")
        if gotrace.exists():
            found.samples, wrong = compare_profiles(gotrace, path)
            found.difference += wrong
    if not found.difference and not found.beyond and not found.damage and trace.version not in OLD_VERSIONS:
        found.utilisation, found.difference = compare_utilisation(oracle, path)
    if invariants and not found.difference and not found.damage and not found.beyond:
        try:
            validate(open_trace(str(path)))
        except Violation as violation:
            found.difference.append(f"invariant: {violation}")
    return found


def _compare(found: Comparison, ours: Iterator[str], theirs: Iterator[str]) -> None:
    before: deque[str] = deque(maxlen=CONTEXT)
    for mine, its in zip_longest(ours, theirs, fillvalue=END):
        if its == END:
            found.beyond = 1 + sum(1 for _ in ours)
            return
        if mine != its:
            found.difference += [f"event {found.events + 1}:", *before, f"- Go's: {its}", f"+ ours: {mine}"]
            found.difference += [f"  Go's next: {line}" for line, _ in zip(theirs, range(CONTEXT), strict=False)]
            found.difference += [f"  our next:  {line}" for line, _ in zip(ours, range(CONTEXT), strict=False)]
            return
        before.append(f"  {mine}")
        found.events += 1
        found.generations += mine.startswith("Sync\t")
    found.generations -= 1  # the last Sync ends the trace


def _compare_ends(found: Comparison, trace: Trace, problem: str) -> None:
    damaged = trace.damage is not None
    stops = STOPS in problem and any(how in (CROSSED, UNKNOWN) for how, *_ in trace.misused_regions())
    if bool(found.beyond) != stops:
        found.difference += [f"event {found.events + 1}:", f"- Go's: {problem or END}", f"+ ours: {found.beyond} more"]
    elif stops:
        return
    if damaged != bool(problem):
        found.difference.append(
            f"only one reader names damage; Go's: {problem or 'none'}; ours: {trace.damage or 'none'}"
        )
    elif damaged:
        found.damage = f"{trace.damage} (Go's: {problem.splitlines()[0]})"
