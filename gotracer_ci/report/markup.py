"""Markdown as GitHub reads it: its building blocks, and untrusted text as nothing but words.

GitHub's parser is only the first of its readers. Filters then look through the text for mentions, references to issues
and commits, emoji and formulas. They take no notice of a backslash, which is gone by then, but leave code alone.
A zero-width space parts what they would find; as `clean` takes such spaces out, all of them are ours.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from gotracer_ci.report.safe import clean

CELL = 240
"""Characters of untrusted text in a cell, a title or a line of a stack."""
LINE = 1_000
"""The same of a paragraph or a remark."""

_BREAK = "\N{ZERO WIDTH SPACE}"
_SHA = 7  # hexadecimal digits from which on a commit is looked for
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
    """Untrusted text as plain words on one line."""
    words = _FOUND_BY_FILTERS.sub(_apart, short(clean(text).strip(), limit))
    return _MARKUP.sub(_escaped, words)


def code(text: str, limit: int = CELL) -> str:
    """Untrusted text as a code span; inside one only backticks, and a table's bars, would need an escape."""
    words = short(clean(text).strip(), limit).replace("`", "'").replace("|", "\N{BROKEN BAR}")
    return f"`{_no_comment(words) or ' '}`"


def code_html(text: str, limit: int = CELL) -> str:
    """The same where Markdown is not read: in the title of what is folded."""
    return f"<code>{html.escape(short(clean(text), limit))}</code>"


def short(text: str, limit: int) -> str:
    """The text, without its middle where it is longer than so many characters: the ends tell names apart."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - limit // 2 - 1]}…{text[len(text) - limit // 2 :]}"


def link(words: str, url: str) -> str:
    """A link, or the words alone without an address. words: Markdown."""
    return f"[{words}]({_address(url)})" if url else words


def link_html(text: str, url: str) -> str:
    """Untrusted text as HTML, as a link where there is an address."""
    words = html.escape(short(text, CELL))
    return f'<a href="{html.escape(_address(url))}">{words}</a>' if url else words


def preformatted(lines: Iterable[str]) -> str:
    """Lines of HTML in a fixed width: unlike a fence, they may hold links."""
    return "<pre>\n" + "\n".join(lines) + "\n</pre>"


def fence(text: str, language: str) -> str:
    """A block of code, in a fence that nothing in the code can close."""
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * max(3, ticks + 1)
    return f"{marks}{language}\n{_no_comment(text)}\n{marks}"


def folded(title: str, body: str) -> str:
    """title: HTML; body: Markdown."""
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
    # of all characters this one is looked for after the escapes are gone: it needs an element of its own
    return "<span>$</span>" if match[0] == "$" else f"\\{match[0]}"


def _address(url: str) -> str:
    return quote(url, safe="%/:?#@!$&'*+,;=~")


def _no_comment(code: str) -> str:
    """Nothing looks like the hidden marker of our own comments, not even in code."""
    return code.replace("<!--", f"<!{_BREAK}--")
