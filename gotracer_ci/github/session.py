"""One HTTP request and its whole answer, bounded: who gets the token, which redirects are followed, how long is waited.

It knows nothing of GitHub's ways; `client` does.
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

TIMEOUTS = (10.0, 30.0)  # seconds, to connect and for the next bytes
MAX_REDIRECTS = 5
REFUSAL_LIMIT = 1 << 20  # bytes
_CHUNK = 1 << 16
_LONGEST_PATH = 200
_TO_ANYWHERE = {"GET": (301, 302, 303, 307, 308)}
_SAME_METHOD = (301, 307, 308)  # GitHub asks to repeat a write as it was, after a 301 too
_PORTS = {"https": 443, "http": 80}

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unreachable(Exception):
    """No whole answer came; whether the request arrived is not known. The text names nothing but the reason."""


class Session:
    """Connections to one API, and wherever it sends a reader.

    Args:
        api_url: where the token may go: to its scheme, host and port, and nowhere else.
        token: "" for none.

    Raises:
        UsageError: the address or the token cannot be one.
    """

    def __init__(self, api_url: str, token: str) -> None:
        # only what talks to GitHub pays for this import
        import requests

        if not (origin := origin_of(api_url)):
            # not the value: it may be one with a password
            raise UsageError("GITHUB_API_URL: this is not the address of an API, such as https://api.github.com")
        if token and not re.fullmatch(r"[!-~]+", token):
            # not the value: it may be a token with something beside it
            raise UsageError("github-token: this is not a token: it has blanks, line ends or characters beyond ASCII")
        self.origin = origin
        self._requests = requests
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"gotracer-ci/{__version__}"
        # with it, a .netrc has no say
        self._session.auth = _bearer(token, origin)

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, limit: int
    ) -> Answer:
        """Sends it, and follows where a redirect leads: a read to another host too, without the token.

        Args:
            limit: bytes of the answer's body, unpacked.

        Raises:
            Unreachable: nobody answered, or the answer broke off.
            PublishError: the answer is too large, or leads astray.
        """
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(method, url, headers, body, limit)
            target = answer.headers.get("location", "")
            if not target or answer.status not in _TO_ANYWHERE.get(method, _SAME_METHOD):
                return answer
            url = self._next(method, url, target)
            if origin_of(url) != self.origin:
                headers = {}
        raise PublishError(f"{method} {path_of(url)}: GitHub redirects more than {MAX_REDIRECTS} times")

    def _next(self, method: str, url: str, target: str) -> str:
        new = urljoin(url, target)
        origin = origin_of(new)
        is_safe = origin and (origin == self.origin or (method == "GET" and origin[0] in ("https", self.origin[0])))
        if not is_safe:
            raise PublishError(f"{method} {path_of(url)}: the answer leads to an address that is not to be trusted")
        return new

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int) -> Answer:
        problem = ""
        try:
            with self._session.request(
                method, url, headers=headers, data=body, timeout=TIMEOUTS, stream=True, allow_redirects=False
            ) as response:
                # the limit is for what was asked for; of a refusal its first words are enough
                is_refusal = response.status_code >= 300
                content = _read(response.iter_content(_CHUNK), REFUSAL_LIMIT if is_refusal else limit)
                if is_refusal or len(content) <= limit:
                    names = {name.lower(): value for name, value in response.headers.items()}
                    return Answer(response.status_code, names, content)
        except (self._requests.RequestException, ValueError) as error:
            # it holds the request, and that the token: nothing of it goes further. ValueError: a host's odd name
            problem = _reason(error, self._requests.Timeout)
        if problem:
            raise Unreachable(problem)
        raise PublishError(f"{method} {path_of(url)}: the answer is larger than {limit:,} bytes, which is the limit")


def origin_of(url: str) -> Origin | None:
    """Scheme, host and port of an address; None for one that is not http or has a user's name in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and parts.username is None else None


def path_of(url: str) -> str:
    """What of an address may be shown: the query of a storage's address is a key to it."""
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
    """All of it, or a little more than the limit."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > limit:
            break
    return bytes(content)


def _reason(error: BaseException, timeout: type[BaseException]) -> str:
    """In the system's words, or else in ours; those of the libraries hold addresses."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, timeout):
            return "no answer in time"
        if isinstance(inner, OSError) and isinstance(inner.strerror, str):
            return inner.strerror
        inner = inner.__cause__ or inner.__context__
    return "the connection broke"
