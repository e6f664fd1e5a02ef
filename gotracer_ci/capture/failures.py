"""Say why no trace arrived, and what to do: for responses and for errors of the connection."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator
from http import HTTPStatus

from gotracer_ci.errors import GotracerError

_SHOWN = 120
_TROUBLE = (429, 500, 502, 503, 504)
_BUSY = "already enabled"


class Refused(GotracerError):
    """Nothing of a trace arrived.

    Args:
        problem: why. remedy: what to do, or "".
        is_temporary: another try may succeed. status: that of the response, or 0.
    """

    def __init__(self, problem: str, remedy: str = "", *, is_temporary: bool = False, status: int = 0) -> None:
        super().__init__(f"{problem}{remedy and f'; {remedy}'}")
        self.problem = problem
        self.remedy = remedy
        self.is_temporary = is_temporary
        self.status = status


def of_response(status: int, body: str, location: str, *, authorized: bool, is_snapshot: bool) -> Refused:
    """Return the reason for a response without a trace.

    Args:
        body: the start of the body, without secrets. location: the target of a redirect, or "".
        authorized: the request had headers or credentials of the user.
        is_snapshot: the request was for a snapshot of a flight recorder, not to net/http/pprof.
    """
    name = f"{status} {_phrase(status)}".strip()
    line = _first_line(body)
    problem = f"{name}: {line}" if line and line.lower() not in (name.lower(), "404 page not found") else name
    remedy = ""
    if _BUSY in body:
        problem = "another trace is being recorded: tracing is already enabled"
        remedy = "wait until it ends, or use --retries"
    elif status == 404 and is_snapshot:
        remedy = "is this the path of the handler that writes the snapshot?"
    elif status == 404:
        remedy = (
            'is net/http/pprof registered? import _ "net/http/pprof" and serve http.DefaultServeMux, or name the path'
        )
    elif status in (401, 403) and authorized:
        remedy = "check the headers that you pass: the service does not accept them"
    elif status in (401, 403):
        remedy = "pass credentials with --header 'Authorization: …', or in GOTRACER_CI_HEADERS"
    elif location:
        problem += f": redirected to {location}"
        remedy = "name that address if it is right, or pass credentials with --header"
    elif status in _TROUBLE:
        remedy = "try again later, or use --retries"
    return Refused(problem, remedy, is_temporary=status in _TROUBLE, status=status)


def of_error(error: BaseException, timed_out: bool, connect_s: float) -> Refused:
    """Return the reason for an error before anything arrived. The libraries' own messages contain URLs.

    Args:
        timed_out: the connection could not be opened within `connect_s` seconds.
    """
    for inner in _chain(error):
        if isinstance(inner, ssl.SSLCertVerificationError):
            reason = inner.verify_message.rstrip(".")
            return Refused(f"the certificate is not trusted: {reason}", "name its CA with --ca FILE")
        if isinstance(inner, ssl.SSLError):
            return Refused(f"TLS failed: {_words(inner.reason)}", "does the service speak https at this port?")
        if isinstance(inner, socket.gaierror):
            return Refused(f"no such host: {inner.strerror}", is_temporary=True)
        if isinstance(inner, ConnectionRefusedError):
            return Refused("connection refused", "is the service running?", is_temporary=True)
        if isinstance(inner, OSError) and isinstance(inner.strerror, str):
            return Refused(f"the connection failed: {inner.strerror}", is_temporary=True)
    if timed_out:
        return Refused(f"no connection within {connect_s:g} s", "is the address right?", is_temporary=True)
    if isinstance(error, ValueError):
        return Refused("not a valid address or header")
    return Refused("the service closed the connection without a response", is_temporary=True)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text of the service with asterisks in place of what the user must not see in a log."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _chain(error: BaseException) -> Iterator[BaseException]:
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = inner.__cause__ or inner.__context__


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _first_line(body: str) -> str:
    """Return the first line of a body, "" for HTML."""
    line = next((line.strip() for line in body.splitlines() if line.strip()), "")
    if line.startswith("<"):
        return ""
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _words(reason: str | None) -> str:
    return (reason or "unknown reason").replace("_", " ").lower()
