"""Kerberos against MIT's own KDC: who gets in, and the one line where not. Skipped, and said, where it is not installed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.exceptions import AuthenticationError
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from tests.auth.field import Field, field, lets_in, refusal
from tests.auth.realm import NODE, REALM, Realm
from vhdsfix.lab.auth import Account
from vhdsfix.lab.certificates import Authority

ADMIN = Account(f"admin@{REALM}", "correct-horse")
HOUR_S = 3600


@pytest.fixture
def nodes(realm: Realm, tmp_path: Path) -> Iterator[Field]:
    """Over HTTP, where a connection is encrypted by the logon's keys; --transport auto, as is usual."""
    assert realm.environment["KRB5_KTNAME"]
    with field(tmp_path, admin=ADMIN, address=NODE) as running:
        yield running


@pytest.fixture
def secured(realm: Realm, tmp_path: Path, authority: Authority) -> Iterator[Field]:
    assert realm.environment["KRB5_KTNAME"]
    with field(tmp_path, admin=ADMIN, address=NODE, tls=authority.node(NODE)) as running:
        yield running


def test_a_current_ticket_and_no_user_name_just_work(realm: Realm, nodes: Field) -> None:
    realm.log_on("admin", ADMIN.password)
    assert lets_in(nodes.plan())


@pytest.mark.parametrize("auth", ["negotiate", "kerberos"])
@pytest.mark.parametrize("transport", ["auto", "http"])
def test_a_user_and_a_password_work(nodes: Field, auth: str, transport: str) -> None:
    assert lets_in(nodes.plan(ADMIN.password, user=ADMIN.user, auth=auth, transport=transport))


def test_an_account_of_a_domain_by_its_short_name_is_not_looked_for_in_a_realm(
    realm: Realm, tmp_path: Path
) -> None:
    """Each logon would ask a domain controller for a name that there is not, or wait for one that does not answer."""
    account = Account("LAB\\admin", "correct-horse")
    with field(tmp_path, admin=account, address=NODE) as nodes:
        before = realm.requests
        assert lets_in(nodes.plan(account.password, user=account.user, auth="negotiate", transport="http"))
        assert realm.requests == before


@pytest.mark.parametrize("auth", ["negotiate", "kerberos"])
def test_a_ticket_works_over_https(realm: Realm, secured: Field, authority: Authority, auth: str) -> None:
    realm.log_on("admin", ADMIN.password)
    assert lets_in(secured.plan(auth=auth, transport="https", ca_file=str(authority.ca_file)))


@pytest.mark.parametrize("auth", ["negotiate", "kerberos"])
def test_a_ticket_that_is_not_tied_to_the_channel_is_refused(
    realm: Realm, secured: Field, authority: Authority, auth: str
) -> None:
    realm.log_on("admin", ADMIN.password)
    options: dict[str, Any] = {"auth": auth, "cert_validation": str(authority.ca_file), "no_proxy": True}
    with (
        WSMan(NODE, port=secured.settings.nodes[0].port, negotiate_send_cbt=False, **options) as wsman,
        pytest.raises(AuthenticationError),
    ):
        RunspacePool(wsman).open()


@pytest.mark.parametrize(
    ("user", "password", "said"),
    [
        ("admin", "wrong-horse", "Kerberos refused the user and password"),
        ("nobody", "correct-horse", "Kerberos does not know this account"),
        ("locked", "correct-horse", "the account is disabled or locked out"),
        ("expired", "correct-horse", "the account's password has expired"),
        ("stranger", "battery-staple", "access is denied to this account"),
        ("admin@ELSEWHERE.TEST", "correct-horse", "write --user as name@DOMAIN.EXAMPLE"),
    ],
)
def test_an_account_at_fault_is_told(nodes: Field, user: str, password: str, said: str) -> None:
    assert said in refusal(nodes.plan(password, user=user))


def test_no_ticket_is_told_and_tried_once_on_each_of_two_nodes(nodes: Field) -> None:
    told = refusal(nodes.plan())
    assert "there is no current Kerberos ticket" in told
    assert "get one (kinit; klist shows it), or say --user" in told
    assert list(nodes.requests.values()) == [1, 1, 0]


def test_a_ticket_of_an_account_without_rights_is_told(realm: Realm, nodes: Field) -> None:
    realm.log_on("stranger", "battery-staple")
    assert "access is denied to this account" in refusal(nodes.plan())


@pytest.mark.parametrize("auth", ["negotiate", "kerberos"])
@pytest.mark.parametrize("who_says_so", ["the domain controller", "the node"])
def test_clocks_that_differ_are_told(realm: Realm, nodes: Field, auth: str, who_says_so: str) -> None:
    realm.log_on("admin", ADMIN.password)
    if who_says_so == "the node":
        assert lets_in(nodes.plan())  # the ticket for the node is there now
    before = dict(nodes.requests)
    realm.set_clock_of_tickets(HOUR_S)
    told = refusal(nodes.plan(auth=auth, transport="auto"))
    assert "differ too much" in told
    assert "set the clocks right" in told
    tokens_to_the_node = 1 if who_says_so == "the node" else 0
    assert nodes.requests["HV01"] - before["HV01"] == 1 + tokens_to_the_node


def test_a_node_by_its_address_is_told(realm: Realm, tmp_path: Path) -> None:
    realm.log_on("admin", ADMIN.password)
    with field(tmp_path, admin=ADMIN, address="127.0.0.1") as nodes:
        told = refusal(nodes.plan())
    assert "Kerberos does not know this node" in told
    assert "reach it by its name in the domain" in told


def test_no_domain_controller_is_told(realm: Realm, nodes: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    before = (realm.folder / "krb5.conf").read_text()
    alone = realm.folder / "alone.conf"
    alone.write_text("".join(_with_port(port)(line) for line in before.splitlines(keepends=True)))
    monkeypatch.setenv("KRB5_CONFIG", str(alone))
    told = refusal(nodes.plan(ADMIN.password, user=ADMIN.user))
    assert "no domain controller answered" in told


def test_a_node_without_its_key_is_told(
    realm: Realm, nodes: Field, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    realm.log_on("admin", ADMIN.password)
    monkeypatch.setenv("KRB5_KTNAME", f"FILE:{tmp_path}/none")
    assert "it refused the current logon" in refusal(nodes.plan())


def test_whoever_was_refused_gets_in_once_it_is_right(realm: Realm, nodes: Field) -> None:
    realm.log_on("admin", ADMIN.password)
    realm.set_clock_of_tickets(HOUR_S)
    refusal(nodes.plan())
    realm.set_clock_of_tickets(0)
    assert lets_in(nodes.plan())


def _with_port(port: int) -> Callable[[str], str]:
    return lambda line: f"    kdc = 127.0.0.1:{port}\n" if line.strip().startswith("kdc =") else line
