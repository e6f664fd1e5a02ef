"""Folded stacks, as flame graph tools read them: `root;…;leaf ns`, one line per stack."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from gotracer_ci.analysis.profile import StackProfile
from gotracer_ci.report.safe import clean


def folded(profile: StackProfile, base: StackProfile | None) -> Iterator[str]:
    """Yield the lines, sorted; with a base, its ns come first, as difffolded.pl writes them."""
    sums: dict[str, list[int]] = {}
    for column, part in enumerate((profile, base)):
        for sample in part.samples if part else ():
            text = ";".join(_name(function) for function, _, _ in reversed(sample.stack)) or "(no stack)"
            sums.setdefault(text, [0, 0])[column] += sample.ns
    for text, (ns, before) in sorted(sums.items()):
        yield f"{text} {before} {ns}\n" if base else f"{text} {ns}\n"


@cache
def _name(function: str) -> str:
    """Return a function's name without what separates names."""
    return clean(function).replace(";", ":") or "(unknown)"
