from __future__ import annotations

import io
from pathlib import Path

import pytest

from vhdsfix.cli.password import STANDARD_INPUT, guest_passwords_for, password_for
from vhdsfix.config import GuestConnection, NodeAddress
from vhdsfix.errors import UsageError


class StandardInput:
    def __init__(self, content: bytes = b"", *, terminal: bool = False) -> None:
        self.buffer = io.BytesIO(content)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def revealed(*arguments: object, **named: object) -> str | None:
    secret = password_for(*arguments, **named)  # type: ignore[arg-type]  # the tests below pass what the signature says
    return secret.reveal() if secret else None


def nobody(_prompt: str) -> str:
    raise AssertionError("nobody is to be asked")


def test_without_a_user_nobody_is_asked_and_the_environment_does_not_count() -> None:
    assert revealed(None, None, {"VHDSFIX_PASSWORD": "x"}, nobody) is None


@pytest.mark.parametrize(
    ("content", "password"),
    [(b"pw\n", "pw"), (b"pw\r\nrest", "pw"), (b"\xef\xbb\xbfp w ", "p w "), ("pä\n".encode(), "pä")],
)
def test_a_file_gives_its_first_line(tmp_path: Path, content: bytes, password: str) -> None:
    (tmp_path / "pw").write_bytes(content)
    assert revealed("u", tmp_path / "pw", {"VHDSFIX_PASSWORD": "other"}, nobody) == password


def test_a_dash_is_standard_input_and_takes_only_its_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = StandardInput(b"pw\nyes\n")
    monkeypatch.setattr("sys.stdin", stdin)
    assert revealed("u", STANDARD_INPUT, {}, nobody) == "pw"
    assert stdin.buffer.read() == b"yes\n"


@pytest.mark.parametrize("content", [b"", b"\nx", b"\r\n"])
def test_an_empty_password_is_wrong_usage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pw").write_bytes(content)
    with pytest.raises(UsageError, match="empty"):
        password_for("u", tmp_path / "pw", {}, nobody)


def test_what_is_no_utf8_is_refused_without_repeating_it(tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes("hunter2".encode("utf-16"))
    with pytest.raises(UsageError, match="not UTF-8") as caught:
        password_for("u", tmp_path / "pw", {}, nobody)
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere cannot be read"):
        password_for("u", tmp_path / "nowhere", {}, nobody)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_file_without_an_end_is_one_line() -> None:
    with pytest.raises(UsageError, match="/dev/zero is too long for a password"):
        password_for("u", Path("/dev/zero"), {}, nobody)


def test_a_terminal_is_asked_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StandardInput(terminal=True))
    assert revealed("u", None, {}, lambda prompt: f"to {prompt}") == "to Password for u: "
    assert revealed("u", None, {"VHDSFIX_PASSWORD": "env"}, nobody) == "env"
    monkeypatch.setattr("sys.stdin", StandardInput(terminal=False))
    with pytest.raises(UsageError, match="no terminal"):
        password_for("u", None, {}, nobody)


def test_an_input_that_ends_at_the_prompt_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin", StandardInput(terminal=True))
    with pytest.raises(UsageError, match="no password for u"):
        password_for("u", None, {}, closed)


def test_a_password_file_without_a_user_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--user"):
        password_for(None, tmp_path / "pw", {}, nobody)


def connection(name: str, user: str | None = "SQL\\reader") -> GuestConnection:
    return GuestConnection(name, (NodeAddress(None, "g1"),), user=user)


class TestGuests:
    def test_each_has_its_own_and_the_hosts_is_none_of_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", StandardInput())
        environment = {
            "VHDSFIX_PASSWORD": "hosts",
            "VHDSFIX_GUEST_PASSWORD_A": "a",
            "VHDSFIX_GUEST_PASSWORD_B_1": "b",
        }
        found = guest_passwords_for((connection("A"), connection("b-1")), environment, nobody)
        assert {name: secret.reveal() for name, secret in found.items()} == {"A": "a", "b-1": "b"}
        with pytest.raises(UsageError, match="VHDSFIX_GUEST_PASSWORD_C") as caught:
            guest_passwords_for((connection("C"),), environment, nobody)
        assert "hosts" not in str(caught.value)

    def test_without_a_user_it_is_the_current_logon(self) -> None:
        environment = {"VHDSFIX_GUEST_PASSWORD_A": "a"}
        assert guest_passwords_for((connection("A", None),), environment, nobody) == {}

    def test_a_terminal_is_asked_for_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", StandardInput(terminal=True))
        found = guest_passwords_for((connection("A"),), {}, lambda prompt: f"to {prompt}")
        assert found["A"].reveal() == "to Password for SQL\\reader of guest cluster A: "
        with pytest.raises(UsageError, match="empty"):
            guest_passwords_for((connection("A"),), {}, lambda _prompt: "")

    def test_names_that_would_share_a_variable_are_wrong_usage(self) -> None:
        with pytest.raises(UsageError, match="rename one"):
            guest_passwords_for(
                (connection("A-1"), connection("A 1")), {"VHDSFIX_GUEST_PASSWORD_A_1": "x"}, nobody
            )
