"""Send one HTTP request: limit the response, protect the token, check redirects, set timeouts.

Nothing here is specific to GitHub's API; that is in `client`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from gotracer_ci import __version__
from gotracer_ci.errors import PublishError, UsageError

if TYPE_CHECKING:
    import requests

TIMEOUTS = (10.0, 30.0)  # seconds to connect, and to receive more bytes
MAX_REDIRECTS = 5
REFUSAL_LIMIT = 1 << 20  # bytes
_CHUNK = 1 << 16
_LONGEST_PATH = 200
_TO_ANYWHERE = {"GET": (301, 302, 303, 307, 308)}
_SAME_METHOD = (301, 307, 308)  # GitHub asks to repeat a write unchanged, also after a 301
_PORTS = {"https": 443, "http": 80}

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unreachable(Exception):
    """No complete response arrived. The request may have succeeded. The text has only the reason."""


class Session:
    """Connections to one API, and to hosts that it redirects reads to.

    Args:
        api_url: the token is sent only to the scheme, host and port of this URL.
        token: "" for none.

    Raises:
        UsageError: the URL or the token is malformed.
    """

    def __init__(self, api_url: str, token: str) -> None:
        # Slow to import, and only needed for requests.
        import requests

        if not (origin := origin_of(api_url)):
            # Omit the value: it may contain a password.
            raise UsageError("GITHUB_API_URL: not the URL of an API, such as https://api.github.com")
        if token and not re.fullmatch(r"[!-~]+", token):
            # Omit the value: it may contain a token.
            raise UsageError("github-token: not a token: it contains spaces, line breaks or non-ASCII characters")
        self.origin = origin
        self._requests = requests
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"gotracer-ci/{__version__}"
        # An explicit auth overrides credentials in .netrc.
        self._session.auth = _bearer(token, origin)

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, limit: int
    ) -> Answer:
        """Send a request and follow redirects. Reads may be redirected to other hosts, without the token.

        Args:
            limit: the maximum size of the response's body in bytes, uncompressed.

        Raises:
            Unreachable: there was no response, or it was incomplete.
            PublishError: the response is too large, or redirects to an untrusted URL.
        """
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(method, url, headers, body, limit)
            target = answer.headers.get("location", "")
            if not target or answer.status not in _TO_ANYWHERE.get(method, _SAME_METHOD):
                return answer
            url = self._next(method, url, target)
            if origin_of(url) != self.origin:
                headers = {}
        raise PublishError(f"{method} {path_of(url)}: more than {MAX_REDIRECTS} redirects")

    def _next(self, method: str, url: str, target: str) -> str:
        new = urljoin(url, target)
        origin = origin_of(new)
        is_safe = origin and (origin == self.origin or (method == "GET" and origin[0] in ("https", self.origin[0])))
        if not is_safe:
            raise PublishError(f"{method} {path_of(url)}: redirected to an untrusted URL")
        return new

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int) -> Answer:
        problem = ""
        try:
            with self._session.request(
                method, url, headers=headers, data=body, timeout=TIMEOUTS, stream=True, allow_redirects=False
            ) as response:
                # The limit is for content. Of an error response, the start is enough.
                is_refusal = response.status_code >= 300
                content = _read(response.iter_content(_CHUNK), REFUSAL_LIMIT if is_refusal else limit)
                if is_refusal or len(content) <= limit:
                    names = {name.lower(): value for name, value in response.headers.items()}
                    return Answer(response.status_code, names, content)
        except (self._requests.RequestException, ValueError) as error:
            # The exception refers to the request and its token, so do not chain it. ValueError: an invalid host name.
            problem = _reason(error, self._requests.Timeout)
        if problem:
            raise Unreachable(problem)
        raise PublishError(f"{method} {path_of(url)}: the response exceeds the limit of {limit:,} bytes")


def origin_of(url: str) -> Origin | None:
    """Return the scheme, host and port of a URL, or None if it is not HTTP or contains a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and parts.username is None else None


def path_of(url: str) -> str:
    """Return the part of a URL that is safe to show. The query of a storage URL is a secret."""
    return re.sub(r"[^!-~]", "?", urlsplit(url).path)[:_LONGEST_PATH]


def _bearer(token: str, origin: Origin) -> requests.auth.AuthBase:
    from requests.auth import AuthBase

    class Bearer(AuthBase):
        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            if token and origin_of(request.url or "") == origin:
                request.headers["Authorization"] = f"Bearer {token}"
            return request

    return Bearer()


def _read(chunks: Iterable[bytes], limit: int) -> bytes:
    """Return the whole content, or slightly more than the limit."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > limit:
            break
    return bytes(content)


def _reason(error: BaseException, timeout: type[BaseException]) -> str:
    """Return the system's message, or else our own. The libraries' messages contain URLs."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, timeout):
            return "timed out"
        if isinstance(inner, OSError) and isinstance(inner.strerror, str):
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return "connection lost"
