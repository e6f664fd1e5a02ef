"""The step's inputs, by their names in action.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gotracer_ci.errors import UsageError
from gotracer_ci.github.paths import Pairs, replace_prefix, turned


class ActionInputs:
    """The inputs as texts, lines, paths and so on; an empty one counts as not given.

    All of it raises UsageError, which names the input that is malformed and says what it may be.
    """

    def __init__(self, environ: Mapping[str, str], mapping: Pairs) -> None:
        self._environ = environ
        self._mapping = mapping

    def text(self, name: str) -> str | None:
        # the runner turns spaces into underscores and leaves hyphens alone
        return self._environ.get(f"INPUT_{name.upper()}", "").strip() or None

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in (self.text(name) or "").split("\n") if line.strip()]

    def paths(self, name: str) -> tuple[str, ...]:
        return tuple(replace_prefix(line, self._mapping) for line in self.lines(name))

    def path(self, name: str) -> str | None:
        text = self.text(name)
        return text and replace_prefix(text, self._mapping)

    def flag(self, name: str) -> bool | None:
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise UsageError(f"{name}: this input is true or false, not {text!r}")
        return None if text is None else text == "true"

    def checked(self, name: str, default: str, pattern: str, meaning: str) -> str:
        """A text of that form. meaning: the form in words, after "this input is"."""
        text = self.text(name) or default
        if text != default and not re.fullmatch(pattern, text):
            raise UsageError(f"{name}: this input is {meaning}, not {text[:100]!r}")
        return text

    def path_map(self) -> Pairs:
        """The FROM=TO lines. FROM is a path of the build's machine: what was translated in it is turned back."""
        pairs = []
        back = turned(self._mapping)
        for line in self.lines("path-map"):
            old, found, new = line.partition("=")
            if not found or not old.strip():
                raise UsageError(f"path-map: {line!r} is not FROM=TO")
            pairs.append((replace_prefix(old.strip(), back), replace_prefix(new.strip(), self._mapping)))
        return tuple(pairs)
