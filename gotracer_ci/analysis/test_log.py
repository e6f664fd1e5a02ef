"""The exact names of tests, from the log of the run that wrote the trace.

`testing` writes `=== RUN   NAME` just before it starts a test's goroutine, so both have the same order. Only tests that
run in parallel and start subtests can overtake each other; then the names tell whose subtests they are.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Sequence

from gotracer_ci.analysis.ran_tests import RanTests
from gotracer_ci.errors import UsageError

_RUN = re.compile(r"=== RUN   (\S+)$")


def names_in(log: str) -> list[str]:
    """Return the names of all tests in the output of `go test -json` or `go test -v`, in the order of their start.

    Without examples, which have no goroutine of their own.
    """
    return [name for name in _names(log) if not name.startswith("Example")]


def named(tests: RanTests, names: Sequence[str]) -> RanTests:
    """Return the tests with their names in the log; `go test -v` logs none of benchmarks. names: see `names_in`.

    Raises:
        UsageError: the log is not of the same run.
    """
    found: dict[int, str] = {}
    for is_benchmark, noun in ((False, "test"), (True, "benchmark")):
        logged = [name for name in names if name.startswith("Benchmark") == is_benchmark]
        own = [i for i, test in enumerate(tests.tests) if test.is_benchmark == is_benchmark]
        begun = [i for i in own if not tests.tests[i].is_repeated]
        if is_benchmark and not logged:
            continue
        if len(logged) != len(begun) and (tests.is_complete or len(logged) < len(begun)):
            raise _mismatch(f"{noun}s in the log: {len(logged):,}, in the trace: {len(begun):,}")
        parents = [tests.tests[i].parent for i in begun]
        given = _in_order(begun, parents, logged) or _by_parent(begun, parents, logged)
        if given is None:
            raise _mismatch(f"the trace has other sub{noun}s")
        found.update(given)
    named = []
    for i, test in enumerate(tests.tests):
        if test.is_repeated and i and i - 1 in found:
            # it follows the run that it repeats
            found[i] = found[i - 1]
        named.append(test._replace(name=found[i]) if i in found else test)
    return tests._replace(tests=tuple(named))


def _names(log: str) -> Iterator[str]:
    """Yield the name in each line that says that a test starts."""
    lines = log.splitlines()
    events = [event for line in lines if '"run"' in line and (event := _event(line))]
    if events:
        yield from events
        return
    for line in lines:
        if found := _RUN.search(line):
            yield found[1]


def _event(line: str) -> str:
    """Return the test that starts with an event of `go test -json`, "" without one."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(event, dict) or event.get("Action") != "run":
        return ""
    name = event.get("Test")
    return name if isinstance(name, str) else ""


def _in_order(begun: Sequence[int], parents: Sequence[int], names: Sequence[str]) -> dict[int, str] | None:
    """Return the names by test if both have the same order, None if a subtest then has another parent's name."""
    given: dict[int, str] = {}
    for test, parent, name in zip(begun, parents, names, strict=False):
        if parent in given and not name.startswith(f"{given[parent]}/"):
            return None
        if parent < 0 and "/" in name:
            return None
        given[test] = name
    return given


def _by_parent(begun: Sequence[int], parents: Sequence[int], names: Sequence[str]) -> dict[int, str] | None:
    """Return the names by test if the subtests of each test have the same order in both, else None."""
    children: dict[int, deque[int]] = {}
    latest: dict[str, int] = {}
    for i, name in enumerate(names):
        above = name
        while above and (above == name or above not in latest):
            above = above.rpartition("/")[0]
        if "/" in name and not above:
            return None
        children.setdefault(latest.get(above, -1), deque()).append(i)
        latest[name] = i
    lines: dict[int, int] = {}
    for test, parent in zip(begun, parents, strict=True):
        below = children.get(lines.get(parent, -1))
        if not below:
            return None
        lines[test] = below.popleft()
    return {test: names[line] for test, line in lines.items()}


def _mismatch(problem: str) -> UsageError:
    return UsageError(f"--json-log: not the log of this trace's run: {problem}")
