"""Guess the repository file for a path that no rule maps, but only if one file stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from gotracer_ci.source.mounts import shared_end
from gotracer_ci.source.names import MAIN_PACKAGES, is_closure, package_of
from gotracer_ci.source.repository import Repository

# With more files of one name, telling them apart would mean reading them all.
_MAX_CANDIDATES = 500
_MAX_FUNCTIONS = 100
_TEST_PACKAGE = "_test"
# The initialiser of package variables has no declaration in the source.
_INIT = ".init"


def likeliest(file: str, seen: Mapping[str, Sequence[int]], repository: Repository) -> str | None:
    """Return the hand-written file that shares the longest end of its path and declares what ran in it.

    At least the last two path elements must match. The file name alone is enough if the trace has no more, or if the
    package is main and more than its main was seen, because function names say nothing about the directory of package
    main. A file of another package belongs to another program, and so does one that does not declare a function on the
    lines where it ran.

    Args:
        seen: the functions that ran in the file, and their lines.
    """
    theirs = file.split("/")
    asked = dict(islice(sorted(seen.items()), _MAX_FUNCTIONS))
    packages = {package_of(function).removesuffix(_TEST_PACKAGE) for function in asked}
    is_main = not packages.isdisjoint(MAIN_PACKAGES)
    candidates = repository.by_name.get(theirs[-1], [])
    if len(candidates) > _MAX_CANDIDATES:
        return None
    scored = []
    for path in candidates:
        shared = shared_end(theirs, path.split("/"))
        if "/vendor/" in f"/{path}" or not (is_main or len(theirs) == 1 or _may_be_of(path, packages, repository)):
            continue
        declares = _declares(path, asked, repository) if path.endswith(".go") else 0
        enough = shared > 1 or len(theirs) == 1 or (is_main and declares > ("main.main" in asked))
        # most functions of a grammar come from its generator
        if enough and (declares or not path.endswith(".go")):
            scored.append((shared, declares, path))
    scored.sort(reverse=True)
    if not scored or (len(scored) > 1 and scored[0][:2] == scored[1][:2]):
        return None
    return scored[0][2]


def _may_be_of(path: str, packages: set[str], repository: Repository) -> bool:
    """Whether the file's package is one of those seen, or unknown because no go.mod declares it."""
    import_path = repository.import_path(path)
    return import_path is None or import_path in packages


def _declares(path: str, seen: Mapping[str, Sequence[int]], repository: Repository) -> int:
    """Count the functions that ran where the file declares them; 0 if one of them ran elsewhere.

    A closure may be inlined from another file, so it counts only if the file declares the function in its name.
    """
    found = set()
    for function, lines in seen.items():
        start = repository.declares(path, function, lines)
        if start:
            found.add(start)
        elif not is_closure(function) and not function.endswith(_INIT):
            return 0
    return len(found)
