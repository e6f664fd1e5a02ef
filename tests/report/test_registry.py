"""A format is declared once: the command line, settings, action and docs match the registry."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from gotracer_ci.action.setup import DEFAULT_REPORTS
from gotracer_ci.commands.analyze import command
from gotracer_ci.errors import UsageError
from gotracer_ci.github import environment
from gotracer_ci.report.formats import FILES, FORMATS, NAMES
from gotracer_ci.settings import load

ROOT = Path(__file__).parents[2]
ACTION = YAML(typ="safe").load(ROOT / "action.yml")
ANALYZE = (ROOT / "docs/analyze.md").read_text(encoding="utf-8")


def test_every_renderer_is_registered() -> None:
    files = {path.stem for path in (ROOT / "gotracer_ci/report/formats").glob("*.py")} - {"__init__"}
    assert files == set(FORMATS) == {declared.name for declared in FORMATS.values()}


def test_the_command_line_has_every_format_and_file_option() -> None:
    options = {name: option for option in command.params for name in option.opts}
    choice = options["--format"].type
    assert isinstance(choice, click.Choice)
    assert tuple(choice.choices) == NAMES
    assert tuple(name for name in NAMES if f"--{name}" in options) == FILES


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_accept_every_format(name: str) -> None:
    settings = load({"format": name, "outputs": {name: "x"}})
    assert (settings.format, settings.outputs) == (name, {name: Path("x")})


def test_the_settings_reject_an_unknown_format() -> None:
    for given in ({"format": "nonsense"}, {"outputs": {"nonsense": "x"}}):
        with pytest.raises(UsageError, match=r"Input should be 'human', 'json', .* or 'gitlab'"):
            load(given)


def test_the_action_has_the_inputs_and_outputs_of_its_formats() -> None:
    assert {name for name in ACTION["inputs"] if name in FORMATS} == set(environment.REPORTS)
    outputs = {name.removesuffix("-file") for name in ACTION["outputs"] if name.endswith("-file")}
    assert outputs == {*DEFAULT_REPORTS, "baseline", "baseline-changes"}
    for name, file in DEFAULT_REPORTS.items():
        assert f"Default is {file}." in ACTION["inputs"][name]["description"]


def test_the_page_of_analyze_names_every_format_and_file_option() -> None:
    (formats,) = re.findall(r"^\| `-f`, `--format NAME` \| (.*?);", ANALYZE, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", formats)) == NAMES
    (options,) = re.findall(r"^\| (`--json FILE`.*?) \|", ANALYZE, re.MULTILINE)
    assert tuple(re.findall(r"`--(\w+) FILE`", options)) == FILES
