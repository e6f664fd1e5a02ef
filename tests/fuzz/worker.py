"""The process that reads mutants: limited in memory and, for each mutant, in time. It may die; its parent sees how.

    python -m tests.fuzz.worker SEED FIRST COUNT FOLDER [CHECKED]

Writes each mutant into the folder, decodes it and prints one line of JSON: number, problem ("" for none), events, last
time, seconds, peak memory in KiB. It is decoded twice where there is a build of the kernel with every index checked:
that one turns a wrong index into an exception, and must find the same as the one that ships without checks. An
exception that is no TraceError ends the process, with the traceback on stderr; so does an alarm, by its default action,
because compiled code looks at no signal handler.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

from gotracer_ci.errors import TraceError
from gotracer_ci.trace.spec import OLD_VERSIONS
from tests.builds import Build, installed, load, new_groups, trace_of
from tests.fuzz.mutate import mutant

MEMORY = 200 << 20
"""Bytes of address space: more than what can become resident."""
SECONDS = 2.0
"""Of the processor's time for one mutant, so that a busy machine is no fault; of the clock's, 20 times as many."""
ALARMS = (signal.SIGPROF, signal.SIGALRM)


def decode(data: bytes) -> tuple[str, int, int]:
    """All that the program asks of a trace; the problem without its offset ("" for none), events, the last's time."""
    try:
        trace = trace_of("mutant", data)
    except TraceError as error:
        return error.problem, 0, 0
    events = last = 0
    step = 0 if trace.version in OLD_VERSIONS else 1  # there ties are left as they are, as Go's reader does
    groups = new_groups()
    for chunk in trace.chunks(None, (groups,)):
        times = [*([last] if events else []), *memoryview(chunk.times)[: chunk.n]]
        assert all(earlier + step <= later for earlier, later in pairwise(times)), "times do not increase"
        events += chunk.n
        last = times[-1] if times else 0
    for index in range(len(trace.tables.stacks)):
        trace.tables.stack(index)
    for _, _, reason, stack, *_ in groups.rows():
        assert trace.tables.string(reason) is not None
        assert trace.tables.stack(stack) is not None
    trace.alive()
    trace.totals()
    assert trace.events == events
    assert trace.duration_ns >= 0
    if trace.damage is None:
        return "", events, last
    assert str(trace.damage).isprintable()
    assert trace.damage.offset is None or -1 <= trace.damage.offset <= len(data)
    return trace.damage.problem, events, last


def all_builds(data: bytes, builds: list[Build]) -> tuple[str, int, int]:
    """`decode` with each build, the installed one last; they must find the same."""
    found = set()
    for build in builds:
        with build.active():
            found.add(decode(data))
    assert len(found) == 1, f"the builds differ: {found}"
    return found.pop()


def main(seed: int, first: int, count: int, folder: Path, checked: str = "") -> None:
    """Reads mutants one after another."""
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
        (folder / str(number)).write_bytes(data)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.setitimer(signal.ITIMER_REAL, 20 * SECONDS)
        start = time.process_time()
        problem, events, last = all_builds(data, builds)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps([number, problem, events, last, seconds, peak]), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), *sys.argv[5:])
