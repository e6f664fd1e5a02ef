"""`events --as footprint`: every byte of a file belongs to one row."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
from collections import Counter
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.events.footprint import HEADER, REST, footprint
from gotracer_ci.events.wire import wire
from gotracer_ci.tables.footprint import json_schema
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from tests.conftest import TRACES, Run, complaints, path_of
from tests.events.encode import encoded_records
from tests.trace.hostile import KINDS

PATHS = sorted(TRACES.glob("*.trace"))
PADDED = {"EventBatch", "ExperimentalBatch"}
"""The runtime leaves ten bytes for their sizes; Go's tool counts as many as the sizes need."""


def test_the_rows_are_what_the_records_take() -> None:
    """On every committed trace, against the text of `--as wire` turned back into bytes."""
    for path in PATHS:
        trace = open_trace(str(path))
        rows = {part.name: (part.size, part.records) for part in footprint(trace)}
        size: Counter[str] = Counter()
        count: Counter[str] = Counter()
        again = open_trace(str(path))
        for name, data in encoded_records(b"".join(wire(again, (), (), ())).decode(), again.version):
            size[name] += len(data)
            count[name] += 1
        assert rows.pop(HEADER) == (16, None)
        assert rows == {name: (size[name], count[name]) for name in size}
        assert sum(size.values()) + 16 == path.stat().st_size == trace.size
        assert trace.events == count.total()


@pytest.mark.parametrize("name", ["tour-go1.22", "tour-go1.24", "tour-go1.25", "allocfree-go1.27"])
def test_figures_equal_go_s(name: str, gotrace: Path) -> None:
    shown = subprocess.run([gotrace, "-d=footprint", path_of(name)], capture_output=True, check=True, text=True).stdout
    theirs = {}
    for line in shown.splitlines()[2:]:
        words = line.split()
        if len(words) == 5 and words[3] != "0":
            theirs[words[0]] = (int(words[1]), int(words[3]))
    ours = {part.name: (part.size, part.records) for part in footprint(open_trace(path_of(name))) if part.records}
    assert ours.keys() == theirs.keys()
    for kind, (size, count) in theirs.items():
        assert ours[kind][1] == count
        more = ours[kind][0] - size
        assert 0 < more <= 9 * count if kind in PADDED else more == 0


def test_json_and_csv_have_the_same_rows(run: Run) -> None:
    name = path_of("annotations-go1.21")
    done = run("events", name, "--as", "footprint", "-f", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    jsonschema.validate(found, json_schema())
    rows = found["rows"]
    assert sum(row["bytes"] for row in rows) == found["trace"]["bytes"] == Path(name).stat().st_size
    assert sum(row["count"] or 0 for row in rows) == found["trace"]["records"]
    assert sum(row["bytes_share"] for row in rows) == pytest.approx(1)
    assert [row["bytes"] for row in rows] == sorted((row["bytes"] for row in rows), reverse=True)
    text = run("events", name, "--as", "footprint", "-f", "csv", "--sort", "+bytes").stdout.decode()
    cells = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["bytes"] for row in cells] == sorted((str(row["bytes"]) for row in rows), key=int)
    assert {row["event"] for row in cells} == {row["event"] for row in rows}


def test_damage_leaves_the_rest_in_a_row_of_its_own(run: Run, tmp_path: Path) -> None:
    data = Path(path_of("generations-go1.26")).read_bytes()
    for size in random.Random(1).sample(range(17, len(data)), 30):
        trace = Trace("cut", memoryview(data[:size]))
        parts = footprint(trace)
        assert sum(part.size for part in parts) == size
        # if a batch is missing its end, all that there is has been read
        assert all(part.size < 1100 for part in parts if part.name == REST)
    cut = tmp_path / "cut.trace"
    cut.write_bytes(data[:-300] + b"\xff" * 100)
    done = run("events", cut, "--as", "footprint", "-f", "json", "-o", tmp_path / "out.json")
    found = json.loads((tmp_path / "out.json").read_text())
    assert done.returncode == 2
    assert found["trace"]["damage"]
    assert sum(row["bytes"] for row in found["rows"]) == len(data) - 200
    assert any(row["event"] == REST and row["count"] is None for row in found["rows"])
    assert "wrote" in done.stderr.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_traces_are_read_in_bounded_parts(kind: str) -> None:
    """No part of the text is larger than what a part of the file can become: 16 bytes of each, "EndOfGeneration"."""
    data = KINDS[kind](400_000)
    parts = list(wire(Trace(kind, memoryview(data)), (), (), ()))
    assert max(map(len, parts)) <= 16 * ((1 << 18) + (1 << 16))
    assert sum(part.size for part in footprint(Trace(kind, memoryview(data)))) == len(data)


def test_a_file_that_is_no_trace_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("SEVERITY  RULE\n")
    done = run("events", "text", "--as", "footprint")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "not a Go execution trace" in complaints(done)[0]
