"""Stands in for the module `cython` where Cython is not installed and the kernel runs as plain Python.

Only what the kernel names: types are never called, decorators change nothing, `compiled` is false.
"""

from __future__ import annotations

from typing import Any

compiled = False


def _unchanged(thing: Any) -> Any:
    return thing


cclass = cfunc = inline = final = _unchanged


def exceptval(_value: int) -> Any:
    return _unchanged


def declare(_type: Any, value: Any) -> Any:
    return value


def cast(_type: Any, value: Any) -> Any:
    return value


def __getattr__(name: str) -> Any:
    """Types (`cython.int`, …) appear in annotations and as the first argument of `declare` and `cast` only."""
    return None
