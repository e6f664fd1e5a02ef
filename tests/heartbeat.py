"""A plugin of pytest: a line every few seconds while the workers collect the tests, or no test ends."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic
from typing import ClassVar

import pytest

EVERY_S = 4
NAMED_S = 60
_over = Event()


class _State:
    """What the workers do, and since when nothing has been written."""

    doing = "   … collecting tests"
    since = 0.0
    running: ClassVar[dict[str, None]] = {}

    @classmethod
    def tell(cls) -> None:
        told = 0
        while not _over.wait(0.5):
            silent = int(monotonic() - cls.since) // EVERY_S
            if silent > told:
                # a test that takes this long may hang
                names = list(cls.running) if silent * EVERY_S % NAMED_S == 0 else []
                print(f"{cls.doing}: {silent * EVERY_S} s", *names, flush=True)
            told = silent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    _State.since = monotonic()
    Thread(target=_State.tell, daemon=True).start()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    _State.doing = "\n   … no test has ended"


def pytest_runtest_logstart(nodeid: str) -> None:
    _State.running[nodeid] = None


def pytest_runtest_logfinish(nodeid: str) -> None:
    _State.running.pop(nodeid, None)


def pytest_runtest_logreport() -> None:
    _State.since = monotonic()


def pytest_sessionfinish() -> None:
    _over.set()
