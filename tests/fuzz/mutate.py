"""Mutants: traces bent in one to four places, each given by a seed and its number alone.

Most bends are made where the format has a structure (a number of an event, an entry of a table, a batch, a
generation), so that most of the mutant still makes sense and the damage is met deep inside the reader; the others are
made to bytes, so that nothing depends on what this fuzzer understands.
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
    """parts: none in the older format, whose traces are bent as bytes only."""

    name: str
    data: bytes
    parts: list[Part]


@cache
def origins() -> tuple[Origin, ...]:
    """Every committed trace, and every text case that is expected to be read."""
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
    """origin: of which trace. bends: what was done to it, for people."""

    origin: str
    bends: tuple[str, ...]
    data: bytes


def mutant(seed: int, number: int) -> Mutant:
    """The mutant of this number: the same for the same seed, code and traces."""
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
