"""The examples of the rules and the sample reports: real, up to date, and the fixes fix."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.findings import Severity
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS, ROOT
from tests.source.conftest import Go, go
from tests.test_docs import blocks

__all__ = ["go"]
RULES = runpy.run_path(str(ROOT / "docs/rules.py"))
FIXES: Path = RULES["FIXES"]


def test_the_samples_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    pages = runpy.run_path(str(ROOT / "docs/samples.py"))["pages"]()
    assert {path.name for path in pages} == {path.name for path in (ROOT / "docs/samples").iterdir()}
    for path, text in pages.items():
        assert path.read_text(encoding="utf-8") == text, "run: make docs"


def test_every_rule_has_an_example_and_a_fix() -> None:
    names = {rule.name for rule in BUILT_IN}
    absolute = {rule.name for rule in BUILT_IN if rule.info.thresholds or rule.absolute}
    assert set(RULES["EXAMPLES"]) == absolute, "add the rule to EXAMPLES in docs/rules.py"
    assert {path.stem for path in FIXES.iterdir()} == names, "add a change to docs/fixes"
    assert {path.stem for path in (ROOT / "testdata/fixed").iterdir()} == absolute, "run: testdata/fixed.py"


@pytest.mark.parametrize("rule", [rule.name for rule in BUILT_IN])
def test_the_page_of_a_rule_shows_its_finding_and_none_after_the_fix(rule: str) -> None:
    before, after = blocks(ROOT / f"docs/rules/{rule}.md", "console")
    shown = set(re.findall(r"^(?:INFO|WARN|ERROR|NONE) +(?:(?:NEW|WORSE)(?:, SUSPECTED)? +)?(\w+) ", before, re.M))
    assert shown == {rule}
    assert after.splitlines()[1].startswith(("No findings in 1 trace", "no regressions;"))


def program(rule: str) -> str:
    """Return the directory of the program that a rule's fix changes."""
    name: str
    (name,) = set(re.findall(r"^--- testdata/programs/([\w/]+)/\w+\.go$", (FIXES / f"{rule}.diff").read_text(), re.M))
    example = RULES["EXAMPLES"].get(rule, "checkout-")
    assert example.startswith(f"{name}-"), "the fix is not for the example's program"
    return name


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory, go: Go) -> Path:
    """Return the directory of the programs, built with all fixes."""
    directory = tmp_path_factory.mktemp("fixed")
    shutil.copytree(PROGRAMS, directory / "testdata/programs")
    for fix in sorted(FIXES.iterdir()):
        subprocess.run(["git", "apply", "-p0", str(fix)], cwd=directory, check=True)
    inside = directory / "testdata/programs"
    go(inside, "vet", *{f"./{program(fix.stem)}" for fix in FIXES.iterdir()})
    go(inside, "build", "-o", str(directory) + "/", "./leak", "./heapgrowth")
    return directory


@pytest.mark.parametrize("rule", ["GoroutineLeakGrowth", "HeapGrowthSpike"])
def test_a_fix_removes_the_finding(fixed: Path, rule: str) -> None:
    """Where that does not depend on the machine's load; all others are compiled."""
    trace = fixed / "x.trace"
    subprocess.run([fixed / program(rule), trace], check=True, timeout=120)
    facts = analyse(open_trace(str(trace)), SourceMap(None))
    (found,) = (known for known in BUILT_IN if known.name == rule)
    assert [measured for measured in found.run(facts) if measured.severity > Severity.NONE] == []
