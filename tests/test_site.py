"""The site is built from docs/ and README.md: all pages are there, all links work, and nothing comes from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from bs4 import BeautifulSoup, Tag

from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = {"index.html": ROOT / "README.md"} | {
    page.relative_to(DOCS).with_suffix(".html").as_posix(): page
    for page in sorted(DOCS.rglob("*.md"))
    if page.parent.name != "samples"
}
STRUCTURE = ("h2", "h3", "table", "tr", "ul", "ol", "li", "blockquote")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the site. The build fails for a page outside of the navigation and for a broken link."""
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def documents(site: Path) -> dict[str, BeautifulSoup]:
    return {
        path.relative_to(site).as_posix(): BeautifulSoup(path.read_bytes(), "html.parser")
        for path in site.rglob("*.html")
    }


def references(document: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    for name in ("href", "src", "srcset", "data", "poster", "action"):
        for tag in document.select(f"[{name}]"):
            yield tag, str(tag[name])


def test_every_page_is_in_the_navigation(documents: dict[str, BeautifulSoup]) -> None:
    assert set(documents) == {*PAGES, "404.html"}
    linked = {str(link["href"]) for link in documents["index.html"].select("nav.md-nav--primary a[href]")}
    assert set(PAGES) <= {link.split("#")[0] if link not in (".", "./") else "index.html" for link in linked}


def test_every_link_leads_somewhere(site: Path, documents: dict[str, BeautifulSoup]) -> None:
    anchors = {name: {str(tag["id"]) for tag in document.select("[id]")} | {""} for name, document in documents.items()}
    for name in PAGES:
        for tag, link in references(documents[name]):
            if re.match(r"https?:", link):
                continue
            file, anchor = urldefrag(unquote(link))
            target = ((site / name).parent / file).resolve() if file else site / name
            if target.is_dir():
                target /= "index.html"
            assert target.is_relative_to(site), (name, tag)
            assert target.exists(), (name, tag)
            if target.suffix == ".html":
                assert anchor in anchors[target.relative_to(site).as_posix()], (name, tag)


def test_links_to_the_repository_lead_somewhere(documents: dict[str, BeautifulSoup]) -> None:
    found = 0
    for name in PAGES:
        for _, link in references(documents[name]):
            inside = re.match(r"https://github\.com/org/gotracer-ci/(blob|tree)/main/([^#]+)", link)
            if inside:
                found += 1
                path = ROOT / inside[2]
                assert path.is_dir() if inside[1] == "tree" else path.is_file(), (name, link)
    assert found > 20


def test_no_page_loads_anything_from_another_host(site: Path, documents: dict[str, BeautifulSoup]) -> None:
    for name, document in documents.items():
        for tag, link in references(document):
            follows = tag.name == "a" or tag.get("rel") in (["canonical"], ["next"], ["prev"])
            assert follows or not re.match(r"(https?:)?//", link), (name, tag)
        assert "source" not in {
            tag.get("data-md-component") for tag in document.select("[data-md-component]")
        }  # asks api.github.com
        assert not document.select("pre.mermaid, div.mermaid")  # loads a script
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_parts_as_on_github(name: str, documents: dict[str, BeautifulSoup]) -> None:
    """The two read Markdown differently, for example a list right below a paragraph."""
    text = PAGES[name].read_text(encoding="utf-8")
    github = BeautifulSoup(cmarkgfm.github_flavored_markdown_to_html(text), "html.parser")
    article = documents[name].find("article")
    assert isinstance(article, Tag)
    counted = [Counter(tag.name for tag in where.find_all(STRUCTURE)) for where in (github, article)]
    assert counted[1] == counted[0]
    assert [code_of(pre) for pre in article.find_all("pre")] == [code_of(pre) for pre in github.find_all("pre")]


def code_of(pre: Tag) -> list[str]:
    """Return the lines of code. Python's Markdown makes spaces of tabs, and removes those in empty lines."""
    return [line.rstrip() for line in pre.get_text().expandtabs(4).strip().splitlines()]
