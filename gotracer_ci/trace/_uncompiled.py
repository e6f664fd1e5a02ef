"""Stands in for the module `cython` where Cython is not installed and the kernel runs as plain Python.

Only what the kernel names: types are never called, decorators change next to nothing, `compiled` is false.
"""

from __future__ import annotations

from typing import Any

compiled = False


def _unchanged(thing: Any) -> Any:
    return thing


cfunc = inline = final = _unchanged


def cclass(plain: type) -> type:
    """A compiled class has its declared attributes and no others; without a `__dict__` plain calls are quicker too."""
    body = {name: thing for name, thing in vars(plain).items() if name not in ("__dict__", "__weakref__")}
    fields = tuple(vars(plain).get("__annotations__", ()))
    return type(plain.__name__, plain.__bases__, {**body, "__slots__": fields})


def exceptval(_value: int | None = None, *, check: bool = True) -> Any:
    return _unchanged


def declare(_type: Any, value: int) -> int:
    """All that is declared are numbers: an enumeration's member becomes one, which is quicker to compare."""
    return int(value)


def cast(_type: Any, value: Any) -> Any:
    return value


def __getattr__(name: str) -> Any:
    """Types (`cython.int`, …) appear in annotations and as the first argument of `declare` and `cast` only."""
    return None
