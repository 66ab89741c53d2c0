"""One request after another to one address, as pypsrp wants them sent: a `requests.Session` less what each would do anew.

That session merges settings, cookies and proxies for every request and takes the address apart again: a fifth of what a request
costs here, where all of it is the same each time.
"""

from __future__ import annotations

import copy
from typing import Any

from requests import PreparedRequest, Request, Response, Session
from requests.exceptions import TooManyRedirects
from requests.hooks import dispatch_hook

from vhdsfix.remote.adapter import BoundedAdapter

_OPTIONS: dict[str, Any] = {"stream": False, "verify": True, "cert": None, "proxies": {}}

Timeout = float | tuple[float, float] | None
"""Seconds: to connect and between two reads."""


class HttpSession:
    """Sends what it is told by `adapter` alone. `prepared_by` knows the headers and the logon.

    It keeps no cookie, reads nothing from the environment (netrc, proxies), and follows no redirect: a node that redirects would
    have us log on elsewhere.
    """

    def __init__(self, prepared_by: Session, adapter: BoundedAdapter) -> None:
        prepared_by.trust_env = False
        self._prepared_by = prepared_by
        self._adapter = adapter
        self._first: PreparedRequest | None = None
        self.headers = prepared_by.headers
        self.auth = prepared_by.auth

    def prepare_request(self, request: Request) -> PreparedRequest:
        """As the first one was, with this one's own headers and body."""
        if self._first is None:
            self._first = self._prepared_by.prepare_request(Request(request.method, request.url))
            del self._first.headers["Content-Length"]  # it comes last
        prepared = copy.copy(self._first)
        prepared.headers = self._first.headers.copy()
        prepared.headers.update(request.headers)
        prepared.body = request.data or None
        prepared.prepare_content_length(prepared.body)
        return prepared

    def send(self, request: PreparedRequest, timeout: Timeout) -> Response:
        """The whole answer, after the logon that it may have asked for. Raises what requests raises."""
        answer = self._adapter.send(request, timeout=timeout, **_OPTIONS)
        response: Response = dispatch_hook("response", request.hooks, answer, timeout=timeout, **_OPTIONS)  # type: ignore[no-untyped-call]  # the stub's
        response.content  # noqa: B018 - reads it
        if response.is_redirect:
            raise TooManyRedirects("Exceeded 0 redirects.", response=response)
        return response

    def close(self) -> None:
        self._adapter.close()
