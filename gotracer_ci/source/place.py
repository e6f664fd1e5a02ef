"""Where a stack belongs: its own-code function for identity, its repository frame for show. Stacks are leaf first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gotracer_ci.source.frames import DEPENDENCY, EXACT, GUESS, OWN, SourceFrame
from gotracer_ci.source.names import normalise
from gotracer_ci.source.repository import Repository

__all__ = ["anchor", "entry", "normalise", "place", "primary"]

NO_OWN_CODE = "~"

# Below every goroutine's entry function, though most stacks of a trace leave it out.
_BELOW_ENTRY = "runtime.goexit"
_TEST = re.compile(r"\.(?:Test|Benchmark|Fuzz|Example)(?![a-z])\w*(?:\.func)?$")


def place(stack: Sequence[SourceFrame]) -> str:
    """The normalised name of the topmost own-code function; without one `~` and the goroutine's entry function."""
    for frame in stack:
        if frame.owner == OWN:
            return normalise(frame.function)
    return NO_OWN_CODE + normalise(entry(stack))


def entry(stack: Sequence[SourceFrame]) -> str:
    """Return the goroutine's entry function as the trace has it, "" without a stack."""
    return next((frame.function for frame in reversed(stack) if frame.function != _BELOW_ENTRY), "")


def primary(stack: Sequence[SourceFrame], creation_stack: Sequence[SourceFrame] = ()) -> SourceFrame | None:
    """The frame to show a finding at, or None if the repository has none.

    From the leaf, the first frame of hand-written code; then a test's, a generated file's, a guessed one. The stack
    that created the goroutine is asked next, vendored code last.
    """
    stacks = (stack, creation_stack)
    for frames in stacks:
        candidates = [frame for frame in frames if frame.path and frame.owner == OWN]
        if candidates:
            return min(candidates, key=_preference)
    return next((frame for frames in stacks for frame in frames if frame.path and frame.owner == DEPENDENCY), None)


def anchor(frames: Iterable[SourceFrame], repository: Repository | None) -> SourceFrame | None:
    """Where to show a finding of the whole program: main.main's first line of those seen, else a test's, else go.mod.

    None without one of these.
    """
    mapped = [frame for frame in frames if frame.path and frame.owner == OWN]
    mains = [frame for frame in mapped if frame.function == "main.main"]
    tests = [frame for frame in mapped if frame.test and _TEST.search(normalise(frame.function))]
    best = min(mains or tests, key=lambda frame: (frame.path, frame.line), default=None)
    return best or (_module(repository) if repository else None)


def _module(repository: Repository) -> SourceFrame | None:
    """The first line of the go.mod nearest to the root, by the module's name."""
    home = repository.module
    if home is None:
        return None
    path = f"{home.folder}/go.mod".lstrip("/")
    return SourceFrame(home.path, path, 1, OWN, path, EXACT, generated=False, test=False)


def _preference(frame: SourceFrame) -> tuple[bool, bool, bool]:
    return (frame.mapped == GUESS, frame.generated, frame.test)
