"""Turn what a user calls a service into the URLs to request."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from gotracer_ci.errors import UsageError

_FORMS = "write HOST, HOST:PORT, a URL with http or https, or unix:/PATH/OF/SOCKET"
_PPROF = "/debug/pprof"


class Target(NamedTuple):
    """Where a trace is served.

    name: as the user wrote it, but safe to show. urls: in the order to try them; the next one counts only if the
    earlier ones are not found. socket: the path of the unix socket, "" for TCP. credentials: user and password of the
    URL. seconds: those in the URL's query, or "".
    """

    name: str
    urls: tuple[str, ...]
    socket: str = ""
    credentials: tuple[str, str] | None = None
    seconds: str = ""

    def shown(self, url: str) -> str:
        """Return a URL without its query, which may contain a token."""
        parts = urlsplit(url)
        return (
            f"unix:{self.socket}:{parts.path}"
            if self.socket
            else f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        )


def parse(text: str, *, is_snapshot: bool = False) -> Target:
    """Return the target for the base of net/http/pprof, or for the URL of the trace itself.

    Args:
        is_snapshot: the text is the URL of a handler that writes a snapshot; it is used as it is.

    Raises:
        UsageError: it is not an address. The message has no password and no query.
    """
    text, socket = _socket(text.strip())
    if "://" not in text:
        text = f"http://localhost{text}" if text.startswith(":") else f"http://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in ("http", "https") or re.search(r"[\s\x00-\x1f\x7f]", text):
        harmless = re.sub(r"//[^/]*@", "//", text).partition("?")[0]
        raise UsageError(f"{harmless}: not the address of a service; {_FORMS}")
    name = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{name}" + ("" if port is None else f":{port}")
    query = parts.query
    given = ""
    if not is_snapshot:
        pairs = parse_qsl(query, keep_blank_values=True)
        given = next((value for key, value in pairs if key == "seconds"), "")
        query = urlencode([pair for pair in pairs if pair[0] != "seconds"])
    paths = [parts.path or "/"] if is_snapshot else _paths(parts.path)
    credentials = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    shown = f"unix:{socket}{parts.path and f':{parts.path}'}" if socket else origin + parts.path
    return Target(shown, tuple(origin + path + (query and f"?{query}") for path in paths), socket, credentials, given)


def _socket(text: str) -> tuple[str, str]:
    """Return the URL below a unix socket, and the socket's path; "" for any other text.

    The forms are unix:/run/app.sock, unix:///run/app.sock, both with :/PATH, and http+unix://%2Frun%2Fapp.sock/PATH.
    """
    if text.startswith("http+unix://"):
        socket, slash, path = text.removeprefix("http+unix://").partition("/")
        socket, path = unquote(socket), slash + path
    elif text.startswith("unix:"):
        socket, colon, path = text.removeprefix("unix:").removeprefix("//").partition(":")
        path = path if colon else ""
    else:
        return text, ""
    if not socket or (path and not path.startswith("/")):
        raise UsageError("unix: not the path of a socket; write unix:/PATH/OF/SOCKET or unix:/PATH/OF/SOCKET:/URL/PATH")
    return f"http://localhost{path}", socket


def _paths(path: str) -> list[str]:
    """Return the paths at which the trace may be, the likeliest first."""
    base = path.rstrip("/")
    last = base.rpartition("/")[2]
    if last == "trace":
        return [path]
    if last == "pprof":
        return [f"{base}/trace"]
    return [f"{base}{_PPROF}/trace", *([f"{base}/trace", path] if base else [])]
