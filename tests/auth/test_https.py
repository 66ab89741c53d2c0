"""Over HTTPS: who gets in, whose certificate is believed, and the one line where not."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from tests.auth.field import ADMIN, STRANGER, Field, field, lets_in, refusal
from vhdsfix.errors import UsageError
from vhdsfix.lab.auth import Account
from vhdsfix.lab.certificates import Authority

ADDRESS = "127.0.0.1"
LOGONS = ("negotiate", "ntlm", "basic")


def trusting(authority: Authority, **said: str) -> dict[str, str]:
    return {"transport": "https", "ca_file": str(authority.ca_file), "user": ADMIN.user} | said


@pytest.mark.parametrize("auth", LOGONS)
def test_each_logon_gets_in(authority: Authority, tmp_path: Path, auth: str) -> None:
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        assert lets_in(nodes.plan(ADMIN.password, **trusting(authority, auth=auth)))


@pytest.mark.parametrize("auth", LOGONS)
def test_a_wrong_password_is_tried_once_on_each_of_two_nodes(
    authority: Authority, tmp_path: Path, auth: str
) -> None:
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        told = refusal(nodes.plan("wrong horse", **trusting(authority, auth=auth)))
        assert "as LAB\\admin): it refused the user and password; check the user and the password" in told
        once = 1 if auth == "basic" else 3  # unasked, the negotiation, the answer to the challenge
        assert list(nodes.requests.values()) == [once, once, 0]


@pytest.mark.parametrize("auth", LOGONS)
def test_an_account_without_rights_is_denied(authority: Authority, tmp_path: Path, auth: str) -> None:
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        told = refusal(nodes.plan(STRANGER.password, **trusting(authority, auth=auth, user=STRANGER.user)))
    assert "access is denied to this account" in told
    assert "must be an administrator" in told


def test_whoever_logs_on_over_http_without_rights_is_denied_too(tmp_path: Path) -> None:
    with field(tmp_path) as nodes:
        told = refusal(nodes.plan(STRANGER.password, transport="http", user=STRANGER.user))
    assert "access is denied to this account" in told


@pytest.mark.parametrize(
    ("names", "days", "said"),
    [
        ((ADDRESS,), -1.0, "its certificate has expired"),
        (("hv01.corp.example",), 1.0, "its certificate is for another name"),
    ],
)
def test_a_certificate_at_fault_is_told(
    authority: Authority, tmp_path: Path, names: tuple[str, ...], days: float, said: str
) -> None:
    with field(tmp_path, tls=authority.node(*names, days=days)) as nodes:
        assert said in refusal(nodes.plan(ADMIN.password, **trusting(authority)))
        assert list(nodes.requests.values()) == [0, 0, 0], "nobody has heard the password"


@pytest.mark.parametrize("asked", ["another file", "the system"])
def test_an_unknown_authority_is_told(authority: Authority, tmp_path: Path, asked: str) -> None:
    """The other one has the same name, as an authority that was set up again."""
    (tmp_path / "other").mkdir()
    said = trusting(Authority(tmp_path / "other"))
    if asked == "the system":
        del said["ca_file"]
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        assert "its certificate is not trusted here; name the file" in refusal(
            nodes.plan(ADMIN.password, **said)
        )
        assert list(nodes.requests.values()) == [0, 0, 0]


def test_a_file_without_certificates_is_told(authority: Authority, tmp_path: Path) -> None:
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        authority.ca_file.write_text("no certificate\n")
        told = refusal(nodes.plan(ADMIN.password, **trusting(authority)))
    assert "--ca-file" in told


def test_basic_never_goes_without_tls(tmp_path: Path) -> None:
    with field(tmp_path) as nodes:
        with pytest.raises(UsageError, match="basic sends the password readable"):
            nodes.plan(ADMIN.password, transport="http", auth="basic", user=ADMIN.user)
        assert list(nodes.requests.values()) == [0, 0, 0]


def pypsrp_to(nodes: Field, **options: Any) -> WSMan:
    usual: dict[str, Any] = {"ssl": True, "no_proxy": True, "operation_timeout": 20, "read_timeout": 30}
    return WSMan(ADDRESS, port=nodes.settings.nodes[0].port, **usual | options)


@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
def test_a_logon_that_is_not_tied_to_the_channel_is_refused(
    authority: Authority, tmp_path: Path, auth: str
) -> None:
    who = {"username": ADMIN.user, "password": ADMIN.password, "auth": auth}
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        for tied in (True, False):
            wsman = pypsrp_to(nodes, cert_validation=str(authority.ca_file), negotiate_send_cbt=tied, **who)
            with wsman:
                if tied:
                    with RunspacePool(wsman):
                        pass
                    continue
                with pytest.raises(AuthenticationError):
                    RunspacePool(wsman).open()


def test_messages_may_be_encrypted_within_tls(authority: Authority, tmp_path: Path) -> None:
    with (
        field(tmp_path, tls=authority.node(ADDRESS)) as nodes,
        pypsrp_to(
            nodes,
            cert_validation=str(authority.ca_file),
            encryption="always",
            username=ADMIN.user,
            password=ADMIN.password,
        ) as wsman,
        RunspacePool(wsman),
    ):
        pass


def by_certificate(nodes: Field, authority: Authority, file: Path) -> WSMan:
    return pypsrp_to(
        nodes,
        cert_validation=str(authority.ca_file),
        auth="certificate",
        certificate_pem=str(file),
        certificate_key_pem=str(file),
    )


def test_a_clients_certificate_gets_in(authority: Authority, tmp_path: Path) -> None:
    with (
        field(tmp_path, tls=authority.node(ADDRESS)) as nodes,
        by_certificate(nodes, authority, authority.client(ADMIN.user)) as wsman,
        RunspacePool(wsman),
    ):
        pass


def test_a_certificate_of_another_authority_does_not(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    foreign = Authority(tmp_path / "other").client(ADMIN.user)
    with (
        field(tmp_path, tls=authority.node(ADDRESS)) as nodes,
        by_certificate(nodes, authority, foreign) as wsman,
        pytest.raises(OSError, match=r"(?i)alert|EOF|reset|aborted"),
    ):
        RunspacePool(wsman).open()


def test_the_words_of_certificate_logon_alone_do_not(authority: Authority, tmp_path: Path) -> None:
    request = (
        b"POST /wsman HTTP/1.1\r\nHost: hv01\r\nContent-Length: 0\r\nConnection: close\r\n"
        b"Authorization: http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual\r\n\r\n"
    )
    context = ssl.create_default_context(cafile=authority.ca_file)
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        port = nodes.settings.nodes[0].port
        with (
            socket.create_connection((ADDRESS, port)) as wire,
            context.wrap_socket(wire, server_hostname=ADDRESS) as secured,
        ):
            secured.sendall(request)
            answer = b"".join(iter(lambda: secured.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'WWW-Authenticate: Negotiate, Basic realm="WSMAN"' in answer


def test_whoever_ends_the_handshake_half_way_leaves_the_node_to_others(
    authority: Authority, tmp_path: Path
) -> None:
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        port = nodes.settings.nodes[0].port
        with (
            socket.create_connection((ADDRESS, port)) as silent,
            socket.create_connection((ADDRESS, port)) as lost,
        ):
            silent.sendall(b"\x16\x03\x01")
            lost.sendall(b"POST /wsman HTTP/1.1\r\n\r\n")
            assert lets_in(nodes.plan(ADMIN.password, **trusting(authority)))


def test_what_a_person_sees(authority: Authority, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VHDSFIX_")}
    environment |= {"VHDSFIX_PASSWORD": "wrong horse", "VHDSFIX_STATE_DIR": str(tmp_path)}
    with field(tmp_path, tls=authority.node(ADDRESS)) as nodes:
        node = nodes.settings.nodes[0]
        command = [sys.executable, "-m", "vhdsfix", "plan", "--node", f"{ADDRESS}:{node.port}"]
        command += ["--transport", "https", "--ca-file", str(authority.ca_file), "--user", ADMIN.user]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    assert done.returncode == 4
    assert (
        "no node let us in: opening a session on 127.0.0.1 "
        f"({ADDRESS}:{node.port} as LAB\\admin): it refused the user and password; check the user and the password; "
        "it is not tried again here, because accounts lock out\n"
    ) in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong horse" not in done.stderr + done.stdout


def test_an_account_is_known_however_its_case(authority: Authority, tmp_path: Path) -> None:
    with field(tmp_path, admin=Account("LAB\\Admin", ADMIN.password), tls=authority.node(ADDRESS)) as nodes:
        assert lets_in(nodes.plan(ADMIN.password, **trusting(authority, auth="basic")))
