"""A client of the stand-in with a fake clock: it waits without time passing."""

from __future__ import annotations

from typing import Any

from gotracer_ci.github.client import Client
from tests.github.hub import Hub
from tests.github.hub.state import WRITE


class Clock:
    """A fake clock. waits: the seconds of each wait."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


def connect(hub: Hub, token: str = WRITE, clock: Clock | None = None, **others: Any) -> Client:
    clock = clock or Clock()
    given = {"wait": clock.wait, "now": clock.now, **others}
    return Client(hub.url, token, hub.state.repository, **given)
