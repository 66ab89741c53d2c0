"""The lab as a whole: what it opens it closes, and nothing that arrives on a socket ends it."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from tests.wire.conftest import ACCOUNT, Connect
from tests.wire.scripted_shell import OpenedShells
from tests.wire.test_sessions import pipeline
from vhdsfix.errors import LabError
from vhdsfix.lab.server import Lab, LabNode


def node(name: str = "HV01", port: int = 0, shells: OpenedShells | None = None) -> LabNode:
    return LabNode(name, shells or OpenedShells(name), ACCOUNT, port)


GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS at a plain port
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /wsman HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nshort",
    b"POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: Negotiate TlRMTVNTUAAD\r\nContent-Length: 0\r\n\r\n",
    b"\x00" * 100_000,
    os.urandom(4096),
    b"",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_ends_only_its_own_connection(lab: Lab, connect: Connect, garbage: bytes) -> None:
    endpoint = lab.endpoints[0]
    with RunspacePool(connect()) as pool:
        with socket.create_connection((endpoint.address, endpoint.port), timeout=10) as other:
            try:
                other.sendall(garbage)
                other.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: other.recv(65536), b""))
            except ConnectionError:
                answer = b""
        assert b" 200 " not in answer
        assert pipeline(pool, "Say", 1).invoke() == [1]


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_nothing_is_left_behind() -> None:
    threads = set(threading.enumerate())
    shells = OpenedShells("HV01")
    with ThreadPoolExecutor(1) as other, ExitStack() as clients:
        with Lab([node(shells=shells), node("HV02")]) as lab:
            ports = [endpoint.port for endpoint in lab.endpoints]
            idle = clients.enter_context(socket.create_connection(("127.0.0.1", ports[1]), timeout=10))
            wsman = clients.enter_context(
                WSMan("127.0.0.1", port=ports[0], ssl=False, username=ACCOUNT.user, password=ACCOUNT.password)
            )
            pool = RunspacePool(wsman)
            pool.open()
            polled = other.submit(pipeline(pool, "Wait").invoke)
            assert shells.made[0].polled.wait(20)
        assert polled.exception(20) is not None
        assert _is_closed(idle)
    assert shells.made[0].calls[-1] == "close"
    assert set(threading.enumerate()) == threads
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10)


def test_a_connection_that_comes_as_it_ends_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: lost.append(unraisable.exc_value))
    for _ in range(20):
        with ExitStack() as connections:
            with Lab([node()]) as lab:
                at = (lab.endpoints[0].address, lab.endpoints[0].port)
                comes = threading.Thread(target=_connect_often, args=(at, connections))
                comes.start()
            comes.join()
    gc.collect()
    assert lost == []


def _connect_often(at: tuple[str, int], connections: ExitStack) -> None:
    with suppress(OSError):
        for _ in range(5):
            connections.enter_context(socket.create_connection(at, 5))


def test_the_same_port_can_be_had_again_at_once() -> None:
    with Lab([node()]) as lab:
        port = lab.endpoints[0].port
    with Lab([node(port=port)]) as lab:
        assert lab.endpoints[0].port == port


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    threads = set(threading.enumerate())
    with Lab([node()]) as lab:
        port = lab.endpoints[0].port
        with (
            pytest.raises(
                LabError, match=rf"HV07 cannot listen on 127.0.0.1:{port}: .*another port"
            ) as raised,
            Lab([node("HV06"), node("HV07", port)]),
        ):
            pass
        assert "\n" not in str(raised.value)
    assert set(threading.enumerate()) == threads


def test_an_error_inside_the_lab_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError), Lab([node()]):
        raise ZeroDivisionError
