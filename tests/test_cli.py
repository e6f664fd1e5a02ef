"""The command line in real processes: options, formats, baselines and exit codes."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from gotracer_ci import __version__
from gotracer_ci.report.formats import FILES
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.rules.rule import SECTIONS
from tests.conftest import LOCKWAIT, PROGRAMS, ROOT, Done, Run, findings, path_of

CHANWAIT = path_of("chanwait-go1.25")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the working directory of commands, with one trace."""
    shutil.copyfile(LOCKWAIT, tmp_path / "good.trace")
    return tmp_path


GOOD = ("analyze", "good.trace")


def test_the_first_run_explains_how_to_create_the_baseline(run: Run, directory: Path) -> None:
    """A missing baseline is not an error, because every project starts without one."""
    done = run(*GOOD, "--baseline", "new.json", cwd=directory)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"no baseline at new.json yet: every finding counts; create it with --update-baseline" in done.stdout


def test_accepting_from_the_command_line(run: Run, directory: Path) -> None:
    """By the fingerprints in the JSON report, with one reason for all or one for each."""
    common = ("analyze", path_of("service-leak-go1.27"), "--baseline", "base.json", "--root", PROGRAMS)
    run(
        "analyze",
        path_of("service-go1.27"),
        "--baseline",
        "base.json",
        "--root",
        PROGRAMS,
        "--update-baseline",
        cwd=directory,
    )
    report = json.loads(run(*common, "-f", "json", cwd=directory).stdout)
    wanted = [verdict["fingerprint"] for verdict in report["comparison"]["verdicts"] if verdict["status"] == "new"]
    assert wanted
    named = [word for fingerprint in wanted for word in ("--accept", fingerprint)]
    done = run(*common, *named, "--reason", "an audit", cwd=directory)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (directory / "base.json").read_text().count('"accepted":"an audit"') == len(wanted)
    unknown = run(*common, "--accept", "0123456789abcdef", "--reason", "why", cwd=directory)
    assert unknown.returncode == 2
    assert b"no group of this run has this fingerprint" in unknown.stderr
    assert unknown.stdout


def test_a_baseline_from_beginning_to_end(run: Run, directory: Path) -> None:
    """From creating the file to a suspected and a confirmed regression."""
    traces = {name: path_of(f"service{name}-go1.27") for name in ("", "-lock", "-leak")}
    common = ("--baseline", "base.json", "--root", PROGRAMS)
    assert run("analyze", traces[""], *common, "--update-baseline", cwd=directory).returncode == 0
    assert (directory / "base.json").stat().st_size > 100
    again = run("analyze", traces[""], *common, cwd=directory)
    assert (again.returncode, again.stderr) == (0, b"")
    assert b"no regressions" in again.stdout
    lock = run("analyze", traces["-lock"], *common, cwd=directory)
    assert lock.returncode == 0
    assert b"NEW, SUSPECTED" in lock.stdout
    assert b"main.(*service).updateInventory" in lock.stdout
    assert run("analyze", traces["-lock"], *common, "--strict", cwd=directory).returncode == 1
    leak = run("analyze", traces["-leak"], *common, cwd=directory)
    assert leak.returncode == 1
    assert b"created by main.(*service).startAudit" in leak.stdout


@pytest.mark.parametrize(
    ("name", "code"),
    [("idle-go1.22", 0), ("idle-go1.27", 0), ("chanwait-go1.25", 0), ("deadlock-go1.27", 1), ("cpusamples-go1.24", 0)],
)
def test_exit_codes_without_a_baseline(run: Run, name: str, code: int) -> None:
    """With no findings, only info, an error, and a few waits that are no warning."""
    done = run("analyze", path_of(name), "--root", PROGRAMS)
    assert (done.returncode, done.stderr) == (code, b"")
    assert (b"No findings" in done.stdout) == name.startswith(("idle", "cpusamples"))


@pytest.mark.parametrize(
    ("level", "trace", "code"),
    [
        ("never", LOCKWAIT, 0),
        ("info", CHANWAIT, 1),
        ("warn", CHANWAIT, 0),
        ("error", path_of("cpusamples-go1.24"), 0),
        ("error", LOCKWAIT, 1),
    ],
)
def test_fail_on(run: Run, level: str, trace: str, code: int) -> None:
    assert run("analyze", trace, "--fail-on", level).returncode == code


def keys(done: Done) -> list[tuple[str, str]]:
    return [(f["key"]["rule"], f["key"]["kind"]) for f in json.loads(done.stdout)["findings"]]


@pytest.mark.parametrize("how", ["file", "gzip", "stdin", "gzip on stdin", "directory", "pattern"])
def test_every_way_to_name_a_trace_gives_the_same(run: Run, tmp_path: Path, how: str) -> None:
    """A file, a directory, a glob or stdin, each gzipped or not."""
    whole = Path(LOCKWAIT).read_bytes()
    inside = tmp_path / "traces"
    inside.mkdir()
    (inside / ("x.trace.gz" if how == "gzip" else "x.trace")).write_bytes(
        gzip.compress(whole) if how == "gzip" else whole
    )
    argument = {"directory": "traces", "pattern": "tr*/*.trace", "file": "traces/x.trace", "gzip": "traces/x.trace.gz"}
    stdin = {"stdin": whole, "gzip on stdin": gzip.compress(whole)}.get(how, b"")
    done = run("analyze", argument.get(how, "-"), "--root", PROGRAMS, "-f", "json", stdin=stdin)
    assert done.returncode == 1
    expected = [
        (f.key._replace(program="example.com/programs/lockwait").fingerprint, f.message, f.timestamp_ns)
        for f in findings("lockwait-go1.27")
    ]
    assert [
        (f["fingerprint"], f["message"], f["timestamp_ns"]) for f in json.loads(done.stdout)["findings"]
    ] == expected


def test_options_select_rules_and_findings(run: Run) -> None:
    every = ("--set", "MutexContention.share=0")
    tour = ("analyze", path_of("tour-go1.25"), "--root", PROGRAMS, "-f", "json", *every)
    everything = keys(run(*tour))
    assert {rule for rule, _ in keys(run(*tour, "--rule", "GCAssist", "--rule", "LongWait"))} == {"GCAssist"}
    assert keys(run(*tour, "--skip", "GCAssist")) == [key for key in everything if key[0] != "GCAssist"]
    assert keys(run(*tour, "--top", "1")) == everything
    strict = run(*tour, "--set", "HighSchedulingLatency.warn=1h", "--set", "MutexContention.warn=2.5ms")
    assert strict.returncode == 2
    mutexes = run(*tour, "--rule", "MutexContention", "--set", "MutexContention.warn=2.5ms")
    assert 0 < len(keys(mutexes)) < len([key for key in everything if key[0] == "MutexContention"])


@pytest.mark.parametrize(("given", "limit"), [((), 3), (("--top", "1"), 1), (("--top", "0"), None)])
def test_the_table_and_markdown_show_the_worst_of_each_rule(
    run: Run, tmp_path: Path, given: tuple[str, ...], limit: int | None
) -> None:
    """And count the rest in one line for each rule. Everything is in the files."""
    exceptions = ("--set", "HighSchedulingLatency.share=0", "--set", "HighSchedulingLatency.count=1")
    trace = ("analyze", path_of("tour-go1.25"), "--root", PROGRAMS, *exceptions, *given)
    done = run(*trace, "--markdown", "x.md", "--ndjson", "x.ndjson", "--html", "x.html")
    every = [json.loads(line) for line in run(*trace, "-f", "ndjson").stdout.splitlines()]
    of_rule = Counter(finding["rule"] for finding in every)
    assert max(of_rule.values()) > 3
    shown = [line for line in done.stdout.decode().splitlines() if line[:5] in ("ERROR", "WARN ", "INFO ")]
    assert Counter(line.split()[1] for line in shown) == {rule: min(n, limit or n) for rule, n in of_rule.items()}
    rests = [line.split() for line in done.stdout.decode().splitlines() if " … and " in line]
    assert {words[0]: int(words[3]) for words in rests} == {
        rule: n - limit for rule, n in of_rule.items() if limit and n > limit
    }
    markdown = (tmp_path / "x.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^\| [^-|]", markdown, re.MULTILINE)) == len(shown) + 1
    assert len(re.findall(r"^- \w+: … and \d+ more, up to ", markdown, re.MULTILINE)) == len(rests)
    assert len((tmp_path / "x.ndjson").read_bytes().splitlines()) == len(every)
    assert (tmp_path / "x.html").read_text(encoding="utf-8").count('<details class="row') == len(every)


def test_flags_override_the_configuration_file(run: Run, directory: Path) -> None:
    """The file is in the repository's directory unless --config names one. Thresholds of both are merged."""
    config = 'fail-on = "never"\nskip = ["LongWait"]\n[thresholds.MutexContention]\nerror = "1m"\n'
    (directory / ".gotracer-ci").mkdir()
    (directory / ".gotracer-ci" / "config.toml").write_text(config)
    (directory / "mine.toml").write_text(config.replace("never", "error"))
    json_of = (*GOOD, "-f", "json")
    plain = run(*json_of, cwd=directory)
    assert (plain.returncode, [rule for rule, _ in keys(plain)]) == (0, ["MutexContention"])
    assert json.loads(plain.stdout)["findings"][0]["severity"] == "warn"
    assert run(*json_of, "--fail-on", "warn", cwd=directory).returncode == 1
    assert run(*json_of, "--config", "mine.toml", cwd=directory).returncode == 0
    both = run(*json_of, "--config", "mine.toml", "--set", "MutexContention.warn=1s", cwd=directory)
    assert json.loads(both.stdout)["findings"][0]["severity"] == "warn"
    set_again = run(*json_of, "--set", "MutexContention.error=2s", cwd=directory)
    assert json.loads(set_again.stdout)["findings"][0]["severity"] == "error"


def test_output_goes_to_the_file_and_stdout_stays_empty(run: Run, directory: Path) -> None:
    done = run(*GOOD, "-f", "json", "-o", "new/directory/report.json", cwd=directory)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"wrote new/directory/report.json\n")
    on_stdout = run(*GOOD, "-f", "json", cwd=directory)
    assert (directory / "new/directory/report.json").read_bytes() == on_stdout.stdout


def test_a_page_goes_to_a_file_whose_name_is_printed(run: Run, directory: Path) -> None:
    """So that `open $(gotracer-ci analyze … --format html)` works, with and without --output."""
    done = run(*GOOD, "-f", "html", cwd=directory)
    assert (done.returncode, done.stderr) == (1, b"")
    name = done.stdout.decode().removesuffix("\n")
    assert re.fullmatch(r"gotracer_\d{8}_\d{6}\.html", name)
    page = (directory / name).read_bytes()
    assert page.startswith(b"<!DOCTYPE html>")
    named = run(*GOOD, "-f", "html", "-o", "out/report.html", cwd=directory)
    assert (named.stdout, named.stderr) == (b"out/report.html\n", b"")
    assert (directory / "out/report.html").read_bytes() == page
    assert run(*GOOD, "-f", "html", "-o", "/dev/stdout", cwd=directory).stdout == page


@pytest.mark.parametrize("name", ["tour-go1.25", "service-lock-go1.23", "generations-go1.26"])
def test_byte_identical_from_anywhere(run: Run, tmp_path: Path, name: str) -> None:
    """In every format: the output does not depend on the hash seed, the time zone or the working directory."""
    written = []
    for number, (cwd, root, seed) in enumerate([(ROOT, "testdata", "1"), (tmp_path, str(ROOT / "testdata"), "2")]):
        files = {form: tmp_path / f"{number}.{form}" for form in FILES}
        outputs = [part for form, path in files.items() for part in (f"--{form}", str(path))]
        trace = f"{root}/traces/{name}.trace"
        done = run("analyze", trace, "--root", root, *outputs, cwd=cwd, PYTHONHASHSEED=seed, TZ=f"UTC-{number}")
        assert (done.returncode, done.stderr) == (1, b"")
        written.append({"human": done.stdout, **{form: path.read_bytes() for form, path in files.items()}})
    assert written[0] == written[1]
    assert all(len(document) > 200 for document in written[0].values())
    assert str(ROOT).encode() not in b"".join(written[0].values())


def test_byte_identical_with_a_baseline(run: Run, tmp_path: Path) -> None:
    """Reports with verdicts, and the file written by an update."""
    documents = []
    for number in range(2):
        base = tmp_path / f"{number}" / "base.json"
        base.parent.mkdir()
        arguments = ("--baseline", "base.json", "--root", PROGRAMS)
        run("analyze", path_of("service-go1.27"), *arguments, "--update-baseline", cwd=base.parent)
        outputs = ("--html", "x.html", "--sarif", "x.sarif", "--markdown", "x.md", "--junit", "x.xml")
        done = run("analyze", path_of("service-lock-go1.27"), *arguments, *outputs, "-f", "json", cwd=base.parent)
        documents.append([done.stdout, *(path.read_bytes() for path in sorted(base.parent.iterdir()))])
    assert documents[0] == documents[1]
    assert len(documents[0]) == 6


@pytest.mark.parametrize("option", ["--version", "-v"])
def test_version_says_whether_the_decoder_is_compiled(run: Run, option: str) -> None:
    done = run(option)
    assert (done.returncode, done.stderr) == (0, b"")
    assert re.fullmatch(
        rf"gotracer-ci {re.escape(__version__)} \(decoder (compiled|not compiled: .*)\)\n", done.stdout.decode()
    )


@pytest.mark.parametrize("path", [(), ("analyze",), ("baseline",), ("baseline", "check")])
def test_help_shows_the_help_of_a_command(run: Run, path: tuple[str, ...]) -> None:
    shown = run("help", *path)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout == run(*path, "--help").stdout


def complete(run: Run, words: str) -> list[str]:
    """Return what bash would offer after these words."""
    *before, _ = given = words.split(" ")
    done = run(COMP_WORDS=" ".join(given), COMP_CWORD=str(len(before)), _GOTRACER_CI_COMPLETE="bash_complete")
    assert done.stderr == b""
    return [line.partition(",")[2] or line for line in done.stdout.decode().splitlines()]


def test_shells_complete_commands_options_rules_formats_and_files(run: Run) -> None:
    assert complete(run, "gotracer-ci ana") == ["analyze"]
    assert complete(run, "gotracer-ci baseline ch") == ["check"]
    assert complete(run, "gotracer-ci analyze --fail") == ["--fail-on"]
    assert complete(run, "gotracer-ci analyze --skip GC") == ["GCPauseSpike", "GCAssist"]
    assert complete(run, "gotracer-ci rules Mu") == ["MutexContention"]
    assert complete(run, "gotracer-ci analyze -f s") == ["sarif"]
    for words in ("gotracer-ci analyze tra", "gotracer-ci analyze --baseline tra", "gotracer-ci baseline show tra"):
        assert complete(run, words) == ["tra"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(run: Run, shell: str) -> None:
    done = run("completion", shell)
    assert (done.returncode, done.stderr) == (0, b"")
    assert f"_GOTRACER_CI_COMPLETE={shell}_complete".encode() in done.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.stdout).returncode == 0


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("analyze", "--help"), ("rules", "--help")])
def test_help(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"Usage: gotracer-ci")


def test_no_command_shows_the_help_and_fails(run: Run) -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"Usage: gotracer-ci [OPTIONS] COMMAND")
    assert done.stderr.endswith(b"\ngotracer-ci: no command given\n")


def test_rules_explains_the_thresholds(run: Run, directory: Path) -> None:
    """The shown option can be copied to the command line."""
    listed = run("rules").stdout.decode()
    assert [name for name in listed.splitlines() if not name.startswith(" ")] == [rule.name for rule in BUILT_IN]
    explained = run("rules", "HeapGrowthSpike").stdout.decode()
    assert all(f"\n{heading}\n---" in explained for heading in SECTIONS)
    settings = re.findall(r"^  (--set \S+)$", explained, re.MULTILINE)
    assert len(settings) == 6
    assert run(*GOOD, *" ".join(settings).split(), cwd=directory).returncode == 1
