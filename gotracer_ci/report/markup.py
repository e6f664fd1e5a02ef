"""Build Markdown for GitHub, with untrusted text as plain words.

After GitHub's parser, filters search the text for mentions, references to issues and commits, emoji and formulas. A
backslash does not stop them, because the parser has removed it; they only skip code. A zero-width space splits what
they would find. `clean` removes such spaces, so all of them are ours.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from gotracer_ci.report.safe import clean

CELL = 240
"""The most characters of untrusted text in a cell, a title or a line of a stack."""
LINE = 1_000
"""The most characters in a paragraph or a remark."""

_BREAK = "\N{ZERO WIDTH SPACE}"
_SHA = 7  # from this many hexadecimal digits on, the filters look for a commit
_FOUND_BY_FILTERS = re.compile(
    r"@"  # mentions, addresses, owner/repository@commit
    r"|\#(?=\d)|(?<=gh)-(?=\d)"  # issues
    r"|(?<=:)//|(?<=www)\."  # links
    r"|:(?=[\w+-]+:)"  # emoji
    rf"|(?<![0-9a-z])[0-9a-f]{{{_SHA},}}+(?![0-9a-z])",  # commits
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~&$!]|^[-+#=:]|^(\d+)(?=[.)])")


def escape(text: str, limit: int = LINE) -> str:
    """Return untrusted text as plain words on one line."""
    words = _FOUND_BY_FILTERS.sub(_apart, short(clean(text).strip(), limit))
    return _MARKUP.sub(_escaped, words)


def code(text: str, limit: int = CELL) -> str:
    """Return untrusted text as a code span; in one only backticks and the bars of tables need escaping."""
    words = short(clean(text).strip(), limit).replace("`", "'").replace("|", "\N{BROKEN BAR}")
    return f"`{_no_comment(words) or ' '}`"


def code_html(text: str, limit: int = CELL) -> str:
    """Return untrusted text as a code span in HTML, for the title of folded text."""
    return f"<code>{html.escape(short(clean(text), limit))}</code>"


def short(text: str, limit: int) -> str:
    """Return the text without its middle if it is longer than the limit: names differ at their ends."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - limit // 2 - 1]}…{text[len(text) - limit // 2 :]}"


def link(words: str, url: str) -> str:
    """Return a link, or only the words (Markdown) without an address."""
    return f"[{words}]({_address(url)})" if url else words


def link_html(text: str, url: str) -> str:
    """Return untrusted text as HTML, as a link if there is an address."""
    words = html.escape(short(text, CELL))
    return f'<a href="{html.escape(_address(url))}">{words}</a>' if url else words


def preformatted(lines: Iterable[str]) -> str:
    """Return lines of HTML in a fixed-width font; unlike a fence, they may contain links."""
    return "<pre>\n" + "\n".join(lines) + "\n</pre>"


def fence(text: str, language: str) -> str:
    """Return a block of code in a fence that nothing in the code can close."""
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * max(3, ticks + 1)
    return f"{marks}{language}\n{_no_comment(text)}\n{marks}"


def folded(title: str, body: str) -> str:
    """Return a folded section. title: HTML; body: Markdown."""
    return f"<details><summary>{title}</summary>\n\n{body.rstrip()}\n\n</details>\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def bullets(lines: Iterable[str]) -> str:
    return "".join(f"- {escape(line)}\n" for line in lines)


def _apart(match: re.Match[str]) -> str:
    found = match[0]
    if found in ("@", "#", ":"):
        return found + _BREAK
    if len(found) < _SHA:
        return _BREAK + found
    return _BREAK.join(found[i : i + _SHA - 1] for i in range(0, len(found), _SHA - 1))


def _escaped(match: re.Match[str]) -> str:
    if match[1]:  # "1." would begin a list
        return match[1] + "\\"
    # the filter for formulas runs after the escapes are gone, so this character needs an element of its own
    return "<span>$</span>" if match[0] == "$" else f"\\{match[0]}"


def _address(url: str) -> str:
    return quote(url, safe="%/:?#@!$&'*+,;=~")


def _no_comment(code: str) -> str:
    """Return code in which nothing looks like the hidden marker of our own comments."""
    return code.replace("<!--", f"<!{_BREAK}--")
