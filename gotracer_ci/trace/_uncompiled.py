"""Stand-in for the module `cython` where Cython is not installed and the decoder runs as plain Python.

It has only what the decoder uses: types are never called, decorators change almost nothing, `compiled` is false.
"""

from __future__ import annotations

from typing import Any

compiled = False


def _unchanged(thing: Any) -> Any:
    return thing


cfunc = inline = final = _unchanged


def cclass(plain: type) -> type:
    """Give the class slots: a compiled one has no other attributes, and plain calls are faster without `__dict__`."""
    body = {name: thing for name, thing in vars(plain).items() if name not in ("__dict__", "__weakref__")}
    fields = tuple(vars(plain).get("__annotations__", ()))
    return type(plain.__name__, plain.__bases__, {**body, "__slots__": fields})


def exceptval(_value: int | None = None, *, check: bool = True) -> Any:
    return _unchanged


def declare(_type: Any, value: int) -> int:
    """Return the value as a plain number, because enumeration members are slow to compare."""
    return int(value)


def cast(_type: Any, value: Any) -> Any:
    return value


def __getattr__(name: str) -> Any:
    """Types (`cython.int`, …) appear only in annotations and as the first argument of `declare` and `cast`."""
    return None
