"""Varints: what is written is what another reader gets, in all builds."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from tests.builds import BUILDS
from tests.streams import numbers_of

ANY = st.integers(-(2**63), 2**63 - 1)
SMALL = st.integers(-300, 300)


@given(st.lists(SMALL | ANY), st.booleans(), st.booleans(), st.integers(1, 3))
def test_numbers_survive(numbers: list[int], zigzag: bool, delta: bool, step: int) -> None:
    for build in BUILDS.values():
        encoding = build().encoding
        data = encoding.encoded(array("q", numbers), zigzag, delta, step)
        assert encoding.decoded(data, len(numbers), zigzag, delta, step) == array("q", numbers)


@given(st.lists(SMALL | ANY.map(lambda number: number >> 2)))
def test_another_reader_gets_the_same(numbers: list[int]) -> None:
    for build in BUILDS.values():
        encoded = build().encoding.encoded
        count = len(numbers)
        assert numbers_of(encoded(array("q", numbers), True, False), 1, count) == numbers
        assert numbers_of(encoded(array("q", numbers), True, True), 3, count) == numbers
        upwards = sorted(abs(number) for number in numbers)
        assert numbers_of(encoded(array("q", upwards), False, False), 0, count) == upwards
        assert numbers_of(encoded(array("q", upwards), False, True), 2, count) == upwards


def test_more_numbers_than_are_written_at_a_time() -> None:
    numbers = array("q", range(-100_000, 100_000))
    for build in BUILDS.values():
        assert numbers_of(build().encoding.encoded(numbers, True, True), 3, len(numbers)) == numbers.tolist()
