"""Who comes in, and what of an encrypted body is believed."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

import pytest
import spnego
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypsrp.encryption import WinRMEncryption
from spnego.channel_bindings import GssChannelBindings

from vhdsfix.errors import LabError
from vhdsfix.lab.auth import (
    CERTIFICATE,
    SCHEME,
    Account,
    AccountFile,
    Authentication,
    Channel,
    NotSealedError,
)


@pytest.fixture
def accounts() -> Iterator[AccountFile]:
    accounts = AccountFile(Account("LAB\\admin", "påss wörd"))
    yield accounts
    accounts.delete()


def let_in(accounts: AccountFile) -> tuple[Authentication, WinRMEncryption]:
    authentication = Authentication(accounts)
    return authentication, WinRMEncryption(log_on(authentication, "påss wörd"), WinRMEncryption.SPNEGO)


def log_on(
    authentication: Authentication, password: str, bound_to: bytes | None = None
) -> spnego.ContextProxy:
    """All steps of an NTLM log-on, whether it works or not."""
    client = spnego.client(
        "LAB\\admin",
        password,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
        channel_bindings=GssChannelBindings(application_data=bound_to) if bound_to else None,
    )
    token = client.step()
    while token:
        answer = authentication.step(f"Negotiate {base64.b64encode(token).decode()}")
        answered = answer.removeprefix(f"{SCHEME} ")
        token = client.step(base64.b64decode(answered)) if answered != answer else None
    return client


def test_messages_go_both_ways_and_the_user_is_known(accounts: AccountFile) -> None:
    authentication, encryption = let_in(accounts)
    assert authentication.user == "LAB\\admin"
    for message in ("päng".encode(), b"--Encrypted Boundary\r\n", b""):
        assert authentication.open_sealed(encryption.wrap_message(message)[1]) == message
        assert encryption.unwrap_message(authentication.seal(message), "Encrypted Boundary") == message


def test_a_damaged_body_is_refused(accounts: AccountFile) -> None:
    authentication, encryption = let_in(accounts)
    sealed = bytearray(encryption.wrap_message(b"<envelope/>")[1])
    sealed[-30] ^= 1
    with pytest.raises(NotSealedError):
        authentication.open_sealed(bytes(sealed))


def test_a_length_that_is_not_the_messages_is_refused(accounts: AccountFile) -> None:
    authentication, encryption = let_in(accounts)
    sealed = encryption.wrap_message(b"<envelope/>")[1]
    with pytest.raises(NotSealedError):
        authentication.open_sealed(sealed.replace(b"Length=11", b"Length=10"))


def test_whoever_failed_can_begin_again_on_the_same_connection(accounts: AccountFile) -> None:
    authentication = Authentication(accounts)
    log_on(authentication, "wrong horse")
    assert authentication.user is None
    log_on(authentication, "påss wörd")
    assert authentication.user == "LAB\\admin"


def test_whoever_begins_again_half_way_gets_in(accounts: AccountFile) -> None:
    authentication = Authentication(accounts)
    begun = spnego.client("u", "p", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm).step() or b""
    authentication.step(f"Negotiate {base64.b64encode(begun).decode()}")
    log_on(authentication, "påss wörd")
    assert authentication.user == "LAB\\admin"


@pytest.mark.parametrize(("bound_to", "is_in"), [(b"this node", True), (b"another", False), (None, False)])
def test_a_logon_over_tls_is_tied_to_it(
    accounts: AccountFile, bound_to: bytes | None, *, is_in: bool
) -> None:
    authentication = Authentication(accounts, Channel(b"this node", None))
    log_on(authentication, "påss wörd", bound_to)
    assert bool(authentication.user) is is_in


def test_a_binding_of_zeros_is_none(accounts: AccountFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spnego._ntlm.md5", lambda _bindings: bytes(16))
    authentication = Authentication(accounts, Channel(b"this node", None))
    log_on(authentication, "påss wörd", b"this node")
    assert authentication.user is None


def test_whoever_is_in_and_then_fails_is_out(accounts: AccountFile) -> None:
    authentication, _ = let_in(accounts)
    log_on(authentication, "wrong horse")
    assert authentication.user is None


def test_a_message_sent_twice_is_refused(accounts: AccountFile) -> None:
    authentication, encryption = let_in(accounts)
    sealed = encryption.wrap_message(b"<envelope/>")[1]
    authentication.open_sealed(sealed)
    with pytest.raises(NotSealedError):
        authentication.open_sealed(sealed)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary() | st.builds(lambda tail: b"--Encrypted Boundary\r\n" + tail, st.binary()))
def test_any_other_body_is_refused(accounts: AccountFile, body: bytes) -> None:
    with pytest.raises(NotSealedError):
        Authentication(accounts).open_sealed(body)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.binary() | st.builds(lambda tail: b"NTLMSSP\0" + tail, st.binary()))
def test_any_other_token_lets_nobody_in(accounts: AccountFile, token: bytes) -> None:
    authentication = Authentication(accounts)
    for _ in range(2):
        authentication.step(f"Negotiate {base64.b64encode(token).decode()}")
        assert authentication.user is None


@pytest.mark.parametrize("header", ["", "Negotiate", "Negotiate ?", "Basic TEFCOnB3", "Kerberos YII=", "ü"])
def test_any_other_header_lets_nobody_in(accounts: AccountFile, header: str) -> None:
    authentication = Authentication(accounts)
    assert authentication.step(header).startswith(SCHEME)
    assert authentication.user is None


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


RIGHT = basic("LAB\\admin", "påss wörd")
OVER_TLS = Channel(b"tls-server-end-point:x", None)


@pytest.mark.parametrize(
    ("header", "channel", "user"),
    [
        (RIGHT, OVER_TLS, "LAB\\admin"),
        (RIGHT, None, None),
        (basic("LAB\\admin", "wrong horse"), OVER_TLS, None),
        (basic("LAB\\other", "påss wörd"), OVER_TLS, None),
        (CERTIFICATE, Channel(b"", "LAB\\admin"), "LAB\\admin"),
        (CERTIFICATE, OVER_TLS, None),
        (CERTIFICATE, None, None),
        ("", Channel(b"", "LAB\\admin"), None),
    ],
)
def test_what_each_request_says_of_itself(
    accounts: AccountFile, header: str, channel: Channel | None, user: str | None
) -> None:
    authentication = Authentication(accounts, channel)
    answer = authentication.step(header)
    assert authentication.user == user
    assert bool(answer) is (user is None)
    assert ("Basic" in answer) is (channel is not None and user is None)
    authentication.step("")
    assert authentication.user is None, "the next request has to say it again"


@pytest.mark.parametrize("before", [None, "/somewhere/else"])
def test_the_environment_is_as_it_was(
    accounts: AccountFile, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv("NTLM_USER_FILE", raising=False)
    if before is not None:
        monkeypatch.setenv("NTLM_USER_FILE", before)
    assert let_in(accounts)[0].user
    Authentication(accounts).step("Negotiate AAAA")
    assert os.environ.get("NTLM_USER_FILE") == before


@pytest.mark.parametrize("account", [Account("a:b", "c"), Account("a\nb", "c")])
def test_an_account_that_the_file_cannot_say_is_refused(account: Account) -> None:
    with pytest.raises(LabError, match="colon or a line break"):
        AccountFile(account)


@pytest.mark.parametrize("password", ["b:c", "b:c\nLAB:c:d"])
def test_a_password_may_hold_what_a_user_cannot(password: str) -> None:
    accounts = AccountFile(Account("LAB\\admin", "b:c\nLAB:c:d"))
    authentication = Authentication(accounts)
    try:
        log_on(authentication, password)
    finally:
        accounts.delete()
    assert (authentication.user is not None) is (password == "b:c\nLAB:c:d")


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(Account("admin", "secret"))
