"""HTTP/1.1 without I/O: bytes in, whole POSTs out, and the bytes of their answers."""

from __future__ import annotations

import h11
import msgspec

MAX_BODY = 2 * 1024 * 1024
"""The most bytes in one request (Source: Windows takes 500 KB by default, MaxEnvelopeSizekb; encryption adds little)."""


class TooMuchError(Exception):
    """A request's body is larger than any client's has a reason to be."""


class Post(msgspec.Struct, frozen=True):
    """A whole request; `authorization` is "" where the header is not there."""

    method: str
    target: str
    authorization: str
    body: bytes


class Answer(msgspec.Struct, frozen=True):
    """`authenticate` stands in WWW-Authenticate, if it is not ""."""

    status: int
    content_type: str = ""
    body: bytes = b""
    authenticate: str = ""


class Http1:
    """One connection; `next_post` and `answered` take turns."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = bytearray()

    @property
    def reusable(self) -> bool:
        """Whether the client may send another request on this connection."""
        return self._connection.our_state is h11.IDLE

    def take(self, received: bytes) -> None:
        """Bytes from the client; b"" when it has closed its side."""
        self._connection.receive_data(received)

    def next_post(self) -> Post | None:
        """The next whole request, or None if more bytes are needed.

        Raises h11.RemoteProtocolError for what is not HTTP, EOFError when the client has gone, TooMuchError.
        """
        while (event := self._connection.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Request):
                self._request = event
                self._body.clear()
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY:
                    raise TooMuchError
            elif isinstance(event, h11.EndOfMessage):
                return self._whole()
            else:
                raise EOFError  # noqa: TRY004 - h11.ConnectionClosed or PAUSED: not a wrong type but the end
        return None

    def answered(self, answer: Answer) -> bytes:
        """The bytes that answer the request that `next_post` gave."""
        headers = [("Server", "Microsoft-HTTPAPI/2.0"), ("Content-Length", str(len(answer.body)))]
        if answer.content_type:
            headers.append(("Content-Type", answer.content_type))
        if answer.authenticate:
            headers.append(("WWW-Authenticate", answer.authenticate))
        parts = (
            h11.Response(status_code=answer.status, headers=headers),
            h11.Data(data=answer.body),
            h11.EndOfMessage(),
        )
        sent = b"".join(self._connection.send(part) or b"" for part in parts)
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        return sent

    def _whole(self) -> Post:
        request = self._request
        if request is None:
            raise EOFError
        authorization = dict(request.headers).get(b"authorization", b"")
        return Post(
            method=request.method.decode("ascii"),
            target=request.target.decode("latin-1"),
            authorization=authorization.decode("latin-1"),
            body=bytes(self._body),
        )
