"""Values that a rule takes from all facts of a trace, found once for all groups of the trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from gotracer_ci.analysis.facts import Facts

_Value = TypeVar("_Value")


class PerTrace(Generic[_Value]):
    """A function of facts that remembers the result for the facts of its last call."""

    def __init__(self, find: Callable[[Facts], _Value]) -> None:
        self._find = find
        self._last: tuple[Facts, _Value] | None = None

    def __call__(self, facts: Facts) -> _Value:
        if self._last is None or self._last[0] is not facts:
            self._last = (facts, self._find(facts))
        return self._last[1]
