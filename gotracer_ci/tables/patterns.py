"""Choose rows by a name, or by a glob that names match."""

from __future__ import annotations

from collections.abc import Iterable

from gotracer_ci.errors import UsageError
from gotracer_ci.globs import for_names
from gotracer_ci.spelling import hint
from gotracer_ci.tables.table import Table


def matching(option: str, pattern: str, names: Iterable[str]) -> set[str]:
    """Return the name that a pattern is, or else the names that it matches; `*` and `?` are its wildcards.

    Brackets are not: names of Go's functions have them.

    Raises:
        UsageError: no name matches.
    """
    known = set(names)
    glob = for_names(pattern)
    found = {pattern} & known or {name for name in known if glob.fullmatch(name)}
    if not found:
        raise UsageError(f"{option} {pattern}: nothing has this name{hint(pattern, known)}")
    return found


def matching_rows(table: Table, option: str, column: str, pattern: str | None) -> Table:
    """Return the rows with a value that is or matches the pattern; None: all.

    Raises:
        UsageError: there is none.
    """
    if pattern is None:
        return table
    wanted = matching(option, pattern, {row[column] or "" for row in table.rows})
    return table.keep(lambda row: (row[column] or "") in wanted)
