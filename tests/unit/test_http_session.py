"""What goes out by our HTTP session is what requests' own would send; nothing of an answer stays."""

from __future__ import annotations

import io
import weakref
from typing import Any

import pytest
import urllib3
from pypsrp.negotiate import HTTPNegotiateAuth
from requests import PreparedRequest, Request, Session
from requests.auth import HTTPBasicAuth

from vhdsfix.remote.adapter import BoundedAdapter
from vhdsfix.remote.http_session import HttpSession
from vhdsfix.remote.sockets import Sockets

URL = "http://HV01.corp.example:5985/wsman"
HEADERS = {"Content-Type": "application/soap+xml;charset=UTF-8", "X-One": "1"}
LOGONS = (HTTPNegotiateAuth("LAB\\admin", "secret"), HTTPBasicAuth("admin", "secret"))


@pytest.fixture
def adapter() -> BoundedAdapter:
    return BoundedAdapter(Sockets(), None)


@pytest.mark.parametrize("auth", LOGONS, ids=["negotiate", "basic"])
def test_each_request_is_what_requests_would_send(auth: Any, adapter: BoundedAdapter) -> None:
    theirs, built = session_of(auth), session_of(auth)
    ours = HttpSession(built, adapter)
    for body, headers in ((None, {}), (b"<a/>", HEADERS), (b"", HEADERS), (b"another", {})):
        request = Request("POST", URL, data=body, headers=headers)
        assert said(ours.prepare_request(request)) == said(theirs.prepare_request(request))


def test_nothing_of_an_answer_stays_once_it_was_read(adapter: BoundedAdapter) -> None:
    request = session_of(LOGONS[0]).prepare_request(Request("POST", URL))
    answer = adapter.build_response(
        request, urllib3.HTTPResponse(io.BytesIO(b"large"), status=200, preload_content=False)
    )
    assert answer.content == b"large"
    gone = weakref.ref(answer)
    del answer
    assert gone() is None


def session_of(auth: Any) -> Session:
    session = Session()
    session.trust_env = False
    session.headers["User-Agent"] = "Python PSRP Client"
    session.auth = auth
    return session


def said(request: PreparedRequest) -> tuple[Any, ...]:
    hooks = request.hooks["response"]
    return request.method, request.url, dict(request.headers), request.body, hooks
