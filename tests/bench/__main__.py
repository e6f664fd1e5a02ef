"""`python -m tests.bench`: create traces, run our decoder, Go's reader and `go tool trace` in turns, print tables.

make bench                              # a few minutes
python -m tests.bench --big             # also creates, analyzes and deletes a trace of 1 GB
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from tests.bench import table, targets
from tests.bench.contenders import ANALYZE, ours, theirs, uncompiled
from tests.bench.golang import BUILD, Toolchain, toolchain
from tests.bench.installed import Installed, install
from tests.bench.processes import Usage
from tests.bench.rounds import Measured, measure
from tests.bench.targets import Check
from tests.bench.traces import BIG, LARGE, OLD, SMALL, TINY, make

MANY = 3  # more rounds for traces with short runs


def main() -> None:
    options = _options()
    go = toolchain()
    measured: list[Measured] = []
    checks: list[Check] = []
    _progress("installing")
    installed = install()
    contenders = (*ours(installed), *theirs(go))
    for workload in LARGE:
        one = measure(workload.name, make(go, workload), contenders, options.rounds, installed, _progress)
        measured.append(one)
        checks += targets.large(one, workload.beats_reader)
    plain = uncompiled(installed)
    for workload, rows in ((SMALL, targets.small), (TINY, targets.tiny), (OLD, targets.old)):
        runs = (*contenders, plain) if workload is SMALL else contenders
        one = measure(workload.name, make(go, workload), runs, options.rounds * MANY, installed, _progress)
        measured.append(one)
        checks += rows(one)
    checks += targets.comparison(options.rounds * MANY)
    sizes = [(w, m.size, m.events) for w, m in zip((*LARGE, SMALL, TINY, OLD), measured, strict=True)]
    facts = _facts(go, measured, options.rounds)
    if options.big:
        size, usage = _big(go, installed)
        checks += targets.big(BIG.name, size, usage)
        facts["big"] = {"size": size, "cpu_s": usage.cpu_s, "peak": usage.peak, "private": usage.private}
    print(_headline(facts))
    for lines in (table.traces(sizes), table.runs(measured), table.checks(checks)):
        print("", *lines, sep="\n")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(table.document(facts, measured, checks), indent=1) + "\n", encoding="utf-8")
    _progress(f"all single runs are in {options.json}")


def _big(go: Toolchain, installed: Installed) -> tuple[int, Usage]:
    """Create the 1 GB trace, analyze it and delete it."""
    _progress("big: making 1 GB")
    path = make(go, BIG)
    try:
        (analyze,) = (contender for contender in ours(installed) if contender.name == ANALYZE)
        _progress("big: analyze")
        return path.stat().st_size, analyze.run(path, watch=True)
    finally:
        path.unlink()


def _facts(go: Toolchain, measured: list[Measured], rounds: int) -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "go": go.version,
        "compiled": all(one.compiled for one in measured),
        "rounds": rounds,
    }


def _headline(facts: dict[str, Any]) -> str:
    kernel = "compiled" if facts["compiled"] else "NOT COMPILED"
    return (
        f"{facts['cores']} cores, {facts['system']}, Python {facts['python']}, Go {facts['go']}, kernel {kernel}; "
        f"medians of {facts['rounds']} rounds ({facts['rounds'] * MANY} of the traces below 2 MB)"
    )


def _options() -> Any:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure the decoder and Go's own reader."
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="number of rounds [default: 5]")
    parser.add_argument("--big", action="store_true", help="also create, analyze and delete a trace of 1 GB")
    parser.add_argument(
        "--json", type=Path, default=BUILD / "result.json", metavar="FILE", help="write every single run to FILE"
    )
    options = parser.parse_args()
    options.rounds = max(1, options.rounds)
    return options


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


main()
