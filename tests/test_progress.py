"""The progress bar on real pseudo-terminals: what it shows, what it leaves behind, and when it is off."""

from __future__ import annotations

import fcntl
import io
import itertools
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gotracer_ci import pipeline, progress
from gotracer_ci.settings import load
from gotracer_ci.text import duration, quantity
from gotracer_ci.trace import kernel
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import HEADER, Ev, GoState, ProcState
from tests.conftest import NAMES, PROGRAMS, ROOT, path_of
from tests.variants import variant

TOUR = path_of("tour-go1.27")
ESCAPE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])")
FRAME = re.compile(
    r"(?:(?P<number>\d+) of (?P<of>\d+)  )?(?:(?P<name>\S+)  )?(?:[━╸╺ ]{20}  )?"
    r"(?P<read>[\d.]+ k?B) of (?P<size>[\d.]+ k?B)  (?P<events>[\d,]+) events(?:  (?P<left>[\dhm]*\d+ ?s) left)?\s*"
)


class Terminal:
    """A pseudo-terminal that is read continuously. slave: the end for the program."""

    def __init__(self, columns: int = 100) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._raw = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self.master, 1 << 16)
            except OSError:  # Linux: the other end is closed
                return
            if not part:
                return
            self._raw += part

    @property
    def text(self) -> str:
        """Return everything written so far."""
        return self._raw.decode()

    def close(self) -> str:
        """Return everything written, once the programs have exited."""
        os.close(self.slave)
        self._reader.join(30)
        os.close(self.master)
        return self.text


@contextmanager
def terminal(columns: int = 100) -> Iterator[Terminal]:
    it = Terminal(columns)
    try:
        yield it
    finally:
        if it._reader.is_alive():
            it.close()


def screen(text: str) -> list[str]:
    """Return the lines on the screen at the end. It emulates only what the bar needs."""
    lines, row, column, at = [""], 0, 0, 0
    while at < len(text):
        if found := ESCAPE.match(text, at):
            at = found.end()
            if found[2] == "A":
                row = max(0, row - int(found[1] or 1))
            elif found[2] == "K":
                assert found[1] == "2"
                lines[row] = ""
            else:
                assert found[2] in "mhl"
            continue
        character = text[at]
        at += 1
        if character == "\r":
            column = 0
        elif character == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        else:
            lines[row] = f"{lines[row]:{column}}"[:column] + character + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines if line.strip()]


def frames(text: str) -> list[re.Match[str]]:
    """Return the frames of the bar, after checking that each is complete."""
    drawn = [ESCAPE.sub("", part).strip("\r\n") for part in re.split(r"\r\x1b\[2K|\x1b\[\?25[lh]", text)]
    found = [FRAME.fullmatch(part) for part in drawn if part.strip()]
    assert all(found), drawn
    return [frame for frame in found if frame]


def ticking(step_s: float) -> Callable[[], float]:
    """Return a clock that advances by a fixed step at each call."""
    return itertools.count(0.0, step_s).__next__


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a terminal type that does not depend on the test environment."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def drawn(*names: str, after_s: float = 1.0) -> str:
    """Return what a run over the traces writes to a terminal, with a clock that advances a second at each call."""
    with terminal() as it:
        stream = os.fdopen(os.dup(it.slave), "w", encoding="utf-8")
        with stream, progress.shown(stream, ticking(1.0), after_s) as watch:
            pipeline.run(load({"traces": names, "root": PROGRAMS}, None), watch)
        return it.close()


def number(text: str) -> float:
    value, _, unit = text.replace(",", "").partition(" ")
    return float(value) * (1000 if unit == "kB" else 1)


def test_the_bar_shows_the_progress() -> None:
    found = frames(drawn(TOUR))
    assert len(found) >= 3
    for earlier, later in itertools.pairwise(found):
        assert number(earlier["read"]) <= number(later["read"])
        assert number(earlier["events"]) <= number(later["events"])
    assert {frame["size"] for frame in found} == {quantity(Path(TOUR).stat().st_size, "bytes")}
    assert found[-1]["read"] == found[-1]["size"]
    trace = open_trace(TOUR)
    assert sum(chunk.n for chunk in trace.chunks()) == number(found[-1]["events"]) == trace.events
    assert {(frame["number"], frame["name"]) for frame in found} == {(None, "tour-go1.27.trace")}
    assert found[-1]["left"] == "0 s"


def test_the_bar_shows_which_of_several_traces_is_read() -> None:
    """The time left is for all traces."""
    names = [path_of(name) for name in ("tour-go1.26", "generations-go1.26", "tour-go1.27")]
    found = frames(drawn(*names))
    assert list(dict.fromkeys((frame["number"], frame["of"], frame["name"]) for frame in found)) == [
        (str(i), "3", Path(name).name) for i, name in enumerate(names, 1)
    ]
    last_of_first = [frame for frame in found if frame["number"] == "1"][-1]
    assert last_of_first["read"] == last_of_first["size"]
    seconds = len([frame for frame in found if frame["number"] == "1"])
    assert last_of_first["left"] == duration(2 * seconds * 1e9)  # the first third took this long
    assert found[-1]["left"] == "0 s"


@pytest.mark.parametrize(("columns", "shown"), [(100, "name bar"), (75, "bar"), (60, ""), (30, "")])
def test_a_narrow_terminal_keeps_the_figures(monkeypatch: pytest.MonkeyPatch, columns: int, shown: str) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = drawn(path_of("generations-go1.26"), TOUR)
    lines = [ESCAPE.sub("", line) for line in re.split(r"[\r\n]+", text)]
    assert max(map(len, lines)) <= columns
    assert screen(text) == []
    if columns > 30:
        assert {frame["number"] for frame in frames(text)} == {"1", "2"}
    assert {"name": "trace" in text, "bar": "━" in text} == {what: what in shown for what in ("name", "bar")}


def test_the_bar_is_removed_and_the_cursor_restored() -> None:
    text = drawn(TOUR)
    assert screen(text) == []
    assert re.findall(r"\x1b\[\?25([hl])", text) == ["l", "h"]
    assert screen(text.rpartition("\x1b[?25h")[0]) != []  # otherwise this test's terminal shows nothing


def test_a_short_run_draws_nothing() -> None:
    assert drawn(TOUR, after_s=1000.0) == ""


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "no terminal"])
def test_without_a_terminal_nothing_is_watched(stream: io.StringIO | None) -> None:
    with progress.shown(stream, after_s=0.0) as watch:
        assert watch is None


def test_a_dumb_terminal_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """rich detects such a terminal."""
    monkeypatch.setenv("TERM", "dumb")
    assert drawn(TOUR) == ""


class Gone(io.StringIO):
    """A terminal that is closed after the first line."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if "events" in self.getvalue():
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_a_closed_terminal_does_not_fail_the_run() -> None:
    stream = Gone()
    with progress.shown(stream, ticking(1.0)) as watch:
        outcome = pipeline.run(load({"traces": (TOUR,), "root": PROGRAMS}, None), watch)
    assert outcome.report.findings
    assert stream.getvalue().count("events") == 1


def test_a_file_name_cannot_control_the_terminal(tmp_path: Path) -> None:
    """Neither with control characters nor with rich's markup. A long name is truncated."""
    odd = tmp_path / "[red]\x1b[2Jx.trace"
    odd.symlink_to(TOUR)
    long = tmp_path / ("x" * 100 + ".trace")
    long.symlink_to(TOUR)
    assert {frame["name"] for frame in frames(drawn(str(odd)))} == {"[red]\ufffd[2Jx.trace"}
    assert {frame["name"] for frame in frames(drawn(str(long)))} == {"x" * 31 + "…"}


# ---- the position ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_position_goes_from_start_to_end(name: str) -> None:
    trace = open_trace(path_of(name))
    assert trace.position == 0
    seen: list[int] = []
    trace.watch = lambda trace: seen.append(trace.position)
    chunks = sum(1 for _ in trace.chunks({Ev.SYNC}))
    assert len(seen) == chunks
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] <= trace.size
    assert trace.size - seen[-1] <= 1  # ends a generation


def varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80]) + varint(value >> 7) if value >= 0x80 else bytes([value])


def batch(time_ticks: int, body: bytes) -> bytes:
    return bytes([Ev.EVENT_BATCH, 1, 1]) + varint(time_ticks) + varint(len(body)) + body


def long_trace(events: int) -> bytes:
    """Return one generation of one thread that allocates at every tick."""
    clock = bytes([Ev.SYNC_BATCH, Ev.FREQUENCY]) + varint(10**9) + bytes([Ev.CLOCK_SNAPSHOT, 1, 1, 1, 1])
    start = bytes([Ev.PROC_STATUS, 1, 0, ProcState.RUNNING, Ev.GO_STATUS, 1, 1, 1, GoState.RUNNING])
    parts = [HEADER % 26, batch(1, clock), batch(1000, start)]
    for first in range(0, events, 20_000):
        parts.append(batch(2000 + first, bytes([Ev.HEAP_ALLOC, 1, 64]) * min(20_000, events - first)))
    return b"".join([*parts, bytes([Ev.END_OF_GENERATION])])


def test_a_generation_without_wanted_events_is_interrupted(tmp_path: Path) -> None:
    """No event fills a row. Without a limit on events the kernel would return only at the end."""
    events = 3 * kernel.STEPS
    (tmp_path / "long.trace").write_bytes(long_trace(events))
    trace = open_trace(str(tmp_path / "long.trace"))
    seen: list[tuple[int, int]] = []
    trace.watch = lambda trace: seen.append((trace.events, trace.position))
    assert sum(chunk.n for chunk in trace.chunks({Ev.SYNC})) == 2
    assert trace.damage is None
    assert trace.events == events + 4
    assert max(later[0] - earlier[0] for earlier, later in itertools.pairwise(seen)) <= kernel.STEPS
    shares = [(event / trace.events, position / trace.size) for event, position in seen]
    assert all(abs(event - position) < 0.03 for event, position in shares[1:])


# ---- the command ----------------------------------------------------------------------------------------------------


def started(*arguments: str, terminal: Terminal | None, controlled: bool = False) -> subprocess.Popen[bytes]:
    """Start the real command with the real clock. controlled: Ctrl-C on the terminal reaches it."""

    def control() -> None:
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)
        # Shells ignore SIGINT for background processes, which these tests may be.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(
        [sys.executable, *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=terminal.slave if terminal else subprocess.PIPE,
        start_new_session=controlled,
        preexec_fn=control if controlled else None,
    )


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_slow_run_shows_the_bar_only_on_a_terminal(tmp_path: Path, form: str) -> None:
    """The results are byte-identical, and without a terminal nothing else is written."""
    results = []
    os.mkfifo(tmp_path / "slow.trace")
    arguments = ("-m", "gotracer_ci", "analyze", str(tmp_path / "slow.trace"), "--root", str(PROGRAMS), "-f", form)
    with terminal() as it:
        for stderr in (it, None):
            process = started(*arguments, terminal=stderr)
            with (tmp_path / "slow.trace").open("wb") as pipe:  # continues when the run has started
                time.sleep(progress.AFTER_S)
                pipe.write(Path(TOUR).read_bytes())
            results.append(process.communicate(timeout=60))
            assert process.returncode == 1
        text = it.close()
    (stdout, _), (stdout_alone, stderr_alone) = results
    assert stdout == stdout_alone
    assert stderr_alone == b""
    assert len(stdout) > 500
    assert frames(text)[-1]["name"] == "slow.trace"
    assert screen(text) == []


SHORT = f"""
import sys
from gotracer_ci import cli
try:
    cli.main(["analyze", {path_of("lockwait-go1.27")!r}, "-f", "json", "-o", "report.json"])
finally:
    print("rich" in sys.modules)
"""


def test_a_short_run_on_a_terminal_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with terminal() as it:
        stdout, _ = started("-c", SHORT, terminal=it).communicate(timeout=60)
        assert it.close() == "wrote report.json\r\n"
    assert stdout == b"False\n"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_removes_the_bar(jobs: str, tmp_path: Path) -> None:
    """Press Ctrl-C while the bar is drawn. With a thousand traces no machine finishes before.

    No process is left: each would have stdout, and delay its end.
    """
    data = Path(TOUR).read_bytes()
    for i in range(1000):
        (tmp_path / f"{i}.trace").write_bytes(variant(data, i))
    with terminal() as it:
        process = started("-m", "gotracer_ci", "analyze", str(tmp_path), "-j", jobs, terminal=it, controlled=True)
        deadline = time.monotonic() + 30
        while " of 1000" not in it.text and time.monotonic() < deadline:
            time.sleep(0.02)
        os.write(it.master, b"\x03")
        stdout, _ = process.communicate(timeout=30)
        text = it.close()
    assert " of 1000" in text
    assert (process.returncode, stdout) == (130, b"")
    assert [line for line in screen(text) if line != "^C"] == []
    assert text.rpartition("\x1b[?25")[2].startswith("h")
