"""Three checks of SARIF files: the official schema, Microsoft's validator, and our own for the rest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Log = dict[str, Any]

# GitHub's limits; it rejects a file that exceeds one
MAX_RUNS, MAX_RULES, MAX_RESULTS, MAX_LOCATIONS, MAX_STEPS, MAX_TAGS = 20, 25_000, 25_000, 1_000, 10_000, 20
MAX_NAME, MAX_DESCRIPTION = 255, 1_024


def against_schema(files: Sequence[Path], multitool: Path) -> list[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(multitool / "sarif-2.1.0.json")]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [*done.stdout.splitlines(), *done.stderr.splitlines()]


def by_validator(files: Sequence[Path], multitool: Path) -> list[str]:
    """Return results above note level from the validator's log, because it always exits with 0."""
    output = files[0].with_suffix(".validated")
    options = ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "--max-file-size-in-kb", "200000"]
    command = [str(multitool / "Sarif.Multitool"), "validate", *map(str, files), *options]
    command += ["--output", str(output), "--log", "ForceOverwrite"]
    environment = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run(command, capture_output=True, check=True, env=environment)
    results = json.loads(output.read_text(encoding="utf-8-sig"))["runs"][0]["results"]
    seen = Counter(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results)
    unseen = [file for file in files if not seen[file.as_uri()]]
    return [f"{file}: the validator did not look: a log that is not empty always gets a note" for file in unseen] + [
        f"{result['ruleId']} {result['message']} {result['locations']}"
        for result in results
        if result.get("level", "warning") != "note"
    ]


def by_us(log: Log, lines: dict[str, int]) -> list[str]:
    """Return reasons for GitHub to reject or hide results. lines: the length of each file in the repository."""
    problems = ["over 20 runs"] if len(log["runs"]) > MAX_RUNS else []
    categories = [(r["tool"]["driver"]["name"], r.get("automationDetails", {}).get("id")) for r in log["runs"]]
    if len(set(categories)) != len(categories):
        problems.append("two runs of one tool and category")
    problems += [f"{id}: a category without a slash" for _, id in categories if id is not None and "/" not in id]
    for run in log["runs"]:
        rules, results = run["tool"]["driver"]["rules"], run["results"]
        for rule in rules:
            problems += _bad_rule(rule)
        for result in results:
            problems += _bad_result(result, rules)
        shown = Counter((result["ruleId"], str(result.get("locations", ())[:1])) for result in results)
        problems += [f"{rule}: two results at one place" for (rule, _), count in shown.items() if count > 1]
        problems += ["over 25,000 rules"] if len(rules) > MAX_RULES else []
        problems += ["over 25,000 results"] if len(results) > MAX_RESULTS else []
        for place in _physical(results):
            uri, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
            if uri not in lines:
                problems.append(f"{uri}: not a file of the repository")
            elif line > lines[uri]:
                problems.append(f"{uri}: has no line {line}")
    return problems


def _bad_rule(rule: Log) -> list[str]:
    problems = [f"{rule['id']}: over 20 tags"] if len(rule["properties"]["tags"]) > MAX_TAGS else []
    texts = [rule["shortDescription"]["text"], rule["fullDescription"]["text"]]
    if len(rule["id"]) > MAX_NAME or any(len(text) > MAX_DESCRIPTION for text in texts):
        problems.append(f"{rule['id'][:99]}: name or description too long")
    return problems if rule["help"]["text"] else [*problems, f"{rule['id']}: no help"]


def _bad_result(result: Log, rules: Sequence[Log]) -> list[str]:
    name = result["ruleId"]
    problems = [] if rules[result["ruleIndex"]]["id"] == name else [f"{name}: not the rule of its index"]
    if result["level"] == "none" or result.get("kind", "fail") != "fail":
        problems.append(f"{name}: would be an alert although it is none")
    if not result.get("locations"):
        problems.append(f"{name}: no location")
    if max(len(result.get("locations", ())), len(result.get("relatedLocations", ()))) > MAX_LOCATIONS:
        problems.append(f"{name}: over 1,000 locations")
    flows = [flow for code_flow in result.get("codeFlows", ()) for flow in code_flow["threadFlows"]]
    if sum(len(flow["locations"]) for flow in flows) > MAX_STEPS:
        problems.append(f"{name}: over 10,000 steps")
    linked = {int(number) for number in re.findall(r"(?<!\\)\]\((\d+)\)", result["message"]["text"])}
    related = {place["id"] for place in result.get("relatedLocations", ())}
    return problems if linked == related else [*problems, f"{name}: links {linked} but has {related}"]


def _physical(value: Any) -> Iterator[Log]:
    if isinstance(value, dict):
        if "physicalLocation" in value:
            yield value["physicalLocation"]
        for item in value.values():
            yield from _physical(item)
    elif isinstance(value, list):
        for item in value:
            yield from _physical(item)
