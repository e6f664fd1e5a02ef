"""Several runs comment concurrently: real threads, with an order of requests that the test chooses.

GitHub has no conditional update of comments. The newest run still wins under one assumption, which these tests share:
the wait before a run's second list is longer than the time from any run's list to its write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gotracer_ci.github import comments
from gotracer_ci.github.comments import SETTLE, Posted
from gotracer_ci.github.parts import Part, WorkflowRun, parse, part
from tests.github.connect import Clock, connect
from tests.github.hub import Contract, Hub
from tests.github.hub.faults import PATIENCE, secondary_limit
from tests.github.hub.state import OCTOCAT, State

FIRST, *RUNS = [WorkflowRun(number, 1) for number in (1, 2, 3, 4)]
METHODS = ("GET", "POST", "PATCH", "DELETE")

Choose = Callable[[Sequence[int]], int]


def text(run: WorkflowRun) -> str:
    return f"<!-- gotracer-ci id=default run={run.id} attempt={run.attempt} -->\nof run {run.id}"


class Steps:
    """Lets one run at a time continue, from one request to the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, str] = {}
        self._next: int | None = None
        self.taken: list[str] = []

    def gate(self, who: int, before: str) -> None:
        with self._changed:
            self._waiting[who] = before
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._next == who, PATIENCE), "a run was forgotten"
            self._next = None
            del self._waiting[who]

    def drive(self, tasks: Sequence[Callable[[], None]], choose: Choose) -> None:
        live = set(range(len(tasks)))

        def end(who: int) -> None:
            try:
                tasks[who]()
            finally:
                with self._changed:
                    live.discard(who)
                    self._changed.notify_all()

        threads = [threading.Thread(target=end, args=(who,), daemon=True) for who in live]
        for thread in threads:
            thread.start()
        while True:
            with self._changed:
                still = partial(self._is_still, live)
                assert self._changed.wait_for(still, PATIENCE), f"stuck after {self.taken}"
                if not live:
                    break
                who = choose(self._free())
                self.taken.append(f"{who}:{self._waiting[who]}")
                self._next = who
                self._changed.notify_all()
        for thread in threads:
            thread.join(PATIENCE)

    def _is_still(self, live: set[int]) -> bool:
        return self._next is None and set(self._waiting) == live

    def _free(self) -> list[int]:
        """Return the runs that may continue: no run lists again while another one is writing."""
        writing = "PATCH" in self._waiting.values()
        return [who for who, before in sorted(self._waiting.items()) if not (writing and before == "settle")]


class Runs:
    """One server per run, all with the same repository."""

    def __init__(self, contract: Contract, stack: ExitStack) -> None:
        self.state = State()
        self.state.pull(7)
        self._steps = Steps()
        self._hubs = [stack.enter_context(Hub(contract, state=self.state)) for _ in RUNS]
        for who, hub in enumerate(self._hubs):
            for method in METHODS:
                hub.on(method, "comments", partial(self._gate, who, method), times=1_000_000)

    def _gate(self, who: int, before: str) -> None:
        self._steps.gate(who, before)

    def race(
        self, runs: Sequence[WorkflowRun | Part], before: Sequence[WorkflowRun], choose: Choose
    ) -> tuple[list[Posted], list[str]]:
        """Return each run's outcome, and the order in which the runs continued. A part is that of one of its jobs."""
        self._steps = Steps()
        self.state.comments.clear()
        self.state.comment(7, text(RUNS[0]), OCTOCAT)
        for run in before:
            self.state.comment(7, text(run))
        posted: dict[int, Posted] = {}
        jobs = [run if isinstance(run, Part) else part(run, f"of run {run.id}") for run in runs]
        self._steps.drive([partial(self._publish, who, job, posted) for who, job in enumerate(jobs)], choose)
        assert [hub.violations for hub in self._hubs] == [[]] * len(self._hubs)
        return [posted[who] for who in range(len(runs))], self._steps.taken

    def _publish(self, who: int, job: Part, posted: dict[int, Posted]) -> None:
        clock = Clock()

        def wait(seconds: float) -> None:
            if seconds == SETTLE:
                self._gate(who, "settle")
            clock.wait(seconds)

        client = connect(self._hubs[who], clock=clock, wait=wait)
        posted[who] = comments.publish(client, 7, "default", job, create=True)


@pytest.fixture(scope="module")
def runs(contract: Contract) -> Iterator[Runs]:
    with ExitStack() as stack:
        yield Runs(contract, stack)


def following(order: Sequence[int]) -> Choose:
    """Choose in the given order, then always the first run."""
    rest = list(order)
    return lambda free: free[rest.pop(0) % len(free)] if rest else free[0]


def check(state: State, runs: Sequence[WorkflowRun], posted: Sequence[Posted]) -> None:
    newest = max(runs)
    assert state.bodies(7)[1:] == [text(newest)]
    assert posted[runs.index(newest)].action in ("created", "updated")
    assert {each.url.rpartition("/")[2] for each in posted} == {f"7#issuecomment-{state.comments_of(7)[1].id}"}


def test_a_write_that_had_to_wait_lists_again_first(hub: Hub) -> None:
    """After a long wait for a rate limit, the list is outdated."""
    older, newer = RUNS[:2]
    hub.state.pull(7)
    hub.state.comment(7, text(FIRST))
    hub.on("PATCH", "comments", secondary_limit(60))
    clock = Clock()

    def wait(seconds: float) -> None:
        if seconds == 60:
            comments.publish(connect(hub), 7, "default", part(newer, f"of run {newer.id}"), create=True)
        clock.wait(seconds)

    client = connect(hub, clock=clock, wait=wait)
    posted = comments.publish(client, 7, "default", part(older, f"of run {older.id}"), create=True)
    assert posted.action == "superseded"
    assert hub.state.bodies(7) == [text(newer)]


def test_two_runs_that_find_no_comment_create_only_one(hub: Hub) -> None:
    hub.state.pull(7)
    older, newer = RUNS[:2]
    posted: dict[WorkflowRun, Posted] = {}

    def publish(run: WorkflowRun) -> None:
        posted[run] = comments.publish(connect(hub), 7, "default", part(run, f"of run {run.id}"), create=True)

    with hub.hold("POST", "comments") as held:
        threads = [threading.Thread(target=publish, args=(run,), daemon=True) for run in (newer, older)]
        for thread in threads:
            thread.start()
        held.wait(2)
    for thread in threads:
        thread.join(PATIENCE)
    assert hub.state.bodies(7) == [text(newer)]
    assert len({each.url for each in posted.values()}) == 1


ORDERS = st.lists(st.integers(0, 5), max_size=40)
BEFORE = st.lists(st.sampled_from([FIRST, *RUNS]), max_size=3)
EVERY = settings(max_examples=60)


@given(order=ORDERS, two=st.permutations(RUNS).map(lambda runs: runs[:2]), before=BEFORE.map(lambda runs: runs[:2]))
@EVERY
def test_the_newer_of_two_runs_wins(
    runs: Runs, order: list[int], two: list[WorkflowRun], before: list[WorkflowRun]
) -> None:
    before = [run for run in before if run < max(two)]
    posted, _ = runs.race(two, before, following(order))
    check(runs.state, two, posted)


@given(order=ORDERS, three=st.permutations(RUNS))
@EVERY
def test_the_newest_of_three_runs_wins(runs: Runs, order: list[int], three: list[WorkflowRun]) -> None:
    posted, _ = runs.race(three, [FIRST], following(order))
    check(runs.state, three, posted)


@given(order=ORDERS, three=st.permutations(RUNS))
@EVERY
def test_three_runs_that_find_no_comment_create_only_one(
    runs: Runs, order: list[int], three: list[WorkflowRun]
) -> None:
    posted, _ = runs.race(three, [], following(order))
    check(runs.state, three, posted)


@given(order=ORDERS, before=st.booleans(), ids=st.lists(st.sampled_from([2, 3]), min_size=3, max_size=3))
@EVERY
def test_jobs_with_other_programs_keep_each_others_parts(
    runs: Runs, order: list[int], before: bool, ids: list[int]
) -> None:
    names = ("orders", "billing", "stock")
    jobs = [part(WorkflowRun(number, 1), f"of {name}", [name]) for number, name in zip(ids, names, strict=True)]
    posted, _ = runs.race(jobs, [FIRST] if before else [], following(order))
    (body,) = runs.state.bodies(7)[1:]
    assert set(parse(body, "default")) == set(jobs)
    assert len({each.url.rpartition("/")[2] for each in posted}) == 1
