"""Commands, options, settings, formats, and the action's inputs and outputs match each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from gotracer_ci import cli
from gotracer_ci.action import setup
from gotracer_ci.commands import analyze, capture
from gotracer_ci.errors import UsageError
from gotracer_ci.github.environment import REPORTS, from_environ
from gotracer_ci.report.formats import FILES, FORMATS, NAMES
from gotracer_ci.settings import Settings, load
from tests.conftest import ROOT, Run

ACTION = YAML(typ="safe").load(ROOT / "action.yml")
SETTINGS = {field.name for field in fields(Settings)}
INTERNAL = {"baseline_name"}
"""Settings that users cannot set."""
ONLY_IN_THE_FILE = {"objective", "outputs"}
"""Settings that have no option of their name."""
ABOUT_GITHUB = {
    "annotations", "artifact", "baseline-branch", "comment", "comment-id", "dry-run", "github-token", "job-index",
    "job-summary", "sarif-results", "upload-sarif",
}  # fmt: skip
"""Inputs that control what the action publishes, so they are not settings."""
AS_SETTING = {
    "traces": ("a.trace", "traces", ("a.trace",)),
    "base-traces": ("b.trace", "base", ("b.trace",)),
    "baseline": ("b.json", "baseline", Path("b.json")),
    "update-baseline": ("true", "update_baseline", True),
    "strict": ("true", "strict", True),
    "fail-on": ("error", "fail_on", "error"),
    "top": ("7", "top", 7),
    "path-map": ("/src=.", "path_map", (("/src", "."),)),
}
"""For each input that is a setting: a value, and the resulting setting."""


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and all its subcommands, with their names on the command line."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below
            yield from commands(below, *path, name)


COMMANDS = dict(commands(cli.cli))
each_command = pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "gotracer-ci")


def test_every_file_of_commands_is_a_command() -> None:
    found = {path.stem for path in (ROOT / "gotracer_ci/commands").glob("*.py")} - {
        "__init__",
        "nothing",
        "options",
        "output",
        "paths",
        "sides",
        "table",
        "usage",
    }
    assert found == set(cli.COMMANDS)


@each_command
def test_every_command_has_a_short_summary_and_an_example(path: tuple[str, ...], run: Run) -> None:
    """The summary is an imperative. The example runs the command and has only existing options."""
    text = run(*path, "--help", new=True, COLUMNS="80").stdout.decode()
    lines = [line.strip() for line in text.splitlines()]
    summary = lines[2]
    assert summary.endswith(".")
    assert len(summary) <= 60
    assert not summary.split()[0].endswith("s")
    example = lines[lines.index("Example:") + 1].split()
    assert tuple(example[: len(path) + 1]) == ("gotracer-ci", *path)
    command, words = COMMANDS[path], example[len(path) + 1 :]
    if path == ("test",):
        words = words[: words.index("--")]  # go test's flags follow
    if path == ():
        command, words = COMMANDS[(words[0],)], words[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known


@each_command
def test_no_summary_is_truncated_in_a_list_of_commands(path: tuple[str, ...], run: Run) -> None:
    command = COMMANDS[path]
    if not isinstance(command, click.Group):
        return
    text = run(*path, "--help", COLUMNS="80").stdout.decode()
    listed = text.partition("Commands:\n")[2].splitlines()
    below = {found[-1]: COMMANDS[found].help or "" for found in COMMANDS if found and found[:-1] == path}
    assert below
    assert {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in listed} == {
        name: text.splitlines()[0] for name, text in below.items()
    }


def test_every_setting_has_an_option() -> None:
    options = {parameter.name for parameter in analyze.command.params}
    assert options - {"config", "reason"} == SETTINGS - INTERNAL - ONLY_IN_THE_FILE | set(FILES)


def test_capture_has_all_options_of_analyze() -> None:
    """And no option that analyze has too means something else."""
    options, others = ({option.name: option for option in one.command.params} for one in (analyze, capture))
    shared = options.keys() - {"traces"}
    assert shared == options.keys() & others.keys()
    assert [options[name].to_info_dict() for name in shared] == [others[name].to_info_dict() for name in shared]


def test_every_input_of_the_action_is_a_setting_or_about_github() -> None:
    assert set(ACTION["inputs"]) == AS_SETTING.keys() | set(REPORTS) | ABOUT_GITHUB | {"config", "findings"}


def settings_of(inputs: dict[str, str], workspace: Path) -> Settings:
    named = {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
    return setup.given(from_environ({"GITHUB_WORKSPACE": str(workspace), **named}))


@pytest.mark.parametrize("name", AS_SETTING)
def test_an_input_becomes_its_setting(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, setting, value = AS_SETTING[name]
    assert getattr(settings_of({}, tmp_path), setting) != value
    assert getattr(settings_of({name: text}, tmp_path), setting) == value


@pytest.mark.parametrize("name", REPORTS)
def test_an_input_of_a_format_becomes_an_output_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of({name: "x/y"}, tmp_path).outputs[name] == Path("x/y")


def test_the_config_input_names_the_configuration_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ci.toml").write_text("top = 9\n", encoding="utf-8")
    assert settings_of({"config": "ci.toml"}, tmp_path).top == 9


def test_every_report_that_the_action_writes_is_an_input_and_an_output() -> None:
    written = {name for name, declared in FORMATS.items() if declared.action_file}
    assert set(REPORTS) == set(ACTION["inputs"]) & set(NAMES)
    assert written <= set(REPORTS)
    assert {f"{name}-file" for name in written} == {
        name for name in ACTION["outputs"] if name.removesuffix("-file") in NAMES
    }


@pytest.mark.parametrize("name", sorted(SETTINGS - INTERNAL))
def test_every_setting_can_be_in_the_configuration_file(name: str, tmp_path: Path) -> None:
    """Under the option's name. A value of the wrong type is an invalid value, not an unknown setting."""
    file = tmp_path / "config.toml"
    file.write_text(f"{name.replace('_', '-')} = 2099-01-01\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load({}, file)
    assert str(caught.value).startswith(name.replace("_", "-"))
    assert "no such setting" not in str(caught.value)


def test_no_option_has_a_default_that_would_override_the_configuration_file() -> None:
    values = analyze.command.make_context("analyze", []).params
    assert values.keys() >= SETTINGS - INTERNAL - ONLY_IN_THE_FILE
    assert {name: value for name, value in values.items() if value} == {}
