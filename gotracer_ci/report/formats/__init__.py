"""The report formats. A format is one entry here and one file in this package; everything else follows from the entry.

The command line, the settings and the action take names and options from here, so this module imports no renderer.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TextIO

if TYPE_CHECKING:
    from gotracer_ci.report.model import Report


class Format(NamedTuple):
    """A report format. The file of its name has `render(report)`, and is imported when the format is first used.

    action_file: where the action writes it by default; None if only on request. is_drawn: the file also has
    `draw(report, stream)` for terminals, so there is no option to write it to a file. is_opened: people open it in
    another program, so it always goes to a file, whose name is the result. has_schema: the file also has `schema()`,
    which returns the JSON Schema to publish.
    """

    name: str
    action_file: Path | None = None
    is_drawn: bool = False
    is_opened: bool = False
    has_schema: bool = False

    @property
    def _renderer(self) -> Any:
        return import_module(f"{__name__}.{self.name}")

    def render(self, report: Report) -> str:
        """Return the report as text that UTF-8 can encode; the same bytes for the same report."""
        text: str = self._renderer.render(report)
        return text

    def show(self, report: Report, stream: TextIO) -> None:
        """Write the report to a standard stream: drawn on a terminal where the format can be, in UTF-8 otherwise."""
        if not self.is_drawn:
            stream.buffer.write(self.render(report).encode())
        elif stream.isatty():
            self._renderer.draw(report, stream)
        else:
            stream.write(self.render(report))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a format that has one."""
        schema: dict[str, Any] = self._renderer.schema()
        return schema


FORMATS: Final = {
    declared.name: declared
    for declared in (
        Format("human", is_drawn=True),
        Format("json", action_file=Path("gotracer-ci/findings.json"), has_schema=True),
        Format("ndjson"),
        Format("markdown"),
        Format("sarif", action_file=Path("gotracer-ci/report.sarif")),
        Format("html", action_file=Path("gotracer-ci/report.html"), is_opened=True),
        Format("junit"),
        Format("gitlab"),
    )
}
NAMES: Final = tuple(FORMATS)
FILES: Final = tuple(name for name, declared in FORMATS.items() if not declared.is_drawn)
"""The formats that have a file option: `--json FILE`."""

if TYPE_CHECKING:
    Name = str
else:
    Name = Literal[NAMES]
"""The type of a setting that names a format."""


def render(name: str, report: Report) -> str:
    """Return the report in the format of that name."""
    return FORMATS[name].render(report)
