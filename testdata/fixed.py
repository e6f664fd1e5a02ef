"""Record the traces of the rules' pages: programs after their fixes, and the two versions of `checkout`.

    python testdata/fixed.py [--cache DIRECTORY] [NAME…]

NAME is a rule with an example of its own, or `checkout` for the rules that only compare. A recording is repeated until
the rule finds what its page shows, because scheduling varies.
"""

from __future__ import annotations

import argparse
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cases import CASES, NEWEST, Case
from make import ATTEMPTS, MAX_TRACE, PROGRAMS, ROOT, RecordingError, build, check_paths, toolchain

FIXED = ROOT / "testdata" / "fixed"
CHECKOUT = ROOT / "testdata" / "checkout"
SIDES = ("base", "head", "fixed")
PAGES = runpy.run_path(str(ROOT / "docs/rules.py"))
COMPARED: tuple[str, ...] = PAGES["COMPARED"]


def fixed_programs(directory: Path) -> Path:
    """Return a copy of the programs with all fixes."""
    programs = directory / "testdata" / "programs"
    shutil.copytree(PROGRAMS, programs)
    for fix in sorted((ROOT / "docs" / "fixes").iterdir()):
        subprocess.run(["git", "apply", "-p0", str(fix)], cwd=directory, check=True)
    return programs


def run(case: Case, program: Path, trace: Path) -> None:
    """Run a program until its trace is small: on a loaded machine, waiting threads fill a trace with events."""
    output = f"-test.trace={trace}" if case.test else str(trace)
    variables = {"GOMAXPROCS": "2"} | dict(case.environment)
    for _ in range(ATTEMPTS):
        command = [str(program), *case.arguments, output]
        subprocess.run(command, env=variables, check=True, stdout=subprocess.DEVNULL)
        if trace.stat().st_size <= MAX_TRACE:
            return
    raise RecordingError(f"{case.name}: {ATTEMPTS} attempts, yet the trace has more than {MAX_TRACE} bytes")


def finds(name: str, trace: Path) -> bool:
    _, fixed = PAGES["commands"](name)
    command = fixed.replace(f"testdata/fixed/{name}.trace", str(trace))
    return not PAGES["output"](command).startswith("No findings in 1 trace")


def record_fixed(name: str, programs: Path, cache: Path) -> None:
    """Record the program in a rule's example after its fix, until the rule finds nothing."""
    example, _, version = PAGES["EXAMPLES"][name].rpartition("-go")
    (case,) = (case for case in CASES if case.name == example)
    program = build(case, version, toolchain(cache, version), cache, programs)
    with tempfile.TemporaryDirectory() as directory:
        trace = Path(directory, "x.trace")
        for _ in range(ATTEMPTS):
            run(case, program, trace)
            if not finds(name, trace):
                break
        else:
            raise RecordingError(f"{name}: {ATTEMPTS} attempts, yet the rule finds something")
        check_paths(trace, cache)
        shutil.copyfile(trace, FIXED / f"{name}.trace")


def record_checkout(programs: Path, cache: Path) -> None:
    """Record both versions of `checkout` in turns, until only the one with the regressions has any."""
    case = Case("checkout", (NEWEST,), "", {}, test=True)
    goroot = toolchain(cache, NEWEST)
    binaries = {"head": build(case, NEWEST, goroot, cache)}
    binaries["head"] = binaries["head"].rename(binaries["head"].with_name("checkout-head"))
    binaries["base"] = binaries["fixed"] = build(case, NEWEST, goroot, cache, programs)
    for _ in range(ATTEMPTS):
        with tempfile.TemporaryDirectory() as directory:
            made = Path(directory)
            for turn in "123":
                for side in SIDES:
                    (made / side).mkdir(exist_ok=True)
                    run(case, binaries[side], made / side / f"{turn}.trace")
            if shows_regressions(made):
                for trace in made.rglob("*.trace"):
                    check_paths(trace, cache)
                shutil.copytree(made, CHECKOUT, dirs_exist_ok=True)
                return
    raise RecordingError(f"checkout: {ATTEMPTS} attempts, yet not all rules find what their pages show")


def shows_regressions(directory: Path) -> bool:
    """Report whether each rule finds one regression in the head, and none after the fixes."""
    for rule in COMPARED:
        head, fixed = (
            PAGES["output"](command.replace("testdata/checkout", str(directory))) for command in PAGES["commands"](rule)
        )
        if not re.match("1 (regression|suspected);", head) or not fixed.startswith("no regressions;"):
            print(f"checkout: {rule} finds something else: {head.splitlines()[0]} / {fixed.splitlines()[0]}")
            return False
    return True


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Record the traces of the rules' pages again.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="record only these [default: all]")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "go", help="directory of the Go toolchains")
    arguments = parser.parse_args()
    names = set(arguments.names or (*PAGES["EXAMPLES"], "checkout"))
    if unknown := names - {*PAGES["EXAMPLES"], "checkout"}:
        parser.error(f"no such example: {', '.join(sorted(unknown))}")
    cache: Path = arguments.cache.resolve()
    FIXED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        try:
            programs = fixed_programs(Path(directory))
            for name in sorted(names):
                if name == "checkout":
                    record_checkout(programs, cache)
                else:
                    record_fixed(name, programs, cache)
                print(name, flush=True)
        except (RecordingError, subprocess.CalledProcessError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
