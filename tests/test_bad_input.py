"""Wrong usage, damaged traces and invalid baselines: one clear line on stderr, and the documented exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from tests.conftest import LOCKWAIT, PROGRAMS, ROOT, Run, complaints, path_of

GOOD = ("analyze", "good.trace")


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
        (("analyze", "text"), "text", "not a Go execution trace"),
        (("analyze", "page.html"), "page.html", "not a Go execution trace"),
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
        (("analyze", "-"), "-", "the file is empty"),
        ((*GOOD, "--format", "jsonn"), "--format", "'jsonn' is not one of"),
        ((*GOOD, "--skip", "MutexContentoin"), "MutexContentoin", "no such rule; there are "),
        ((*GOOD, "--rule", "Nope"), "Nope", "no such rule"),
        ((*GOOD, "--set", "GCAssist.warn=-1ms"), "GCAssist.warn=-1ms", "cannot be negative"),
        ((*GOOD, "--set", "GCAssist.wran=1ms"), "GCAssist.wran", "it has warn, error"),
        ((*GOOD, "--set", "GCAssist.warn"), "--set GCAssist.warn", "NAME=VALUE"),
        ((*GOOD, "--fail-on", "always"), "--fail-on", "'always' is not one of"),
        ((*GOOD, "--top", "0"), "--top", "0"),
        ((*GOOD, "--root", "missing"), "missing", "no such directory"),
        ((*GOOD, "--root", "text"), "text", ""),
        ((*GOOD, "--path-map", "x"), "--path-map", "NAME=VALUE"),
        ((*GOOD, "--path-map", "/build=../elsewhere"), "../elsewhere", ""),
        ((*GOOD, "--config", "missing.toml"), "missing.toml", "no such configuration file"),
        ((*GOOD, "--config", "bad.toml"), "bad.toml", "not valid TOML"),
        ((*GOOD, "--config", "odd.toml"), "odd.toml", "stricter: no such setting"),
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
        (("anaylze", "good.trace"), "anaylze", "No such command"),
        (("rules", "Nope"), "Nope", "no such rule; there are "),
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
        ("hand.json", "the values of job 1 do not match the groups: a group's line was deleted, moved or renamed"),
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
