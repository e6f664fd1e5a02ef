"""Link the places of a report to GitHub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gotracer_ci.report.safe import clean


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that a report links to; "" where there is none.

    blob: of the repository at the traced commit, ending with "/". folder: as in `Report.folder`. run: of the workflow
    run, whose page has the job summary. commit: the traced commit, in hexadecimal.
    """

    blob: str = ""
    run: str = ""
    commit: str = ""
    folder: str = ""

    def line(self, path: str, line: int) -> str:
        """Return the address of a line of a file; "" if there is none, or the path is not one inside the repository."""
        # a browser resolves dots before it requests the page, so such a path could lead anywhere on the host
        path = f"{self.folder}/{path}" if self.folder else path
        if not self.blob or clean(path) != path or {"", ".", ".."} & set(path.split("/")):
            return ""
        return f"{self.blob}{quote(path)}" + (f"#L{line}" if line > 0 else "")

    @property
    def of_commit(self) -> str:
        repository, found, _ = self.blob.partition("/blob/")
        return f"{repository}/commit/{self.commit}" if found and self.commit else ""


NO_LINKS: Final = Links()
