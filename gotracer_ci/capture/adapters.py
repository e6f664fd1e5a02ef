"""How requests connects: over a unix socket, and with the certificates that the system trusts."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, path: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._path = path

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self._path)
        except BaseException:
            connection.close()
            raise
        return connection


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class SystemAdapter(HTTPAdapter):
    """Trust what the system and SSL_CERT_FILE trust, as Go's client does, besides the CAs that come with requests."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=ssl.create_default_context(), **options)


class UnixAdapter(HTTPAdapter):
    """Send every request to one socket, whatever its URL's host is."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._pool = _Pool("localhost", path=path)

    def get_connection_with_tls_context(self, *_args: Any, **_options: Any) -> HTTPConnectionPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()
