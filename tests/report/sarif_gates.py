"""Three judges of a SARIF file: the official schema, Microsoft's validator, and what neither of them sees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Log = dict[str, Any]


def against_schema(file: Path, multitool: Path) -> list[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(multitool / "sarif-2.1.0.json"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else done.stdout.splitlines()


def by_validator(file: Path, multitool: Path) -> list[str]:
    """Whatever is above a note. The validator exits with 0 whatever it finds, so its own log is read."""
    output = file.with_suffix(".validated")
    options = ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "--max-file-size-in-kb", "200000"]
    command = [str(multitool / "Sarif.Multitool"), "validate", str(file), *options]
    command += ["--output", str(output), "--log", "ForceOverwrite"]
    environment = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    subprocess.run(command, capture_output=True, check=True, env=environment)
    run = json.loads(output.read_text(encoding="utf-8-sig"))["runs"][0]
    if not run["results"]:
        return ["the validator did not look: a log that is not empty always gets a note"]
    return [
        f"{result['ruleId']} {result['message']}"
        for result in run["results"]
        if result.get("level", "warning") != "note"
    ]


def by_us(log: Log, lines: dict[str, int]) -> list[str]:
    """What GitHub would reject or not show. lines: how many lines each file of the repository has."""
    problems = []
    categories = [(r["tool"]["driver"]["name"], r.get("automationDetails", {}).get("id")) for r in log["runs"]]
    if len(set(categories)) != len(categories):
        problems.append("two runs of one tool and category")
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        problems += [f"{rule['id']}: over 20 tags" for rule in rules if len(rule["properties"]["tags"]) > 20]
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                problems.append(f"{result['ruleId']}: not the rule of its index")
            if result["level"] == "none" or result.get("kind", "fail") != "fail":
                problems.append(f"{result['ruleId']}: would be an alert although it is none")
            if not result.get("locations"):
                problems.append(f"{result['ruleId']}: no location")
            problems += _bad_links(result)
        for place in _physical(run["results"]):
            uri, line = place["artifactLocation"]["uri"], place["region"]["startLine"]
            if uri not in lines:
                problems.append(f"{uri}: not a file of the repository")
            elif line > lines[uri]:
                problems.append(f"{uri}: has no line {line}")
    return problems


def _bad_links(result: Log) -> list[str]:
    linked = {int(number) for number in re.findall(r"(?<!\\)\]\((\d+)\)", result["message"]["text"])}
    related = {place["id"] for place in result.get("relatedLocations", ())}
    return [] if linked == related else [f"{result['ruleId']}: links {linked} but has {related}"]


def _physical(value: Any) -> Iterator[Log]:
    if isinstance(value, dict):
        if "physicalLocation" in value:
            yield value["physicalLocation"]
        for item in value.values():
            yield from _physical(item)
    elif isinstance(value, list):
        for item in value:
            yield from _physical(item)
