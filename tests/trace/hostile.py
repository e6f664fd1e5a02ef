"""Traces that no program writes: as few bytes as possible for as much work or memory as possible.

Each function returns a trace of about the given size. `KINDS` has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, count

from gotracer_ci.trace.spec import HEADER, MAX_BATCH_SIZE, MAX_PROCS, Ev, GoState, ProcState
from gotracer_ci.trace.v1.spec import Old
from tests.trace.writer import NO_THREAD, batch, varint

RUNS = b"".join(
    [
        bytes([Ev.PROC_STATUS, 1]) + varint(0) + varint(ProcState.RUNNING),
        bytes([Ev.GO_STATUS, 1]) + varint(1) + varint(1) + varint(GoState.RUNNING),
    ]
)
"""Thread 1 runs goroutine 1 on P 0."""
CLOCK = bytes([Ev.SYNC_BATCH, Ev.FREQUENCY]) + varint(1_000_000_000) + bytes([Ev.CLOCK_SNAPSHOT, 0, 1, 1, 1])


def event(kind: Ev, *arguments: int, after: int = 1) -> bytes:
    return bytes([kind]) + varint(after) + b"".join(map(varint, arguments))


def trace(*batches: bytes, tables: Iterable[bytes] = ()) -> bytes:
    """Return a trace of Go 1.26 with one generation."""
    parts = [batch(1, NO_THREAD, 100, CLOCK), *batches, *(batch(1, NO_THREAD, 100, table) for table in tables)]
    return HEADER % 26 + b"".join(parts) + bytes([Ev.END_OF_GENERATION])


def split(kind: bytes, entries: Iterable[bytes], size: int) -> list[bytes]:
    """Return the bodies of batches with about `size` bytes of entries; each batch begins with `kind`."""
    bodies = []
    body = bytearray(kind)
    for entry in entries:
        if len(body) + len(entry) > MAX_BATCH_SIZE:
            bodies.append(bytes(body))
            size -= len(body)
            body = bytearray(kind)
        body += entry
        if len(body) >= size:
            break
    return [*bodies, bytes(body)]


def on_thread(entries: Iterable[bytes], size: int, thread: int = 1, at: int = 200) -> list[bytes]:
    """Return the batches of a thread."""
    return [batch(1, thread, at + k, body) for k, body in enumerate(split(b"", entries, size))]


def _running(entries: Iterable[bytes], size: int, tables: Iterable[bytes] = ()) -> bytes:
    return trace(batch(1, 1, 100, RUNS), *on_thread(entries, size), tables=tables)


def string(id: int) -> bytes:
    text = b"%x" % id
    return bytes([Ev.STRING]) + varint(id) + varint(len(text)) + text


def stack(id: int, line: int) -> bytes:
    """Return a stack of one frame."""
    return bytes([Ev.STACK]) + varint(id) + varint(1) + varint(line) + varint(1) + varint(1) + varint(line)


def procs_changes(size: int) -> bytes:
    """GOMAXPROCS changes again and again between 1 and the most, and the last P is known."""
    last = event(Ev.PROC_STATUS, MAX_PROCS - 1, ProcState.IDLE)
    changes = (event(Ev.PROCS_CHANGE, (1, MAX_PROCS)[k & 1], 0) for k in count())
    return trace(batch(1, 1, 100, RUNS), batch(1, 2, 150, last), *on_thread(changes, size))


def waiting_threads(size: int) -> bytes:
    """Threads wait for goroutines that never exist, and one works. It comes last whenever the next event is chosen."""
    threads = min(31_000, size // 40)
    heads = [batch(1, 10 + k, 110, event(Ev.GO_START, 1 << 20 | k, 1)) for k in range(threads)]
    works = (event(Ev.GO_LABEL, 0) for _ in count())
    return trace(batch(1, 1, 100, RUNS), *heads, *on_thread(works, size - 17 * threads))


def abandoned_procs(size: int) -> bytes:
    """P 1 is announced as lost in its system call, each time by another thread; the thread that has it is the last."""
    threads = min(31_000, size // 40)
    known = [batch(1, 10 + k, 110, event(Ev.SPAN, 1, 1, 1)) for k in range(threads)]  # an experiment's event
    syscall = event(Ev.PROC_STATUS, 1, ProcState.SYSCALL)
    lost = (event(Ev.PROC_STATUS, 1, ProcState.SYSCALL_ABANDONED) for _ in count())
    has = batch(1, 9, 150, syscall)
    return trace(batch(1, 1, 100, RUNS), *known, has, *on_thread(lost, size - 13 * threads))


def goroutines(size: int) -> bytes:
    """One goroutine creates others that never run."""
    return _running((event(Ev.GO_CREATE, k, 0, 0) for k in count(2)), size)


def reasons(size: int) -> bytes:
    """Each wait has its own reason."""
    n = size // 24
    waits = (event(Ev.GO_STOP, k, 0) + event(Ev.GO_START, 1, k) for k in range(1, n))
    return _running(waits, size, split(bytes([Ev.STRINGS]), map(string, range(1, n)), size))


def stacks(size: int) -> bytes:
    """Each wait has its own stack."""
    n = size // 28
    waits = (event(Ev.GO_STOP, 1, k) + event(Ev.GO_START, 1, k) for k in range(1, n))
    tables = [*split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n)), size), bytes([Ev.STRINGS]) + string(1)]
    return _running(waits, size, tables)


def repeated_stacks(size: int) -> bytes:
    """Each stack has enough waits for a histogram."""
    n = size // 66
    waits = ((event(Ev.GO_STOP, 1, k) + event(Ev.GO_START, 1, 6 * k + i)) for k in range(1, n) for i in range(-5, 1))
    tables = [*split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n)), size), bytes([Ev.STRINGS]) + string(1)]
    return _running(waits, size, tables)


def samples(size: int) -> bytes:
    """CPU samples and nothing else."""
    sample = bytes([Ev.CPU_SAMPLE, *varint(300), 1, 0, 1, 0])
    return _running([event(Ev.GO_LABEL, 0)], 1, split(bytes([Ev.CPU_SAMPLES]), (sample for _ in count()), size))


def batches(size: int) -> bytes:
    """Each event is in a batch of its own."""
    return trace(batch(1, 1, 100, RUNS), batch(1, 1, 120, event(Ev.GO_LABEL, 0)) * (size // 8))


def empty_batches(size: int) -> bytes:
    return trace(batch(1, 1, 100, RUNS), batch(1, 1, 120, b"") * (size // 5))


def threads(size: int) -> bytes:
    """Each event is on a thread of its own."""
    one = event(Ev.SPAN_FREE, 1)
    return trace(batch(1, 1, 100, RUNS), *(batch(1, k, 120, one) for k in range(2, size // 10)))


def generations(size: int) -> bytes:
    """Generations with nothing but a clock."""
    one = [batch(k, NO_THREAD, 100, CLOCK) + bytes([Ev.END_OF_GENERATION]) for k in range(1, size // 33)]
    return HEADER % 26 + b"".join(one)


def strings(size: int) -> bytes:
    """Strings that nothing refers to."""
    return _running([event(Ev.GO_LABEL, 0)], 1, split(bytes([Ev.STRINGS]), map(string, count(1)), size))


def frames(size: int) -> bytes:
    """Stacks with as many different frames as possible, which no event refers to."""
    tables = split(bytes([Ev.STACKS]), (stack(k, k) for k in count(1)), size)
    return _running([event(Ev.GO_LABEL, 0)], 1, [*tables, bytes([Ev.STRINGS]) + string(1)])


def tasks(size: int) -> bytes:
    """Tasks that never end."""
    return _running((event(Ev.USER_TASK_BEGIN, k, 0, 0, 0) for k in count(1)), size)


def regions(size: int) -> bytes:
    """Regions that never end."""
    return _running((event(Ev.USER_REGION_BEGIN, k, 0, 0) for k in count(1)), size)


def named_tasks(size: int) -> bytes:
    """Tasks with a name each; all of them begin and end."""
    n = size // 22
    both = (event(Ev.USER_TASK_BEGIN, k, 0, k, 0) + event(Ev.USER_TASK_END, k, 0) for k in range(1, n))
    return _running(both, size, split(bytes([Ev.STRINGS]), map(string, range(1, n)), size))


def named_regions(size: int) -> bytes:
    """Regions with a type each; all of them begin and end."""
    n = size // 21
    both = (event(Ev.USER_REGION_BEGIN, 0, k, 0) + event(Ev.USER_REGION_END, 0, k, 0) for k in range(1, n))
    return _running(both, size, split(bytes([Ev.STRINGS]), map(string, range(1, n)), size))


def nested_regions(size: int) -> bytes:
    """Regions inside one another, up to 65,536; all of them end."""
    n = min(1 << 16, size // 10)
    begins, ends = event(Ev.USER_REGION_BEGIN, 0, 1, 0), event(Ev.USER_REGION_END, 0, 1, 0)
    return _running([begins] * n + [ends] * n, size, [bytes([Ev.STRINGS]) + string(1)])


def nested_tasks(size: int) -> bytes:
    """Each task is the parent of the next, and the last one that of the first; task 1 logs and has regions."""
    n = size // 12
    first = event(Ev.USER_LOG, 1, 1, 1, 0) + event(Ev.USER_REGION_BEGIN, 1, 1, 0) + event(Ev.USER_REGION_END, 1, 1, 0)
    begins = (event(Ev.USER_TASK_BEGIN, k, (k - 2) % n + 1, 1, 0) for k in range(1, n + 1))
    ends = (event(Ev.USER_TASK_END, k, 0) for k in range(1, n + 1))
    return _running([*begins, first, *ends], size, [bytes([Ev.STRINGS]) + string(1)])


def own_parent(size: int) -> bytes:
    """One task again and again, which is its own parent."""
    both = event(Ev.USER_TASK_BEGIN, 1, 1, 1, 0) + event(Ev.USER_TASK_END, 1, 0)
    return _running((both for _ in count()), size, [bytes([Ev.STRINGS]) + string(1)])


def logs(size: int) -> bytes:
    """Messages of one task, each another one."""
    n = size // 18
    begin = event(Ev.USER_TASK_BEGIN, 1, 0, 1, 0)
    messages = (event(Ev.USER_LOG, 1, 1, k, 0) for k in range(1, n))
    return _running([begin, *messages], size, split(bytes([Ev.STRINGS]), map(string, range(1, n)), size))


def lives(size: int) -> bytes:
    """Goroutines that begin, run, and end, while a hundred others never get a P."""
    others = b"".join(event(Ev.GO_CREATE, 1 << 40 | k, 0, 0) for k in range(100))
    one = event(Ev.GO_STOP, 1, 0) + event(Ev.GO_START, 2, 1) + event(Ev.GO_DESTROY)
    each = (event(Ev.GO_CREATE, 2, 0, 0) + one + event(Ev.GO_START, 1, k) for k in count(1))
    return _running(chain([others], each), size, [bytes([Ev.STRINGS]) + string(1)])


def wakes(size: int) -> bytes:
    """Each wait and each wake has its own stack."""
    n = size // 38
    one = (
        event(Ev.GO_BLOCK, 1, k) + event(Ev.GO_UNBLOCK, 1, 2 * k - 1, k) + event(Ev.GO_START, 1, 2 * k)
        for k in range(1, n)
    )
    tables = [*split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n)), size), bytes([Ev.STRINGS]) + string(1)]
    return _running(one, size, tables)


def cycles(size: int) -> bytes:
    """GC cycles in which the world stops."""
    each = (
        event(Ev.GC_BEGIN, 2 * k + 1, 0) + event(Ev.STW_BEGIN, 1, 0) + event(Ev.STW_END) + event(Ev.GC_END, 2 * k + 2)
        for k in count()
    )
    kind = b"stop-the-world (GC sweep termination)"
    return _running(each, size, [bytes([Ev.STRINGS, Ev.STRING, 1, len(kind)]) + kind])


def assists(size: int) -> bytes:
    """Goroutines from before the trace, each in a mark assist."""
    both = (event(Ev.GO_STATUS, k, NO_THREAD, GoState.WAITING) + event(Ev.GC_MARK_ASSIST_ACTIVE, k) for k in count(2))
    return _running(both, size)


def _number(value: int) -> bytes:
    return varint(value & ((1 << 64) - 1))


def old_record(kind: int, *numbers: int) -> bytes:
    """Return an event of the older format with at most three numbers."""
    return bytes([kind | (len(numbers) - 1) << 6]) + b"".join(map(_number, numbers))


def old_batch(proc: int, time: int, *events: bytes) -> bytes:
    return bytes([Old.BATCH | 1 << 6]) + _number(proc) + _number(time) + b"".join(events)


def _old(*batches_of: bytes) -> bytes:
    begins = [
        _four(Old.GO_CREATE, 1, 1, 0, 0),
        old_record(Old.PROC_START, 1, 7),
        old_record(Old.GO_START, 1, 1, 1),
        old_record(Old.GOMAXPROCS, 1, 2, 0),
    ]
    clock = old_batch(0, 1 << 40, old_record(Old.FREQUENCY, 1_000_000_000))
    return HEADER % 21 + old_batch(0, 100, *begins) + b"".join(batches_of) + clock


def _four(kind: int, *numbers: int) -> bytes:
    body = b"".join(map(_number, numbers))
    return bytes([kind | 3 << 6]) + _number(len(body)) + body


def old_procs(size: int) -> bytes:
    """Ps of the older format that wait for goroutines that never exist, while one works."""
    procs = min(6_000, size // 40)
    waiting = [old_batch(1 + k, 110, old_record(Old.GO_START, 1, 1000 + k, 1)) for k in range(procs)]
    works = old_batch(0, 200, *[old_record(Old.HEAP_ALLOC, 1, 1)] * ((size - 13 * procs) // 3))
    return _old(*waiting, works)


def old_procs_changes(size: int) -> bytes:
    changes = (old_record(Old.GOMAXPROCS, 1, (1, MAX_PROCS)[k & 1], 0) for k in range(size // 5))
    return _old(old_batch(0, 200, *changes))


def old_events(size: int) -> bytes:
    return _old(old_batch(0, 200, *[old_record(Old.HEAP_ALLOC, 1, 1)] * (size // 3)))


def old_goroutines(size: int) -> bytes:
    return _old(old_batch(0, 200, *(_four(Old.GO_CREATE, 1, k, 0, 0) for k in range(2, size // 8))))


KINDS: dict[str, Callable[[int], bytes]] = {
    made.__name__: made
    for made in (
        procs_changes, waiting_threads, abandoned_procs, goroutines, reasons, stacks, repeated_stacks, samples, batches,
        empty_batches, threads, generations, strings, frames, tasks, regions, named_tasks, named_regions,
        nested_regions, nested_tasks, own_parent, logs, lives, wakes, cycles, assists, old_procs, old_procs_changes,
        old_events, old_goroutines,
    )
}  # fmt: skip
