"""docs/anonymise.md and the form for bug reports are correct."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import click
from ruamel.yaml import YAML

from gotracer_ci import cli
from gotracer_ci.anonymise.names import Names
from gotracer_ci.commands import anonymise
from tests.conftest import ROOT
from tests.github.test_metadata import check

PAGE = ROOT / "docs" / "anonymise.md"
FORM = ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml"


def test_the_output_is_what_the_commands_print() -> None:
    (block,) = re.findall(r"^```console\n\$ (.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script, _, output = block.partition("\n")
    script = script.replace("gotracer-ci", shlex.join([sys.executable, "-m", "gotracer_ci"]))
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == output


def test_the_table_shows_what_names_become() -> None:
    """Functions come first, and files in the same order."""
    found = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    functions = [pair for pair in found if pair[0][0] != "/"]
    files = [pair for pair in found if pair[0][0] == "/"]
    assert (len(functions), len(files)) == (6, 3)
    names = Names(
        [(b"runtime.main", files[-1][0].replace("net/http/server", "runtime/proc").encode())]
        + [(name.encode(), b"") for name, _ in functions]
        + [(b"main.main", name.encode()) for name, _ in files]
    )
    assert [names[name.encode()].decode() for name, _ in found] == [other for _, other in found]


def test_the_page_names_all_options() -> None:
    shown = set(re.findall(r"`(-{1,2}[a-z]+)[^`]*`", PAGE.read_text("utf-8").partition("## Options")[2]))
    assert shown == {name for parameter in anonymise.command.params for name in parameter.opts} - {"name"}


def test_the_form_is_valid() -> None:
    check("github-issue-forms", FORM)
    form = YAML(typ="safe").load(FORM)
    ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    required = {part["id"] for part in form["body"] if part.get("validations", {}).get("required")}
    assert required == {"version", "command", "expected", "happened", "trace"}


def test_the_commands_in_the_form_exist() -> None:
    found = re.findall(r"`gotracer-ci ([^`]+)`", FORM.read_text("utf-8"))
    assert any(line.startswith("anonymise ") for line in found)
    for line in found:
        name, *words = shlex.split(line)
        command = cli.cli.get_command(click.Context(cli.cli), name) or cli.cli
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in [name, *words] if word.startswith("-")} <= options
