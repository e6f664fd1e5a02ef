"""Parse Go's function names: the package, and the function that the source declares.

Names come from a trace, so every function here is linear in the length of a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

# The package in the names of a command's functions, whatever its directory, and its import path when built from files.
MAIN_PACKAGES = frozenset({"main", "command-line-arguments"})

_ESCAPED = re.compile(r"%([2-7][0-9a-fA-F])")
# Range-over-func bodies, and wrappers of go and defer statements in Go 1.17 and 1.18, follow without a dot.
_UNDOTTED = re.compile(r"-range(?=\d)|·dwrap·(?=\d)")
_CLOSURE = re.compile(r"(?:func|gowrap|deferwrap)?\d+")
_NUMBERED = re.compile(r"(?:\.(?:func|gowrap|deferwrap)?|-range|·dwrap·)\d")
_METHOD_VALUE = "-fm"
_ARGUMENTS = "[...]"
_FUNC = ".func"
_Value = TypeVar("_Value")


@lru_cache(maxsize=1 << 16)
def package_of(function: str) -> str:
    """Return the import path in a function's name, "" if it has none. The linker writes dots at its end as %2e."""
    package, _ = _split(function)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), package)


def unqualified(function: str) -> str:
    """Return the name without its package."""
    return _split(function)[1]


@lru_cache(maxsize=1 << 16)
def normalise(function: str) -> str:
    """Return the name without the parts that unrelated changes affect: closures' numbers and generic arguments.

    A closure becomes `.func` of the declared function around it, at any depth. Up to Go 1.26 the name of an inlined
    closure contains all functions that it was inlined through (main.run.Call.run.func1.Call[...].run.func2.3); since Go
    1.27 it contains only the function around it. The compiler decides what it inlines, so only the last one is kept. In
    `T.m` nothing tells a method's type from a function that `m` was inlined into, so a closure keeps the type only of
    `(*T).m`.
    """
    package, rest = _split(_without_arguments(function.removesuffix(_METHOD_VALUE)))
    names = _names(rest)
    last = len(names)
    # The first name is always a declared one, even if it is func1.
    while last > 1 and _CLOSURE.fullmatch(names[last - 1]):
        last -= 1
    if last < len(names):
        names = [*names[last - 2 if names[last - 2].endswith(")") else last - 1 : last], "func"]
    return ".".join([package, *names] if package else names).replace("[]", _ARGUMENTS)


def is_closure(function: str) -> bool:
    """Whether the function is a literal. An inlined one has its caller's name, whichever file it is in."""
    return _NUMBERED.search(function) is not None and normalise(function).endswith(_FUNC)


def declared_as(function: str, declared: Mapping[str, _Value]) -> _Value | None:
    """Look up the declared name ("f", "T.m") of the function, or of the function around the closure."""
    parts = re.findall(r"\w+", _split(_without_arguments(function))[1])[:2]
    return next((declared[name] for name in (".".join(parts), *parts[:1]) if name in declared), None)


def _split(function: str) -> tuple[str, str]:
    arguments = function.find("[")
    end = len(function) if arguments < 0 else arguments
    dot = function.find(".", function.rfind("/", 0, end) + 1, end)
    return ("", function) if dot < 0 else (function[:dot], function[dot + 1 :])


def _names(rest: str) -> list[str]:
    """Split a name without its package; names declared with a dot, (*T).m and init.0, are one part."""
    names = _UNDOTTED.sub(".func", rest).split(".")
    if len(names) > 1 and (names[0].startswith("(") or (names[0] == "init" and names[1].isdigit())):
        names[:2] = [".".join(names[:2])]
    if names[:2] == ["glob", ""]:
        # a literal outside any function, up to Go 1.20
        names[:2] = ["init"]
    return names


def _without_arguments(function: str) -> str:
    """Return the name with `[]` for generic arguments, which may contain dots and brackets."""
    if "[" not in function:
        return function
    kept, depth = [], 0
    for character in function:
        depth -= character == "]" and depth > 0
        if not depth:
            kept.append(character)
        depth += character == "["
    return "".join(kept)
