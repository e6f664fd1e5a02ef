"""Find where a stack belongs: its own-code function is its identity, its repository frame is shown. Leaf first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gotracer_ci.source.frames import DEPENDENCY, EXACT, GUESS, OWN, SourceFrame
from gotracer_ci.source.names import normalise
from gotracer_ci.source.repository import Repository

__all__ = [
    "anchor",
    "called_place",
    "entry",
    "normalise",
    "outermost",
    "place",
    "primary",
    "vendored",
    "without_closures",
]

NO_OWN_CODE = "~"

# What the runtime has below a goroutine's entry function: always, though most stacks omit it, and in a coroutine.
_BELOW_ENTRY = ("runtime.goexit", "runtime.corostart")
_CLOSURE = ".func"
_TEST = re.compile(r"\.(?:Test|Benchmark|Fuzz|Example)(?![a-z])\w*(?:\.func)?$")


def place(stack: Sequence[SourceFrame]) -> str:
    """Return the normalised name of the topmost own-code function, or `~` and the goroutine's entry function.

    A test and its closures are one place, because that is what its subtests are.
    """
    for frame in stack:
        if frame.owner == OWN:
            name = normalise(frame.function)
            return name.removesuffix(_CLOSURE) if frame.test and _TEST.search(name) else name
    return NO_OWN_CODE + normalise(entry(stack))


def called_place(stack: Sequence[SourceFrame]) -> str:
    """Return the place, and the next own-code function that called it: `main.read in main.load`.

    What a helper does for one caller is not what it does for another. Without an own-code caller, it is the place.
    """
    inner = place(stack)
    for frame in stack:
        if frame.owner == OWN and (outer := place((frame,))) != inner:
            return f"{inner} in {outer}"
    return inner


def without_closures(place: str) -> str:
    """Return the place of the function around a closure, or the place itself."""
    return place.removesuffix(_CLOSURE)


def entry(stack: Sequence[SourceFrame]) -> str:
    """Return the goroutine's entry function as the trace has it, "" without a stack."""
    return outermost([frame.function for frame in stack])


def outermost(functions: Sequence[str]) -> str:
    """Return the entry function of a goroutine with these on its stack, leaf first, "" if there is none."""
    return next((function for function in reversed(functions) if function not in _BELOW_ENTRY), "")


def primary(stack: Sequence[SourceFrame]) -> SourceFrame | None:
    """Return the frame at which to show a finding, None if no own-code frame is in the repository.

    It is the first frame from the leaf in hand-written code, else in a test, in a generated file, or in a guessed file.
    """
    return min((frame for frame in stack if frame.path and frame.owner == OWN), key=_preference, default=None)


def vendored(stacks: Iterable[Sequence[SourceFrame]]) -> SourceFrame | None:
    """Return the first frame of a dependency whose file is in the repository, None without one."""
    return next((frame for stack in stacks for frame in stack if frame.path and frame.owner == DEPENDENCY), None)


def anchor(frames: Iterable[SourceFrame], repository: Repository | None) -> SourceFrame | None:
    """Return where an alert without a better place is: in main.main, else in a test, else in go.mod.

    Of several lines the first one is taken. None if the repository has none of these.
    """
    mapped = [frame for frame in frames if frame.path and frame.owner == OWN]
    mains = [frame for frame in mapped if frame.function == "main.main"]
    tests = [frame for frame in mapped if frame.test and _TEST.search(normalise(frame.function))]
    best = min(mains or tests, key=lambda frame: (frame.path, frame.line), default=None)
    return best or (_module(repository) if repository else None)


def _module(repository: Repository) -> SourceFrame | None:
    """Return the first line of the go.mod nearest to the root, as a frame named after its module."""
    home = repository.module
    if home is None:
        return None
    path = f"{home.directory}/go.mod".lstrip("/")
    return SourceFrame(home.path, path, 1, OWN, path, EXACT, generated=False, test=False)


def _preference(frame: SourceFrame) -> tuple[bool, bool, bool]:
    return (frame.mapped == GUESS, frame.generated, frame.test)
