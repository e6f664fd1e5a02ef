"""Print docs/rules.md, made from the rules' docstrings: `python docs/rules.py > docs/rules.md`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from gotracer_ci import pipeline
from gotracer_ci.findings import RuleInfo
from gotracer_ci.report.formats import render
from gotracer_ci.rules.objectives import parsed
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.settings import Settings
from gotracer_ci.text import quantity

ROOT = Path(__file__).parents[1]
FIXES = ROOT / "docs" / "fixes"
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
OBJECTIVES = parsed([{"task": "request", "p50": "5ms"}], "")
"""The objectives of the examples."""
ONLY_COMPARED = "none: compared with a baseline or base traces only"
HEAD = """\
# The rules

<!-- Made by docs/rules.py from the docstrings in gotracer_ci/rules/, the committed traces and docs/fixes/.
     Change those, then run: make docs -->

`gotracer-ci rules` lists them on the command line, and `gotracer-ci rules NAME` explains one.
"""


def table(page: str = "") -> str:
    """Return a table with one row per rule. page: the path from the page with the table to the rules' chapters."""
    rows = ["| Rule | Detects | Thresholds |", "|---|---|---|"]
    for rule in BUILT_IN:
        limits = ", ".join(f"{limit.name} {quantity(limit.value, limit.unit)}" for limit in rule.info.thresholds)
        limits = limits or ("those that you set" if rule.absolute else ONLY_COMPARED)
        rows.append(f"| [{rule.name}]({page}#{rule.name.lower()}) | {rule.info.summary} | {limits} |")
    return "\n".join(rows) + "\n"


def chapter(info: RuleInfo) -> str:
    parts = [f"## {info.name}", info.summary]
    for heading, text in info.sections:
        parts.append(f"**{heading}.** {text}")
        if heading == "Thresholds" and info.thresholds:
            limits = [f"| `{info.name}.{t.name}` | {quantity(t.value, t.unit)} |" for t in info.thresholds]
            parts.append("\n".join(["| Name for `--set` | Default |", "|---|---|", *limits]))
    return "\n\n".join([*parts, *(example(info.name) if info.name in EXAMPLES else ())]) + "\n"


def example(rule: str) -> list[str]:
    """Return what the rule finds in its example, and the change that fixes it."""
    trace = f"testdata/traces/{EXAMPLES[rule]}.trace"
    os.chdir(ROOT)
    report = pipeline.run(Settings(traces=(trace,), rule=(rule,), objective=OBJECTIVES)).report
    table = render("human", replace(report, findings=report.findings[:1])).partition("\n\n")[0]
    fix = (FIXES / f"{rule}.diff").read_text(encoding="utf-8").rstrip()
    return [
        f"**Example.** The worst finding in [`{trace}`](../{trace}):",
        f"```text\n{table}\n```",
        "This change fixes it:",
        f"```diff\n{fix}\n```",
    ]


def page() -> str:
    return "\n".join([HEAD, table(), *(chapter(rule.info) for rule in BUILT_IN)])


if __name__ == "__main__":
    sys.stdout.buffer.write(page().encode())
