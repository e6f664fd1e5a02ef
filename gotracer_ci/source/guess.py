"""Which repository file a path means that no rule maps: a guess, made only where one file stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from gotracer_ci.source.mounts import shared_end
from gotracer_ci.source.names import MAIN_PACKAGES, is_closure, package_of
from gotracer_ci.source.repository import Repository

# More files of one name than this: telling them apart would mean reading them all.
_MAX_CANDIDATES = 500
_MAX_FUNCTIONS = 100
_TEST_PACKAGE = "_test"
# Of package variables: it is not written anywhere.
_INIT = ".init"


def likeliest(file: str, seen: Mapping[str, Sequence[int]], repository: Repository) -> str | None:
    """The hand-written file whose path has the longest end in common and that declares what ran in it.

    Two elements must agree, or the name alone where there is no more of it, or where the package is main and more
    than its main was seen: the names of its functions say nothing of its folder. A file of another package, and one
    that does not declare a function on the lines where it was seen, is another program's.

    Args:
        seen: the functions that were seen in the file, and their lines.
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
        # a grammar's functions are mostly made by its generator
        if enough and (declares or not path.endswith(".go")):
            scored.append((shared, declares, path))
    scored.sort(reverse=True)
    if not scored or (len(scored) > 1 and scored[0][:2] == scored[1][:2]):
        return None
    return scored[0][2]


def _may_be_of(path: str, packages: set[str], repository: Repository) -> bool:
    """Whether the file's own package, where a go.mod tells it, is one of those that were seen."""
    import_path = repository.import_path(path)
    return import_path is None or import_path in packages


def _declares(path: str, seen: Mapping[str, Sequence[int]], repository: Repository) -> int:
    """How many functions of the file were seen where it declares them; 0 where one was seen elsewhere.

    A closure may have been inlined from elsewhere, so that one says something only if it is where its name says.
    """
    found = set()
    for function, lines in seen.items():
        start = repository.declares(path, function, lines)
        if start:
            found.add(start)
        elif not is_closure(function) and not function.endswith(_INIT):
            return 0
    return len(found)
