"""Words instead of the names in a program: the same one for the same name, numbered in order of appearance."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from gotracer_ci.analysis.calls import HELPER
from gotracer_ci.rules.system_calls import telling
from gotracer_ci.source.libraries import ASSERTION_PACKAGES, OWNERS, STD
from gotracer_ci.source.names import MAIN_PACKAGES

FUNCTION, TYPE, PACKAGE, DIRECTORY, FILE = "Func", "Type", "Pkg", "Dir", "File"
"""What a name is where it appears first, as its word says it."""
_UNEXPORTED: Final = {FUNCTION: "fn", TYPE: "typ", PACKAGE: "pkg", DIRECTORY: "dir", FILE: "file"}
"""A function must not look like a closure: func1."""

_KEPT: Final = STD | OWNERS | MAIN_PACKAGES | {"", ".", "..", "src", "pkg", "mod", "init", "glob", "TestMain"}
_KEPT_LIKE: Final = re.compile(rf"v?\d{{1,3}}|(?:func|gowrap|deferwrap)\d{{1,6}}|(?i:readv?)|{ASSERTION_PACKAGES}")
"""Numbers of closures and of major versions, and the names of other people's packages and calls that rules know."""
_PREFIX: Final = re.compile(
    rf"(?:Test|Benchmark|Fuzz|Example)(?![a-z])_*|_C2?func_|_cgoexp(?:wrap)?_|_cgo_|(?:{HELPER.pattern})_*"
)
"""How names begin that the testing package, cgo or the search for the callers of locks look at."""


class Words:
    """Replaces names. Two names never get the same word."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._words)

    def of(self, name: str, what: str) -> str:
        """Return what stands for an identifier or an element of a path: its word, and what rules look at.

        what: one of the words above, which counts if the name is new.
        """
        if name in _KEPT or _KEPT_LIKE.fullmatch(name):
            return name
        if prefix := _PREFIX.match(name):
            rest = name[prefix.end() :]
            return prefix[0] + (self._word(rest, what) if rest else "")
        tells = telling(name)
        if tells == name:
            return name
        return f"{self._word(name, what)}_{tells}" if tells else self._word(name, what)

    def of_whole(self, name: str) -> str:
        """Return what stands for a name that cannot be replaced part by part."""
        return self._word(f" {name}", FUNCTION)

    def _word(self, name: str, what: str) -> str:
        word = self._words.get(name)
        if word is None:
            # hosts and modules have dots, other elements of import paths have none
            kind = "host" if "." in name else _UNEXPORTED[what] if "a" <= name[0] <= "z" else what
            self._counts[kind] += 1
            word = f"{kind}{self._counts[kind]}" + (".example" if kind == "host" else "")
            self._words[name] = word
        return word
