"""How large the HTML page may be: the room that it leaves for its pictures."""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.errors import UsageError
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import NOTHING, Pictures, Stream


class PageSize:
    """The room for the streams of a page.

    Args:
        report: without pictures. traces: how many get a summary. worst: the number of the one with a timeline.
        size: how many bytes the page may have.
    """

    def __init__(self, report: Report, traces: int, worst: int, size: int) -> None:
        nothing = Pictures((NOTHING,) * traces, NOTHING, worst, NOTHING, NOTHING)
        self._size = size
        self._page = len(render("html", replace(report, pictures=nothing)).encode())

    @property
    def room(self) -> int:
        """The bytes of all streams together before base64, in which three are four; negative if there is no room."""
        return (self._size - self._page) * 3 // 4

    def checked(self, pictures: Pictures) -> Pictures:
        """Return the pictures.

        Raises:
            UsageError: the page with them is larger than it may be.
        """
        needed = self._page + sum(_size(stream) - _size(NOTHING) for stream in pictures.streams)
        if needed > self._size:
            problem = f"--html-size {self._size}: too small for the pictures of these traces, which are left out"
            raise UsageError(f"{problem}; give at least {-(-needed // 1000)}kB, or 0")
        return pictures


def _size(stream: Stream) -> int:
    """Return the bytes of a stream in base64."""
    return -(-len(stream.deflated) // 3) * 4
