"""Where the places of a report are on GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gotracer_ci.report.safe import clean


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that a report may lead to; "" for what there is none of.

    blob: of the repository at the traced commit, ends with "/". folder: as in `Report.folder`. run: of the workflow's
    run, whose page has the whole summary. commit: what was traced, in hexadecimal digits.
    """

    blob: str = ""
    run: str = ""
    commit: str = ""
    folder: str = ""

    def line(self, path: str, line: int) -> str:
        """The address of a file's line; "" without a folder, and for a path that is none of a file below it."""
        # a browser resolves dots before it asks: such a path would lead to anywhere on the host
        path = f"{self.folder}/{path}" if self.folder else path
        if not self.blob or clean(path) != path or {"", ".", ".."} & set(path.split("/")):
            return ""
        return f"{self.blob}{quote(path)}" + (f"#L{line}" if line > 0 else "")

    @property
    def of_commit(self) -> str:
        repository, found, _ = self.blob.partition("/blob/")
        return f"{repository}/commit/{self.commit}" if found and self.commit else ""


NO_LINKS: Final = Links()
