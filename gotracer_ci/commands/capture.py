"""`gotracer-ci capture`."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from itertools import count as numbers
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci import files
from gotracer_ci.commands.options import run_and_print, run_options, settings_of, time_stamp
from gotracer_ci.commands.output import complain
from gotracer_ci.commands.usage import FILE, Command
from gotracer_ci.errors import (
    EXIT_CLEAN,
    EXIT_FLAGGED,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    FileError,
    GotracerError,
    UsageError,
)
from gotracer_ci.text import duration, size

if TYPE_CHECKING:
    from gotracer_ci.capture.fetch import Source
    from gotracer_ci.settings import Settings

HEADERS = "GOTRACER_CI_HEADERS"
"""The environment variable with headers, one per line."""
_LENGTH = "5s"
_TIMEOUT = "30s"
_MAX_SIZE = "1GB"


@click.command(cls=Command)
@click.argument("address", required=False, metavar="[URL]")
@click.option("--url", metavar="URL", help="The URL, as in gotracer: the default format is html.")
@click.option("--flight-recorder", "recorder", metavar="URL", help="Fetch a snapshot from this URL, used as it is.")
@click.option("--duration", metavar="TIME", help=f"Length of the trace [default: {_LENGTH}].")
@click.option("--header", multiple=True, metavar="'NAME: VALUE'", help=f"Send a header (repeatable); also {HEADERS}.")
@click.option(
    "--ca", type=FILE, metavar="FILE", help="Trust the certificates in this PEM file instead of the system's."
)
@click.option("--insecure", is_flag=True, help="Do not check the service's certificate.")
@click.option("--timeout", default=_TIMEOUT, metavar="TIME", help="Time beyond the length [default: 30s].")
@click.option(
    "--retries", type=click.IntRange(0, 100), default=0, metavar="N", help="Try again if nothing arrived [default: 0]."
)
@click.option("--max-size", default=_MAX_SIZE, metavar="SIZE", help="Stop when the trace has this size [default: 1GB].")
@click.option("--keep", type=FILE, metavar="FILE", help="Keep the trace here [default: gotracer_TIME.trace].")
@click.option("--every", metavar="TIME", help="Capture again and again; compare each trace with the first.")
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N", help="With --every: how often [default: until Ctrl-C]."
)
@run_options
def command(*, keep: Path | None, every: str | None, count: int | None, header: tuple[str, ...], **given: Any) -> int:
    """Capture a trace from a live service and analyze it.

    URL is the service's pprof: HOST, HOST:PORT, a URL with http or https, or unix:/PATH/OF/SOCKET. The trace is kept
    in a file, which gets the data while they arrive. Ctrl-C ends the capture and analyzes what has arrived.

    \b
    Example:
      gotracer-ci capture localhost:6060 --duration 10s

    Exit codes: 0 nothing to flag, 1 findings or, with a reference, regressions, 2 wrong usage, no trace or an
    incomplete one, 3 an invalid baseline.
    """
    from gotracer_ci.capture import values

    if count and not every:
        raise UsageError("--count needs --every: the time from one capture to the next")
    if keep is not None and str(keep) == "-":
        raise UsageError("--keep -: a trace is kept in a file; name one")
    source, options = _source(given, [*os.environ.get(HEADERS, "").splitlines(), *header])
    defaults = {"format": "html"} if given["url"] else {}
    if not every:
        return _once(source, keep, _Run(options, defaults)).exit_code
    return _series(source, keep, _Run(options, defaults), values.seconds("--every", every), count)


class _Run(NamedTuple):
    """What every analysis of the command has in common, and what it is compared with. number: in a series, from 1."""

    options: dict[str, Any]
    defaults: dict[str, Any]
    number: int = 0
    base: Path | None = None

    @property
    def is_reference(self) -> bool:
        """Whether the later traces of a series are compared with this one, if it is complete."""
        return bool(self.number) and self.base is None

    def settings(self, stamp: str) -> Settings:
        """Return the settings without the trace, whose file is created later."""
        settings = settings_of((), self.options, stamp, self.defaults)
        if not self.number:
            return settings
        if settings.base or settings.update_baseline or settings.accept:
            raise UsageError(
                "--every compares with the first trace: it excludes --base, --update-baseline and --accept"
            )
        output = settings.output
        if output and stamp not in output.name:
            output = self.named(output)
        outputs = {name: self.named(path) for name, path in settings.outputs.items()}
        return replace(settings, base=(str(self.base),) if self.base else (), output=output, outputs=outputs)

    def named(self, path: Path) -> Path:
        """Return the name of a file in a series: report.html becomes report-2.html."""
        is_stream = path.parts[:2] == ("/", "dev")
        return path.with_name(f"{path.stem}-{self.number}{path.suffix}") if self.number and not is_stream else path


class _Captured(NamedTuple):
    """The end of one capture. whole: the file of a complete trace. signal: what ended it early, or 0."""

    exit_code: int
    whole: Path | None
    signal: int


def _once(source: Source, keep: Path | None, run: _Run) -> _Captured:
    """Capture one trace and analyze it."""
    from gotracer_ci import pipeline
    from gotracer_ci.capture.fetch import Stopped
    from gotracer_ci.capture.signals import noted

    stamp = time_stamp()
    settings = run.settings(stamp)
    pipeline.check(settings)
    with noted() as received:
        try:
            path, problem = _kept(source, run.named(keep) if keep else _free(stamp), received)
        except Stopped:
            return _Captured(_code_of(received), None, received[0])
    if problem:
        complain(problem)
    by = received[0] if received else 0
    if by not in (0, signal.SIGINT):
        return _Captured(_code_of(received), None, by)
    try:
        outcome = run_and_print(replace(settings, traces=(str(path),)), only_regressions=run.is_reference)
    except GotracerError as error:
        if not run.number:
            raise
        complain(error)
        return _Captured(error.exit_code, None, by)
    is_whole = not problem and not received and all(trace.damage is None for trace in outcome.report.traces)
    code = GotracerError.exit_code if problem and outcome.exit_code in (EXIT_CLEAN, EXIT_FLAGGED) else outcome.exit_code
    return _Captured(code, path if is_whole else None, by)


def _series(source: Source, keep: Path | None, run: _Run, every_s: float, count: int | None) -> int:
    """Capture again and again. A capture that fails is reported, and does not end the series."""
    import time

    from gotracer_ci.capture.fetch import Stopped, wait
    from gotracer_ci.capture.signals import noted

    codes = [EXIT_CLEAN]
    start = time.monotonic()
    base: Path | None = None
    for number in numbers(1):
        try:
            captured = _once(source, keep, run._replace(number=number, base=base))
        except GotracerError as error:
            if number == 1 and isinstance(error, UsageError):
                raise
            complain(error)
            captured = _Captured(error.exit_code, None, 0)
        codes.append(captured.exit_code)
        base = base or captured.whole
        if captured.signal or number == count:
            break
        left = max(start + number * every_s - time.monotonic(), 0)
        with noted() as received:
            _tell(f"next capture in {duration(round(left) * 1e9)}")
            try:
                wait(left, lambda: bool(received))
            except Stopped:
                if received[0] != signal.SIGINT:
                    return EXIT_TERMINATED
                break
    return next((code for code in codes if code > EXIT_FLAGGED), max(codes))


def _kept(source: Source, path: Path, received: list[int]) -> tuple[Path, str]:
    """Capture a trace to a file. Return the file, and why the trace is not complete, or "".

    Raises:
        GotracerError: there is no trace, and no file.
        Stopped: a signal came before anything had arrived.
    """
    from gotracer_ci import progress
    from gotracer_ci.capture.fetch import Watcher, fetch

    address = source.target.name
    what = "a snapshot" if source.seconds is None else duration(source.seconds * 1e9)
    file = files.NewFile(path)
    try:
        _tell(f"capturing {what} from {address}")
        with progress.capturing(sys.stderr, address, source.seconds) as tick:
            return path, fetch(source, Watcher(file.write, tick, _retry, lambda: bool(received)))
    except FileError as error:
        if not file.size:
            raise
        return path, str(error)
    finally:
        file.close()
        if file.size:
            _tell(f"kept {path} ({size(file.size)})")


def _tell(text: str) -> None:
    """Write a line about the capture, whatever characters a name has."""
    from gotracer_ci.report.safe import clean

    click.echo(clean(text), err=True)


def _retry(problem: str, pause_s: float) -> None:
    complain(f"{problem}; trying again in {duration(pause_s * 1e9)}")


def _free(stamp: str) -> Path:
    """Return a name that no file has: several captures may begin in the same second."""
    names = (Path(f"gotracer_{stamp}{'' if again == 1 else f'_{again}'}.trace") for again in numbers(1))
    return next(name for name in names if not os.path.lexists(name))


def _code_of(received: list[int]) -> int:
    return EXIT_INTERRUPTED if received[0] == signal.SIGINT else EXIT_TERMINATED


def _source(given: dict[str, Any], header: list[str]) -> tuple[Source, dict[str, Any]]:
    """Return what to fetch, and the options that are about the analysis."""
    from gotracer_ci.capture import target, values
    from gotracer_ci.capture.fetch import Source
    from gotracer_ci.sizes import bytes_of

    address, url, recorder = given.pop("address"), given["url"], given.pop("recorder")
    named = [text for text in (address, url, recorder) if text is not None]
    if len(named) != 1:
        problem = "is given more than once" if named else "is missing"
        raise UsageError(f"the address of the service {problem}; write gotracer-ci capture HOST:PORT")
    if address and os.path.isfile(address):
        raise UsageError(f"{address}: is a file; did you mean gotracer-ci analyze {address}?")
    length = given.pop("duration")
    if recorder is not None and length:
        raise UsageError("--duration has no effect with --flight-recorder: the service chooses how long a snapshot is")
    where = target.parse(named[0], is_snapshot=recorder is not None)
    source = Source(
        target=where,
        seconds=None if recorder is not None else values.seconds("--duration", length or where.seconds or _LENGTH),
        headers=values.headers("--header", [line for line in header if line.strip()]),
        verify=_verify(given.pop("ca"), given.pop("insecure")),
        timeout_s=values.seconds("--timeout", given.pop("timeout")),
        retries=given.pop("retries"),
        max_bytes=bytes_of("--max-size", given.pop("max_size"), example="500MB"),
    )
    return source, {name: value for name, value in given.items() if name != "url"}


def _verify(ca: Path | None, insecure: bool) -> bool | str:
    from gotracer_ci.capture.values import authority

    if ca is not None and insecure:
        raise UsageError("--ca and --insecure cannot be used together: check the certificate, or do not")
    return not insecure if ca is None else authority(ca)
