"""`gotracer-ci view`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

import click

from gotracer_ci.commands.options import report_options, viewed_settings
from gotracer_ci.commands.output import complain, print_lines
from gotracer_ci.commands.usage import Command, file_names
from gotracer_ci.errors import EXIT_CLEAN
from gotracer_ci.urls import is_url

if TYPE_CHECKING:
    from gotracer_ci.pipeline import Outcome, Watch
    from gotracer_ci.serve.server import Site
    from gotracer_ci.settings import Settings
    from gotracer_ci.trace.reader import Index, Seen, Trace

_HTTP = "--http"
_SIZE = 4_000_000
"""Bytes of the page: a third more than a file has by default. Making a page takes sixty times its size in memory."""


@click.command(cls=Command)
@click.argument("traces", nargs=-1, metavar="TRACE...", shell_complete=file_names)
@click.option(_HTTP, "address", default="127.0.0.1:0", metavar="ADDR", help="Serve here [default: 127.0.0.1:0].")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@report_options
def command(traces: tuple[str, ...], address: str, no_browser: bool, **options: Any) -> int:
    """Show the HTML report in a browser, in every detail.

    The report is served to this machine only, until Ctrl-C. A TRACE is a file, a directory, a glob, a
    URL, or - for stdin.

    \b
    Example:
      gotracer-ci view trace.out
    """
    from gotracer_ci.capture.signals import noted
    from gotracer_ci.serve import browser
    from gotracer_ci.serve.address import parse
    from gotracer_ci.serve.server import Server

    settings = viewed_settings(traces, options, _SIZE)
    with Server(_HTTP, parse(_HTTP, address)) as server:
        site, code = _analyzed(settings)
        with noted() as received:
            print_lines([server.url])
            if not no_browser:
                browser.start(server.first_url)
            server.run(site, lambda: bool(received))
    return code


class _Watched:
    """Finds out where the generations of each trace begin, while the traces are read."""

    def __init__(self, shown: Watch | None) -> None:
        self.indices: dict[str, tuple[Index, Trace | None]] = {}
        self._shown = shown
        self._trace: Trace | None = None

    def __call__(self, number: int, of: int, seen: Trace | Seen) -> None:
        trace = cast("Trace", seen)  # the settings ask for one job
        if trace is not self._trace:
            self.note()
            self._trace = trace
            # in memory anyway, and gone or slow to get again
            trace.is_read_again = trace.name == "-" or is_url(trace.name)
        if self._shown is not None:
            self._shown(number, of, trace)

    def note(self) -> None:
        """Keep what is known of the last trace, but of what it read only what cannot be read again."""
        if self._trace is not None:
            kept = self._trace.again() if self._trace.is_read_again else None
            self.indices[self._trace.name] = self._trace.index(), kept
            self._trace = None


def _analyzed(settings: Settings) -> tuple[Site, int]:
    """Analyze the traces, and keep only what is served. Return it, and the exit code."""
    from gotracer_ci import pipeline, progress

    with progress.shown(sys.stderr) as shown:
        watched = _Watched(shown)
        outcome = pipeline.run(settings, watched)
    watched.note()
    pictures = outcome.report.pictures
    for error in outcome.errors if pictures else outcome.errors[:-1]:
        complain(error)
    if pictures is None:
        # the trace is gone
        raise outcome.errors[-1]
    code = outcome.errors[0].exit_code if outcome.errors else EXIT_CLEAN
    return _site(outcome, pictures.worst, watched.indices, settings), code


def _site(outcome: Outcome, number: int, indices: dict[str, tuple[Index, Trace | None]], settings: Settings) -> Site:
    """Return what to serve: the report, and windows of the trace whose lanes it has. number: which trace that is."""
    from gotracer_ci.inputs import shown
    from gotracer_ci.pictures.window import TraceWindows
    from gotracer_ci.report.formats import html
    from gotracer_ci.serve.server import WINDOWS, Site
    from gotracer_ci.serve.windows import Windows
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.source.repository import Repository
    from gotracer_ci.trace.open import open_trace

    report = outcome.report
    name = next(name for name in indices if shown(name, outcome.root) == report.traces[number].path)
    index, kept = indices[name]
    repository = Repository.at(outcome.root)
    windows = TraceWindows(number, kept or open_trace(name), index, lambda: SourceMap(repository, settings.path_map))
    return Site(html.render(report, WINDOWS).encode(), html.policy(WINDOWS), Windows(windows.read).get)
