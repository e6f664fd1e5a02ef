"""The oracle suite: record new traces of every kind and compare each event with Go's own reader.

    make oracle                                                  # everything, takes some minutes
    make oracle ORACLE=--quick                                   # as in CI

Every line must be equal (kind, time, M, P, G, arguments, strings, stacks), `goroutines`, `regions` and `tasks` with
`--go-compat` must give what Go's summary has, `profile --go-compat` what `go tool trace -pprof` writes, the mutator
utilisation must be Go's where Go's is right (see `utilisation`), and the invariants in tests/trace/validator.py must
hold. A trace that differs is kept in build/oracle. The toolchains in build/go are shared with `make testdata`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from cases import GO, NEWEST, OLDER
from make import ROOT, TRACES, toolchain

from tests.oracle.build import build as build_oracle
from tests.oracle.build import build_command
from tests.oracle.compare import Comparison, compare
from tests.oracle.record import KEPT, NEEDS_C, build_programs, fresh, rewritten
from tests.oracle.runs import COARSE, Run, runs

QUICK_VERSIONS = ("1.22", "1.25", "1.27")
"""The oldest version, the newest, and one in between with only the first of two changes of the format."""
Result = tuple[str, str, Comparison]
"""(Go version or "committed", kind of run, comparison)."""


def results(oracle: Path, programs: dict[str, Path], these: Sequence[Run]) -> Iterator[Result]:
    """Yield the results of all committed traces and these runs as they finish, and print differences."""
    # more threads than processors: most programs sleep most of the time
    with ProcessPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        jobs: dict[Future[Comparison], tuple[str, str, str]] = {}
        for trace in sorted(TRACES.glob("*.trace")):
            jobs[pool.submit(compare, oracle, trace)] = (trace.name, "committed", "committed")
            if trace.stem.rpartition("-go")[2] not in OLDER:
                for ticks in COARSE:
                    job = pool.submit(rewritten, trace, ticks, oracle)
                    jobs[job] = (f"{trace.stem}-{ticks}", "committed", f"clock of {ticks:,}")
        for run in these:
            jobs[pool.submit(fresh, run, programs[run.version], oracle)] = (run.name, run.version, run.way)
        for done in as_completed(jobs):
            name, version, way = jobs[done]
            error = done.exception()
            found = done.result() if error is None else Comparison(difference=[f"{error!r}"])
            if found.damage:
                print(f"{name}: both readers stop after {found.events:,} events: {found.damage}", flush=True)
            if found.beyond:
                print(
                    f"{name}: Go's reader stops at a misused region, {found.beyond:,} events before the end", flush=True
                )
            if found.difference:
                print(f"{name}: DIFFERS", *found.difference, sep="\n  ", flush=True)
            yield version, way, found


def table(head: str, results: Iterable[Result], key: Callable[[Result], str]) -> Iterator[str]:
    """Yield the lines of a table with one row per group and one for the total."""
    rows: dict[str, list[int]] = defaultdict(lambda: [0] * 10)
    for result in results:
        found = result[2]
        summaries = (found.goroutines, found.regions, found.tasks, found.utilisation, found.samples)
        numbers = (1, found.events, found.generations, *summaries)
        counts = (*numbers, bool(found.damage), bool(found.difference))
        for name in (key(result), "all"):
            rows[name] = [have + more for have, more in zip(rows[name], counts, strict=True)]
    heads = (
        "traces",
        "events",
        "generations",
        "goroutines",
        "regions",
        "tasks",
        "utilisation",
        "samples",
        "damaged",
        "differences",
    )
    yield f"{head:<22}" + "".join(f"{name:>13}" for name in heads)
    for name in sorted(rows, key=lambda name: (name == "all", name)):
        yield f"{name:<22}" + "".join(f"{number:>13,}" for number in rows[name])


def main() -> int:
    """Run the command line. Return 1 if a trace differs."""
    parser = argparse.ArgumentParser(description="Compare fresh and committed traces with Go's own reader.")
    parser.add_argument("--quick", action="store_true", help="about a minute: three versions, the shorter programs")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "go", help="directory of the Go toolchains")
    arguments = parser.parse_args()
    cache: Path = arguments.cache.resolve()
    versions = QUICK_VERSIONS if arguments.quick else tuple(version for version in GO if version not in OLDER)
    older = () if arguments.quick else OLDER
    start = time.monotonic()
    left_out = () if shutil.which("gcc") else (NEEDS_C,)
    if left_out:
        print(f"there is no C compiler: {NEEDS_C} is left out", flush=True)
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    oracle = build_oracle(toolchain(cache, NEWEST), cache / "bin" / "oracle")
    build_command(toolchain(cache, NEWEST), "cmd/trace", oracle.with_name("gotrace"))
    these = [run for run in runs(versions, older, quick=arguments.quick) if run.program not in left_out]
    programs = {
        version: build_programs(cache, version, sorted({run.program for run in these if run.version == version}))
        for version in (*older, *versions)
    }
    print(f"built after {time.monotonic() - start:.0f} s", flush=True)
    all_results = list(results(oracle, programs, these))
    print(*table("Go", all_results, lambda result: result[0]), "", sep="\n")
    print(*table("recorded", all_results, lambda result: result[1]), sep="\n")
    different = sum(bool(found.difference) for _, _, found in all_results)
    print(f"{different or 'no'} traces differ; {time.monotonic() - start:.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
