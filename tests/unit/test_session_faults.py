"""A session with what is no WinRM, or no node to be trusted: what a person is told, and that nothing hangs."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fakes.listeners import listener
from vhdsfix.config import Auth, Secret, Transport
from vhdsfix.errors import AuthError, NodeError, UnreachableError
from vhdsfix.remote.adapter import LARGEST_ANSWER
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.limits import TimeLimits
from vhdsfix.remote.node import RemoteReader
from vhdsfix.remote.node_questions import HOST
from vhdsfix.remote.session import Session
from vhdsfix.remote.statements import Effect

PASSWORD = Secret("correct horse")
NOTHING_AGAIN = TimeLimits(open_retry_s=0)


def connection_to(
    port: int, *, transport: Transport = "http", auth: Auth = "negotiate", ca_file: str | None = None
) -> Connection:
    return Connection("HV01", "127.0.0.1", port, transport, auth, "LAB\\admin", ca_file)


def test_a_name_that_does_not_resolve() -> None:
    reader = RemoteReader(Connection("HV01", "hv01.invalid", 5985, "http", "ntlm", "u"), PASSWORD)
    with pytest.raises(UnreachableError, match="does not resolve"):
        reader.itself()
    reader.close()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    session = Session(connection_to(port), PASSWORD, Effect.READS, NOTHING_AGAIN)
    with pytest.raises(UnreachableError, match="connection was refused"):
        session.run("asking", (HOST.statement,))
    session.close()


def test_abort_ends_a_call_that_waits_for_a_silent_node() -> None:
    waiting = threading.Event()

    def say_nothing(wire: socket.socket) -> None:
        if wire.recv(1):
            waiting.set()

    with listener(say_nothing) as port, ThreadPoolExecutor(1) as pool:
        reader = RemoteReader(connection_to(port), PASSWORD)
        call = pool.submit(reader.itself)
        assert waiting.wait(5)
        reader.abort()
        with pytest.raises(UnreachableError, match="in the time allowed"):
            call.result(5)
        reader.close()


REDIRECT = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/wsman\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GARBAGE = b"\x00\xff garbage\r\n\r\n"
A_PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: text/html\r\n\r\n<p>no</q>"


@pytest.mark.parametrize(
    ("reply", "said"), [(REDIRECT, "elsewhere"), (GARBAGE, "broke"), (b"", "broke"), (A_PAGE, "")]
)
def test_what_is_no_winrm_is_said_to_be_none(reply: bytes, said: str) -> None:
    def answer(wire: socket.socket) -> None:
        wire.recv(65536)
        wire.sendall(reply)
        wire.shutdown(socket.SHUT_RDWR)

    with listener(answer) as port:
        session = Session(connection_to(port), PASSWORD, Effect.READS, NOTHING_AGAIN)
        with pytest.raises((UnreachableError, AuthError)) as told:
            session.run("asking", (HOST.statement,))
        session.close()
    assert said in str(told.value)
    assert str(told.value).isprintable()


ENDLESS = b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 99999999999\r\n\r\n"
COMPRESSED = (
    b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
    + b"\x1f\x8b" * 10
)


@pytest.mark.parametrize(
    ("head", "said"), [(ENDLESS, "its answer is larger than"), (COMPRESSED, "is compressed")]
)
def test_an_answer_has_its_bounds_even_before_the_logon(head: bytes, said: str) -> None:
    def answer(wire: socket.socket) -> None:
        wire.recv(65536)
        wire.sendall(head)
        for _ in range(2 * LARGEST_ANSWER // 65536):
            wire.sendall(bytes(65536))

    with listener(answer) as port:
        session = Session(connection_to(port), PASSWORD, Effect.READS, NOTHING_AGAIN)
        with pytest.raises(UnreachableError, match=said):
            session.run("asking", (HOST.statement,))
        session.close()


@pytest.mark.parametrize("asks", [True, False])
def test_who_lets_everybody_in_has_not_accepted_the_account(*, asks: bool) -> None:
    """Others would be tried with a password that nobody has proved to be right."""
    heads = [b"401 No\r\nWWW-Authenticate: Negotiate"] if asks else []

    def answer(wire: socket.socket) -> None:
        while wire.recv(65536):
            head = heads.pop() if heads else b"200 OK"
            wire.sendall(b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\n\r\n")

    accepted: list[str] = []
    with listener(answer) as port:
        session = Session(connection_to(port), PASSWORD, Effect.READS, NOTHING_AGAIN)
        with pytest.raises(NodeError):
            session.connect(lambda: accepted.append("accepted"))
        session.close()
    assert accepted == []


def certificate(folder: Path, name: str, *, days: int = 1, address: str = "127.0.0.1") -> Path:
    """A self-signed certificate with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def over_tls(file: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def answer(wire: socket.socket) -> None:
        try:
            with context.wrap_socket(wire, server_side=True) as secured:
                request = b""
                while not request.endswith(b"Envelope>") and (part := secured.recv(65536)):
                    request += part  # what is left unread would become a reset
                secured.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            pass

    return answer


@pytest.mark.parametrize(
    ("options", "trusted", "said"),
    [
        ({}, True, "no WinRM listener"),
        ({}, False, "not trusted here"),
        ({"days": -1}, True, "has expired"),
        ({"address": "127.0.0.2"}, True, "for another name"),
    ],
)
def test_a_certificate_is_verified_and_its_fault_told(
    tmp_path: Path, options: dict[str, object], *, trusted: bool, said: str
) -> None:
    file = certificate(tmp_path, "node", **options)  # type: ignore[arg-type] # as listed above
    other = certificate(tmp_path, "other")
    with listener(over_tls(file)) as port:
        way = connection_to(port, transport="https", auth="ntlm", ca_file=str(file if trusted else other))
        session = Session(way, PASSWORD, Effect.READS, NOTHING_AGAIN)
        with pytest.raises(UnreachableError, match=said):
            session.run("asking", (HOST.statement,))
        session.close()


def test_the_systems_certificates_are_asked_without_a_file(tmp_path: Path) -> None:
    with listener(over_tls(certificate(tmp_path, "node"))) as port:
        session = Session(connection_to(port, transport="https"), PASSWORD, Effect.READS, NOTHING_AGAIN)
        with pytest.raises(UnreachableError, match="not trusted here"):
            session.run("asking", (HOST.statement,))
        session.close()


def test_a_ca_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    way = connection_to(1, transport="https", ca_file=str(tmp_path / "none.pem"))
    session = Session(way, PASSWORD, Effect.READS, NOTHING_AGAIN)
    with pytest.raises(UnreachableError, match="--ca-file"):
        session.run("asking", (HOST.statement,))
    session.close()
