"""The process that decodes mutants, with limits on memory and on time per mutant. If it dies, its parent reports how.

    python -m tests.fuzz.worker SEED FIRST COUNT DIRECTORY [CHECKED]

It writes each mutant to the directory, decodes it and prints one line of JSON: number, problem ("" for none), events,
last time, seconds, peak memory in KiB. If there is a build with index checks, it decodes each mutant with both builds.
The checked build turns a wrong index into an exception, and both must give the same result. Then it checks what the
facts of the mutant promise (`tests.promises`). Any exception except TraceError ends the process with a traceback on
stderr. So does an alarm, by its default action, because compiled code runs no signal handlers.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

from gotracer_ci.errors import TraceError
from gotracer_ci.trace.spec import OLD_VERSIONS
from tests.builds import Build, installed, load, new_groups, new_lanes, new_lives, trace_of
from tests.fuzz.mutate import mutant
from tests.promises import check, facts_of
from tests.promises.whole import check_whole, whole_of

MEMORY = 200 << 20
"""The limit of address space in bytes. It includes memory that is not resident."""
SECONDS = 2.0
"""The limit per mutant in CPU time, so that a busy machine does not matter. For wall time it is 20 times as long."""
RECORDS = 200
"""The budget of the lanes: most mutants have more slices."""
ALARMS = (signal.SIGPROF, signal.SIGALRM)


def decode(data: bytes) -> tuple[str, int, int]:
    """Read a trace. Return the problem without its offset ("" for none), the number of events and the last time."""
    try:
        trace = trace_of("mutant", data)
    except TraceError as error:
        return error.problem, 0, 0
    events = last = 0
    step = 0 if trace.version in OLD_VERSIONS else 1  # keep ties, as Go's reader does
    groups, lives, lanes = new_groups(), new_lives(trace), new_lanes(RECORDS)
    for chunk in trace.chunks(None, (groups, lives, lanes)):
        times = [*([last] if events else []), *memoryview(chunk.times)[: chunk.n]]
        assert all(earlier + step <= later for earlier, later in pairwise(times)), "times do not increase"
        events += chunk.n
        last = times[-1] if times else 0
    for index in range(len(trace.tables.stacks)):
        trace.tables.stack(index)
    for _, _, reason, stack, *_ in groups.rows():
        assert trace.tables.string(reason) is not None
        assert trace.tables.stack(stack) is not None
    for _ in trace.alive():
        pass
    for *_, length, times, _ in lives.records():
        assert sum(times) == length, "the parts of a life do not sum to its length"
    check_lanes(lanes)
    trace.totals()
    assert trace.events == events
    assert trace.duration_ns >= 0
    if trace.damage is None:
        return "", events, last
    assert str(trace.damage).isprintable()
    assert trace.damage.offset is None or -1 <= trace.damage.offset <= len(data)
    return trace.damage.problem, events, last


def check_lanes(lanes: Any) -> None:
    """Check that nothing overlaps on a P, and that no time is invented."""
    slices = lanes.slices()
    stacks, reasons = (array("q", bytes(8 * (max(indices, default=0) + 1))) for indices in slices.named())
    busy = 0
    for p in slices.sorted():
        gaps: list[int] = []
        for run in slices.runs(p, 0, stacks, reasons):
            gaps += run["gap"]
            busy += sum(run["length"]) - sum(run["idle"])
        # the times of a damaged trace can be negative, so the first gap can be, too
        assert min(gaps[1:], default=0) >= 0, "slices overlap"
    assert busy <= sum(lanes.totals()[:2])


def all_builds(data: bytes, builds: list[Build]) -> tuple[str, int, int]:
    """Run `decode` with each build, the installed one last. Their results must be equal."""
    found = set()
    for build in builds:
        with build.active():
            found.add(decode(data))
    assert len(found) == 1, f"the builds differ: {found}"
    return found.pop()


def keeps_promises(data: bytes) -> None:
    """Check what the facts of a trace promise, if it has events."""
    try:
        found, whole = facts_of(trace_of("mutant", data)), whole_of(trace_of("mutant", data))
    except TraceError:
        return
    check(found)
    check_whole(whole)


def main(seed: int, first: int, count: int, directory: Path, checked: str = "") -> None:
    """Decode mutants one after another."""
    builds = [installed()]
    if checked:
        builds.insert(0, load(Path(checked), compiled=True))
        assert builds[0].kernel.is_checked()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for alarm in ALARMS:
        signal.signal(alarm, signal.SIG_DFL)
    for number in range(first, first + count):
        data = mutant(seed, number).data
        (directory / str(number)).write_bytes(data)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.setitimer(signal.ITIMER_REAL, 20 * SECONDS)
        start = time.process_time()
        problem, events, last = all_builds(data, builds)
        keeps_promises(data)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps([number, problem, events, last, seconds, peak]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), *sys.argv[5:])
