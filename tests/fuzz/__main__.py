"""`python -m tests.fuzz --mutants N --seed S`: run the fuzzer and print the result. Exit with 1 on failures."""

from __future__ import annotations

import argparse
import sys
import time

from gotracer_ci.trace import kernel
from tests.builds import checked_package
from tests.fuzz.go_reader import program
from tests.fuzz.run import SHOWN, Plan, run
from tests.fuzz.worker import MEMORY, SECONDS


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutants", type=int, default=2_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    arguments = parser.parse_args()
    judge = program()
    built = checked_package() if kernel.is_compiled() else None
    start = time.monotonic()
    try:
        result = run(Plan(judge, arguments.seed, built), arguments.mutants, arguments.first)
    finally:
        judge.unlink()
    build = "as installed and with every index checked" if built else "as plain Python"
    print(f"{result.mutants:,} mutants (seed {arguments.seed}) in {time.monotonic() - start:.0f} s, kernel {build}")
    print(f"accepted {result.accepted:,}, refused {result.refused:,}")
    explained = sum(result.explained.values())
    print(f"Go's reader agrees on {result.agreed:,}; explained {explained:,}; the same events {result.same_events:,}")
    for why, count in result.explained.most_common():
        print(f"  {count:6,} × {why}")
    print(f"slowest {1000 * result.slowest:.0f} ms (number {result.slowest_number}), of {1000 * SECONDS:.0f} ms")
    print(f"peak memory {result.peak / (1 << 20):.0f} MB, of {MEMORY >> 20} MB")
    for failure in result.failures[:SHOWN]:
        print(f"FAILED {failure}")
    if len(result.failures) > SHOWN:
        print(f"and {len(result.failures) - SHOWN:,} more")
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
