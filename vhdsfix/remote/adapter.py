"""What stands between pypsrp and a node's sockets: connections that can be aborted, answers that have their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from requests import Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ContentDecodingError

from vhdsfix.remote.sockets import Sockets

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of one HTTP answer. WinRM keeps to MaxEnvelopeSize, of which we ask for 150 to 500 KB (WIRE 1, 3)."""


class BoundedAdapter(HTTPAdapter):
    """Connections that can be aborted, and a TLS context of ours instead of requests' own authorities."""

    def __init__(self, sockets: Sockets, tls: Any) -> None:
        self._sockets = sockets
        self._tls = tls
        self._connections: Any = None
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._tls, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """There is one address: where its connections are kept is looked up once."""
        if self._connections is None:
            pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
            self._connections = self._sockets.watching(pool)
        return self._connections

    def build_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().build_response(*args, **kwargs)
        response.__class__ = _BoundedResponse  # requests has no way to say what it should be
        return response

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context knows which authorities to trust; requests would add its own."""


class _BoundedResponse(Response):
    def iter_content(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        """Bound what may be read of an answer: whoever answers, even before the logon, could send without end."""
        if self.headers.get("Content-Encoding", "identity") != "identity":
            raise ContentDecodingError("its answer is compressed, which nobody asked for")
        size = 0
        for part in super().iter_content(*args, **kwargs):
            size += len(part)
            if size > LARGEST_ANSWER:
                raise ContentDecodingError(f"its answer is larger than {LARGEST_ANSWER} bytes")
            yield part
