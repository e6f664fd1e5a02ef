"""The house of the design: who may know whom, and what each part must not touch."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "gotracer_ci"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
PARTS = {path: path.relative_to(PACKAGE).with_suffix("").parts for path in FILES}

# The design's table. A dotted name is that module alone.
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "findings": set(),
    "files": {"errors"},
    "trace": {"errors"},
    "source": {"errors", "trace"},
    "analysis": {"errors", "trace", "source"},
    "rules": {"errors", "findings", "analysis", "source.place", "source.frames"},
    "baseline": {"errors", "findings"},
    "report": {"errors", "findings", "baseline.verdicts", "analysis.facts"},
    "github": {"errors"},
    "settings": {"errors", "findings"},
    "inputs": {"errors", "trace"},
    "pipeline": {
        "errors", "findings", "trace", "source", "analysis", "rules", "baseline", "report", "settings", "inputs",
    },
    "reference": {"errors", "github"},
    "annotations": {"findings", "github.commands", "report"},
    "publish": {"errors", "github", "reference", "report"},
    "second_stage": {"errors", "github", "publish", "report", "rules"},
    "step": {"errors", "github", "reference", "settings"},
    "doctor": {
        "errors", "github", "pipeline", "reference", "report", "settings", "source", "step", "trace", "upkeep",
    },
    "action": {
        "annotations", "doctor", "errors", "github", "pipeline", "publish", "reference", "report", "second_stage",
        "step",
    },
    "upkeep": {"errors", "findings", "baseline", "report.table", "report.text", "pipeline", "settings"},
    "progress": {"report.text", "trace"},
    "cli": {
        "action", "baseline.schema", "doctor", "errors", "pipeline", "progress", "report", "rules", "settings",
        "trace", "upkeep",
    },
}  # fmt: skip
# progress looks at the clock and draws on the terminal for cli, which alone starts it
EDGES = {"cli", "action", "github", "progress"}
THIRD_PARTY = {
    "cython": {"trace/kernel"},
    "click": {"cli"},
    "jinja2": {"report/html"},
    "markupsafe": {"report/html"},
    "pydantic": {"settings", "baseline/schema", "report/schema"},
    "requests": {"github/session"},
    "rich": {"progress", "report/human", "report/table"},
    "sarif_om": {"report/sarif"},
    "attr": {"report/sarif"},
}
OUTER_WORLD = (
    "asyncio", "datetime", "getpass", "http.client", "http.server", "locale", "platform", "random", "requests",
    "secrets", "socket", "subprocess", "time", "urllib.request", "uuid",
)  # fmt: skip

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, anywhere in it; of ours also what is taken from them."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return "/".join(PARTS[path])


@each_file
def test_import_directions(path: Path) -> None:
    """Data goes one way; nothing later is known to anything earlier."""
    part = PARTS[path][0]
    allowed = MAY_IMPORT[part] | {part, "__version__"}
    ours = [name.split(".")[1:3] for name in imports(path) if name.split(".")[0] == "gotracer_ci"]
    assert [names for names in ours if names[0] not in allowed and ".".join(names) not in allowed] == []


@each_file
def test_other_packages_stay_at_the_edges(path: Path) -> None:
    """trace, findings, errors and what is between them and the reports need nothing but Python."""
    for name in imports(path):
        top = name.split(".")[0]
        if top != "gotracer_ci" and top not in sys.stdlib_module_names:
            assert name_of(path) in THIRD_PARTY.get(top, set()), f"{name_of(path)} imports {top}"


@each_file
def test_the_outer_world_is_met_at_the_edges(path: Path) -> None:
    """Clock, environment, network and other processes: with them the same trace would not give the same bytes."""
    if PARTS[path][0] not in EDGES:
        assert [name for name in imports(path) if f"{name}.".startswith(tuple(f"{o}." for o in OUTER_WORLD))] == []


@each_file
def test_no_file_is_too_long(path: Path) -> None:
    """The kernel is one compiled piece; anything else that long has two jobs."""
    if name_of(path) != "trace/kernel":
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def uses(path: Path) -> set[str]:
    """The names and attributes that a file uses, as they are written: "sys.exit"."""
    nodes = [node for node in ast.walk(TREES[path]) if isinstance(node, ast.Attribute | ast.Name)]
    return {ast.unparse(node) for node in nodes} | set(imports(path))


@pytest.mark.parametrize(
    ("names", "home"),
    [
        ({"sys.exit", "SystemExit", "exit", "quit", "os._exit", "os.abort"}, "cli"),
        ({"os.environ", "os.environb", "os.getenv", "os.putenv"}, "action"),
        ({"os.urandom"}, "files"),
        ({"sys.argv"}, "nowhere"),
    ],
)
def test_used_only_in(names: set[str], home: str) -> None:
    assert {name_of(path) for path in FILES if uses(path) & names} <= {home}


@each_file
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(TREES[path])


def test_the_parts_are_those_of_the_design() -> None:
    """A new part needs a line in the table, here and in CONTRIBUTING."""
    assert {parts[0] for parts in PARTS.values()} == set(MAY_IMPORT)


def test_the_directions_are_one_way() -> None:
    """The table itself has no circle."""
    order: list[str] = []
    rest = {part: {name.split(".")[0] for name in allowed} for part, allowed in MAY_IMPORT.items()}
    while rest:
        free = [part for part, needs in rest.items() if needs <= set(order)]
        assert free
        order += free
        rest = {part: needs for part, needs in rest.items() if part not in free}
