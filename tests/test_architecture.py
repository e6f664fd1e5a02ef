"""The architecture: the imports between parts, and what each part must not use."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gotracer_ci"
FILES = sorted(PACKAGE.rglob("*.py"))
PARTS = {path: path.relative_to(PACKAGE).with_suffix("").parts for path in FILES}

# In the order of the data flow. A dotted name is a single module. `make docs` copies this table to CONTRIBUTING.md.
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli", "errors"},
    "urls": set(),
    "errors": {"urls"},
    "findings": set(),
    "notes": set(),
    "text": set(),
    "spelling": set(),
    "sizes": {"errors"},
    "limits": {"findings"},
    "globs": set(),
    "shelf": set(),
    "beginnings": set(),
    "files": {"beginnings", "errors"},
    "remote": {"errors"},
    "trace": {"errors", "remote", "urls"},
    "source": {"errors", "files", "notes"},
    "analysis": {"errors", "notes", "trace", "source"},
    "rules": {
        "errors", "findings", "globs", "limits", "notes", "analysis", "source.names", "source.place", "source.frames",
        "shelf", "source.program", "spelling", "text",
    },
    "baseline": {"analysis.histogram", "errors", "files", "findings", "limits", "notes", "text"},
    "report": {"errors", "findings", "notes", "baseline.verdicts", "text"},
    "github": {"errors", "files", "text"},
    "settings": {"errors", "files", "findings", "report.formats", "rules.objectives", "sizes", "spelling"},
    "duplicates": {"trace"},
    "inputs": {"duplicates", "errors", "globs", "notes", "remote", "trace", "urls"},
    "capture": {"errors", "text", "trace"},
    "recording": {"errors", "files", "text"},
    "tables": {"analysis", "errors", "globs", "report.safe", "source.names", "spelling", "text", "trace.reader"},
    "events": {"analysis.reading", "errors", "globs", "report.safe", "spelling", "text", "trace"},
    "pictures": {"analysis", "errors", "report.picture", "report.safe", "source.frames", "trace"},
    "explanations": {"analysis", "baseline.verdicts", "errors", "findings", "rules", "source.frames", "trace", "urls"},
    "reading": {
        "analysis", "errors", "files", "pictures", "report.model", "rules", "settings", "shelf", "source", "tables",
        "trace",
    },
    "shards": {
        "baseline.measurements", "errors", "findings", "limits", "notes", "report.measurements", "report.model",
        "rules", "trace",
    },
    "workers": {"errors", "reading", "settings", "shelf", "source.repository", "trace.reader", "urls"},
    "cluster": {
        "errors", "reading", "rules.rule", "settings", "shelf", "source.repository", "trace.reader", "urls", "workers",
    },
    "pipeline": {
        "errors", "files", "notes", "trace", "source", "analysis", "rules", "baseline", "report", "settings", "inputs",
        "cluster", "explanations", "findings", "pictures", "reading", "shards", "shelf", "tables", "workers",
    },
    "merging": {
        "baseline.measurements", "errors", "files", "findings", "globs", "inputs", "notes", "pipeline", "report",
        "rules", "settings", "shards", "tables", "text",
    },
    "serve": {"errors"},
    "export": {"analysis", "errors", "report.safe", "source.frames", "source.place", "trace"},
    "database": {
        "analysis", "errors", "findings", "rules.merge", "rules.registry", "rules.traced", "source", "spelling", "text",
        "trace",
    },
    "anonymise": {
        "analysis.calls", "errors", "rules.system_calls", "source.layout", "source.libraries", "source.mounts",
        "source.names", "trace",
    },
    "tabulate": {"errors", "inputs", "notes", "source", "text", "trace"},
    "progress": {"report.safe", "text", "trace"},
    "action": {
        "errors", "files", "findings", "github", "merging", "pipeline", "report", "rules.registry", "settings",
        "shards", "spelling",
    },
    "commands": {
        "action", "analysis", "anonymise", "baseline", "capture", "database", "errors", "events", "export", "files",
        "findings", "globs", "inputs", "limits", "merging", "notes", "pictures.window", "pipeline", "progress",
        "recording", "report", "rules.registry", "serve", "settings", "sizes", "source.frames", "source.repository",
        "spelling", "tables", "tabulate", "text", "trace.kernel", "trace.open", "trace.reader", "urls",
    },
    "cli": {"commands.output", "commands.usage", "errors", "trace.kernel"},
}  # fmt: skip
# progress reads the clock and draws on the terminal, but only commands start it
EDGES = {"cli", "cluster", "commands", "action", "capture", "github", "progress", "recording", "serve"}
THIRD_PARTY = {
    "cython": {
        "trace/columns",
        "trace/encoding",
        "trace/heap_points",
        "trace/interning",
        "trace/joining",
        "trace/kernel",
        "trace/moving",
        "trace/observe",
        "trace/packets",
        "trace/observers/ancestry",
        "trace/observers/binned",
        "trace/observers/bins",
        "trace/observers/collector",
        "trace/observers/go_profile",
        "trace/observers/group_times",
        "trace/observers/groups",
        "trace/observers/histograms",
        "trace/observers/holders",
        "trace/observers/holds",
        "trace/observers/interval_columns",
        "trace/observers/lanes",
        "trace/observers/lengths",
        "trace/observers/life_columns",
        "trace/observers/lives",
        "trace/observers/pairs",
        "trace/observers/parts",
        "trace/observers/proc_times",
        "trace/observers/profile",
        "trace/observers/ranges",
        "trace/observers/records",
        "trace/observers/reasons",
        "trace/observers/region_groups",
        "trace/observers/region_ranges",
        "trace/observers/regions",
        "trace/observers/run_queue",
        "trace/observers/scopes",
        "trace/observers/slices",
        "trace/observers/state_counts",
        "trace/observers/stretches",
        "trace/observers/sums",
        "trace/observers/tests",
        "trace/observers/time_records",
        "trace/observers/timeline",
        "trace/observers/track_events",
        "trace/observers/wakers",
        "trace/observers/wakes",
        "trace/observers/windows",
        "trace/raw",
        "trace/raw_text",
        "trace/regions",
        "trace/sorting",
        "trace/state_times",
        "trace/steps",
        "trace/track_packets",
        "trace/v1/convert",
        "trace/v1/numbers",
        "trace/v1/order",
        "trace/v1/others",
        "trace/v1/parse",
        "trace/v1/raw",
        "trace/v1/rows",
        "trace/varints",
    },
    "click": {
        "cli",
        "commands/action",
        "commands/analyze",
        "commands/anonymise",
        "commands/baseline",
        "commands/capture",
        "commands/completion",
        "commands/diff",
        "commands/doctor",
        "commands/events",
        "commands/export",
        "commands/gc",
        "commands/goroutines",
        "commands/help",
        "commands/merge",
        "commands/nothing",
        "commands/options",
        "commands/output",
        "commands/paths",
        "commands/profile",
        "commands/query",
        "commands/regions",
        "commands/rules",
        "commands/sides",
        "commands/table",
        "commands/tasks",
        "commands/test",
        "commands/tests",
        "commands/usage",
        "commands/view",
        "commands/wakes",
    },
    "aiohttp": {"remote/stores"},
    "dask": {"cluster/connection"},
    "distributed": {"cluster/connection"},
    "fsspec": {"remote/stores"},
    "jinja2": {"report/formats/html", "report/templates"},
    "markupsafe": {"report/formats/html", "report/templates"},
    "pyarrow": {"database/parquet"},
    "pydantic": {"settings", "baseline/models", "baseline/schema", "report/schema"},
    "requests": {"capture/adapters", "capture/fetch", "capture/receiver", "github/session"},
    "rich": {"progress", "report/formats/human", "report/table", "tables/render"},
    "ruamel": {"action/workflow_files"},
    "urllib3": {"capture/adapters", "capture/fetch"},
    "sarif_om": {"report/formats/sarif"},
    "attr": {"report/formats/sarif"},
}
OUTER_WORLD = (
    "asyncio", "datetime", "getpass", "http.client", "http.server", "locale", "platform", "random", "requests",
    "secrets", "socket", "subprocess", "time", "urllib.request", "uuid",
)  # fmt: skip


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Return the modules that a file imports anywhere, and for our modules also the imported names."""
    found: list[str] = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


def name_of(path: Path) -> str:
    return "/".join(PARTS[path])


def ours(part: str) -> set[str]:
    """Return a part's imports from other parts, as "part.module" ("part.name" for a top-level module)."""
    names = (name.split(".") for path in FILES if PARTS[path][0] == part for name in imports(path))
    return {".".join(name[1:3]) for name in names if name[0] == "gotracer_ci" and name[1] not in (part, "__version__")}


def covers(entry: str, name: str) -> bool:
    return entry in (name, name.partition(".")[0])


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_import_directions(part: str) -> None:
    """Data flows one way: no part imports a later one. An unused allowance fails too."""
    allowed, used = MAY_IMPORT[part], ours(part)
    assert {name for name in used if not any(covers(entry, name) for entry in allowed)} == set()
    assert {entry for entry in allowed if not any(covers(entry, name) for name in used)} == set()


def test_other_packages_stay_at_the_edges() -> None:
    """All other parts need only the standard library."""
    for path in FILES:
        for name in imports(path):
            top = name.split(".")[0]
            if top != "gotracer_ci" and top not in sys.stdlib_module_names:
                assert name_of(path) in THIRD_PARTY.get(top, set()), f"{name_of(path)} imports {top}"


def test_side_effects_stay_at_the_edges() -> None:
    """Clock, environment, network and other processes would make the output of a trace differ between runs."""
    outer = tuple(f"{name}." for name in OUTER_WORLD)
    inner = (path for path in FILES if PARTS[path][0] not in EDGES)
    found = {name_of(path): [name for name in imports(path) if f"{name}.".startswith(outer)] for path in inner}
    assert {name: used for name, used in found.items() if used} == {}


def test_no_file_is_too_long() -> None:
    """The kernel is one compiled state machine. Any other file that long has more than one purpose."""
    directories = ("gotracer_ci", "tests", "docs", "testdata")
    files = [ROOT / "setup.py", *(file for name in directories for file in (ROOT / name).rglob("*.py"))]
    long = {file for file in files if len(file.read_text(encoding="utf-8").splitlines()) > 400}
    assert long == {PACKAGE / "trace" / "kernel.py"}


@cache
def uses(path: Path) -> set[str]:
    """Return the names and attributes that a file uses, as written, such as "sys.exit"."""
    nodes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute | ast.Name)]
    return {ast.unparse(node) for node in nodes} | set(imports(path))


@pytest.mark.parametrize(
    ("names", "homes"),
    [
        ({"sys.exit", "SystemExit", "exit", "quit", "os._exit", "os.abort"}, {"__main__", "cli"}),
        ({"os.environ", "os.environb", "os.getenv", "os.putenv"}, {"action/main", "action/checks", "commands/capture"}),
        ({"os.urandom"}, {"files"}),
        ({"sys.argv"}, set()),
    ],
)
def test_used_only_in(names: set[str], homes: set[str]) -> None:
    assert {name_of(path) for path in FILES if uses(path) & names} == homes


# besides `files`: the system's own files; traces, which may be pipes or huge; installed packages; zips; /dev/null;
# databases and their drafts; compiled templates
OPENERS = {
    "cluster/run", "cluster/worker", "database/parquet", "database/query", "database/sqlite",
    "beginnings",
    "files", "trace/memory", "trace/open", "duplicates", "inputs", "report/formats/html", "report/templates",
    "rules/installed",
    "github/artifacts", "commands/output", "recording/go_test", "recording/session", "recording/worktree",
    "remote/stores",
}  # fmt: skip
OPENS = {
    "mkdir", "makedirs", "open", "read_bytes", "read_text", "rename", "renames", "rmdir", "rmtree", "symlink_to",
    "touch", "truncate", "unlink", "write_bytes", "write_text",
}  # fmt: skip


def test_files_are_read_and_written_in_one_place() -> None:
    """Everything else uses `files`, which writes atomically, follows no links and bounds reads."""
    found = {
        name_of(path): {
            name for name in uses(path) if name.rpartition(".")[2] in OPENS and not name.startswith("files.")
        }
        for path in FILES
    }
    assert {name for name, opened in found.items() if opened} == OPENERS


def test_every_module_has_a_docstring() -> None:
    assert [name_of(path) for path in FILES if not ast.get_docstring(tree(path))] == []


def test_every_part_is_in_the_table() -> None:
    """A new part needs a line in the table above."""
    assert {parts[0] for parts in PARTS.values()} == set(MAY_IMPORT)


def test_the_table_has_no_cycle() -> None:
    """The table allows no cycle of imports."""
    order: list[str] = []
    rest = {part: {name.split(".")[0] for name in allowed} for part, allowed in MAY_IMPORT.items()}
    while rest:
        free = [part for part, needs in rest.items() if needs <= set(order)]
        assert free
        order += free
        rest = {part: needs for part, needs in rest.items() if part not in free}
