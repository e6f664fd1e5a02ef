"""The command line as a user sees it: real processes, their streams and exit codes."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gotracer_ci import __version__
from gotracer_ci.rules.base import SECTIONS
from gotracer_ci.rules.registry import BUILT_IN
from tests.conftest import PROGRAMS, ROOT, TRACES, Done, Run, findings, path_of

LOCKWAIT = path_of("lockwait-go1.27")
CHANWAIT = path_of("chanwait-go1.25")
FORMATS = ("human", "json", "ndjson", "markdown", "sarif", "html", "junit", "gitlab")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where commands start: with inputs of every bad kind, and one good trace."""
    shutil.copyfile(LOCKWAIT, tmp_path / "good.trace")
    whole = (tmp_path / "good.trace").read_bytes()
    (tmp_path / "cut.trace").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "header.trace").write_bytes(whole[:16])
    (tmp_path / "future.trace").write_bytes(b"go 1.99 trace\0\0\0" + whole[16:])
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("SEVERITY  RULE\n")
    (tmp_path / "page.html").write_bytes(b"<html>404 page not found</html>")
    (tmp_path / "garbage.gz").write_bytes(b"\x1f\x8bnothing that unpacks")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "README").write_text("no trace here")
    (tmp_path / "bad.json").write_text("{ not JSON")
    (tmp_path / "newer.json").write_text('{"schema": 99, "programs": []}')
    good = (ROOT / "testdata" / "baseline.json").read_text()
    (tmp_path / "cut.json").write_text(good[: len(good) // 2])
    (tmp_path / "hand.json").write_text(good.replace(good.splitlines()[6] + "\n", ""))
    (tmp_path / "conflict.json").write_text(good.replace('"groups"', '<<<<<<< HEAD\n"groups"'))
    (tmp_path / "bad.toml").write_text("strict = [")
    (tmp_path / "odd.toml").write_text("stricter = true")
    (tmp_path / "types.toml").write_text("thresholds = 3")
    (tmp_path / "outputs.toml").write_text('outputs.pdf = "x.pdf"')
    return tmp_path


def complaints(done: Done) -> list[str]:
    """The lines of stderr, each of which must be meant for a user."""
    text = done.stderr.decode()
    assert "Traceback" not in text
    lines = text.splitlines()
    assert all(line.startswith("gotracer-ci: ") for line in lines)
    return [line.removeprefix("gotracer-ci: ") for line in lines]


GOOD = ("analyze", "good.trace")


@pytest.mark.parametrize(
    ("arguments", "names", "says"),
    [
        (("analyze", "empty"), "empty", "the file is empty"),
        (("analyze", "text"), "text", "not a Go execution trace"),
        (("analyze", "page.html"), "page.html", "not a Go execution trace"),
        (("analyze", "header.trace"), "header.trace", "holds no events"),
        (("analyze", "future.trace"), "future.trace", "1.99"),
        (("analyze", "garbage.gz"), "garbage.gz", "the gzip file is cut or broken"),
        (("analyze", "bare"), "bare", "a folder without traces"),
        (("analyze", "missing.trace"), "missing.trace", "no such file"),
        (("analyze", "*.nope"), "*.nope", "no file matches this pattern"),
        (("analyze", "text/x.trace"), "text/x.trace", "Not a directory"),
        (("analyze", "a\nb"), "a b", "no such file"),
        (("analyze", "\x1b[31mred"), "[31mred", "no file matches"),
        (("analyze",), "", "no trace given"),
        (("analyze", "-"), "-", "the file is empty"),
        ((*GOOD, "--format", "jsonn"), "--format", "'jsonn' is not one of"),
        ((*GOOD, "--skip", "MutexContentoin"), "MutexContentoin", "no such rule; there are "),
        ((*GOOD, "--rule", "Nope"), "Nope", "no such rule"),
        ((*GOOD, "--set", "GCAssist.warn=-1ms"), "GCAssist.warn=-1ms", "cannot be negative"),
        ((*GOOD, "--set", "GCAssist.wran=1ms"), "GCAssist.wran", "it has warn, error"),
        ((*GOOD, "--set", "GCAssist.warn"), "--set GCAssist.warn", "NAME=VALUE"),
        ((*GOOD, "--fail-on", "always"), "--fail-on", "'always' is not one of"),
        ((*GOOD, "--top", "0"), "--top", "0"),
        ((*GOOD, "--root", "missing"), "missing", "no such folder"),
        ((*GOOD, "--root", "text"), "text", ""),
        ((*GOOD, "--path-map", "x"), "--path-map", "NAME=VALUE"),
        ((*GOOD, "--path-map", "/build=../elsewhere"), "../elsewhere", ""),
        ((*GOOD, "--config", "missing.toml"), "missing.toml", "no such configuration file"),
        ((*GOOD, "--config", "bad.toml"), "bad.toml", "not valid TOML"),
        ((*GOOD, "--config", "odd.toml"), "odd.toml", "stricter: no such setting"),
        ((*GOOD, "--config", "types.toml", "--set", "GCAssist.warn=1ms"), "types.toml", "thresholds"),
        ((*GOOD, "--config", "outputs.toml"), "outputs.toml", "pdf"),
        ((*GOOD, "--update-baseline"), "--update-baseline", "needs --baseline FILE"),
        ((*GOOD, "--accept", "1234"), "--accept", "needs --reason TEXT"),
        ((*GOOD, "--reason", "why"), "--accept", "needs --reason TEXT"),
        ((*GOOD, "--accept", "1234", "--reason", "why"), "--accept", "needs --baseline FILE"),
        ((*GOOD, "--json", "text/out.json"), "text/out.json", "cannot be written"),
        ((*GOOD, "--html", "bare"), "bare", "it is a folder"),
        ((*GOOD, "-o", "text/out.json"), "text/out.json", "cannot be written"),
        ((*GOOD, "--nope"), "--nope", "No such option"),
        (("anaylze", "good.trace"), "anaylze", "No such command"),
        (("rules", "Nope"), "Nope", "no such rule; there are "),
    ],
)
def test_wrong_usage_is_one_clear_line(
    run: Run, folder: Path, arguments: tuple[str, ...], names: str, says: str
) -> None:
    """Check 7: exit 2, nothing on stdout, and one line that names what is wrong."""
    done = run(*arguments, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == b""
    (line,) = complaints(done)
    assert names in line
    assert says in line


def test_a_cut_trace_is_reported_and_then_fails(run: Run, folder: Path) -> None:
    """Check 7: what was readable is on stdout, the damage on stderr, with where it is."""
    done = run("analyze", "cut.trace", "-f", "json", "--root", PROGRAMS, cwd=folder)
    assert done.returncode == 2
    (line,) = complaints(done)
    assert re.fullmatch(r"cut\.trace: the trace is cut .* at byte [\d,]+", line)
    report = json.loads(done.stdout)
    assert report["traces"][0]["damage"]
    assert "MutexContention" in [finding["key"]["rule"] for finding in report["findings"]]


def test_every_broken_trace_is_named(run: Run, folder: Path) -> None:
    done = run("analyze", "empty", "good.trace", "text", "missing", "-f", "ndjson", cwd=folder)
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in complaints(done)] == ["empty", "text", "missing"]
    assert b"MutexContention" in done.stdout


@pytest.mark.parametrize(
    ("output", "says"), [("--json", "No such file or directory"), ("-o", "No such file or directory")]
)
def test_an_unwritable_folder_is_an_error_after_the_analysis(run: Run, folder: Path, output: str, says: str) -> None:
    """Not even root writes to /proc. What goes to stdout is there all the same."""
    done = run(*GOOD, output, "/proc/out/x.json", cwd=folder)
    assert done.returncode == 2
    assert complaints(done) == [f"/proc/out/x.json: cannot be written: {says}"]
    assert (b"MutexContention" in done.stdout) == (output == "--json")


@pytest.mark.parametrize(
    ("baseline", "says"),
    [
        ("bad.json", "not valid JSON"),
        ("newer.json", "made by a newer gotracer-ci: schema 99"),
        ("cut.json", "not valid JSON at line"),
        ("hand.json", "the numbers of 1 are not of these groups: a group's line was deleted, moved or renamed"),
        ("conflict.json", "gotracer-ci baseline merge mends it"),
        ("text", "not valid JSON"),
        ("bare", "cannot be read"),
    ],
)
def test_an_invalid_baseline_is_exit_3_and_the_analysis_is_there(
    run: Run, folder: Path, baseline: str, says: str
) -> None:
    done = run(*GOOD, "--baseline", baseline, cwd=folder)
    assert done.returncode == 3
    (line,) = complaints(done)
    assert line.startswith(f"{baseline}: ")
    assert says in line
    assert b"MutexContention" in done.stdout


def test_the_first_run_says_how_to_make_the_baseline(run: Run, folder: Path) -> None:
    """A file that is not there yet is no error: whoever sets the comparison up starts without one."""
    done = run(*GOOD, "--baseline", "new.json", cwd=folder)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"no baseline at new.json yet: every finding counts; make it with --update-baseline" in done.stdout


def test_an_invalid_baseline_is_never_overwritten(run: Run, folder: Path) -> None:
    """What a merge broke can be mended; what was written over is gone."""
    done = run(*GOOD, "--baseline", "bad.json", "--update-baseline", cwd=folder)
    assert done.returncode == 3
    assert (folder / "bad.json").read_text() == "{ not JSON"
    anew = run(
        "analyze", path_of("waitgroup-go1.26"), "--baseline", "bad.json", "--update-baseline", "--replace", cwd=folder
    )
    assert anew.returncode == 0
    assert run("baseline", "check", "bad.json", cwd=folder).returncode == 0


def test_accepting_from_the_command_line(run: Run, folder: Path) -> None:
    """By the fingerprints that the JSON has; one reason for all, or one for each."""
    common = ("analyze", path_of("service-leak-go1.27"), "--baseline", "base.json", "--root", PROGRAMS)
    run(
        "analyze",
        path_of("service-go1.27"),
        "--baseline",
        "base.json",
        "--root",
        PROGRAMS,
        "--update-baseline",
        cwd=folder,
    )
    report = json.loads(run(*common, "-f", "json", cwd=folder).stdout)
    wanted = [verdict["fingerprint"] for verdict in report["comparison"]["verdicts"] if verdict["status"] == "new"]
    assert wanted
    named = [word for fingerprint in wanted for word in ("--accept", fingerprint)]
    done = run(*common, *named, "--reason", "an audit", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "base.json").read_text().count('"accepted":"an audit"') == len(wanted)
    unknown = run(*common, "--accept", "0123456789abcdef", "--reason", "why", cwd=folder)
    assert unknown.returncode == 2
    assert b"no group of this run has that fingerprint" in unknown.stderr
    assert unknown.stdout


def test_a_baseline_from_beginning_to_end(run: Run, folder: Path) -> None:
    """Check 5, as a user does it."""
    traces = {name: path_of(f"service{name}-go1.27") for name in ("", "-lock", "-leak")}
    common = ("--baseline", "base.json", "--root", PROGRAMS)
    assert run("analyze", traces[""], *common, "--update-baseline", cwd=folder).returncode == 0
    assert (folder / "base.json").stat().st_size > 100
    again = run("analyze", traces[""], *common, cwd=folder)
    assert (again.returncode, again.stderr) == (0, b"")
    assert b"nothing new or worse" in again.stdout
    lock = run("analyze", traces["-lock"], *common, cwd=folder)
    assert lock.returncode == 0
    assert b"NEW, SUSPECTED" in lock.stdout
    assert b"main.(*service).updateInventory" in lock.stdout
    assert run("analyze", traces["-lock"], *common, "--strict", cwd=folder).returncode == 1
    leak = run("analyze", traces["-leak"], *common, cwd=folder)
    assert leak.returncode == 1
    assert b"created by main.(*service).startAudit" in leak.stdout


@pytest.mark.parametrize(
    ("name", "code"),
    [("idle-go1.22", 0), ("idle-go1.27", 0), ("chanwait-go1.25", 0), ("deadlock-go1.27", 1), ("cpusamples-go1.24", 1)],
)
def test_exit_codes_without_a_baseline(run: Run, name: str, code: int) -> None:
    """Check 3: nothing, only Info, an error, a warning."""
    done = run("analyze", path_of(name), "--root", PROGRAMS)
    assert (done.returncode, done.stderr) == (code, b"")
    assert (b"No findings" in done.stdout) == name.startswith("idle")


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


@pytest.mark.parametrize("how", ["file", "gzip", "stdin", "gzip on stdin", "folder", "pattern"])
def test_every_way_to_name_a_trace_gives_the_same(run: Run, tmp_path: Path, how: str) -> None:
    """Check 7: a gzipped trace, too."""
    whole = Path(LOCKWAIT).read_bytes()
    inside = tmp_path / "traces"
    inside.mkdir()
    (inside / ("x.trace.gz" if how == "gzip" else "x.trace")).write_bytes(
        gzip.compress(whole) if how == "gzip" else whole
    )
    argument = {"folder": "traces", "pattern": "tr*/*.trace", "file": "traces/x.trace", "gzip": "traces/x.trace.gz"}
    stdin = {"stdin": whole, "gzip on stdin": gzip.compress(whole)}.get(how, b"")
    done = run("analyze", argument.get(how, "-"), "--root", PROGRAMS, "-f", "json", stdin=stdin)
    assert done.returncode == 1
    expected = [(f.fingerprint, f.message, f.timestamp_ns) for f in findings("lockwait-go1.27")]
    assert [
        (f["fingerprint"], f["message"], f["timestamp_ns"]) for f in json.loads(done.stdout)["findings"]
    ] == expected


def test_options_choose_what_runs_and_is_shown(run: Run) -> None:
    tour = ("analyze", path_of("tour-go1.25"), "--root", PROGRAMS, "-f", "json")
    everything = keys(run(*tour))
    assert {rule for rule, _ in keys(run(*tour, "--rule", "GCAssist", "--rule", "LongWait"))} == {"GCAssist"}
    assert keys(run(*tour, "--skip", "GCAssist")) == [key for key in everything if key[0] != "GCAssist"]
    top = run(*tour, "--top", "1")
    assert sorted({rule for rule, _ in everything}) == sorted(rule for rule, _ in keys(top))
    assert json.loads(top.stdout)["left_out"] == len(everything) - len(keys(top))
    strict = run(*tour, "--set", "HighSchedulingLatency.warn=1h", "--set", "MutexContention.warn=2.5ms")
    assert strict.returncode == 2
    mutexes = run(*tour, "--rule", "MutexContention", "--set", "MutexContention.warn=2.5ms")
    assert 0 < len(keys(mutexes)) < len([key for key in everything if key[0] == "MutexContention"])


def test_the_configuration_file_is_below_the_flags(run: Run, folder: Path) -> None:
    """Of the repository's folder unless --config names one; a flag wins, and thresholds of both add up."""
    config = 'fail-on = "never"\nskip = ["LongWait"]\n[thresholds.MutexContention]\nerror = "1m"\n'
    (folder / ".gotracer-ci").mkdir()
    (folder / ".gotracer-ci" / "config.toml").write_text(config)
    (folder / "mine.toml").write_text(config.replace("never", "error"))
    json_of = (*GOOD, "-f", "json")
    plain = run(*json_of, cwd=folder)
    assert (plain.returncode, [rule for rule, _ in keys(plain)]) == (0, ["MutexContention"])
    assert json.loads(plain.stdout)["findings"][0]["severity"] == "warn"
    assert run(*json_of, "--fail-on", "warn", cwd=folder).returncode == 1
    assert run(*json_of, "--config", "mine.toml", cwd=folder).returncode == 0
    both = run(*json_of, "--config", "mine.toml", "--set", "MutexContention.warn=1s", cwd=folder)
    assert json.loads(both.stdout)["findings"][0]["severity"] == "warn"
    set_again = run(*json_of, "--set", "MutexContention.error=2s", cwd=folder)
    assert json.loads(set_again.stdout)["findings"][0]["severity"] == "error"


def test_output_goes_to_the_file_and_stdout_stays_empty(run: Run, folder: Path) -> None:
    done = run(*GOOD, "-f", "json", "-o", "new/folder/report.json", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"wrote new/folder/report.json\n")
    on_stdout = run(*GOOD, "-f", "json", cwd=folder)
    assert (folder / "new/folder/report.json").read_bytes() == on_stdout.stdout


@pytest.mark.parametrize("name", ["tour-go1.25", "service-lock-go1.23", "generations-go1.26"])
def test_byte_identical_from_anywhere(run: Run, tmp_path: Path, name: str) -> None:
    """Check 4: in every format; neither the hash seed, the time nor the working directory shows."""
    written = []
    for number, (cwd, root, seed) in enumerate([(ROOT, "testdata", "1"), (tmp_path, str(ROOT / "testdata"), "2")]):
        files = {form: tmp_path / f"{number}.{form}" for form in FORMATS if form != "human"}
        outputs = [part for form, path in files.items() for part in (f"--{form}", str(path))]
        trace = f"{root}/traces/{name}.trace"
        done = run("analyze", trace, "--root", root, *outputs, cwd=cwd, PYTHONHASHSEED=seed, TZ=f"UTC-{number}")
        assert (done.returncode, done.stderr) == (1, b"")
        written.append({"human": done.stdout, **{form: path.read_bytes() for form, path in files.items()}})
    assert written[0] == written[1]
    assert all(len(document) > 200 for document in written[0].values())
    assert str(ROOT).encode() not in b"".join(written[0].values())


def test_byte_identical_against_a_baseline(run: Run, tmp_path: Path) -> None:
    """Check 4 again: verdicts are in the reports, too; and so is the file that an update writes."""
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


def test_version_says_whether_the_decoder_is_compiled(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert re.fullmatch(
        rf"gotracer-ci {re.escape(__version__)} \(decoder (compiled|not compiled: .*)\)\n", done.stdout.decode()
    )


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


def test_rules_explains_what_can_be_set(run: Run, folder: Path) -> None:
    """What it says to write can be copied to the command line as it is."""
    listed = run("rules").stdout.decode()
    assert [name for name in listed.splitlines() if not name.startswith(" ")] == [rule.name for rule in BUILT_IN]
    explained = run("rules", "HeapGrowthSpike").stdout.decode()
    assert all(f"\n{heading}\n---" in explained for heading in SECTIONS)
    settings = re.findall(r"^  (--set \S+)$", explained, re.MULTILINE)
    assert len(settings) == 6
    assert run(*GOOD, *" ".join(settings).split(), cwd=folder).returncode == 1


def test_an_installed_package_adds_a_rule(run: Run, folder: Path) -> None:
    """Through the entry-point group; one that cannot be loaded is named."""
    installed = folder / "installed"
    (installed / "extra-1.0.dist-info").mkdir(parents=True)
    (installed / "extra-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n")
    entry_points = installed / "extra-1.0.dist-info" / "entry_points.txt"
    entry_points.write_text("[gotracer_ci.rules]\nExtra = extra_rule:RULE\n")
    sections = "".join(f"{heading}\n{'-' * len(heading)}\nNothing.\n\n" for heading in SECTIONS)
    (installed / "extra_rule.py").write_text(
        f'"""Extra.\n\n{sections}"""\n'
        "from gotracer_ci.findings import Severity\n"
        "from gotracer_ci.rules import base\n"
        'RULE = base.Rule(base.info("Extra", __doc__, Severity.INFO), lambda facts, limits: [])\n'
    )
    path = os.pathsep.join([str(ROOT), str(installed)])
    assert run("rules", "Extra", PYTHONPATH=path).stdout.startswith(b"Extra: Extra.\n")
    assert "Extra" in [
        rule["name"] for rule in json.loads(run(*GOOD, "-f", "json", cwd=folder, PYTHONPATH=path).stdout)["rules"]
    ]
    entry_points.write_text("[gotracer_ci.rules]\nExtra = extra_rule:NOPE\n")
    broken = run(*GOOD, cwd=folder, PYTHONPATH=path)
    assert broken.returncode == 2
    assert complaints(broken)[0].startswith("rule Extra (extra_rule:NOPE) cannot be loaded")


def test_bytes_in_names_that_are_no_text(run: Run, tmp_path: Path) -> None:
    """Linux allows any bytes; no format may fail over them."""
    odd = os.fsdecode(b"\xff\xfe.trace")
    shutil.copyfile(LOCKWAIT, tmp_path / odd)
    outputs = [part for form in FORMATS[1:] for part in (f"--{form}", f"x.{form}")]
    done = run("analyze", odd, *outputs)
    assert (done.returncode, done.stderr) == (1, b"")
    assert all((tmp_path / f"x.{form}").stat().st_size for form in FORMATS[1:])


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_locale_without_our_characters(run: Run, form: str) -> None:
    """An arrow that a code page lacks is no reason to lose the table; JSON is UTF-8 everywhere."""
    done = run("analyze", path_of("heapgrowth-go1.26"), "--root", PROGRAMS, "-f", form, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (1, b"")
    assert ("→" in done.stdout.decode()) == (form == "json")


def started(*arguments: str, stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gotracer_ci", *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("analyze", LOCKWAIT), 1),
        (("analyze", path_of("idle-go1.27"), "-f", "json"), 0),
        (("analyze", *map(str, sorted(TRACES.glob("tour*"))), "-f", "html"), 1),
        (("rules",), 0),
        (("--version",), 0),
    ],
)
def test_a_reader_that_went_away(arguments: tuple[str, ...], code: int) -> None:
    """`| head`: no word of it, and the exit code is what it would have been."""
    with started(*arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == code


@pytest.mark.parametrize("arguments", [("analyze", LOCKWAIT), ("analyze", LOCKWAIT, "-f", "json"), ("rules",)])
def test_a_full_disk(arguments: tuple[str, ...]) -> None:
    """A report that is not all there must not look like a run without findings, nor like one with."""
    with Path("/dev/full").open("wb") as full, started(*arguments, stdout=full.fileno()) as process:
        assert process.stderr
        complaint = process.stderr.read()
    assert complaint == b"gotracer-ci: standard output: cannot be written: No space left on device\n"
    assert process.returncode == 2


HEAVY = {"pydantic", "jinja2", "requests", "rich", "numpy", "sarif_om", "tomllib"}
DECODE = f"""
from gotracer_ci.trace.model import open_trace
trace = open_trace({LOCKWAIT!r})
print(sum(chunk.n for chunk in trace.chunks()), len(trace.intervals()), len(trace.tables.stacks))
"""


@pytest.mark.parametrize(
    ("arguments", "without"),
    [
        (("-c", DECODE), HEAVY | {"click"}),
        (("-m", "gotracer_ci", "--version"), HEAVY),
        (("-m", "gotracer_ci", "rules"), HEAVY),
        (("-m", "gotracer_ci", "analyze", LOCKWAIT, "-f", "json"), HEAVY),
        (("-m", "gotracer_ci", "analyze", LOCKWAIT), HEAVY),
    ],
    ids=["decode", "version", "rules", "json", "human"],
)
def test_what_is_not_imported(arguments: tuple[str, ...], without: set[str]) -> None:
    """Check 9: the start costs more than decoding a usual trace, so nothing is imported that is not used."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "gotracer_ci" in imported
    assert not imported & without
    assert done.stdout
