"""The commands of gotracer's README, as they are written there but for the command's name and the port."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.capture.conftest import RECORDED, Service
from tests.conftest import ROOT

Shell = Callable[[str], subprocess.CompletedProcess[str]]
PAGE = re.compile(r"gotracer_20\d{6}_\d{6}(_\d+)?\.html\n")


@pytest.fixture
def shell(tmp_path: Path, service: Service) -> Shell:
    """Return a shell in a directory with trace.out, where `open` copies the one file that it is given to `opened`."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tmp_path / "trace.out").write_bytes(RECORDED)
    for name, command in (("gotracer-ci", f'{sys.executable} -m gotracer_ci "$@"'), ("open", 'cp -T "$@" opened')):
        (tools / name).write_text(f"#!/bin/sh\nexec {command}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}{os.pathsep}{os.defpath}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}

    def run(script: str) -> subprocess.CompletedProcess[str]:
        script = script.replace("localhost:6060", service.at())
        return subprocess.run(
            ["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )

    return run


def test_analyze(shell: Shell, tmp_path: Path) -> None:
    table = shell("gotracer-ci analyze trace.out")
    assert table.returncode == 1
    assert table.stdout.split()[:4] == ["SEVERITY", "RULE", "TIMESTAMP", "MESSAGE"]
    found = shell("gotracer-ci analyze trace.out --format json")
    assert found.returncode == 1
    assert json.loads(found.stdout)["findings"][0]["key"]["rule"] in table.stdout
    page = shell("gotracer-ci analyze trace.out --format html")
    assert PAGE.fullmatch(page.stdout)
    assert shell("open $(gotracer-ci analyze trace.out --format html --output report.html)").returncode == 0
    opened = (tmp_path / "opened").read_bytes()
    assert opened == (tmp_path / "report.html").read_bytes() == (tmp_path / page.stdout.strip()).read_bytes()


@pytest.mark.parametrize("options", ["", " --format html --output report.html"], ids=["", "file"])
def test_capture(shell: Shell, tmp_path: Path, options: str) -> None:
    url = "http://localhost:6060/debug/pprof/trace"
    assert shell(f"open $(gotracer-ci capture --url {url} --duration 1s{options})").returncode == 0
    assert (tmp_path / "opened").read_bytes().startswith(b"<!DOCTYPE html>")
    assert (tmp_path / "report.html").exists() == bool(options)


def test_capture_prints_only_the_page_and_says_what_it_does(shell: Shell) -> None:
    done = shell("gotracer-ci capture --url http://localhost:6060/debug/pprof/trace --duration 1s --top 1")
    assert PAGE.fullmatch(done.stdout)
    assert done.stderr.startswith("capturing 1 s from http://")
    found = shell("gotracer-ci capture --url http://localhost:6060/file --format json")
    assert json.loads(found.stdout)["traces"]
