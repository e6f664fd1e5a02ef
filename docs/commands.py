"""Update the reference in docs/commands.md and docs/configuration.md: `python docs/commands.py`.

The options and their help come from click's objects, and the settings from the class that holds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from gotracer_ci import cli
from gotracer_ci.commands import analyze
from gotracer_ci.settings import Settings

DOCS = Path(__file__).parent
COMMANDS, CONFIGURATION = DOCS / "commands.md", DOCS / "configuration.md"
BEGIN = "\n<!-- Made by docs/commands.py. Change gotracer_ci/, then run: make docs -->\n"
OPTIONS_OF_ANALYZE = [option.to_info_dict() for option in analyze.command.params]
TABLES = {
    "thresholds": "`[thresholds]` | A table with `RULE.name = VALUE`: changed thresholds, as with `--set`.",
    "outputs": "`[outputs]` | A table with `FORMAT = FILE`: also write these files, as with `--json FILE`.",
    "objective": "`[[objective]]` | A table for each [limit of your own](objectives.md).",
}
"""The settings that are tables in the file."""
NOT_IN_THE_FILE = {"baseline_name"}
FEW = 5
"""With more options of analyze, a command only names them."""


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command and subcommand with its name on the command line, in the order of the help."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        if below := command.get_command(context, name):
            yield from commands(below, *path, name)


def reference() -> str:
    """Return a section for each command."""
    every = dict(commands(cli.cli))
    return "".join(_section(name, command) for name, command in every.items())


def _section(name: str, command: click.Command) -> str:
    paragraphs = [_paragraph(text) for text in (command.help or "").split("\n\n")]
    usage = " ".join(["gotracer-ci", name, *command.collect_usage_pieces(click.Context(command))])
    parts = [f"## {name}", paragraphs[0], f"```text\n{usage}\n```", *paragraphs[1:]]
    options = [option for option in command.params if isinstance(option, click.Option)]
    shared = [option for option in options if name != "analyze" and option.to_info_dict() in OPTIONS_OF_ANALYZE]
    if len(shared) > FEW:
        shown = ", ".join(f"`{option.opts[-1]}`" for option in shared)
        parts.append(f"Options of [analyze](#analyze): {shown}.")
        options = [option for option in options if option not in shared]
    if options:
        parts.append("| Option | Description |\n|---|---|\n" + "".join(map(_row, options)).rstrip())
    return "\n\n".join(parts) + "\n\n"


def _paragraph(text: str) -> str:
    """Return a paragraph of a command's help. Click keeps the lines of one that begins with a backspace."""
    lines = [line.strip() for line in text.splitlines()]
    if lines[0] != "\b":
        return _prose(text)
    title = [lines.pop(1)] if lines[1].endswith(":") else []
    return "\n\n".join(
        [*title, f"```{'sh' if title == ['Example:'] else 'text'}\n" + "\n".join(lines[1:]).strip() + "\n```"]
    )


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len))
    if not option.is_flag:
        context = click.Context(click.Command("x"))
        names = f"{names[:-1]} {option.make_metavar(context)}`"
    return f"| {_cell(names)} | {_cell(_prose(option.help or ''))} |\n"


def _prose(text: str) -> str:
    """Escape what Markdown would take for HTML or emphasis, and join the lines."""
    return re.sub(r"([<>*_\[\]])", r"\\\1", " ".join(text.split()))


def settings() -> str:
    """Return a table with one row per setting."""
    help_of = {option.name: option for option in analyze.command.params if isinstance(option, click.Option)}
    rows = ["| Setting | Description |", "|---|---|"]
    for name in (field.name for field in fields(Settings)):
        if name in TABLES:
            rows.append(f"| {TABLES[name]} |")
        elif name not in NOT_IN_THE_FILE:
            option = help_of.get(name)
            text = (option.help if option else "") or "The traces: files, directories, globs or URLs."
            rows.append(f"| `{name.replace('_', '-')}` | {_cell(_prose(text.replace(' (repeatable)', '')))} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def pages() -> dict[Path, str]:
    """Return each page with its current generated part, which is its last one."""
    made = {COMMANDS: reference(), CONFIGURATION: settings()}
    return {
        page: page.read_text("utf-8").partition(BEGIN)[0] + BEGIN + "\n" + made[page].rstrip() + "\n" for page in made
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
