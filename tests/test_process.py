"""The process: unusual names, locales, readers that close early, full disks, and imports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gotracer_ci.report.formats import FILES
from tests.conftest import LOCKWAIT, PROGRAMS, ROOT, TRACES, Run, complaints, path_of


def test_file_names_that_are_not_utf8(run: Run, tmp_path: Path) -> None:
    """Linux allows any bytes in file names, and every format must handle them."""
    odd = os.fsdecode(b"\xff\xfe.trace")
    shutil.copyfile(LOCKWAIT, tmp_path / odd)
    outputs = [part for form in FILES for part in (f"--{form}", f"x.{form}")]
    done = run("analyze", odd, *outputs)
    assert (done.returncode, done.stderr) == (1, b"")
    assert all((tmp_path / f"x.{form}").stat().st_size for form in FILES)


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_locale_that_lacks_our_characters(run: Run, form: str) -> None:
    """The table is printed even if the encoding lacks an arrow. JSON is always UTF-8."""
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
        (("analyze", *map(str, sorted(TRACES.glob("tour*"))), "-f", "sarif"), 1),
        (("rules",), 0),
        (("--version",), 0),
    ],
)
def test_a_reader_that_closes_early(arguments: tuple[str, ...], code: int) -> None:
    """With `| head` there is no message, and the exit code is unchanged."""
    with started(*arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == code


@pytest.mark.parametrize("arguments", [("analyze", LOCKWAIT), ("analyze", LOCKWAIT, "-f", "json"), ("rules",)])
def test_a_full_disk(arguments: tuple[str, ...]) -> None:
    """An incomplete report must not look like a run with or without findings."""
    with Path("/dev/full").open("wb") as full, started(*arguments, stdout=full.fileno()) as process:
        assert process.stderr
        complaint = process.stderr.read()
    assert complaint == b"gotracer-ci: standard output: cannot be written: No space left on device\n"
    assert process.returncode == 2


@pytest.mark.parametrize(("name", "printed"), [("/dev/stdout", True), ("/dev/fd/1", True), ("/dev/null", False)])
def test_a_stream_as_output(run: Run, name: str, printed: bool) -> None:
    plain = run("analyze", path_of("idle-go1.27"), "-f", "json")
    for arguments in (("-f", "json", "-o", name), ("--json", name, "-o", "/dev/null")):
        done = run("analyze", path_of("idle-go1.27"), *arguments)
        assert done.returncode == 0
        assert done.stdout == (plain.stdout if printed else b"")


HEAVY = {"pydantic", "jinja2", "requests", "rich", "numpy", "sarif_om", "tomllib"}
DECODE = f"""
from gotracer_ci.trace.open import open_trace
trace = open_trace({LOCKWAIT!r})
print(sum(chunk.n for chunk in trace.chunks()), len(trace.tables.stacks))
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
def test_imports_at_startup(arguments: tuple[str, ...], without: set[str]) -> None:
    """Imports take longer than decoding a typical trace, so only used modules are imported."""
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


def test_sigterm_ends_a_process_that_is_still_starting(tmp_path: Path) -> None:
    """The first process of a container ignores the signal as long as it has no handler of its own."""
    (tmp_path / "click.py").write_text("import os, time\nos.kill(os.getpid(), 15)\ntime.sleep(60)\n")
    done = subprocess.run(
        [sys.executable, "-m", "gotracer_ci", "--version"],
        env={"PATH": os.defpath, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")


def test_the_installed_command_is_the_one_that_handles_signals_first() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts["gotracer-ci"] == "gotracer_ci.__main__:main"


def test_python_without_docstrings_is_one_line(run: Run) -> None:
    done = run("rules", PYTHONOPTIMIZE="2")
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaints(done) == ["the rules are made from docstrings: run Python without -OO, and unset PYTHONOPTIMIZE"]


def test_a_deleted_working_directory_is_one_line(tmp_path: Path) -> None:
    script = (
        "import os, sys, gotracer_ci.cli as c; os.rmdir(os.getcwd()); sys.path[:] = sys.path[1:]; c.main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "analyze", LOCKWAIT],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaints(done) == ["the current directory does not exist any more: change to another one"]
