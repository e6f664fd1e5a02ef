"""The address that a report is served on."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from gotracer_ci.errors import UsageError

_HOST = "127.0.0.1"


class Address(NamedTuple):
    """A loopback address. host: as the user wrote it. number: the IP address. port: 0 for any free one."""

    host: str
    number: str
    port: int


def parse(option: str, text: str) -> Address:
    """Return the address for HOST:PORT or :PORT.

    Raises:
        UsageError: it is something else, or other machines could reach it.
    """
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or _HOST, parts.port
    except ValueError:
        port = None
    if port is None or parts.netloc != text or "@" in text:
        raise UsageError(f"{option} {text}: not an address; write HOST:PORT, for example {option} localhost:8080")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        number = str(found[0][4][0])
    except (OSError, UnicodeError):
        raise UsageError(f"{option} {text}: there is no host {host}; write for example {option} :{port}") from None
    if not ip_address(number.partition("%")[0]).is_loopback:
        raise UsageError(
            f"{option} {text}: other machines could reach it; use {option} :{port}, and from elsewhere an SSH tunnel"
        )
    return Address(host, number, port)
