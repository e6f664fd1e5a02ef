"""`view`: a real process serves the report and its windows until a signal."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from gotracer_ci.commands import view
from tests.conftest import PROGRAMS, ROOT, TRACES, path_of
from tests.streams import Decoded, decoded
from tests.test_docs import FLAG, blocks, options, section

SEVERAL = path_of("generations-go1.26")
ENDED = 2
URL = re.compile(r"http://127\.0\.0\.1:[0-9]+/[A-Za-z0-9_-]{43}/")


class Viewed:
    """A running process. url: what it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.process = process
        self.url = process.stdout.readline().rstrip("\n")

    def page(self) -> str:
        with urlopen(self.url, timeout=20) as answer:
            return str(answer.read().decode())

    def window(self, start: int, end: int) -> Decoded:
        with urlopen(f"{self.url}window?from={start}&to={end}", timeout=20) as answer:
            return decoded(zlib.decompress(answer.read(), -zlib.MAX_WBITS))

    def stop(self, by: int = signal.SIGINT) -> tuple[int, str, str]:
        """Stop it. Return the exit code and what it has written besides the address."""
        self.process.send_signal(by)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@contextmanager
def viewed(
    directory: Path, *arguments: str, stdin: bytes = b"", browser: bool = False, **environment: str
) -> Iterator[Viewed]:
    command = [sys.executable, "-m", "gotracer_ci", "view", *arguments, *([] if browser else ["--no-browser"])]
    scrubbed = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(directory), **environment}
    (directory / "stdin").write_bytes(stdin)
    with (
        open(directory / "stdin", "rb") as given,
        subprocess.Popen(
            command,
            cwd=directory,
            env=scrubbed,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            yield Viewed(process)
        finally:
            process.kill()


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(by: int, tmp_path: Path) -> None:
    """The exit code is 0, whatever the findings are, and no file is written."""
    with viewed(tmp_path, SEVERAL, "--root", str(PROGRAMS)) as view:
        assert URL.fullmatch(view.url)
        page = view.page()
        assert 'data-windows="window"' in page
        assert "connect-src 'self'" in unescape(page)
        assert view.stop(by) == (0, "", "")
    assert [file.name for file in tmp_path.iterdir()] == ["stdin"]


def exact(window: Decoded) -> list[tuple[Any, ...]]:
    """Return (P, start, length, goroutine, kind, functions of the stack) of every exact slice.

    Where a goroutine ends it has no stack; the latest one can be from before a window.
    """
    header, blocks = window
    found = []

    def functions(node: int) -> list[str]:
        names = []
        while node:
            frame = blocks["calls"]["frame"][node - 1]
            names.append(window.text(blocks["frames"]["function"][frame]))
            node = blocks["calls"]["parent"][node - 1]
        return names

    for number, proc in enumerate(header["procs"]):
        lane = blocks[f"lane-{number}"]
        at, kinds = header["from_ns"], iter(lane["kind"])
        for gap, length, slices, goroutine, node in zip(
            *(lane[name] for name in ("gap", "length", "slices", "goroutine", "node")), strict=True
        ):
            at += gap
            if slices == 1:
                kind = next(kinds)
                found.append((proc, at, length, goroutine, kind, [] if kind == ENDED else functions(node)))
            at += length
    return sorted(found)


def test_a_window_has_what_the_whole_trace_has_there(tmp_path: Path) -> None:
    """Each slice that begins and ends in it, with its stack, in whichever generation it is."""
    with viewed(tmp_path, SEVERAL, "--root", str(PROGRAMS)) as view:
        every = view.window(0, 10**15)
        whole, length = exact(every), every.header["to_ns"]
        assert len(whole) > 100
        seen = 0
        for start in range(0, length, length // 7 + 1):
            end = min(start + length // 7, length)
            part = view.window(start, end)
            assert [part.header[name] for name in ("from_ns", "to_ns", "trace")] == [start, end, 0]
            expected = [one for one in whole if start < one[1] and one[1] + one[2] < end]
            found = [one for one in exact(part) if start < one[1] and one[1] + one[2] < end]
            assert found == expected
            seen += len(found)
        assert seen > 100


def test_every_way_to_name_a_trace(tmp_path: Path) -> None:
    """A gzipped one and standard input can be read only once, and the old format only as a whole."""
    data = Path(SEVERAL).read_bytes()
    (tmp_path / "x.trace.gz").write_bytes(gzip.compress(data))
    windows = []
    for name in (SEVERAL, "x.trace.gz", "-"):
        with viewed(tmp_path, name, "--root", str(PROGRAMS), stdin=data) as view:
            windows.append(view.window(2_200_000_000, 2_300_000_000))
            assert view.stop() == (0, "", "")
    assert windows[0] == windows[1] == windows[2]
    with viewed(tmp_path, path_of("tour-go1.19"), "--root", str(PROGRAMS)) as view:
        assert exact(view.window(0, 10**8))


def test_several_traces(tmp_path: Path) -> None:
    """The windows are those of the trace with the worst finding."""
    leak, idle = path_of("leak-go1.27"), path_of("idle-go1.27")
    with viewed(tmp_path, leak, "--root", str(PROGRAMS)) as view:
        alone = view.window(0, 10**7)
    with viewed(tmp_path, idle, leak, "--base", str(TRACES / "tour-*"), "--root", str(PROGRAMS)) as view:
        window = view.window(0, 10**7)
        assert window.header["trace"] == 1
        assert exact(window) == exact(alone)


def test_a_damaged_trace_is_shown_up_to_the_damage(tmp_path: Path) -> None:
    data = Path(SEVERAL).read_bytes()
    (tmp_path / "cut.trace").write_bytes(data[:-2000])
    with viewed(tmp_path, "cut.trace", "--root", str(PROGRAMS)) as view:
        assert exact(view.window(0, 10**9))
        code, _, err = view.stop()
        assert code == 2
        assert re.fullmatch(r"gotracer-ci: cut\.trace: the trace is truncated.*\n", err)


def test_a_trace_that_is_recorded_again(tmp_path: Path) -> None:
    """Its windows are refused. The mapped file is shorter now: reading it would end the process."""
    shutil.copy(SEVERAL, tmp_path / "x.trace")
    with viewed(tmp_path, "x.trace", "--root", str(PROGRAMS)) as view:
        (tmp_path / "x.trace").write_bytes(b"")
        with pytest.raises(HTTPError) as refused:
            view.window(0, 10**9)
        assert refused.value.code == 500
        assert refused.value.read() == b"x.trace: has changed since it was read; run gotracer-ci view again\n"
        assert "<title>" in view.page()
        assert view.stop() == (0, "", "")


def test_the_browser_gets_a_link_that_works_once(tmp_path: Path) -> None:
    """The user's browser is started in the background; here it is a script that notes what it was given."""
    program = tmp_path / "browser"
    program.write_text('#!/bin/sh\nexec >/dev/null 2>&1\necho "$1" > opened.part\nmv opened.part opened\nsleep 60\n')
    program.chmod(0o755)
    with viewed(tmp_path, SEVERAL, browser=True, BROWSER=f"{program} %s") as view:
        while not (tmp_path / "opened").exists():
            assert view.process.poll() is None
        link = (tmp_path / "opened").read_text().strip()
        assert link != view.url
        with urlopen(link, timeout=20) as answer:
            assert answer.url == view.url
        with pytest.raises(HTTPError, match="404"):
            urlopen(link, timeout=20)
        assert view.stop() == (0, "", "")


def test_without_a_browser_only_the_address_is_printed(tmp_path: Path) -> None:
    with viewed(tmp_path, SEVERAL, browser=True, PATH=str(tmp_path)) as view:
        assert view.page()
        assert view.stop() == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "no trace given"),
        (("missing.trace",), "missing.trace: no such file"),
        ((SEVERAL, "--http", "0.0.0.0:80"), "--http 0.0.0.0:80: other machines could reach it"),
        ((SEVERAL, "--http", "80"), "--http 80: not an address"),
        ((SEVERAL, "--rule", "LongWeight"), "LongWeight: no such rule"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: tuple[str, ...], problem: str, tmp_path: Path) -> None:
    with viewed(tmp_path, *arguments) as view:
        assert view.url == ""
        out, err = view.process.communicate(timeout=20)
        assert (out, err.count("\n")) == ("", 1)
        assert err.startswith(f"gotracer-ci: {problem}")
        assert view.process.returncode in (2, 3)


def test_an_address_that_is_in_use(tmp_path: Path) -> None:
    """It is told before a large trace is read."""
    with viewed(tmp_path, SEVERAL) as view:
        port = view.url.split(":")[2].partition("/")[0]
        with viewed(tmp_path, "missing.trace", "--http", f"localhost:{port}") as another:
            _, err = another.process.communicate(timeout=20)
            assert re.fullmatch(
                rf"gotracer-ci: --http localhost:{port}: cannot be used: Address already in use.*\n", err
            )
            assert another.process.returncode == 2


def test_the_page_about_it_names_all_options_and_shows_an_address() -> None:
    page = ROOT / "docs" / "view.md"
    named = set(FLAG.findall(" ".join(re.findall(r"`[^`]+`", section(page, "Options")))))
    assert named == options(view.command)
    (block,) = blocks(page, "console")
    command, address, rest = block.split("\n")
    assert (command, rest) == ("$ gotracer-ci view trace.out", "")
    assert URL.fullmatch(address)
