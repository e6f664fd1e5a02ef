"""Update the tables of inputs and outputs in docs/github.md from action.yml: `python docs/action.py`."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

DOCS = Path(__file__).parent
PAGE = DOCS / "github.md"
HEAD = "| Name | Description |\n|---|---|\n"


def page() -> str:
    """Return docs/github.md with up-to-date tables."""
    action = YAML(typ="safe").load(DOCS.parent / "action.yml")
    text = PAGE.read_text(encoding="utf-8")
    for chapter in ("inputs", "outputs"):
        before, head, rest = text.partition(f"\n## {chapter.title()}\n\n{HEAD}")
        after = rest[rest.index("\n\n") + 1 :]
        rows = (f"| `{name}` | {declared['description']} |\n" for name, declared in action[chapter].items())
        text = "".join((before, head, *rows, after))
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
