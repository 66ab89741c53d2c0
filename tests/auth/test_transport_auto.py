"""`--transport auto`: HTTP where Kerberos proves who the node is, HTTPS otherwise; and what a node that asks for NTLM hears."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import spnego

from tests.auth.field import ADMIN, field, lets_in
from tests.auth.realm import NODE, REALM, Realm
from tests.fakes.listeners import listener
from vhdsfix.config import Auth, Secret, Transport
from vhdsfix.errors import AuthError, NodeError, UnreachableError
from vhdsfix.lab.auth import AccountFile, Authentication
from vhdsfix.lab.certificates import Authority
from vhdsfix.remote.connection import Connection
from vhdsfix.remote.node import RemoteReader

NTLM_MECHANISM = bytes.fromhex("060a2b06010401823702020a")
"""Its object identifier, 1.3.6.1.4.1.311.2.2.10, in DER: how Negotiate offers it."""
TLS_RECORD = b"\x16\x03"
USER = f"admin@{REALM}"
PASSWORD = "correct-horse"


@contextmanager
def node_that_asks_for(challenge: str) -> Iterator[tuple[int, bytearray]]:
    """Over HTTP: its port, and all that it hears. It answers every request by 401 and this challenge."""
    heard = bytearray()
    answer = (
        f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n".encode()
    )

    def ask(wire: socket.socket) -> None:
        while received := wire.recv(65536):
            heard.extend(received)
            if heard.startswith(TLS_RECORD):
                wire.shutdown(socket.SHUT_RDWR)
                break
            wire.sendall(answer)

    with listener(ask) as port:
        yield port, heard


def reach(
    port: int, *, user: str | None, transport: Transport = "auto", auth: Auth = "negotiate"
) -> NodeError:
    """How it ends to ask the node something."""
    reader = RemoteReader(
        Connection("HV01", NODE, port, transport, auth, user), Secret(PASSWORD) if user else None
    )
    with pytest.raises(NodeError) as told:
        reader.itself()
    reader.close()
    return told.value


def tokens(heard: bytearray) -> list[bytes]:
    found = re.findall(rb"Authorization: (?:Negotiate|NTLM|Kerberos) (\S+)", bytes(heard))
    return [base64.b64decode(token) for token in found]


def speaks_ntlm(heard: bytearray) -> bool:
    return any(b"NTLMSSP" in token or NTLM_MECHANISM in token for token in tokens(heard))


def ntlm_challenge() -> str:
    """What a node that wants NTLM answers to any token."""
    accounts = AccountFile(ADMIN)
    asking = spnego.client("u", "p", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm).step() or b""
    answer = Authentication(accounts).step(f"Negotiate {base64.b64encode(asking).decode()}")
    accounts.delete()
    return answer


def without_kerberos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vhdsfix.remote.session.kerberos_is_here", lambda _user: False)


def test_without_kerberos_it_is_https(
    monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path
) -> None:
    without_kerberos(monkeypatch)
    with field(tmp_path, tls=authority.node("127.0.0.1")) as nodes:
        assert lets_in(nodes.plan(ADMIN.password, user=ADMIN.user, ca_file=str(authority.ca_file)))


@pytest.mark.parametrize("auth", ["negotiate", "ntlm", "basic"])
def test_without_kerberos_a_node_without_tls_hears_nothing_of_us(
    monkeypatch: pytest.MonkeyPatch, auth: Auth
) -> None:
    without_kerberos(monkeypatch)
    with node_that_asks_for("Negotiate, NTLM, Basic") as (port, heard):
        assert isinstance(reach(port, user=ADMIN.user, auth=auth), UnreachableError)
    assert heard.startswith(TLS_RECORD)
    assert b"HTTP/" not in heard


@pytest.mark.parametrize("auth", ["ntlm", "basic"])
def test_with_kerberos_other_logons_still_take_https(realm: Realm, auth: Auth) -> None:
    realm.log_on("admin", PASSWORD)
    with node_that_asks_for("Negotiate, NTLM, Basic") as (port, heard):
        assert isinstance(reach(port, user=USER, auth=auth), UnreachableError)
    assert heard.startswith(TLS_RECORD)


def test_an_account_that_kerberos_cannot_mean_takes_https(
    realm: Realm, authority: Authority, tmp_path: Path
) -> None:
    assert realm.folder.is_dir()
    with field(tmp_path, tls=authority.node("127.0.0.1")) as nodes:
        assert lets_in(nodes.plan(ADMIN.password, user="LAB\\admin", ca_file=str(authority.ca_file)))


@pytest.mark.parametrize("challenge", ["Negotiate", "NTLM", "Kerberos, NTLM", "an NTLM challenge"])
@pytest.mark.parametrize(
    ("ticket", "user"), [(True, None), (False, None), (True, USER), (False, USER), (False, f"nobody@{REALM}")]
)
@pytest.mark.parametrize("auth", ["negotiate", "kerberos"])
def test_ntlm_never_goes_over_http_unasked(
    realm: Realm, challenge: str, auth: Auth, user: str | None, *, ticket: bool
) -> None:
    if ticket:
        realm.log_on("admin", PASSWORD)
    asked = ntlm_challenge() if challenge == "an NTLM challenge" else challenge
    with node_that_asks_for(asked) as (port, heard):
        ended = reach(port, user=user, auth=auth)
    assert heard.startswith(b"POST /wsman"), "it goes over HTTP"
    assert not speaks_ntlm(heard)
    assert isinstance(ended, AuthError)


def test_ntlm_goes_over_http_where_http_was_said() -> None:
    with node_that_asks_for("Negotiate") as (port, heard):
        reach(port, user=ADMIN.user, transport="http", auth="ntlm")
    assert speaks_ntlm(heard), "the tests above would see it"
