"""Go's names for functions, and what they say: the package, and the function that was declared in the source.

Names come from a trace, so every function here is linear in the length of a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

# What the functions of a command are named after, whatever its folder; and its import path when built from files.
MAIN_PACKAGES = frozenset({"main", "command-line-arguments"})

_ESCAPED = re.compile(r"%([2-7][0-9a-fA-F])")
# Range-over-func bodies, and the wrappers of go and defer statements of Go 1.17 and 1.18, hang on without a dot.
_UNDOTTED = re.compile(r"-range(?=\d)|·dwrap·(?=\d)")
_CLOSURE = re.compile(r"(?:func|gowrap|deferwrap)?\d+")
_NUMBERED = re.compile(r"(?:\.(?:func|gowrap|deferwrap)?|-range|·dwrap·)\d")
_METHOD_VALUE = "-fm"
_ARGUMENTS = "[...]"
_FUNC = ".func"
_Value = TypeVar("_Value")


def package_of(function: str) -> str:
    """The import path in a function's name, "" where it has none; the linker writes the dots of its end as %2e."""
    package, _ = _split(function)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), package)


@lru_cache(maxsize=1 << 16)
def normalise(function: str) -> str:
    """The name without what changes when unrelated code does: closures' numbers and generic arguments.

    A closure is `.func` of the declared function around it, however deep. Up to Go 1.26 one that was inlined has the
    names of all functions on the way in its own (main.run.Call.run.func1.Call[...].run.func2.3), and which are inlined
    is the compiler's choice: only the first is kept.
    """
    package, rest = _split(_without_arguments(function.removesuffix(_METHOD_VALUE)))
    names = _names(rest)
    # the first name is a declared one, even if somebody called it func1
    closure = next((at for at in range(1, len(names)) if _CLOSURE.fullmatch(names[at])), None)
    if closure is not None:
        # T.m, but not f.g.h, can be a method
        names = [*names[: closure if closure <= 2 else 1], "func"]
    return ".".join([package, *names] if package else names).replace("[]", _ARGUMENTS)


def is_closure(function: str) -> bool:
    """Whether it is a function literal: inlined ones have the names of their callers, wherever they were written."""
    return _NUMBERED.search(function) is not None and normalise(function).endswith(_FUNC)


def declared_as(function: str, declared: Mapping[str, _Value]) -> _Value | None:
    """What is known by the declared name ("f", "T.m") of the function, or of the one around the closure."""
    parts = re.findall(r"\w+", _split(_without_arguments(function))[1])[:2]
    return next((declared[name] for name in (".".join(parts), *parts[:1]) if name in declared), None)


def _split(function: str) -> tuple[str, str]:
    arguments = function.find("[")
    end = len(function) if arguments < 0 else arguments
    dot = function.find(".", function.rfind("/", 0, end) + 1, end)
    return ("", function) if dot < 0 else (function[:dot], function[dot + 1 :])


def _names(rest: str) -> list[str]:
    """The parts of a name after its package; what is declared with a dot, (*T).m and init.0, is one."""
    names = _UNDOTTED.sub(".func", rest).split(".")
    if len(names) > 1 and (names[0].startswith("(") or (names[0] == "init" and names[1].isdigit())):
        names[:2] = [".".join(names[:2])]
    return names


def _without_arguments(function: str) -> str:
    """The name with `[]` for generic arguments, which hold dots and brackets of their own."""
    if "[" not in function:
        return function
    kept, depth = [], 0
    for character in function:
        depth -= character == "]" and depth > 0
        if not depth:
            kept.append(character)
        depth += character == "["
    return "".join(kept)
