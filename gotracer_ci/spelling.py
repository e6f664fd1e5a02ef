"""Suggest the known name that a misspelt one is closest to."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100
"""A longer word is not a misspelt name, and comparing it takes long."""
_LISTED = 5


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known name that a word resembles most, whatever its case and its dashes; "" if none is close."""
    from difflib import get_close_matches  # only errors need it

    names = {_plain(name): name for name in known}
    found = get_close_matches(_plain(word), names, n=1) if len(word) <= _LONGEST else []
    return names[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean MutexContention?` to append to an error, or "" if no name is close."""
    name = closest(word, known)
    return f"; did you mean {name}?" if name else ""


def closest_names(word: str, known: Iterable[str]) -> str:
    """Return the up to three known names that a word resembles most, as `a, b or c`; "" if none is close."""
    from difflib import get_close_matches

    names = {_plain(name): name for name in known}
    found = get_close_matches(_plain(word), names, n=3, cutoff=0.4) if len(word) <= _LONGEST else []
    *before, last = [names[name] for name in found] or [""]
    return f"{', '.join(before)} or {last}" if before else last


def hint(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean a, b or c?` to append to an error, or `; there are a, b, c`; "" if nothing is known."""
    names = sorted(known)
    if near := closest_names(word, names):
        return f"; did you mean {near}?"
    shown = [name for name in names if 0 < len(name) <= _LONGEST][:_LISTED]
    more = len(names) - len(shown)
    return f"; there are {', '.join(shown)}{f' and {more:,} more' if more else ''}" if shown else ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
