"""Write docs/rules.md and the page of each rule in docs/rules, from the rules' docstrings: `python docs/rules.py`."""

from __future__ import annotations

import io
import os
import shlex
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from gotracer_ci import cli
from gotracer_ci.findings import RuleInfo
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.rules.rule import Rule
from gotracer_ci.text import quantity

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FIXES = DOCS / "fixes"
"""For each rule a change of the program in its example that fixes what the rule found."""
EXAMPLES = {
    "GCPauseSpike": "gcpause-go1.26",
    "HighSchedulingLatency": "schedlatency-go1.26",
    "BlockedOnSyscall": "blockedread-go1.27",
    "MutexContention": "lockwait-go1.27",
    "GoroutineLeakGrowth": "leak-go1.27",
    "HeapGrowthSpike": "heapgrowth-go1.26",
    "ProcessorStarvation": "starvation-go1.27",
    "GCAssist": "markassist-go1.25",
    "LongWait": "chanwait-go1.25",
    "TestTimeout": "hang-go1.27",
    "Deadlock": "standstill-go1.27",
    "Objective": "annotations-go1.26",
    "GoroutineLeak": "service-leak-go1.27",
}
"""For each rule with thresholds, and for objectives, a committed trace with a finding."""
COMPARED = tuple(rule.name for rule in BUILT_IN if not (rule.info.thresholds or rule.absolute))
"""The rules that only compare. testdata/checkout has the traces of their examples, made by testdata/fixed.py."""
OBJECTIVES = "testdata/objective.toml"
"""The objective of the rule Objective's example."""
ONLY_COMPARED = "none: compared with a baseline or base traces only"
HEAD = """\
# The rules

<!-- Made by docs/rules.py from the docstrings in gotracer_ci/rules/. Change those, then run: make docs -->

`gotracer-ci rules` lists them on the command line, and `gotracer-ci rules NAME` explains one. Each rule's page has an
example: a real finding, the change that fixes it, and the result after the change. Notes are left out there.

Each rule compares a different quantity with its thresholds: the longest wait, the number of leaked goroutines, the
growth of the heap. The pages of the rules describe what is measured, how, and what to do about a finding. Names and
default thresholds are those of gotracer's README ([its code differs](gotracer.md) for GCPauseSpike). LongWait,
TestTimeout, Deadlock and the other thresholds are ours: `count`, `share` and `total` keep a few short waits in a long
run from being findings. `--set MutexContention.warn=5ms` changes a threshold for one run. LongWait is informational: it
fails a run only with `--fail-on info`, and it is not compared with a baseline.
"""
MADE = """\
<!-- Made by docs/rules.py from gotracer_ci/rules/, docs/fixes/ and traces in testdata/.
     Change those, then run: make docs -->"""


def table() -> str:
    """Return a table with one row per rule."""
    rows = ["| Rule | Detects | Thresholds |", "|---|---|---|"]
    for rule in BUILT_IN:
        limits = ", ".join(f"{limit.name} {quantity(limit.value, limit.unit)}" for limit in rule.info.thresholds)
        limits = limits or ("those that you set" if rule.absolute else ONLY_COMPARED)
        rows.append(f"| [{rule.name}](rules/{rule.name}.md) | {rule.info.summary} | {limits} |")
    return "\n".join(rows) + "\n"


def page_of(rule: Rule) -> str:
    info = rule.info
    return "\n\n".join([f"# {info.name}", MADE, info.summary, *_sections(info), *_example(info.name)]) + "\n"


def _sections(info: RuleInfo) -> list[str]:
    parts = []
    for heading, text in info.sections:
        parts.append(f"## {heading}\n\n{text}")
        if heading == "Thresholds" and info.thresholds:
            limits = [f"| `{info.name}.{t.name}` | {quantity(t.value, t.unit)} |" for t in info.thresholds]
            parts.append("\n".join(["| Name for `--set` | Default |", "|---|---|", *limits]))
    return parts


def _example(rule: str) -> list[str]:
    """Return what the rule finds in a program, the change that fixes it, and what it finds after the change."""
    before, after = commands(rule)
    fix = (FIXES / f"{rule}.diff").read_text(encoding="utf-8").rstrip()
    program = fix.partition("\n")[0].removeprefix("--- ")
    objectives = (ROOT / OBJECTIVES).read_text(encoding="utf-8").rstrip()
    introduction = f"A trace of [`{program}`](../../{program}):"
    if rule == "Objective":
        introduction = f"With this objective:\n\n```toml\n{objectives}\n```\n\na {introduction[2:]}"
    if rule in COMPARED:
        introduction = (
            f"The head has three traces of the tests of [`{program}`](../../{program}),\n"
            "the base three of the same tests with the change below."
        )
    return [
        "## Example",
        introduction,
        f"```console\n{_shown(before)}```",
        "This change fixes it:",
        f"```diff\n{fix}\n```",
        "After the change:",
        f"```console\n{_shown(after)}```",
    ]


def commands(rule: str) -> tuple[str, str]:
    """Return the commands that show the example of a rule, before its fix and after it."""
    if rule in COMPARED:
        diff = "diff testdata/checkout/base -- testdata/checkout/"
        return f"{diff}head --rule {rule}", f"{diff}fixed --rule {rule}"
    options = f"--rule {rule} --top 1" + (f" --config {OBJECTIVES}" if rule == "Objective" else "")
    fixed = f"analyze testdata/fixed/{rule}.trace {options}"
    return f"analyze testdata/traces/{EXAMPLES[rule]}.trace {options}", fixed.replace(" --top 1", "")


def output(command: str) -> str:
    """Run a command of gotracer-ci in this process and return what it prints to stdout."""
    os.chdir(ROOT)
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with redirect_stdout(written), redirect_stderr(io.StringIO()):
        cli.cli.main(shlex.split(command), standalone_mode=False)
    written.seek(0)
    return written.read()


def _shown(command: str) -> str:
    lines = [line for line in output(command).splitlines(keepends=True) if not line.startswith("note: ")]
    return f"$ gotracer-ci {command}\n{''.join(lines)}"


def pages() -> dict[Path, str]:
    """Return each page with its text."""
    made = {DOCS / "rules.md": f"{HEAD}\n{table()}"}
    return made | {DOCS / "rules" / f"{rule.name}.md": page_of(rule) for rule in BUILT_IN}


if __name__ == "__main__":
    (DOCS / "rules").mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
