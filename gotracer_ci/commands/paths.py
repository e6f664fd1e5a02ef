"""What the commands with `--critical-path` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.critical_path import Path
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.critical_path import NamedPath
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

Function = TypeVar("Function", bound=Callable[..., Any])
_MOST = 100


class Paths(NamedTuple):
    """What was found in a trace: what it has of the command's things, and the critical paths of some.

    without: how many have none, because the trace does not say which goroutine they belong to.
    """

    found: Any
    paths: Sequence[NamedPath]
    without: int


def options(noun: str) -> Callable[[Function], Function]:
    """Add the options of a command whose things are called so."""

    def add(function: Function) -> Function:
        return click.option(
            "--critical-path",
            type=click.IntRange(1, _MOST),
            is_flag=False,
            flag_value=1,
            metavar="[N]",
            help=f"What the N longest {noun} did and waited for [default: 1].",
        )(stretches(function))

    return add


stretches = click.option("--stretches", is_flag=True, help="With --critical-path: the path itself, in order of time.")


def check(*, critical_path: int | bool | None, stretches: bool) -> None:
    """Check that stretches are asked for only with a path.

    Raises:
        UsageError: they are not.
    """
    if stretches and not critical_path:
        raise UsageError("--stretches shows a critical path: add --critical-path")


def read(trace: Trace, source: SourceMap, found: Any, asked: Sequence[tuple[str, int | None, Path]]) -> Paths:
    """Read the windows of paths again.

    Args:
        found: in the first reading.
        asked: (name, task, path); the goroutine is −1 if it is unknown.
    """
    from gotracer_ci.analysis.critical_path import read_paths
    from gotracer_ci.tables.critical_path import NamedPath

    paths = read_paths(trace, source, [path for _, _, path in asked])
    known = [
        NamedPath(name, task, path) for (name, task, _), path in zip(asked, paths, strict=True) if path is not None
    ]
    return Paths(found, known, len(asked) - len(known))


def span(trace: Trace, begin: int | None, end: int | None, duration: int, since: int) -> tuple[int, int]:
    """Return the window of something on the trace's clock.

    Args:
        begin, end: ns from the trace's start, None if they are outside of what was read.
        duration: the length of what was read of it. since: where that began.
    """
    start = begin if begin is not None else since if end is None else end - duration
    return trace.start_ns + start, trace.start_ns + start + duration


def table(named: Sequence[tuple[str, Paths]], *, stretches: bool, sort: str | None, top: int) -> Table:
    """Return the table of the paths. top: of the stretches, the longest ones, 0 for all."""
    from gotracer_ci.tables.critical_path import parts_table, stretches_table

    paths: Iterable[tuple[str, Sequence[NamedPath]]] = [(name, found.paths) for name, found in named]
    made = (stretches_table if stretches else parts_table)(paths, traces=len(named) > 1)
    if sort:
        return made.sort(sort)
    return made.longest("length_ns", top) if stretches else made


def left_out(name: str, found: Paths) -> Iterator[str]:
    """Yield what the table lacks."""
    if found.without:
        yield f"{name}: {found.without:,} without a critical path: the trace does not say which goroutine ended it"
    for named in found.paths:
        if named.path.left_out:
            of = named.name or f"goroutine {named.path.goroutine}"
            yield f"{name}: {of}: {named.path.left_out:,} shorter stretches are not listed"
