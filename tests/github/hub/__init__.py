"""A stand-in for GitHub on loopback; tests/github/test_hub.py shows how to use it."""

from tests.github.hub.contract import Contract
from tests.github.hub.core import Hub, Seen

__all__ = ["Contract", "Hub", "Seen"]
