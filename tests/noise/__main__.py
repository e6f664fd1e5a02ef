"""`python -m tests.noise`: record the missing parts of the data set, then print and write the tables.

make noise                                # record everything
make noise NOISE="--minutes 10"           # record for ten minutes; the next run continues
make noise NOISE=--table                  # only the tables
make noise NOISE="--table --half tuning"  # tables of one half of the data set, not written
make noise NOISE=--trial                  # the command line with programs that are not in the data set
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

from gotracer_ci.errors import GotracerError
from tests.bench.golang import toolchain
from tests.noise import data, plan, table, trial
from tests.noise.programs import EVALUATION, PROGRAMS, TUNING, NoiseError


def main() -> None:
    options = _options()
    try:
        if options.trial:
            for line in trial.trial(toolchain(), _progress):
                print(line, flush=True)
            return
        if not options.table:
            plan.record(toolchain(), options.programs, options.minutes, _progress)
        recorded = data.directory_data()
        chosen = data.of_half(recorded, options.half) if options.half else recorded
        tables = table.tables(chosen, options.draws)
        print(table.markdown(tables))
        if not options.half:
            table.write(recorded, tables)
    except (NoiseError, GotracerError, subprocess.SubprocessError) as error:
        sys.exit(f"error: {error}")


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.noise", description="Evaluate the comparison.")
    parser.add_argument("--minutes", type=float, metavar="N", help="record for N minutes [default: until complete]")
    names = [program.name for program in PROGRAMS]
    parser.add_argument("--programs", nargs="+", default=[], choices=names, metavar="NAME", help="record only these")
    parser.add_argument("--table", action="store_true", help="record nothing")
    parser.add_argument("--draws", type=int, default=5, metavar="N", help="baselines per job [default: 5]")
    parser.add_argument("--half", choices=(TUNING, EVALUATION), help="print the tables of one half and write nothing")
    parser.add_argument("--trial", action="store_true", help="test the command line instead")
    options = parser.parse_args()
    options.draws = max(1, options.draws)
    return options


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


main()
