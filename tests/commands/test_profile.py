"""`gotracer-ci profile` in real processes: its formats, files, restrictions and errors."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gotracer_ci.analysis.scopes import Kind, find
from gotracer_ci.trace.open import open_trace
from tests.conftest import ROOT, Run, path_of
from tests.oracle.profiles import decode
from tests.profiles import profile_of

SERVICE, LOCKWAIT, HANG = path_of("service-go1.27"), path_of("lockwait-go1.27"), path_of("hang-go1.27")


def test_pprof_is_the_default_and_has_its_file(run: Run, tmp_path: Path) -> None:
    done = run("profile", HANG, "--type", "sync")
    assert (done.returncode, done.stdout) == (0, b"")
    lines = done.stderr.decode().splitlines()
    assert lines[0] == "wrote sync.pb.gz"
    assert re.fullmatch(r"note: still open at the end: \d+ intervals, .* s, included", lines[1])
    found = decode((tmp_path / "sync.pb.gz").read_bytes())
    assert found.comments == [lines[1].removeprefix("note: ")]
    piped = run("profile", HANG, "--type", "sync", "-o", "-")
    assert piped.stdout == (tmp_path / "sync.pb.gz").read_bytes()
    assert not any(labels.get("goroutine") == "runtime.bgsweep" for _, _, labels in found.samples)


def test_go_s_definitions(run: Run) -> None:
    done = run("profile", HANG, "--type", "sync", "--go-compat", "-o", "-")
    assert decode(done.stdout).types == [("contentions", "count"), ("delay", "nanoseconds")]
    assert done.stderr.decode().rstrip().endswith("left out, as Go does")


def test_folded_stacks_sum_to_the_profile(run: Run) -> None:
    done = run("profile", SERVICE, "--type", "wall", "-f", "folded", "--system")
    lines = [line.rpartition(" ") for line in done.stdout.decode().splitlines()]
    assert sum(int(ns) for _, _, ns in lines) == sum(
        sample.ns for sample in profile_of("service-go1.27", "wall").samples
    )
    assert all(stack.split(";")[-1] for stack, _, _ in lines)


def test_several_traces_are_one_profile_and_a_base_is_subtracted(run: Run) -> None:
    def sums(*arguments: str) -> list[int]:
        text = run("profile", "--type", "block", "-f", "folded", *arguments).stdout.decode()
        columns = [re.findall(r" (\d+)(?= |$)", line) for line in text.splitlines()]
        return [sum(map(int, column)) for column in zip(*columns, strict=True)]

    one, other = sums(SERVICE), sums(LOCKWAIT)
    assert sums(SERVICE, LOCKWAIT) == [one[0] + other[0]]
    assert sums(SERVICE, "--base", LOCKWAIT) == [other[0], one[0]]


def test_restrictions(run: Run) -> None:
    """A name that exists is meant as it is, else it is a glob; the runtime's goroutines need to be named."""
    for pattern in ("main.(*service).serve", "main.(*serve"):
        done = run("profile", SERVICE, "--type", "wall", "-f", "folded", "--goroutines", pattern)
        assert {line.partition(";")[0] for line in done.stdout.decode().splitlines()} == {"main.(*service).serve"}
    assert b"runtime.bgsweep" in run("profile", SERVICE, "--type", "wall", "-f", "tree", "--system").stdout
    assert b"runtime.bgsweep" not in run("profile", SERVICE, "--type", "wall", "-f", "tree").stdout


@pytest.mark.parametrize(
    ("trace", "option", "name"),
    [("annotations-go1.26", "region", "load"), ("tour-go1.27", "task", "tour"), ("orders-go1.27", "test", "TestTake")],
)
def test_scopes(trace: str, option: Kind, name: str, run: Run, tmp_path: Path) -> None:
    """The same for a gzipped trace, whose data in memory have to be there for a second reading."""
    scopes = find(open_trace(path_of(trace)), option)
    expected = sum(sample.ns for sample in profile_of(trace, "wall", windows=scopes.windows({name})).samples)
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(Path(path_of(trace)).read_bytes()))
    for file in (path_of(trace), packed):
        done = run("profile", file, "--type", "wall", "-f", "folded", "--system", f"--{option}", name)
        assert done.returncode == 0
        assert sum(int(line.rpartition(" ")[2]) for line in done.stdout.decode().splitlines()) == expected > 0
    wrong = run("profile", packed, "--type", "wall", f"--{option}", f"{name}s")
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert f"nothing has this name; did you mean {name}" in wrong.stderr.decode()


def test_a_truncated_trace_shows_what_it_has(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    data = Path(LOCKWAIT).read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    done = run("profile", cut, "--type", "wall", "-o", "-")
    assert done.returncode == 2
    assert decode(done.stdout).samples
    assert f"gotracer-ci: {cut}: " in done.stderr.decode()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--type", "walls"), "'walls' is not one of net, sync, syscall, sched, block, wall, cpu; did you mean wall?"),
        ((), "Missing option '--type'"),
        (("--type", "wall", "--goroutines", "main.(*service).serv"), "did you mean main.(*service).serve"),
        (("--type", "wall", "--region", "x"), "--region x: nothing has this name"),
        (("--type", "wall", "--region", "x", "--test", "y"), "--region, --task, --test: give one of them"),
        (("--type", "wall", "--go-compat"), "--go-compat: Go has only the types net, sync, syscall, sched"),
        (("--type", "net", "--go-compat", "--closed"), "--go-compat: Go has only closed intervals of whole traces"),
        (("--type", "net", "--top", "3"), "--top: only -f top and -f tree"),
        (("--type", "net", "--cpu-rate", "3"), "--cpu-rate: only --type cpu"),
        (("--type", "net", "--from", "2s", "--to", "1s"), "--to must be after --from"),
        (("--type", "net", "--base", "no.trace"), "no.trace: no such file"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run, tmp_path: Path) -> None:
    done = run("profile", SERVICE, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_gets_text_only(run: Run) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gotracer_ci", "profile", SERVICE, "--type", "net", "-o", "-"]
    conditions = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=conditions)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert done.stderr.startswith(b"gotracer-ci: standard output is a terminal")


def test_an_empty_profile_is_no_error(run: Run) -> None:
    for form in ("top", "tree", "folded", "speedscope"):
        done = run("profile", LOCKWAIT, "--type", "cpu", "-f", form)
        assert done.returncode == 0
        assert b"has no CPU samples: a CPU profile that runs meanwhile adds them" in done.stderr
    assert json.loads(done.stdout)["profiles"][0]["samples"] == []
