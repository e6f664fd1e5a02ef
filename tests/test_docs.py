"""The documentation is correct: generated pages, pasted output, options, inputs, limits, examples, links."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML

from gotracer_ci import cli, errors, rules
from gotracer_ci.analysis.facts import analyse
from gotracer_ci.baseline import schema
from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.commands import analyze, capture
from gotracer_ci.rules.registry import select
from gotracer_ci.settings import Settings, load
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from tests.conftest import LIMITS, Run, path_of
from tests.github.test_metadata import check

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
PAGES += [ROOT / name for name in ("testdata/README.md", "tests/README.md")]
PAGES += sorted((ROOT / "docs").glob("**/*.md"))
README, CONTRIBUTING, BASELINE = ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs/baseline.md"
TABLES = {"query": ROOT / "docs/sql.md"} | {
    name: ROOT / f"docs/{name}.md"
    for name in ("diff", "events", "gc", "goroutines", "profile", "regions", "tasks", "tests", "wakes")
}
PATHS = ROOT / "docs/critical-paths.md"
ANALYZE, CAPTURE, COMMANDS = (ROOT / f"docs/{name}.md" for name in ("analyze", "capture", "commands"))
CONFIGURATION = ROOT / "docs/configuration.md"
CONFIRM, GITHUB = ROOT / "docs/confirm.md", ROOT / "docs/github.md"
OBJECTIVES = ROOT / "docs/objectives.md"
FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def blocks(page: Path, language: str) -> list[str]:
    return [token.content for token in tokens(page) if token.type == "fence" and token.info == language]


def section(page: Path, title: str) -> str:
    """Return the Markdown below a heading, up to the next one."""
    found = re.search(
        rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found, f"{page.name} has no chapter {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the tables in Markdown, without the header rows."""
    lines = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("|")
    ]
    return [row for row, below in zip(lines, [*lines[1:], [""]], strict=True) if "---" not in row[0] + below[0]]


@pytest.mark.parametrize("page", [ANALYZE, BASELINE, OBJECTIVES], ids=lambda page: page.name)
def test_pasted_output_is_what_the_command_prints(page: Path, run: Run) -> None:
    (block,) = blocks(page, "console")
    command, _, output = block.partition("\n")
    prompt, name, *arguments = shlex.split(command)
    assert (prompt, name) == ("$", "gotracer-ci")

    done = run(*arguments, cwd=ROOT)

    assert done.stdout.decode() == output
    assert done.stderr == b""
    assert f"The exit code is {done.returncode}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tables", "block"),
    [((name,), block) for name, page in TABLES.items() for block in blocks(page, "console")]
    + [(("goroutines", "regions", "tasks", "tests"), block) for block in blocks(PATHS, "console")],
    ids=lambda value: value.partition("\n")[0] if isinstance(value, str) else value[0],
)
def test_pasted_tables_are_what_the_command_prints(tables: tuple[str, ...], block: str, run: Run) -> None:
    command, _, output = block.partition("\n")
    prompt, name, *arguments = shlex.split(command)
    assert (prompt, name) == ("$", "gotracer-ci")
    assert arguments[0] in tables

    done = run(*arguments, cwd=ROOT)

    assert (done.returncode, done.stdout.decode()) == (int("The run fails" in output), output), "run: make docs"
    assert all(line.startswith("note: ") for line in done.stderr.decode().splitlines())


@pytest.mark.parametrize("table", TABLES)
def test_the_page_of_a_table_names_all_options(table: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), table)
    assert command
    named = set(FLAG.findall(" ".join(re.findall(r"`[^`]+`", section(TABLES[table], "Options")))))

    assert named == options(command)


def test_a_suspected_regression_fails_only_with_strict(run: Run) -> None:
    command = shlex.split(blocks(BASELINE, "console")[0].partition("\n")[0])[2:]

    assert run(*command, cwd=ROOT).returncode == errors.EXIT_CLEAN
    assert run(*command, "--strict", cwd=ROOT).returncode == errors.EXIT_FLAGGED


def options(command: click.Command) -> set[str]:
    every = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return {name for option in every for name in (*option.opts, *option.secondary_opts)}


def test_the_pages_name_the_commands_and_all_options_of_analyze_and_capture() -> None:
    text = section(COMMANDS, "Commands")
    named = [
        set(FLAG.findall(" ".join(re.findall(r"`[^`]+`", section(page, "Options"))))) for page in (ANALYZE, CAPTURE)
    ]

    assert set(re.findall(r"`gotracer-ci ([a-z]+)", text)) == set(cli.COMMANDS)
    assert options(cli.cli) <= set(FLAG.findall(text))
    assert named == [options(analyze.command), options(capture.command) - options(analyze.command)]


def test_exit_codes_match_the_errors() -> None:
    codes = {errors.EXIT_CLEAN, errors.EXIT_FLAGGED, errors.GotracerError.exit_code}
    codes |= {kind.exit_code for kind in errors.GotracerError.__subclasses__()}

    text = section(ANALYZE, "Exit codes")
    assert {int(row[0]) for row in rows(text) if row[0].isdecimal()} == codes


def test_the_verdicts_are_all_explained() -> None:
    first = [row[0] for row in rows(section(BASELINE, "Verdicts"))]

    without_baseline = "not in the base traces"
    assert {word for cell in first for word in cell.split(", ")} == {*Status, *Level, without_baseline}


def test_the_example_configuration_works(tmp_path: Path) -> None:
    (block,) = blocks(CONFIGURATION, "toml")
    (tmp_path / "config.toml").write_text(block, encoding="utf-8")

    settings = load({}, tmp_path / "config.toml")

    default = asdict(Settings())
    changed = {name for name, value in asdict(settings).items() if value != default[name]}
    assert changed == {"baseline", "fail_on", "top", "path_map", "thresholds", "outputs"}
    select(settings.rule, settings.skip, settings.thresholds)


def steps(page: Path) -> Iterator[dict[str, Any]]:
    for block in blocks(page, "yaml"):
        document = YAML(typ="safe").load(block)
        found = document if isinstance(document, list) else document.get("steps")
        yield from found or [step for job in document["jobs"].values() for step in job.get("steps", ())]


@pytest.mark.parametrize("page", [CONFIRM, GITHUB], ids=lambda page: page.name)
def test_workflows_use_existing_inputs_and_outputs(page: Path) -> None:
    action = YAML(typ="safe").load(ROOT / "action.yml")
    required = {name for name, details in action["inputs"].items() if details.get("required")}

    used = [set(step.get("with", {})) for step in steps(page) if "gotracer-ci@" in step.get("uses", "")]
    outputs = re.findall(r"steps\.trace\.outputs\.([\w-]+)", page.read_text(encoding="utf-8"))

    assert used
    assert all(required <= names <= set(action["inputs"]) for names in used)
    assert set(outputs) <= set(action["outputs"])


@pytest.mark.parametrize("page", [CONFIRM, GITHUB], ids=lambda page: page.name)
def test_workflows_and_their_scripts_are_valid(page: Path, tmp_path: Path) -> None:
    workflows = [block for block in blocks(page, "yaml") if "\njobs:\n" in block]
    assert workflows
    for block in workflows:
        check("github-workflows", _written(tmp_path / "workflow.yml", block))
        for job in YAML(typ="safe").load(block)["jobs"].values():
            for step in job.get("steps", ()):
                script = _written(tmp_path / "step.sh", step.get("run", ""))
                subprocess.run(["bash", "-n", str(script)], check=True)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_workflow_records_base_and_change_alternately(tmp_path: Path) -> None:
    """The documented script, run in a repository of two commits with a fake go that logs its directory."""
    (step,) = [step for step in steps(CONFIRM) if "worktree" in step.get("run", "")]
    work, tools = tmp_path / "work", tmp_path / "bin"
    work.mkdir()
    tools.mkdir()
    go = _written(tools / "go", '#!/bin/sh\nfor a; do case $a in -trace=*) cat version > "${a#-trace=}";; esac; done\n')
    go.chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "GITHUB_WORKSPACE": str(work), "HOME": str(tmp_path)}
    commit = "git add version && git -c user.name=x -c user.email=x@x commit -qm x"
    prepare = f"git init -q && echo base > version && {commit} && echo change > version && {commit} && mkdir traces"

    for script in (prepare, step["run"]):
        subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=work, env=environment, check=True)

    made = {path.relative_to(work).as_posix(): path.read_text() for path in work.glob("*traces/*.trace")}
    assert made == {
        **{f"base-traces/{i}.trace": "base\n" for i in (1, 2, 3)},
        **{f"traces/{i}.trace": "change\n" for i in (2, 3)},
    }


def test_the_rules_whose_medians_are_compared_are_named() -> None:
    (named,) = re.findall(r"by \*\*medians\*\*, for (\w+) and (\w+) with", BASELINE.read_text(encoding="utf-8"))

    assert set(named) == {rule for (rule, _), limit in LIMITS.items() if limit.by_medians}


def test_the_example_baseline_is_valid(tmp_path: Path) -> None:
    (block,) = blocks(BASELINE, "json")
    path = tmp_path / "baseline.json"
    path.write_text(block, encoding="utf-8")

    assert schema.dump(schema.load(path)) == block
    members = {row[0].strip("`") for row in rows(section(BASELINE, "The file"))}
    document = json.loads(block)
    assert members == {*document, *document["programs"][0]} - {"program"}


def test_the_messages_that_the_page_explains_exist() -> None:
    """An ellipsis stands for a value in the message."""
    sources = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "gotracer_ci").rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(source) if isinstance(node, ast.Constant)]
    texts = [node.value for node in nodes if isinstance(node.value, str)]
    messages = [row[0] for row in rows(section(BASELINE, "Messages"))]

    assert messages
    for message in messages:
        for part in message.split("…"):
            assert any(part in text for text in texts), message


def test_the_example_rule_works(monkeypatch: pytest.MonkeyPatch) -> None:
    source, tests, _, _ = blocks(CONTRIBUTING, "python")
    module = ModuleType("gotracer_ci.rules.long_sleep")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(rules, "long_sleep", module, raising=False)
    exec(compile(source, "long_sleep.py", "exec"), module.__dict__)
    scope: dict[str, Any] = {}
    exec(compile(tests, "test_long_sleep.py", "exec"), scope)

    found = [value for name, value in scope.items() if name.startswith("test_")]

    assert len(found) == 2
    for test in found:
        test()


def test_the_example_consumer_works() -> None:
    _, _, source, _ = blocks(CONTRIBUTING, "python")
    scope: dict[str, Any] = {}
    exec(compile(source, "cycles.py", "exec"), scope)
    cycles = scope["Cycles"]()

    facts = analyse(open_trace(path_of("gcpause-go1.26")), SourceMap(None), [cycles])

    assert cycles.result() == facts.heap.cycles > 0


def test_the_example_observer_is_the_tested_one() -> None:
    *_, excerpt = blocks(CONTRIBUTING, "python")
    source = (ROOT / "tests" / "trace" / "time_by_state.py").read_text(encoding="utf-8")
    assert set(excerpt.splitlines()) <= set(source.splitlines())


def test_the_documented_commands_create_the_committed_baseline(run: Run, tmp_path: Path) -> None:
    baseline = "testdata/baseline.json"
    commands = re.findall(rf"gotracer-ci (.* {baseline} .*)", CONTRIBUTING.read_text(encoding="utf-8"))
    assert commands

    for command in commands:
        done = run(*shlex.split(command.replace(baseline, str(tmp_path / "made.json"))), cwd=ROOT)
        assert done.returncode == 0, done.stderr

    assert (tmp_path / "made.json").read_text(encoding="utf-8") == (ROOT / baseline).read_text(encoding="utf-8")


def test_the_documented_entry_point_group_is_correct() -> None:
    from gotracer_ci.rules.installed import GROUP

    (block,) = blocks(CONTRIBUTING, "toml")
    assert list(tomllib.loads(block)["project"]["entry-points"]) == [GROUP]


def test_directories_and_files_that_contributing_names_exist() -> None:
    (drawing,) = [block for block in blocks(CONTRIBUTING, "") if "action.yml" in block]
    for line in drawing.splitlines():
        assert (ROOT / line.split()[0]).exists(), line
    named = re.findall(r"`((?:gotracer_ci|tests|docs|testdata)/[\w./]*)`", CONTRIBUTING.read_text(encoding="utf-8"))
    assert len(named) > 20
    for path in named:
        assert "long_sleep" in path or (ROOT / path).exists(), path  # the example for a new rule


def test_files_that_the_tests_readme_names_exist() -> None:
    text = (ROOT / "tests/README.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w./]+(?:\.py|/))`", text)
    assert len(named) > 20
    for path in named:
        is_made = path.startswith("build/")  # by the tests
        assert is_made or (ROOT / "tests" / path).exists() or (ROOT / path).exists(), path


def links(page: Path) -> Iterator[str]:
    for token in tokens(page):
        for child in token.children or ():
            if child.type == "link_open":
                yield str(child.attrs["href"])


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub creates for a page's headings."""
    titles = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        if re.match(r"https?:", link):
            continue
        target = (page.parent / file).resolve() if file else page
        assert target.is_relative_to(ROOT)
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
