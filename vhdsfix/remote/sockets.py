"""A session's TCP connections, so that another thread can end a call that waits on one (WIRE 5)."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from functools import partial
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Sockets:
    """Connections that this session makes. Each method may be called from any thread."""

    def __init__(self) -> None:
        self._connections: set[HTTPConnection] = set()
        self._lock = threading.Lock()
        self._aborted = threading.Event()

    def watching(self, pool: HTTPConnectionPool) -> HTTPConnectionPool:
        """The pool, whose connections will be known here."""
        kind = _Https if isinstance(pool, HTTPSConnectionPool) else _Http
        pool.ConnectionCls = partial(kind, self)  # type: ignore[assignment]  # it is only called
        return pool

    @property
    def aborted(self) -> threading.Event:
        return self._aborted

    @property
    def is_connected(self) -> bool:
        """Whether a connection is there that the node has not closed meanwhile."""
        with self._lock:
            return any(connection.is_connected for connection in self._connections)

    def abort(self) -> None:
        """End every connection now, and allow no new one."""
        self._aborted.set()
        with self._lock:
            for connection in self._connections:
                _shut_down(connection.sock)

    def close(self) -> None:
        """Close every connection: a logon that fails half-way leaves one that pypsrp does not close."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def keep(self, connection: HTTPConnection) -> None:
        """Raises ConnectionAbortedError once the session was aborted."""
        with self._lock:
            if self._aborted.is_set():
                raise ConnectionAbortedError("the session was aborted")
            self._connections.add(connection)


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """Verify by the system's certificates, or by a file's alone. Raises OSError for a file that cannot be read."""
    if ca_file is not None:
        return ssl.create_default_context(cafile=ca_file)
    import truststore  # noqa: PLC0415 - only a session over HTTPS pays for it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Http(HTTPConnection):
    def __init__(self, sockets: Sockets, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known_to = sockets

    def connect(self) -> None:
        self._known_to.keep(self)
        super().connect()
        self._known_to.keep(self)  # an abort while it connected found no socket


class _Https(_Http, HTTPSConnection):
    """Connects as `_Http` does, and by TLS."""


def _shut_down(wire: socket.socket | None) -> None:
    """Shut the socket itself down: an SSLSocket's own shutdown would take TLS away from under the reading thread."""
    if wire is not None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(wire, socket.SHUT_RDWR)
