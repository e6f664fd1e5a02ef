"""The step's inputs, by name as in action.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gotracer_ci.errors import UsageError
from gotracer_ci.github.paths import Pairs, replace_prefix, turned


class ActionInputs:
    """The inputs, parsed as text, lines, paths and so on. An empty input counts as missing.

    Every method raises UsageError if the input is malformed.
    """

    def __init__(self, environ: Mapping[str, str], mapping: Pairs) -> None:
        self._environ = environ
        self._mapping = mapping

    def text(self, name: str) -> str | None:
        # The runner replaces spaces by underscores and keeps hyphens.
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
            raise UsageError(f"{name}: must be true or false, not {text!r}")
        return None if text is None else text == "true"

    def checked(self, name: str, default: str, pattern: str, meaning: str) -> str:
        """Return an input that must match the regular expression. meaning: describes it, after "must be"."""
        text = self.text(name) or default
        if text != default and not re.fullmatch(pattern, text):
            raise UsageError(f"{name}: must be {meaning}, not {text[:100]!r}")
        return text

    def path_map(self) -> Pairs:
        """Return the FROM=TO lines. FROM is a path of the build machine, so undo the runner's translation of it."""
        pairs = []
        back = turned(self._mapping)
        for line in self.lines("path-map"):
            old, found, new = line.partition("=")
            if not found or not old.strip():
                raise UsageError(f"path-map: {line!r} is not FROM=TO")
            pairs.append((replace_prefix(old.strip(), back), replace_prefix(new.strip(), self._mapping)))
        return tuple(pairs)
