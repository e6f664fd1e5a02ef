"""A database of traces of all versions, made once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from gotracer_ci.database.reading import read_tables
from gotracer_ci.database.schema import TABLES
from gotracer_ci.database.sink import Ids
from gotracer_ci.database.sqlite import SqliteTables
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS, path_of

CHOICE = (
    "tour-go1.19",
    "annotations-go1.21",
    "tour-go1.22",
    "tour-go1.25",
    "annotations-go1.26",
    "cpusamples-go1.24",
    "deadlock-go1.22",
    "regions-go1.27",
    "crowd-go1.27",
    "markassist-go1.25",
    "service-lock-go1.23",
    "blockedread-go1.22",
)
"""Traces of every version of the format, with tasks, regions, logs, CPU samples, GC cycles and system calls."""


def fill(connection: sqlite3.Connection, *paths: str) -> None:
    tables, ids = SqliteTables(connection), Ids()
    repository = Repository.scan(PROGRAMS)
    for path in paths:
        read_tables(open_trace(path), SourceMap(repository), tables, ids, TABLES)
    tables.finish()


@pytest.fixture(scope="session")
def database() -> Iterator[sqlite3.Connection]:
    """Return a database of the chosen traces, in their order."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    fill(connection, *map(path_of, CHOICE))
    yield connection
    connection.close()
