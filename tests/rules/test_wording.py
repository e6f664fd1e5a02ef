"""The text of everything that the rules find in the committed traces."""

from __future__ import annotations

import re

import pytest

from gotracer_ci.rules.wording import doing
from tests.conftest import NAMES, described, facts_of, measured

CLUMSY = re.compile(
    r"(?<![\d.,] )(?<![\d.,])\b1 (?!s\b|ns\b|ms\b)[a-z]+s\b"  # one of several
    r"|\b(are|were|have) 1\b|\b1 \w+ are\b"
    r"|\bin (forever|network|running|runnable|syscall|waiting)\b"
    r"|\b0 ns\b|\bnan\b|\binf\b|\bNone\b|  | ,|\(\)|-\d+ (ns|µs|ms|s|B|kB)\b"
)


@pytest.mark.parametrize("name", NAMES)
def test_the_words_fit_the_numbers(name: str) -> None:
    """Also below every threshold, because a comparison shows that too."""
    for found in measured(name):
        finding = described(facts_of(name), found)
        for text in (finding.message, *finding.detail.splitlines(), finding.suggestion):
            assert not CLUMSY.search(text), text


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_that_counts_without_occurrences_has_no_single_goroutine(name: str) -> None:
    for found in measured(name):
        finding = described(facts_of(name), found)
        assert all(occurrence.duration_ns for occurrence in finding.occurrences)
        if finding.statistics.unit == "count" and finding.statistics.total != 1 and not finding.occurrences:
            assert finding.goroutine == -1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("chan send", "in chan send"),
        ("forever", "blocked forever"),
        ("network", "waiting for the network"),
        ("running", "running"),
    ],
)
def test_what_a_goroutine_does(state: str, words: str) -> None:
    assert doing(state) == words
