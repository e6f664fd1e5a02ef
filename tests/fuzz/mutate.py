"""Mutants: traces with one to four mutations. A seed and a number determine a mutant.

Most mutations respect the format's structure (an argument, a table entry, a batch, a generation). So the mutant is
mostly valid and the damage is deep inside the reader. The others change arbitrary bytes, so that the tests do not
depend on this fuzzer's understanding of the format.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gotracer_ci.trace.spec import HEADER, HEADER_SIZE, VERSIONS
from tests.fuzz.bends import RAW, STRUCTURAL
from tests.fuzz.structure import Part, joined, parts
from tests.trace.writer import case

ROOT = Path(__file__).parents[2]
TRACES = ROOT / "testdata" / "traces"
TEXTS = ROOT / "tests" / "trace" / "text"
HEADERS = {HEADER % version for version in VERSIONS}


@dataclass(frozen=True)
class Origin:
    """A trace to mutate. parts: empty for the older format, where only bytes are mutated."""

    name: str
    data: bytes
    parts: list[Part]


@cache
def origins() -> tuple[Origin, ...]:
    """Return every committed trace, and every text case of a valid trace."""
    found = []
    for path in sorted(TRACES.glob("*.trace")):
        data = path.read_bytes()
        found.append(Origin(path.stem, data, parts(data) if data[:HEADER_SIZE] in HEADERS else []))
    for path in sorted(TEXTS.glob("*.txt")):
        written = case(path.read_text(encoding="utf-8"))
        if not written.damage:
            found.append(Origin(path.stem, written.data, parts(written.data)))
    return tuple(found)


@dataclass(frozen=True)
class Mutant:
    """A mutated trace. origin: the name of the trace. bends: descriptions of the mutations."""

    origin: str
    bends: tuple[str, ...]
    data: bytes


def mutant(seed: int, number: int) -> Mutant:
    """Return the mutant with this number. It depends only on the seed, the code and the traces."""
    rnd = random.Random(seed * 1_000_003 + number)
    origin = rnd.choice(origins())
    whole = list(origin.parts)
    bends = []
    count = rnd.choice((1, 1, 1, 1, 2, 3, 4))
    deep = count if rnd.randrange(3) else rnd.randrange(count)
    if not origin.parts:
        deep = 0
    for _ in range(deep):
        bend = rnd.choice(STRUCTURAL)
        if whole:
            bend(rnd, whole)
            bends.append(bend.__name__)
    header = origin.data[:HEADER_SIZE]
    if rnd.randrange(40) == 0:
        header = rnd.choice(sorted(HEADERS))
        bends.append("another version")
    data = bytearray(joined(header, whole) if origin.parts else origin.data)
    for _ in range(count - deep):
        raw = rnd.choice(RAW)
        raw(rnd, data)
        bends.append(raw.__name__)
    return Mutant(origin.name, tuple(bends), bytes(data))
