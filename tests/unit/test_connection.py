"""Which way a node is reached."""

from __future__ import annotations

import pytest

from vhdsfix.errors import UsageError
from vhdsfix.remote.connection import Connection, kerberos_is_here, route_of


@pytest.mark.parametrize(
    ("transport", "auth", "kerberos", "secure", "port", "used"),
    [
        ("auto", "negotiate", True, False, 5985, "kerberos"),
        ("auto", "kerberos", True, False, 5985, "kerberos"),
        ("auto", "negotiate", False, True, 5986, "negotiate"),
        ("auto", "ntlm", True, True, 5986, "ntlm"),
        ("auto", "basic", True, True, 5986, "basic"),
        ("http", "ntlm", False, False, 5985, "ntlm"),
        ("http", "negotiate", True, False, 5985, "negotiate"),
        ("https", "kerberos", True, True, 5986, "kerberos"),
    ],
)
def test_which_way_is_taken(
    *, transport: str, auth: str, kerberos: bool, secure: bool, port: int, used: str
) -> None:
    wanted = Connection("HV01", "hv01", None, transport, auth, "u")  # type: ignore[arg-type] # texts for the tests
    route = route_of(wanted, kerberos_is_here=kerberos)
    assert (route.secure, route.port, route.auth) == (secure, port, used)


@pytest.mark.parametrize(
    ("user", "kerberos", "used"),
    [
        ("CORP\\svc", False, "ntlm"),
        ("CORP\\svc", True, "negotiate"),
        ("svc@corp.example", False, "negotiate"),
    ],
)
def test_a_name_that_kerberos_cannot_take_is_not_put_to_it(*, user: str, kerberos: bool, used: str) -> None:
    """True for kerberos: on Windows."""
    wanted = Connection("HV01", "hv01", None, "https", "negotiate", user)
    assert route_of(wanted, kerberos_is_here=kerberos).auth == used


@pytest.mark.parametrize(
    ("platform", "installed", "user", "here"),
    [
        ("linux", True, None, True),
        ("linux", True, "svc@CORP.EXAMPLE", True),
        ("linux", True, "CORP\\svc", False),
        ("linux", False, None, False),
        ("win32", False, "CORP\\svc", True),
    ],
)
def test_where_kerberos_is(
    monkeypatch: pytest.MonkeyPatch, *, platform: str, installed: bool, user: str | None, here: bool
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("vhdsfix.remote.connection._is_installed", lambda _name: installed)
    assert kerberos_is_here(user) is here


@pytest.mark.parametrize(("transport", "user"), [("http", "u"), ("https", None)])
def test_basic_shows_no_password_and_needs_an_account(transport: str, user: str | None) -> None:
    with pytest.raises(UsageError, match="basic"):
        route_of(Connection("HV01", "hv01", None, transport, "basic", user), kerberos_is_here=True)  # type: ignore[arg-type]
