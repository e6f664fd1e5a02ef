"""Which repository file a path means that no rule maps: a guess, made only where one file stands out."""

from __future__ import annotations

from gotracer_ci.source.mounts import shared_end
from gotracer_ci.source.names import MAIN_PACKAGES, is_declared, package_of
from gotracer_ci.source.repository import Repository

# More files of one name than this: telling them apart would mean reading them all.
_MAX_CANDIDATES = 500
_MAX_FUNCTIONS = 100


def likeliest(file: str, functions: set[str], repository: Repository) -> str | None:
    """The hand-written file whose path has the longest end in common and that declares most of what ran in it.

    Two elements must agree, or the name alone where there is no more of it, or where the package is main: the names
    of its functions say nothing of its folder. What declares none of the functions is another program's file.
    """
    theirs = file.split("/")
    asked = sorted(functions)[:_MAX_FUNCTIONS]
    candidates = repository.by_name.get(theirs[-1], [])
    if len(candidates) > _MAX_CANDIDATES:
        return None
    scored = []
    for path in candidates:
        declared = repository.declared(path)
        declares = sum(is_declared(function, declared) for function in asked)
        # a grammar's functions are mostly made by its generator
        if (declares or not path.endswith(".go")) and "/vendor/" not in f"/{path}":
            scored.append((shared_end(theirs, path.split("/")), declares, path))
    scored.sort(reverse=True)
    if not scored or (len(scored) > 1 and scored[0][:2] == scored[1][:2]):
        return None
    shared, _, path = scored[0]
    enough = shared > 1 or len(theirs) == 1 or any(package_of(function) in MAIN_PACKAGES for function in asked)
    return path if enough else None
