"""Link the places of a report to GitHub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gotracer_ci.report.safe import clean


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that a report links to; "" where there is none.

    blob: of the repository at the traced commit, ending with "/". folder: as in `Report.folder`. run: of the workflow
    run, whose page has the job summary. commit: the traced commit, in hexadecimal. artifact: the one with the report,
    if it is known.
    """

    blob: str = ""
    run: str = ""
    commit: str = ""
    folder: str = ""
    artifact: str = ""

    def line(self, path: str, line: int) -> str:
        """Return the address of a line of a file; "" if there is none, or the path is not one inside the repository."""
        # a browser resolves dots before it requests the page, so such a path could lead anywhere on the host
        path = f"{self.folder}/{path}" if self.folder else path
        if not self.blob or clean(path) != path or {"", ".", ".."} & set(path.split("/")):
            return ""
        return f"{self.blob}{quote(path)}" + (f"#L{line}" if line > 0 else "")

    @property
    def number(self) -> str:
        """The number of the run; "" if unknown."""
        return self.run.partition("/actions/runs/")[2].partition("/")[0]

    @property
    def artifacts(self) -> str:
        """The list of the run's artifacts, on the page of its newest attempt; "" if unknown."""
        return f"{self.run.partition('/attempts/')[0]}#artifacts" if self.run else ""

    @property
    def of_commit(self) -> str:
        repository, found, _ = self.blob.partition("/blob/")
        return f"{repository}/commit/{self.commit}" if found and self.commit else ""


NO_LINKS: Final = Links()
_RUN: Final = re.compile(
    r"(?P<repository>https?://[\w.-]+(:\d+)?(/[\w.-]+)+?)/actions/runs/\d+(/attempts/\d+)?", re.ASCII
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def of_run(run: str, commit: str, folder: str) -> Links:
    """Return the links of a report by the URL of its run. A report may come from a file, so neither is trusted."""
    found, is_commit = _RUN.fullmatch(run), bool(_COMMIT.fullmatch(commit))
    return Links(
        blob=f"{found['repository']}/blob/{commit}/" if found and is_commit else "",
        run=run if found else "",
        commit=commit if is_commit else "",
        folder=folder,
    )
