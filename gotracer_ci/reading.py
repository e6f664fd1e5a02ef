"""One trace → all that a run needs of it, as plain values that can be pickled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gotracer_ci import files
from gotracer_ci.analysis.facts import analyse
from gotracer_ci.analysis.ran_tests import RanTests
from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.errors import TraceError, UsageError
from gotracer_ci.report.model import TraceSummary
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import select
from gotracer_ci.rules.rule import Rule
from gotracer_ci.rules.traced import Traced, traced
from gotracer_ci.settings import Settings
from gotracer_ci.shelf import Kept, Plain, packed
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace, trace_of
from gotracer_ci.trace.reader import Index, Trace

if TYPE_CHECKING:
    from gotracer_ci.pictures.made import Drawn

_LARGEST_LOG: Final = 256 << 20


def rules_of(settings: Settings) -> Sequence[Rule]:
    """Return the rules that measure the traces.

    A baseline always contains all rules: otherwise findings of a skipped rule would be new in the next run.
    """
    only, skip = ((), ()) if settings.update_baseline else (settings.rule, settings.skip)
    return select(only, skip, settings.thresholds, settings.objective)


class Read(NamedTuple):
    """One trace.

    name: as `open_trace` takes it. traced: None if it could not be read at all. error: the problem with it, or None.
    marks: for a second reading. tables: what tables are made of, by name. drawn: what the page's pictures have of it.
    """

    name: str
    summary: TraceSummary
    traced: Traced | None
    error: TraceError | None
    marks: Index | None = None
    tables: Kept[Mapping[str, Any]] | None = None
    drawn: Kept[Drawn] | None = None

    def kept(self, keep: Callable[[Kept[Any]], Kept[Any]]) -> Read:
        """Return the result with what is large in it kept in another way: packed, or on a shelf."""
        return self._replace(
            traced=self.traced and self.traced._replace(details=keep(self.traced.details)),
            tables=self.tables and keep(self.tables),
            drawn=self.drawn and keep(self.drawn),
        )


class Task(NamedTuple):
    """One trace to read.

    name: as `open_trace` takes it. shown: as reports name it. is_base: it is of the base commit. has_detail: also find
    what the pictures of the worst trace have. log: of `go test -json`, with the exact names of its tests; None without.
    names: those names, if they are known already.
    """

    name: str
    shown: str
    is_base: bool
    has_detail: bool
    log: Path | None
    names: Sequence[str] | None = None


class Held(NamedTuple):
    """Where a process finds a trace whose name means nothing to it: in a file, or in these bytes."""

    path: str
    data: bytes | None = None


def read(
    task: Task,
    repository: Repository,
    rules: Sequence[Rule],
    settings: Settings,
    watch: Callable[[Trace], None] | None,
    held: Held | None = None,
    *,
    is_packed: bool = False,
) -> Read:
    """Read a trace once, and measure it. A problem with it is part of the result.

    Args:
        watch: called for every chunk.
        held: where it is, if not where its name says.
        is_packed: return what is large in the result as bytes.
    """
    try:
        found = _read(task, repository, rules, settings, watch, held)
        return found.kept(packed) if is_packed else found
    except TraceError as problem:
        return unreadable(problem, task)
    except MemoryError:
        return too_large(task)


def _read(
    task: Task,
    repository: Repository,
    rules: Sequence[Rule],
    settings: Settings,
    watch: Callable[[Trace], None] | None,
    held: Held | None,
) -> Read:
    trace = _opened(task, settings.jobs, held)
    trace.watch = watch
    source = SourceMap(repository, settings.path_map)
    has_tables = settings.needs_tables and not task.is_base
    analyses = _analyses(trace, settings, has_tables=has_tables, has_detail=task.has_detail)
    timed = frozenset().union(*(rule.timed for rule in rules))
    stacks = Stacks(trace.tables, source, trace.version)
    facts = analyse(trace, source, analyses=tuple(analyses.values()), timed=timed, stacks=stacks)
    found: dict[str, Any] = {name: analysis.result(trace, stacks) for name, analysis in analyses.items()}
    # before the tests get the log's names: other runs are compared by those that a trace has
    measured = measure(rules, facts)
    names = names_of(task)
    if names is not None:
        facts = facts._replace(ran=_named(facts.ran, names))
    found["tests"] = facts.ran
    summary = TraceSummary(
        path=task.shown,
        go_version=facts.go_version,
        duration_ns=facts.duration_ns,
        events=facts.events,
        goroutines=facts.goroutines.at_start + facts.goroutines.created,
        gomaxprocs=facts.gomaxprocs,
        damage=facts.damage.damage if facts.damage else None,
        program=facts.program,
    )
    drawn = None
    if settings.needs_pictures:
        from gotracer_ci.pictures import made

        drawn = made.drawn(task.shown, facts, found, is_base=task.is_base, has_detail=task.has_detail)
    return Read(
        task.name,
        summary,
        traced(facts, measured, is_compared=settings.needs_all_groups),
        facts.damage,
        trace.index(),
        Plain(found) if has_tables else None,
        Plain(drawn) if drawn else None,
    )


def _opened(task: Task, processes: int, held: Held | None) -> Trace:
    if held is None:
        return open_trace(task.name, processes)
    if held.data is None:
        return open_trace(task.name, processes, held.path)
    return trace_of(task.name, held.data, processes)


def unreadable(error: TraceError, task: Task) -> Read:
    """Return the result for a trace that cannot be read at all."""
    return Read(task.name, TraceSummary(task.shown, "", 0, 0, 0, 0, error.damage), None, error)


def too_large(task: Task) -> Read:
    """Return the result for a trace for which there is not enough memory."""
    return unreadable(TraceError(task.name, "needs more memory than there is"), task)


def names_of(task: Task) -> Sequence[str] | None:
    """Return the names of the tests in the task's log, None without a log or if it cannot be read."""
    if task.names is not None or task.log is None:
        return task.names
    from gotracer_ci.analysis.test_log import names_in

    try:
        return names_in(files.read(task.log, _LARGEST_LOG).decode("utf-8", "replace"))
    except UsageError:
        return None


def _named(ran: RanTests, names: Sequence[str]) -> RanTests:
    """Return the tests with their names in the log; those found in the trace remain if it is not of the same run."""
    from gotracer_ci.analysis.test_log import named

    try:
        return named(ran, names)
    except UsageError:
        return ran


def _analyses(trace: Trace, settings: Settings, *, has_tables: bool, has_detail: bool) -> Mapping[str, Analysis[Any]]:
    """Begin what the tables and the pictures are made of, each by name; what both have is found once."""
    analyses: dict[str, Analysis[Any]] = {}
    if has_tables:
        from gotracer_ci.tables import included

        analyses |= included.analyses(trace)
    if settings.needs_pictures:
        from gotracer_ci.pictures import made

        analyses |= made.analyses(trace, heap=has_tables)
        if has_detail:
            analyses |= made.detail_analyses(trace, settings.html_size, settings.html_window)
    return analyses
