"""Render a comment like GitHub: its parser's HTML, and the references that its filters would find in the text."""

from __future__ import annotations

import html
import re
from collections import Counter

import cmarkgfm  # type: ignore[import-untyped]
from bs4 import BeautifulSoup
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

from gotracer_ci.report.links import Links

_REPOSITORY = "https://github.com/acme/shop"
COMMIT = "a1b2c3d4e5" * 4
LINKS = Links(f"{_REPOSITORY}/blob/{COMMIT}/", f"{_REPOSITORY}/actions/runs/4711/attempts/2", COMMIT)
_EXTENSIONS = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"]
# GitHub sanitizes HTML, and single line ends in comments are line breaks
_OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES | Options.CMARK_OPT_HARDBREAKS
_VOID = {"br", "hr", "img", "input", "link", "meta"}
_RAW = re.compile(r"<(style|script)>.*?</\1>", re.DOTALL)
_TAG = re.compile(r"""<(/?)([a-z][a-z0-9]*)((?:\s+[^\s<>"'=/`]+(?:="[^"<>]*")?)*)\s*/?>|<""")
_ATTRIBUTE = re.compile(r"""\s([^\s="]+)(?:="([^"]*)")?""")
_FOUND = re.compile(
    r"@[a-z0-9]"  # a mention, an email address, owner/repository@commit
    r"|\#\d|gh-\d"  # an issue
    r"|://|www\."  # a link
    r"|:[\w+-]+:"  # an emoji
    r"|(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])"  # a commit
    r"|\$[^\0]*\$|\$`",  # a formula
    re.IGNORECASE | re.ASCII,
)


class Tree:
    """The elements of a page, and the text outside code. Every `<` must start a complete tag.

    tags: their counts. attributes: all (tag, name). links: the values of `href` and `src`. words: (parent element,
    text) outside code.
    """

    def __init__(self, page: str) -> None:
        self.tags: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.words: list[tuple[str, str]] = []
        opened = ["page"]
        end = 0
        page = _RAW.sub(r"<\1></\1>", page.removeprefix("<!DOCTYPE html>"))
        for found in _TAG.finditer(page):
            text = page[end : found.start()]
            if text and not text.isspace() and "code" not in opened and "pre" not in opened:
                self.words.append((opened[-1], html.unescape(text)))
            end = found.end()
            self._tag(found, opened)
        assert opened == ["page"]

    def _tag(self, found: re.Match[str], opened: list[str]) -> None:
        slash, tag, attributes = found.groups()
        assert tag, f"not a tag: {found.string[found.start() : found.start() + 40]}"
        if slash:
            assert opened.pop() == tag
            return
        self.tags[tag] += 1
        for name, value in _ATTRIBUTE.findall(attributes) if attributes else ():
            self.attributes.add((tag, name))
            if name in ("href", "src"):
                self.links.append(html.unescape(value))
        if tag not in _VOID:
            opened.append(tag)

    @property
    def found_by_filters(self) -> list[str]:
        return _FOUND.findall("\0".join(words for _, words in self.words))


def rendered(markdown: str) -> str:
    html_page: str = cmarkgfm.markdown_to_html_with_extensions(markdown, _OPTIONS, _EXTENSIONS)
    return html_page


def page(markdown: str) -> BeautifulSoup:
    """Parse a page for queries. It is slow; use `read` for thousands of pages."""
    return BeautifulSoup(rendered(markdown), "html.parser")


def read(markdown: str) -> Tree:
    return Tree(rendered(markdown))
