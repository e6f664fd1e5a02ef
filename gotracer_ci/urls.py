"""Tell URLs from file names, and show them without credentials."""

from __future__ import annotations

import re

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*::)*[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_USER = re.compile(r"(://)[^/?#]*@")


def is_url(name: str) -> bool:
    """Return whether a name is a URL. Schemes have two letters at least: `C:` is a drive."""
    return _URL.match(name) is not None


def redacted(name: str) -> str:
    """Return a URL without user, password, query and fragment, which may sign it. Other names stay as they are."""
    if not is_url(name):
        return name
    return re.split(r"[?#]", _USER.sub(r"\1", name), maxsplit=1)[0]
