"""Properties of every format, and tests of the plain text formats."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.report import schema
from gotracer_ci.report.formats import FORMATS, NAMES, render

from . import factory
from .hostile import texts

ROOT = Path(__file__).parents[2]
REPORTS = {"plain": factory.plain_report(), "compared": factory.compared_report()}
EMPTY = replace(REPORTS["plain"], findings=())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("which", REPORTS)
def test_the_same_report_gives_the_same_bytes_in_another_process(name: str, which: str) -> None:
    source = "import sys; from tests.report import factory; from gotracer_ci.report.formats import render"
    write = f"sys.stdout.buffer.write(render({name!r}, factory.{which}_report()).encode())"
    command = [sys.executable, "-c", f"{source}; {write}"]
    other = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env={"PYTHONHASHSEED": "7"})
    assert other.stdout == render(name, REPORTS[which]).encode()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(text=texts)
def test_hostile_text_never_controls_a_terminal_or_a_parser(name: str, text: str) -> None:
    rendered = render(name, factory.hostile_report(text))
    rendered.encode("utf-8")
    steering = {c for c in rendered if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - {"\n"}
    assert steering <= ({"\u200b"} if name == "markdown" else set())


def test_json_needs_neither_rich_nor_jinja_nor_pydantic() -> None:
    source = """
import sys
from tests.report import factory
before = set(sys.modules)
from gotracer_ci.report.formats import render
render("json", factory.plain_report())
print({name.partition(".")[0] for name in set(sys.modules) - before} & {"rich", "jinja2", "pydantic", "sarif_om"})
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "set()\n"


class TestHuman:
    def test_a_run_without_a_baseline(self) -> None:
        text = render("human", REPORTS["plain"]).splitlines()
        assert text[0].split() == ["SEVERITY", "RULE", "TIMESTAMP", "MESSAGE"]
        assert text[1].startswith("ERROR     BlockedOnSyscall  0.812346 s  [212\N{MULTIPLICATION SIGN}] waited 1.48 s")
        assert text[2].strip() == "at example.com/shop/api.(*Server).handleOrder (store/cache.go:88)"
        assert text[-1] == "1 error, 1 warning, 1 info. The run fails: 2 findings at warn or above."

    def test_regressions_come_first_with_before_and_now(self) -> None:
        text = render("human", REPORTS["compared"])
        rows = re.findall(r"^(?:ERROR|WARN|INFO|NONE).*", text, re.MULTILINE)
        verdicts = [row[10:28].strip() for row in rows]
        assert verdicts == ["NEW", "WORSE", "NEW", "WORSE, SUSPECTED", "known", "new, insufficient", "better", ""]
        assert "3 of 3 traces above the highest of 5 jobs: 740 → 1,500 ms; confirmed" in text
        assert "to confirm: two more traces of this change" in text
        summary = "2 new, 1 worse, 1 suspected, 1 fixed, 1 better, 1 known, 1 undecided. The run fails."
        assert summary in text
        assert "note: traces/service-3.trace is damaged" in text

    def test_top_keeps_the_worst_of_each_rule_and_every_regression(self) -> None:
        text = render("human", replace(REPORTS["compared"], top=1))
        assert text.count("WORSE") == 2
        assert "store.(*Cache).Put" not in text
        assert [line.split(maxsplit=1) for line in text.splitlines() if "…" in line] == [
            ["MutexContention", "… and 2 more, up to 150 ms: --top 0 shows all"]
        ]
        assert "…" not in render("human", REPORTS["compared"])

    def test_nothing_found(self) -> None:
        assert render("human", EMPTY) == "No findings in 1 trace: 6 rules found nothing to flag.\n"
        clean = replace(EMPTY, comparison=factory.comparison_of("b.json", 5))
        assert render("human", clean) == "no regressions. The run passes.\n"

    def test_a_damaged_trace_is_not_a_pass(self) -> None:
        damaged = tuple(replace(trace, damage="cut short") for trace in EMPTY.traces)
        report = replace(EMPTY, traces=damaged)
        assert "**The run is incomplete because a trace is damaged; the rest passes.**" in render("markdown", report)
        assert json.loads(render("json", report))["conclusion"] == "incomplete"
        assert "note: traces/service-1.trace is damaged: cut short" in render("human", report)

    def test_a_pipe_gets_plain_text_and_a_terminal_a_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLORTERM"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.delenv("NO_COLOR", raising=False)
        pipe, terminal, colourless = io.StringIO(), _Terminal(), _Terminal()
        FORMATS["human"].show(REPORTS["compared"], pipe)
        FORMATS["human"].show(REPORTS["compared"], terminal)
        monkeypatch.setenv("NO_COLOR", "1")
        FORMATS["human"].show(REPORTS["compared"], colourless)
        assert pipe.getvalue() == render("human", REPORTS["compared"])
        assert "\x1b[1;31mERROR" in terminal.getvalue()
        assert not re.search(r"\x1b\[[\d;]*3\dm", colourless.getvalue())
        assert max(len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue()).splitlines()) <= 100


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestJson:
    @settings(max_examples=25)
    @given(text=texts)
    def test_hostile_text_stays_data(self, text: str) -> None:
        message = json.loads(render("json", factory.hostile_report(text)))["findings"][0]["message"]
        assert message == re.sub("[\ud800-\udfff]", "\ufffd", text)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "gotracer-ci/report/v2"}', "\udcff"])
    def test_an_invalid_report_is_rejected(self, text: str) -> None:
        with pytest.raises(UsageError, match=r"shard\.json: not a gotracer-ci report"):
            schema.read(text.encode("utf-8", "surrogatepass"), "shard.json", {})

    def test_ndjson_has_gotracers_names_first_with_its_values(self) -> None:
        lines = [json.loads(line) for line in render("ndjson", REPORTS["compared"]).splitlines()]
        assert len(lines) == len(REPORTS["compared"].findings)
        theirs = "severity rule message detail suggestion timestamp_ns goroutine_id stack count"
        assert list(lines[0])[:9] == theirs.split()
        # a regression is at least a warning, and gotracer has no severity below INFO
        assert [line["severity"] for line in lines[:4]] == ["ERROR", "WARN", "WARN", "WARN"]
        assert {line["severity"] for line in lines[4:]} == {"WARN", "INFO"}
        assert lines[0]["stack"][0] == "sync.(*Mutex).Lock\n\t/usr/local/go/src/sync/mutex.go:46"
        (counter,) = [line for line in lines if line["rule"] == "GoroutineLeakGrowth"]
        assert not {"detail", "goroutine_id", "stack"} & counter.keys()
        assert (lines[0]["verdict"], lines[2]["total_ns"], lines[-1]["verdict"]) == ("new", None, None)


class TestJunit:
    @pytest.mark.parametrize("which", REPORTS)
    def test_only_what_fails_the_run_is_a_failure(self, which: str) -> None:
        report = REPORTS[which]
        root = ElementTree.fromstring(render("junit", report))
        cases = [case for case in root.iter("testcase") if case.get("name") != "no findings"]
        failed = [case for case in cases if case.find("failure") is not None]
        assert len(cases) == len(report.findings)
        assert len(failed) == len(report.failing) == int(root.get("failures", ""))
        assert {suite.get("name") for suite in root} == {rule.name for rule in report.rules}

    def test_a_run_that_never_fails_has_no_failures(self) -> None:
        report = replace(REPORTS["compared"], fail_on=Severity.NONE)
        assert "<failure" not in render("junit", report)

    @settings(max_examples=25)
    @given(text=texts)
    def test_hostile_text_stays_text(self, text: str) -> None:
        root = ElementTree.fromstring(render("junit", factory.hostile_report(text)))
        assert [element.tag for element in root.iter()] == ["testsuites", "testsuite", "testcase", "failure"]
