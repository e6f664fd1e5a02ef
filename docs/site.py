"""Adapt the pages to the site (a hook of MkDocs): README.md is its first page, and other files are on GitHub."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
DOCS = PurePosixPath("docs")
REPOSITORY = "https://github.com/org/gotracer-ci"
_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)\s#]+)(#[^)\s]*)?(?=\))|(?<=src=\")([^\"]+)|(?<=srcset=\")([^\"]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add README.md as the first page."""
    files.append(File.generated(config, "index.md", content=(ROOT / "README.md").read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the text with links that lead somewhere from the site."""
    source = PurePosixPath("README.md") if page.file.src_uri == "index.md" else DOCS / page.file.src_uri
    return _LINK.sub(lambda link: _adapted(link, source), markdown)


def _adapted(link: re.Match[str], source: PurePosixPath) -> str:
    """Return a link in a file of the repository as it must be on the site."""
    target = os.path.normpath(source.parent / next(part for part in (link[1], link[3], link[4]) if part))
    anchor = link[2] or ""
    if not (ROOT / target).exists():
        return link[0]  # MkDocs says that it is missing
    if target == "README.md":
        target = "docs/index.md"
    if not target.startswith("docs/") or (ROOT / target).is_dir():
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"{REPOSITORY}/{kind}/main/{target}{anchor}"
    here = DOCS if source.name == "README.md" else source.parent
    return os.path.relpath(target, here) + anchor
