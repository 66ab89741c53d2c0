"""HTTP/1.1 and WS-Management give the same requests however the bytes arrive."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.envelopes import COMMAND, CREATE, DELETE, RECEIVE, SEND, SIGNAL
from vhdsfix.lab import wsman
from vhdsfix.lab.http1 import MAX_BODY, Answer, Http1, TooMuchError


def post(body: bytes) -> bytes:
    return b"POST /wsman HTTP/1.1\r\nHost: hv01\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


CONVERSATION = b"".join(post(envelope) for envelope in (CREATE, COMMAND, SEND, RECEIVE, SIGNAL, DELETE))


def requests_in(parts: Iterable[bytes]) -> list[wsman.Request]:
    """What a server makes of a conversation whose bytes arrive like this; it answers each request at once."""
    wire, requests = Http1(), []
    for part in parts:
        wire.take(part)
        while (whole := wire.next_post()) is not None:
            requests.append(wsman.parse(whole.body))
            wire.answered(Answer(200))
    return requests


WHOLE = requests_in([CONVERSATION])


def test_a_conversation_taken_whole() -> None:
    kinds = [wsman.Create, wsman.Command, wsman.Send, wsman.Receive, wsman.Signal, wsman.Delete]
    assert [type(request) for request in WHOLE] == kinds


def test_a_conversation_byte_by_byte() -> None:
    assert requests_in(CONVERSATION[at : at + 1] for at in range(len(CONVERSATION))) == WHOLE


@given(cuts=st.sets(st.integers(1, len(CONVERSATION) - 1), max_size=8))
def test_a_conversation_cut_anywhere(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(CONVERSATION)]
    assert requests_in(CONVERSATION[a:b] for a, b in itertools.pairwise(edges)) == WHOLE


@pytest.mark.parametrize("trailing", [b"P", b"POST /wsman HTT", post(RECEIVE)[:-1]])
def test_bytes_of_a_request_that_is_not_whole_change_nothing(trailing: bytes) -> None:
    assert requests_in([CONVERSATION + trailing]) == WHOLE


def test_the_clients_end_is_the_end() -> None:
    wire = Http1()
    wire.take(b"")
    with pytest.raises(EOFError):
        wire.next_post()


@pytest.mark.parametrize("cut_off", [b"PO", post(RECEIVE)[:40], post(RECEIVE)[:-1]])
def test_a_request_that_is_cut_off_is_none(cut_off: bytes) -> None:
    wire = Http1()
    wire.take(cut_off)
    assert wire.next_post() is None
    wire.take(b"")
    with pytest.raises((h11.RemoteProtocolError, EOFError)):
        wire.next_post()


def test_a_body_without_end_is_refused_before_it_is_kept() -> None:
    wire = Http1()
    wire.take(b"POST /wsman HTTP/1.1\r\nHost: hv01\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in range(MAX_BODY // 0x10000):
        wire.take(chunk)
        assert wire.next_post() is None
    wire.take(chunk)
    with pytest.raises(TooMuchError):
        wire.next_post()


@given(garbage=st.binary(min_size=1, max_size=200))
def test_garbage_is_no_request(garbage: bytes) -> None:
    wire = Http1()
    try:
        wire.take(garbage)
        assert wire.next_post() is None
    except h11.RemoteProtocolError:
        pass
