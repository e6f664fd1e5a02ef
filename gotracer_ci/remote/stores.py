"""Find and read traces that URLs name, with fsspec.

Text of the libraries reaches no message, because it can contain what signs a URL.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Final, TypeVar

from gotracer_ci.errors import TraceError

LIMIT_S = 60.0
"""How long a store may take to connect and to send the next part."""
LIST_S = 300.0
"""How long a store may take to list what a glob matches."""
PAUSE_S = 1.0
"""The time before a second try. It doubles with each further one."""
TRIES = 4
"""Tries in a row that bring less than a part."""
SILENT = 3
"""After so many traces in a row of which nothing arrived, the others of a store are not waited for."""
PART: Final = 1 << 20
_BLOCK: Final = 4 << 20
_WEB: Final = ("http", "https")
_TEMPORARY: Final = (408, 429, 500, 502, 503, 504)
_NO_CREDENTIALS: Final = ("NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError")
_INSTALL: Final = "install the extra: pip install 'gotracer-ci[remote]'"
Result = TypeVar("Result")
_silent: Counter[str] = Counter()
"""By store: of how many traces in a row nothing arrived."""


class _Failed(Exception):
    """A try that failed. is_temporary: another one may succeed."""

    def __init__(self, problem: str, *, is_temporary: bool) -> None:
        super().__init__(problem)
        self.is_temporary = is_temporary


def matching(pattern: str) -> list[str]:
    """Return the URLs of the files that a glob matches, sorted; the URL itself if it is no glob.

    Raises:
        TraceError: the store cannot be listed, or the glob matches nothing.
    """
    scheme = pattern.partition("://")[0].lower()
    if "::" in pattern:
        raise TraceError(pattern, "chained URLs are not supported; name the trace's own URL")
    if scheme in _WEB:
        if "*" in re.split(r"[?#]", pattern)[0]:
            raise TraceError(pattern, "web servers cannot be listed, so a glob does not work; name each trace")
        return [pattern]
    magic = re.search(r"[*?[]", pattern)
    if magic is None:
        if pattern.endswith("/"):
            raise TraceError(pattern, f"is a directory; use a glob such as {pattern}*.trace")
        return [pattern]
    above = pattern[: pattern.rindex("/", 0, magic.start()) + 1]
    try:
        found = _within(LIST_S, lambda: _listed(pattern, above))
    except _Failed as failed:
        raise TraceError(pattern, f"cannot be listed: {failed}") from None
    if not found:
        raise TraceError(pattern, "no file matches this glob")
    return found


class Stream:
    """The bytes of a remote file, read once. A thread fetches them, so that none waits forever for a store.

    Raises:
        TraceError: its store has been silent before.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._store = "/".join(url.split("/")[:3])
        if _silent[self._store] >= SILENT:
            raise TraceError(url, f"was not tried: nothing arrived of {SILENT} traces of its store before")
        self._position = 0
        self._left = b""
        self._version: str | None = None
        self._fetch = _Fetch(url, 0, None)
        self._failures = 0
        self._since_failure = 0
        self._is_over = False

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most so many; none at the end.

        Raises:
            TraceError: the store fails.
        """
        if not self._left and not self._is_over:
            self._left = self._next()
        part, self._left = self._left[:size], self._left[size:]
        return part

    def close(self) -> None:
        self._fetch.stop()

    def _next(self) -> bytes:
        """Return the next part, b"" at the end. After a failure, try again from where it happened."""
        while True:
            try:
                part = self._fetch.next()
            except _Failed as failed:
                self._again(failed)
                continue
            self._position += len(part)
            self._since_failure += len(part)
            self._is_over = not part
            _silent[self._store] = 0
            return part

    def _again(self, failed: _Failed) -> None:
        self._fetch.stop()
        self._failures = 1 if self._since_failure >= PART else self._failures + 1
        self._since_failure = 0
        if not failed.is_temporary or self._failures == TRIES:
            tries = f" (tried {TRIES} times)" if failed.is_temporary else ""
            where = f" after {self._position:,} bytes" if self._position else ""
            _silent[self._store] += failed.is_temporary and not self._position
            raise TraceError(self._url, f"cannot be read{where}: {failed}{tries}") from None
        Event().wait(PAUSE_S * 2.0 ** (self._failures - 1))
        self._version = self._version or self._fetch.version
        self._fetch = _Fetch(self._url, self._position, self._version)


class _Fetch:
    """One try: a thread that reads a file from a position on. version: the file's, "" if the store does not say it."""

    def __init__(self, url: str, start: int, version: str | None) -> None:
        self.version = ""
        self._parts: Queue[bytes | _Failed] = Queue(maxsize=2)
        self._is_stopped = Event()
        # a daemon, because a library may wait for its store forever
        Thread(target=self._run, args=(url, start, version), daemon=True).start()

    def next(self) -> bytes:
        """Return the next part, b"" at the end.

        Raises:
            _Failed: it did not arrive.
        """
        try:
            part = self._parts.get(timeout=LIMIT_S)
        except Empty:
            raise _Failed(f"the store sent less than 1 MiB in {LIMIT_S:g} s", is_temporary=True) from None
        if isinstance(part, _Failed):
            raise part
        return part

    def stop(self) -> None:
        """Let the thread end. It may wait for room for one more part."""
        self._is_stopped.set()
        while not self._parts.empty():
            self._parts.get()

    def _run(self, url: str, start: int, version: str | None) -> None:
        part = bytearray()
        try:
            file = _opened(url, start)
            try:
                self.version = _version(file)
                if version and self.version and version != self.version:
                    raise _Failed("it changed while it was read", is_temporary=False)
                _skip(file, start)
                while not self._is_stopped.is_set():
                    # small ones would let a store that hardly sends anything go on forever
                    while len(part) < PART and (more := file.read(PART - len(part))):
                        part += more
                    whole, part = bytes(part), bytearray()
                    self._parts.put(whole)
                    if not whole:
                        break
            finally:
                file.close()
        except Exception as error:
            # each store's library has exceptions of its own
            if part:
                self._parts.put(bytes(part))
            self._parts.put(_failure(error))


def _opened(url: str, start: int) -> Any:
    """Open a file. A web server is asked for what follows the start, other files can seek."""
    system, path = _store(url)
    if url.partition("://")[0].lower() not in _WEB:
        return system.open(path, "rb", block_size=_BLOCK, cache_type="readahead")
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    # streamed with one request: a URL can be signed for that only, and a server need not know ranges or the size
    return system.open(path, "rb", block_size=0, size=1, headers=headers)


def _skip(file: Any, start: int) -> None:
    """Move to a position of a file that was just opened."""
    response = getattr(file, "r", None)
    if response is None:
        file.seek(start)
        return
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        if start and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            raise _Failed("the server sent another part than the one asked for", is_temporary=False)
        return
    while start and (part := file.read(min(start, PART))):
        start -= len(part)


def _version(file: Any) -> str:
    response = getattr(file, "r", None)
    known = response.headers if response is not None else getattr(file, "details", None) or {}
    return str(known.get("ETag") or known.get("Last-Modified") or "")


def _store(url: str) -> tuple[Any, str]:
    """Return the store of a URL, and what it calls the file."""
    try:
        import fsspec
        from fsspec.registry import known_implementations
    except ImportError:
        raise _Failed(_INSTALL, is_temporary=False) from None
    scheme = url.partition("://")[0].lower()
    options: dict[str, Any] = {}
    try:
        if scheme in _WEB:
            import aiohttp

            # its own limit is five minutes for the whole file
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=LIMIT_S, sock_read=LIMIT_S)
            options = {"client_kwargs": {"timeout": timeout, "trust_env": True}}
        system, path = fsspec.core.url_to_fs(url, **options)
    except ImportError:
        known = known_implementations.get(scheme, {}).get("err", "")
        raise _Failed(_INSTALL if scheme in (*_WEB, "s3", "gs") else str(known), is_temporary=False) from None
    except ValueError as error:
        unknown = "not known" in str(error)
        raise _Failed("no such kind of store" if unknown else "not a valid URL", is_temporary=False) from None
    return system, path


def _listed(pattern: str, above: str) -> list[str]:
    """Return the URLs of the files that match. above: the pattern's beginning without wildcards, a directory."""
    system, path = _store(pattern)
    inside = system._strip_protocol(above).rstrip("/")
    found = system.glob(path, detail=True)
    return sorted(
        above + str(name)[len(inside) :].lstrip("/") for name, info in found.items() if info.get("type") == "file"
    )


def _within(limit_s: float, call: Callable[[], Result]) -> Result:
    """Return what a call returns.

    Raises:
        _Failed: it failed, or took too long.
    """
    done: Queue[tuple[Result | None, _Failed | None]] = Queue()

    def run() -> None:
        try:
            done.put((call(), None))
        except Exception as error:
            # the thread that waits raises it; each store's library has exceptions of its own
            done.put((None, _failure(error)))

    Thread(target=run, daemon=True).start()
    try:
        result, failed = done.get(timeout=limit_s)
    except Empty:
        raise _Failed(f"no answer within {limit_s:g} s", is_temporary=True) from None
    if failed is not None:
        raise failed
    return result  # type: ignore[return-value]


def _failure(error: Exception) -> _Failed:
    """Return what went wrong, in words that contain no secret."""
    if isinstance(error, _Failed):
        return error
    status = getattr(error, "status", None)
    kind = type(error).__name__
    if isinstance(error, FileNotFoundError) or status == HTTPStatus.NOT_FOUND:
        return _Failed("no such file", is_temporary=False)
    if kind in _NO_CREDENTIALS:
        return _Failed("no credentials for this store were found", is_temporary=False)
    if isinstance(error, PermissionError):
        return _Failed("the store does not accept the credentials, or they allow too little", is_temporary=False)
    if isinstance(status, int):
        return _Failed(f"the server answered {_status(status)}", is_temporary=status in _TEMPORARY)
    if isinstance(error, TimeoutError):
        return _Failed(f"no answer within {LIMIT_S:g} s", is_temporary=True)
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return _Failed(os.strerror(error.errno), is_temporary=True)
    if isinstance(error, IsADirectoryError | NotADirectoryError):
        return _Failed("is not a file", is_temporary=False)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    return _Failed(f"the connection was lost ({words})", is_temporary=True)


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
