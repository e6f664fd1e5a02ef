"""Every command and every snippet in the pages is valid: options, values, inputs, targets of make, and syntax."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML

from gotracer_ci import cli
from gotracer_ci.errors import GotracerError
from gotracer_ci.settings import load
from tests.conftest import ROOT

NAMES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "testdata/README.md", "tests/README.md")
PAGES = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"", "console", "diff", "go", "groovy", "json", "markdown", "python", "sh", "sql", "text", "toml", "yaml"}
NAME = re.compile(r"(?:\S*/bin/)?gotracer-ci")
OURS = re.compile(r"org/gotracer-ci(?:/\.github/workflows/(?P<workflow>[\w-]+\.yml))?@(?P<version>\S+)")
PINNED = re.compile(r"\S+@(v\d+|[0-9a-f]{40})|docker://\S+:v[\d.]+|\./\S+")
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def tokens(page: Path) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def code(page: Path, *languages: str) -> list[str]:
    """Return the fenced blocks of these languages. Indented blocks are shell."""
    return [
        token.content
        for token in tokens(page)
        if (token.type == "fence" and token.info in languages) or (token.type == "code_block" and "sh" in languages)
    ]


def shell(page: Path) -> Iterator[str]:
    """Yield scripts: blocks, prompts of consoles, steps of workflows and commands inside of sentences."""
    yield from code(page, "sh")
    for block in code(page, "console"):
        yield from re.findall(r"^\$ (.*)", block, re.MULTILINE)
    for block in code(page, "yaml"):
        yield from _scripts(YAML(typ="safe").load(block))
    for block in code(page, "groovy"):
        yield from (
            long or short for long, short in re.findall(r"\bsh (?:'''(.*?)'''|'([^'].*?)'\n)", block, re.DOTALL)
        )
    for token in tokens(page):
        if token.type == "code_inline" and token.content.startswith("gotracer-ci ") and "…" not in token.content:
            yield token.content


def _scripts(document: Any) -> Iterator[str]:
    """Yield what the steps of a workflow run, and the scripts of GitLab's jobs."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "run":
                yield value
            elif name == "script":
                yield "\n".join(value) if isinstance(value, list) else value
            else:
                yield from _scripts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _scripts(value)


def calls(script: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of gotracer-ci in a script."""
    for line in script.replace("\\\n", " ").splitlines():
        if "gotracer-ci" not in line:
            continue
        words = shlex.shlex(re.sub(r"\$\(|`|\)(?=\s|$)", " ; ", line), posix=True, punctuation_chars=";|&<>")
        words.whitespace_split = True
        call: list[str] | None = None
        for word in words:
            if call is None:
                call = [] if NAME.fullmatch(word) else None
            elif re.fullmatch(r"[;|&<>]+", word):
                yield call
                call = None
            else:
                call.append(word)
        if call is not None:
            yield call


def check(arguments: list[str]) -> None:
    """Parse a command line with the command that it is for."""
    if arguments[0].startswith("ghcr.io/"):
        arguments = arguments[1:]  # the image whose entrypoint it is
    command: click.Command = cli.cli
    context = click.Context(command)
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        below = command.get_command(context, arguments[0])
        assert below, f"no such command: {arguments[0]}"
        command, arguments = below, arguments[1:]
    if "--help" in arguments or "-h" in arguments or isinstance(command, click.Group):
        known = {name for option in command.params for name in option.opts} | {"-h", "--help"}
        assert {word for word in arguments if word.startswith("-")} <= known
        return
    command.make_context(command.name, list(arguments), parent=context)


@each_page
def test_every_command_is_one_that_the_command_line_accepts(page: Path) -> None:
    for script in shell(page):
        for arguments in filter(None, calls(script)):
            try:
                check(arguments)
            except click.MissingParameter as error:
                if len(arguments) > 2:  # not only the name of a command in a sentence
                    pytest.fail(f"{shlex.join(arguments)}: {error}")
            except (click.ClickException, GotracerError) as error:
                pytest.fail(f"{shlex.join(arguments)}: {error}")


def test_a_wrong_option_value_or_command_is_found() -> None:
    for line in (
        "analyze x --no-such",
        "analyze x --format pdf",
        "analyse x",
        "baseline shwo",
        "profile x --type heap",
    ):
        (arguments,) = calls(f"cat x | gotracer-ci {line} > out && make test")
        with pytest.raises((click.ClickException, GotracerError, AssertionError)):
            check(arguments)


@each_page
def test_every_script_is_valid(page: Path) -> None:
    scripts = re.sub(r"\$\{\{.*?\}\}", "X", "\n".join(shell(page)))
    subprocess.run(["bash", "-n"], input=scripts, text=True, check=True)


@each_page
def test_every_block_names_a_known_language_and_is_valid(page: Path) -> None:
    assert {token.info for token in tokens(page) if token.type == "fence"} <= LANGUAGES
    for block in code(page, "json"):
        json.loads(block)
    for block in code(page, "python"):
        compile(block, page.name, "exec")


@each_page
def test_every_configuration_is_one_that_the_settings_accept(page: Path, tmp_path: Path) -> None:
    for block in code(page, "toml"):
        if "project" in tomllib.loads(block):
            continue  # a part of somebody's pyproject.toml
        file = tmp_path / "config.toml"
        file.write_text(block, encoding="utf-8")
        load({}, file)


def steps(document: Any) -> Iterator[dict[str, Any]]:
    """Yield everything that uses an action or a workflow."""
    if isinstance(document, dict):
        if isinstance(document.get("uses"), str):
            yield document
        for value in document.values():
            yield from steps(value)
    elif isinstance(document, list):
        for value in document:
            yield from steps(value)


def inputs(workflow: str | None) -> dict[str, Any]:
    """Return the inputs of the action, or of a reusable workflow."""
    if not workflow:
        return dict(YAML(typ="safe").load(ROOT / "action.yml")["inputs"])
    document = YAML(typ="safe").load(ROOT / ".github/workflows" / workflow)
    trigger = document.get("on", document.get(True))["workflow_call"] or {}
    return dict(trigger.get("inputs", {}))


@each_page
def test_every_action_is_pinned_and_ours_have_the_inputs_they_get(page: Path) -> None:
    for block in code(page, "yaml"):
        for step in steps(YAML(typ="safe").load(block)):
            assert PINNED.fullmatch(step["uses"]), step["uses"]
            ours = OURS.fullmatch(step["uses"])
            if ours:
                assert ours["version"] == "v1"
                known = inputs(ours["workflow"])
                given = step.get("with", {}).keys()
                assert given <= known.keys()
                assert {name for name, declared in known.items() if declared.get("required")} <= given


@each_page
def test_every_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    inside = [token.content for token in tokens(page) if token.type == "code_inline"]
    for text in (*code(page, "sh"), *inside):
        assert set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE)) <= targets


def test_the_readme_says_how_to_run_the_tests() -> None:
    assert any("make test" in block for block in code(ROOT / "README.md", "sh"))
