"""`python -m tests.noise`: record the missing traces, measure all, then print and write the tables.

make noise                                # record what is missing, measure, and write the tables
make noise NOISE="--minutes 10"           # record for ten minutes; the next run continues
make noise NOISE=--measure                # measure the recorded traces again, after a change of an analysis or rule
make noise NOISE=--table                  # only the tables, after a change of the comparison
make noise NOISE="--table --half tuning"  # tables of one half of the data set, not written
make noise NOISE=--trial                  # the command line with recorded programs that are not in the data set
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

from gotracer_ci.errors import GotracerError
from tests.bench.golang import toolchain
from tests.noise import data, measure, plan, table, trial
from tests.noise.programs import EVALUATION, PROGRAMS, TUNING, NoiseError


def main() -> None:
    options = _options()
    try:
        if options.trial:
            for line in trial.trial(_progress):
                print(line, flush=True)
            return
        if not (options.table or options.measure):
            plan.record(toolchain(), options.programs, options.minutes, _progress)
        if not options.table:
            measure.measure_all(options.programs, _progress)
        recorded = data.directory_data()
        halves = [options.half] if options.half else [EVALUATION, TUNING]
        tables = table.tables(recorded, options.draws, halves)
        print(table.markdown(tables))
        if not options.half:
            table.write(recorded, tables)
    except (NoiseError, GotracerError, subprocess.SubprocessError) as error:
        sys.exit(f"error: {error}")


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.noise", description="Evaluate the comparison.")
    parser.add_argument("--minutes", type=float, metavar="N", help="record for N minutes [default: until complete]")
    names = [program.name for program in PROGRAMS]
    parser.add_argument(
        "--programs", nargs="+", default=[], choices=names, metavar="NAME", help="record and measure only these"
    )
    parser.add_argument("--measure", action="store_true", help="record nothing; measure the recorded traces")
    parser.add_argument("--table", action="store_true", help="record and measure nothing")
    parser.add_argument("--draws", type=int, default=5, metavar="N", help="baselines per job [default: 5]")
    parser.add_argument("--half", choices=(TUNING, EVALUATION), help="print the tables of one half and write nothing")
    parser.add_argument("--trial", action="store_true", help="test the command line instead")
    options = parser.parse_args()
    options.draws = max(1, options.draws)
    return options


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


main()
