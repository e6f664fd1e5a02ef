"""SECURITY.md: its limits and permissions are those of the code and of the workflows."""

from __future__ import annotations

import re

from ruamel.yaml import YAML

from gotracer_ci import settings
from gotracer_ci.baseline import schema
from gotracer_ci.github import artifacts, event
from gotracer_ci.report import schema as report
from tests.conftest import ROOT

PAGE = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split())


def test_the_limits_are_those_of_the_code() -> None:
    for what, limit, unit in (
        ("a baseline file may have", schema.MAX_BYTES, "MB"),
        ("a configuration file", settings.MAX_CONFIG_BYTES, "MB"),
        ("the event's payload", event.MAX_BYTES, "MB"),
        ("the artifact of another run", artifacts.ARCHIVE_LIMIT, "MiB"),
        ("the `findings.json` in it", report.MAX_BYTES, "MiB"),
    ):
        found = re.search(rf"{re.escape(what)} (\d+) (MB|MiB)\b", PAGE)
        assert found, what
        assert int(found[1]) * {"MB": 10**6, "MiB": 2**20}[found[2]] == limit, what
        assert found[2] == unit


def test_the_permissions_are_those_of_the_workflows() -> None:
    for name in ("regressions.yml", "comment.yml"):
        path = f".github/workflows/{name}"
        (row,) = re.findall(rf"\| \[`{re.escape(name)}`\]\({re.escape(path)}\)[^|]*\|[^|]*\|([^|]*)\|", PAGE)
        (job,) = YAML(typ="safe").load(ROOT / path)["jobs"].values()
        assert re.findall("`([^`]+)`", row) == [f"{scope}: {access}" for scope, access in job["permissions"].items()]


def test_no_workflow_runs_on_pull_request_target() -> None:
    assert "pull_request_target" in PAGE
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert "pull_request_target" not in path.read_text(encoding="utf-8")
