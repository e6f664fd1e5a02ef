"""Measure the facts of cases.py in the oracle's output: times in ns, heap sizes in bytes.

A fact is the longest interval of its kind, or a number if its name says so. Intervals that are open at the end of the
trace count with their length so far. A repeated status does not end an interval.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path

Facts = dict[str, int]
Key = tuple[str, str]

PRIMITIVE = re.compile(r"sync\.\(\*\w+\)\.\w+")
READINGS = 25
STOPS = "misuse of region"
"""Go's own reader stops at a region that ends out of order. The facts are those before it."""
COUNTED = {"StackSample": "samples", "TaskBegin": "tasks", "RegionBegin": "regions", "Log": "logs"}


class _Meter:
    """Processes the events of one trace."""

    def __init__(self) -> None:
        self.facts: Facts = defaultdict(int)
        self.states: dict[Key, str] = {}
        self.since: dict[Key, tuple[int, str]] = {}  # open intervals: start and kind
        self.system: set[str] = set()  # goroutines created by the runtime
        self.starved_since: int | None = None
        self.heaps: list[int] = []
        self.live: list[int] = []
        self.after_cycle = False
        self.first = self.now = 0

    def event(self, line: str) -> None:
        kind, time, _, proc, _, *details = line.split("\t")
        self.now = int(time)
        self.first = self.first or self.now
        self.facts["events"] += 1
        if kind == "StateTransition":
            self._transition(*details)
            self.facts["procs stolen"] += details[:4] == ["Proc", details[1], "Running", "Idle"] and proc != details[1]
        elif kind.startswith("Range"):
            self._range(kind, details[0].strip('"'), (details[1], details[2]))
        elif kind == "Metric" and "heap/objects" in details[0]:
            self._heap(int(details[1]))
        elif kind == "Sync":
            self.facts["generations"] = int(details[0]) - 1
        elif kind == "Experimental":
            self.facts["experimental"] += 1
            self.facts["experimental frees"] += details[0].endswith('Free"')
        elif kind in COUNTED:
            self.facts[COUNTED[kind]] += 1

    def finish(self) -> Facts:
        self.facts["duration"] = self.now - self.first
        for key in list(self.since):
            if self.since[key][1] == "wait sync.(*Mutex).Lock":
                self.facts["still waiting for a Mutex"] += 1
            self._close(key)
        self._starvation(over=True)
        if self.heaps:
            self.facts["heap range"] = max(self.heaps) - min(self.heaps)
        if self.live:
            self.facts["heap after GC"] = self.live[-1] - self.live[0]
            self.facts["heap after GC, highest"] = max(self.live) - min(self.live)
        return self.facts

    def _transition(self, resource: str, number: str, old: str, new: str, reason: str, stack: str, own: str) -> None:
        if old == new:
            return
        key = (resource, number)
        self.states[key] = f"{resource} {new}"
        self._starvation(over=False)
        if resource == "Goroutine":
            self._count(number, old, new, stack)
            self._close(key)
            kind = _kind(new, reason.strip('"'), own if own != "-" else stack)
            if kind:
                self.since[key] = (self.now, kind)

    def _count(self, number: str, old: str, new: str, stack: str) -> None:
        if old == "NotExist" and stack.startswith(("runtime.", "runtime/")):
            self.system.add(number)  # goroutines of the tracer and the collector do not count
        if number not in self.system:
            self.facts["goroutines"] += (old == "NotExist") - (new == "NotExist")
        self.facts["syscalls that lost their P"] += (old, new) == ("Syscall", "Runnable")
        self.facts["created in a syscall"] += (old, new) == ("NotExist", "Syscall")
        self.facts["ended in a syscall"] += (old, new) == ("Syscall", "NotExist")

    def _range(self, kind: str, name: str, scope: Key) -> None:
        key = (name, " ".join(scope))
        if kind == "RangeActive" and self.facts["generations"]:
            self.facts["GC active at a boundary"] += name == "GC concurrent mark phase"
            self.facts["assist active at a boundary"] += name == "GC mark assist"
        if kind == "RangeEnd":
            self.facts["GC cycles"] += name == "GC concurrent mark phase"
            self.after_cycle |= name == "GC concurrent mark phase"
            self._close(key)
        else:
            self.since.setdefault(key, (self.now, name))

    def _heap(self, size: int) -> None:
        self.heaps.append(size)
        if self.after_cycle:
            self.live.append(size)
        self.after_cycle = False

    def _close(self, key: Key) -> None:
        if key in self.since:
            start, kind = self.since.pop(key)
            self.facts[kind] = max(self.facts[kind], self.now - start)

    def _starvation(self, *, over: bool) -> None:
        present = self.states.values()
        starved = "Proc Idle" in present and "Goroutine Runnable" in present and not over
        if starved and self.starved_since is None:
            self.starved_since = self.now
        elif not starved and self.starved_since is not None:
            name, length = "idle while runnable", self.now - self.starved_since
            self.facts[name] = max(self.facts[name], length)
            self.starved_since = None


def _kind(state: str, reason: str, stack: str) -> str:
    if state == "Syscall" and stack == "-":
        return "syscall without a stack"  # no stack: before Go 1.23 the statuses in the first generation have none
    if state == "Syscall":
        return "signal_recv" if "os/signal.signal_recv" in stack else "syscall"
    if state == "Waiting":
        primitives = PRIMITIVE.findall(stack) if reason == "sync" else []
        return f"wait {primitives[-1] if primitives else reason}"
    return "runnable" if state == "Runnable" else ""


def _printed(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if STOPS not in done.stderr:
        done.check_returncode()
    return done.stdout


def orders(oracle: Path, trace: Path) -> int:
    """Read the trace several times with Go's own reader and return the number of different orders."""
    command = [str(oracle), "-stacks", str(trace)]
    return len({_printed(command) for _ in range(READINGS)})


def measure(oracle: Path, trace: Path) -> Facts:
    """Measure a trace with Go's own reader. Raise an exception if the reader reports an error."""
    meter = _Meter()
    for line in _printed([str(oracle), "-stacks", str(trace)]).splitlines():
        meter.event(line)
    return meter.finish()
