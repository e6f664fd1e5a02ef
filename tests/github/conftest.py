"""A stand-in for GitHub, and the payloads of its events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import npm
from tests.github.hub import Contract, Hub

EXAMPLES = ("@octokit/webhooks-examples", "7.6.1")


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract("api.github.com")


@pytest.fixture(scope="session")
def ghes_contract() -> Contract:
    return Contract("ghes")


@pytest.fixture
def hub(contract: Contract) -> Iterator[Hub]:
    """Yield a server like api.github.com with an empty repository. Violations of GitHub's description fail the test."""
    with Hub(contract) as server:
        yield server
    assert server.violations == []


@pytest.fixture
def ghes(ghes_contract: Contract) -> Iterator[Hub]:
    """Yield a server like GitHub Enterprise Server, with the API below /api/v3."""
    with Hub(ghes_contract, base="/api/v3") as server:
        yield server
    assert server.violations == []


@pytest.fixture(scope="session")
def payloads() -> dict[str, list[dict[str, Any]]]:
    """Return real payloads by event name, such as "pull_request"."""
    file = npm.package(*EXAMPLES) / "api.github.com" / "index.json"
    return {event["name"]: event["examples"] for event in json.loads(file.read_bytes())}
