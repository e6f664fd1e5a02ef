"""Wrong usage, damaged traces and invalid baselines: one clear line on stderr, and the documented exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gotracer_ci.rules.registry import BUILT_IN
from tests.conftest import LOCKWAIT, PROGRAMS, ROOT, Done, Run, complaints, path_of

GOOD = ("analyze", "good.trace")
RULES = [rule.name for rule in BUILT_IN]
URL = "http://localhost:6060/debug/pprof/trace?seconds=5"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the working directory, with one valid trace and every kind of bad input."""
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
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))  # an absolute path could be too long
    (tmp_path / "large").write_bytes(b" " * 16_000_001)
    (tmp_path / "latin1").write_bytes(b"top = 1 # \xfc")
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf{}")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "deep.toml").write_text("top = " + "[" * 100_000)
    (tmp_path / "digits.json").write_text('{"schema": ' + "9" * 5_000 + "}")
    (tmp_path / "digits.toml").write_text("top = " + "9" * 5_000)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "names", "says"),
    [
        (("analyze", "empty"), "empty", "the file is empty"),
        (("analyze", "text"), "text", "not a Go execution trace: it is a text that begins with 'SEVERITY  RULE'"),
        (("analyze", "page.html"), "page.html", "not a Go execution trace: it is an HTML page"),
        (
            ("analyze", URL),
            "http://localhost:6060/debug",
            "is a service; to fetch and analyze its trace, run gotracer-ci",
        ),
        (("analyze", "localhost:6060/debug/pprof/trace"), "localhost:6060", "is a service"),
        (("analyze", "header.trace"), "header.trace", "holds no events"),
        (("analyze", "future.trace"), "future.trace", "1.99"),
        (("analyze", "garbage.gz"), "garbage.gz", "the gzip file is truncated or damaged"),
        (("analyze", "bare"), "bare", "directory without traces"),
        (("analyze", "missing.trace"), "missing.trace", "no such file"),
        (("analyze", "*.nope"), "*.nope", "no file matches this glob"),
        (("analyze", "text/x.trace"), "text/x.trace", "Not a directory"),
        (("analyze", "a\nb"), "a b", "no such file"),
        (("analyze", "\x1b[31mred"), "[31mred", "no file matches"),
        (("analyze",), "", "no trace given"),
        ((*GOOD, "-f", "json", "-o", "good.trace"), "good.trace", "it is a trace; name another file"),
        ((*GOOD, "--html", "good.trace"), "good.trace", "it is a trace; name another file"),
        (("goroutines", "good.trace", "-o", "good.trace"), "good.trace", "it is a trace; name another file"),
        (("export", "good.trace", "--to", "sqlite", "-o", "good.trace"), "good.trace", "it is a trace"),
        ((*GOOD, "--html", "a.html", "--sarif", "./a.html"), "a.html", "sarif and html cannot both be written to it"),
        ((*GOOD, "-f", "json", "-o", "a.txt", "--html", "a.txt"), "a.txt", "cannot both be written to it"),
        (("export", "text", "--to", "perfetto"), "text", "not a Go execution trace: it is a text"),
        (("export", "x.trace", "--to", "perfeto"), "--to", "'perfeto' is not one of"),
        (("analyze", "-"), "-", "the file is empty"),
        ((*GOOD, "--format", "jsonn"), "--format", "'jsonn' is not one of human, json, "),
        ((*GOOD, "--format", "jsonn"), "--format", "did you mean json?"),
        ((*GOOD, "--skip", "MutexContentoin"), "MutexContentoin", "no such rule; did you mean MutexContention?"),
        ((*GOOD, "--rule", "gc-assist"), "gc-assist", "no such rule; did you mean GCAssist?"),
        ((*GOOD, "--rule", "Nope"), "Nope", "no such rule; there are GCPauseSpike, "),
        ((*GOOD, "--rule", "GCAssist", "--skip", "GCAssist"), "GCAssist", "rule and skip both name"),
        ((*GOOD, *(word for name in RULES for word in ("--skip", name))), "", "no rule is left to run"),
        ((*GOOD, "--set", "GCAssist.warn=1m"), "GCAssist.warn (1m0s)", "is above GCAssist.error (10 ms); set both"),
        (
            (*GOOD, "--set", "HeapGrowthSpike.error_rate=1MB/s"),
            "HeapGrowthSpike.warn_rate (50 MB/s)",
            "is above HeapGrowthSpike.error_rate (1 MB/s)",
        ),
        ((*GOOD, "--sarif", "a.sarif", "--sarif", "b.sarif"), "--sarif", "given 2 times, but it takes one value"),
        ((*GOOD, "-f", "json", "--format", "html"), "--format", "given 2 times, but it takes one value"),
        ((*GOOD, "--set", "GCAssist.warn=-1ms"), "GCAssist.warn=-1ms", "cannot be negative"),
        (
            (*GOOD, "--set", "GCAssist.wran=1ms"),
            "GCAssist.wran",
            "it has warn, error, count, share; did you mean warn?",
        ),
        ((*GOOD, "--set", "GCAssist.warn"), "--set GCAssist.warn", "NAME=VALUE"),
        ((*GOOD, "--fail-on", "always"), "--fail-on", "'always' is not one of"),
        ((*GOOD, "--top", "-1"), "--top", "-1"),
        ((*GOOD, "--root", "missing"), "missing", "no such directory"),
        ((*GOOD, "--root", "text"), "text", ""),
        ((*GOOD, "--path-map", "x"), "--path-map", "NAME=VALUE"),
        ((*GOOD, "--path-map", "/build=../elsewhere"), "../elsewhere", ""),
        ((*GOOD, "--config", "missing.toml"), "missing.toml", "no such configuration file"),
        ((*GOOD, "--config", "bad.toml"), "bad.toml", "not valid TOML"),
        ((*GOOD, "--config", "odd.toml"), "odd.toml", "stricter: no such setting; did you mean strict?"),
        ((*GOOD, "--config", "types.toml", "--set", "GCAssist.warn=1ms"), "types.toml", "thresholds"),
        ((*GOOD, "--config", "outputs.toml"), "outputs.toml", "pdf"),
        ((*GOOD, "--config", "bare"), "bare", "is a directory, not a regular file"),
        ((*GOOD, "--config", "pipe"), "pipe", "is a named pipe, not a regular file"),
        ((*GOOD, "--config", "endless"), "endless", "is a device, not a regular file"),
        ((*GOOD, "--config", "socket"), "socket", "is a socket, not a regular file"),
        ((*GOOD, "--config", "large"), "large", "exceeds the limit of 1,000,000 bytes"),
        ((*GOOD, "--config", "latin1"), "latin1", "not UTF-8 at byte 10; save it as UTF-8"),
        ((*GOOD, "--config", "bom"), "bom", "starts with a byte order mark; save it as UTF-8 without one"),
        ((*GOOD, "--config", "deep.toml"), "deep.toml", "not valid TOML: its brackets are nested too deeply"),
        ((*GOOD, "--config", "digits.toml"), "digits.toml", "not valid TOML: it has a number with thousands of digits"),
        ((*GOOD, "--update-baseline"), "update-baseline", "needs baseline: the file to create or update"),
        ((*GOOD, "--accept", "1234"), "--accept", "needs --reason TEXT"),
        ((*GOOD, "--reason", "why"), "--accept", "needs --reason TEXT"),
        (
            (*GOOD, "--accept", "1234", "--reason", "why"),
            "accept",
            "needs baseline, and update-baseline must not be set",
        ),
        ((*GOOD, "--json", "text/out.json"), "text/out.json", "cannot be written"),
        ((*GOOD, "--html", "bare"), "bare", "it is a directory"),
        ((*GOOD, "-o", "text/out.json"), "text/out.json", "cannot be written"),
        ((*GOOD, "-o", "a" * 300), "a" * 300, "cannot be written: File name too long"),
        ((*GOOD, "--nope"), "--nope", "No such option"),
        (("anaylze", "good.trace"), "anaylze", "no such command: anaylze; did you mean analyze?"),
        (("nothing",), "nothing", "no such command: nothing; there are analyze, "),
        (("good.trace",), "good.trace", "did you mean gotracer-ci analyze good.trace?"),
        (("traces/1 2.trace", "--strict"), "traces/1 2.trace", "gotracer-ci analyze 'traces/1 2.trace' --strict?"),
        (("baseline", "chekc"), "chekc", "no such command: chekc; did you mean check?"),
        (("help", "rulse"), "rulse", "no such command: rulse; did you mean rules?"),
        (("help", "rules", "x"), "rules", "has no commands"),
        (("capture",), "the address of the service", "is missing; write gotracer-ci capture HOST:PORT"),
        (("capture", "shop", "--url", "shop"), "the address of the service", "is given more than once"),
        (("capture", "good.trace"), "good.trace", "is a file; did you mean gotracer-ci analyze good.trace?"),
        (("capture", "ftp://shop"), "ftp://shop", "not the address of a service; write HOST, HOST:PORT, "),
        (("capture", "shop", "--duration", "5x"), "--duration 5x", "not a duration; write for example --duration 5s"),
        (("capture", "shop", "--timeout", "0"), "--timeout 0", "not a duration"),
        (("capture", "shop", "--every", "often"), "--every often", "not a duration"),
        (("capture", "shop", "--count", "3"), "--count", "needs --every"),
        (("capture", "shop", "--max-size", "big"), "--max-size big", "not a size; write for example --max-size 500MB"),
        (("capture", "shop", "--retries", "-1"), "--retries", "-1"),
        (("capture", "shop", "--header", "x"), "--header", "not a header; write it as 'NAME: VALUE'"),
        (("capture", "shop", "--ca", "missing.pem"), "missing.pem", "cannot be read: No such file or directory"),
        (("capture", "shop", "--ca", "text"), "text", "contains no certificate; name a PEM file"),
        (("capture", "shop", "--ca", "text", "--insecure"), "--ca", "and --insecure cannot be used together"),
        (("capture", "shop", "--keep", "-"), "--keep", "a trace is kept in a file"),
        (("capture", "shop", "--keep", "text"), "text", "exists already; name another file"),
        (("capture", "shop", "--rule", "Nope"), "Nope", "no such rule"),
        (("capture", "--flight-recorder", "shop", "--duration", "5s"), "--duration", "has no effect with "),
        (("rules", "Nope"), "Nope", "no such rule; there are "),
        (("rules", "mutex_contention"), "mutex_contention", "no such rule; did you mean MutexContention?"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    run: Run, directory: Path, arguments: tuple[str, ...], names: str, says: str
) -> None:
    """The exit code is 2, stdout stays empty, and one line names what is wrong."""
    done = run(*arguments, cwd=directory)
    assert done.returncode == 2
    assert done.stdout == b""
    (line,) = complaints(done)
    assert names in line
    assert says in line


def test_a_truncated_trace_is_reported_and_then_fails(run: Run, directory: Path) -> None:
    """The readable part is on stdout, and the damage and its offset on stderr."""
    done = run("analyze", "cut.trace", "-f", "json", "--root", PROGRAMS, cwd=directory)
    assert done.returncode == 2
    (line,) = complaints(done)
    assert re.fullmatch(r"cut\.trace: the trace is truncated .* at byte [\d,]+", line)
    report = json.loads(done.stdout)
    assert report["traces"][0]["damage"]
    assert "MutexContention" in [finding["key"]["rule"] for finding in report["findings"]]


def test_every_broken_trace_is_named(run: Run, directory: Path) -> None:
    done = run("analyze", "empty", "good.trace", "text", "missing", "-f", "ndjson", cwd=directory)
    assert done.returncode == 2
    assert [line.partition(":")[0] for line in complaints(done)] == ["empty", "text", "missing"]
    assert b"MutexContention" in done.stdout


@pytest.mark.parametrize(
    ("output", "says"), [("--json", "No such file or directory"), ("-o", "No such file or directory")]
)
def test_an_unwritable_directory_is_an_error_after_the_analysis(
    run: Run, directory: Path, output: str, says: str
) -> None:
    """Not even root can write to /proc. The result on stdout is still complete."""
    done = run(*GOOD, output, "/proc/out/x.json", cwd=directory)
    assert done.returncode == 2
    assert complaints(done) == [f"/proc/out/x.json: cannot be written: {says}"]
    assert (b"MutexContention" in done.stdout) == (output == "--json")


@pytest.mark.parametrize(
    ("baseline", "says"),
    [
        ("bad.json", "not valid JSON"),
        ("newer.json", "written by a newer gotracer-ci: schema 99"),
        ("cut.json", "not valid JSON at line"),
        (
            "hand.json",
            "the values of job 1 do not match the names before them: a name or line was deleted, moved or renamed",
        ),
        ("conflict.json", 'merge conflict markers; run "gotracer-ci baseline merge" on it'),
        ("text", "not valid JSON"),
        ("bare", "is a directory, not a regular file"),
        ("pipe", "is a named pipe, not a regular file"),
        ("endless", "is a device, not a regular file"),
        ("socket", "is a socket, not a regular file"),
        ("large", "exceeds the limit of 16,000,000 bytes"),
        ("latin1", "not UTF-8 at byte 10; save it as UTF-8"),
        ("bom", "starts with a byte order mark; save it as UTF-8 without one"),
        ("deep.json", "not valid JSON"),
        ("digits.json", "not valid JSON: it has a number with thousands of digits"),
    ],
)
def test_an_invalid_baseline_exits_with_3_after_the_analysis(
    run: Run, directory: Path, baseline: str, says: str
) -> None:
    done = run(*GOOD, "--baseline", baseline, cwd=directory)
    assert done.returncode == 3
    (line,) = complaints(done)
    assert line.startswith(f"{baseline}:")
    assert says in line
    assert b"MutexContention" in done.stdout


def test_an_invalid_baseline_is_never_overwritten(run: Run, directory: Path) -> None:
    """A broken merge can be repaired, but an overwritten file is lost."""
    done = run(*GOOD, "--baseline", "bad.json", "--update-baseline", cwd=directory)
    assert done.returncode == 3
    assert (directory / "bad.json").read_text() == "{ not JSON"
    replaced = run(
        "analyze",
        path_of("waitgroup-go1.26"),
        "--baseline",
        "bad.json",
        "--update-baseline",
        "--replace",
        cwd=directory,
    )
    assert replaced.returncode == 0
    assert run("baseline", "check", "bad.json", cwd=directory).returncode == 0


def without_root_powers(*command: str | Path, cwd: Path) -> Done:
    """Run gotracer-ci so that permissions count even for root."""
    prefix = (
        ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []
    )
    return subprocess.run(
        [*prefix, sys.executable, "-m", "gotracer_ci", *map(str, command)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        ("locked", "locked: directory cannot be read: Permission denied"),
        ("outer", "outer/locked: directory cannot be read: Permission denied"),
        ("locked/x.trace", "locked/x.trace: cannot be read: Permission denied"),
        ("files", "files/x.trace: cannot be read: Permission denied"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, argument: str, line: str) -> None:
    """It is neither a directory without traces nor silently left out."""
    for name in ("locked", "outer/locked", "files"):
        (tmp_path / name).mkdir(parents=True)
        shutil.copyfile(LOCKWAIT, tmp_path / name / "x.trace")
    shutil.copyfile(LOCKWAIT, tmp_path / "outer" / "y.trace")
    (tmp_path / "files" / "x.trace").chmod(0)
    for name in ("locked", "outer/locked"):
        (tmp_path / name).chmod(0)
    done = without_root_powers("analyze", argument, cwd=tmp_path)
    for name in ("locked", "outer/locked"):
        (tmp_path / name).chmod(0o700)
    assert (done.returncode, complaints(done)) == (2, [line])
