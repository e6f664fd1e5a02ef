"""A plugin of pytest: a line every few seconds while the workers collect the tests, or no test ends."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic

import pytest

EVERY_S = 4
_over = Event()


class _State:
    """What the workers do, and since when nothing has been written."""

    doing = "   … collecting tests"
    since = 0.0

    @classmethod
    def tell(cls) -> None:
        told = 0
        while not _over.wait(0.5):
            silent = int(monotonic() - cls.since) // EVERY_S
            if silent > told:
                print(f"{cls.doing}: {silent * EVERY_S} s", flush=True)
            told = silent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    _State.since = monotonic()
    Thread(target=_State.tell, daemon=True).start()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished() -> None:
    _State.doing = "\n   … no test has ended"


def pytest_runtest_logreport() -> None:
    _State.since = monotonic()


def pytest_sessionfinish() -> None:
    _over.set()
