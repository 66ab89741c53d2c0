"""Where the password comes from: a file, standard input, the environment, or the person at the terminal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from vhdsfix.config import GuestConnection, Secret, guest_password_variable
from vhdsfix.errors import UsageError

STANDARD_INPUT = Path("-")
LONGEST_PASSWORD_BYTES = 4096
HOW = "give it by VHDSFIX_PASSWORD or --password-file"


def password_for(
    user: str | None,
    password_file: Path | None,
    environment: Mapping[str, str],
    ask: Callable[[str], str] = getpass.getpass,
) -> Secret | None:
    """The user's password, or None for the current logon. Raises UsageError where it cannot be had.

    Only a terminal is asked; a run at night never waits for somebody.
    """
    if user is None:
        if password_file:
            raise UsageError("--password-file needs --user: without a user the current logon is used")
        return None
    if password_file:
        return _first_line(password_file)
    if environment.get("VHDSFIX_PASSWORD"):
        return Secret(environment["VHDSFIX_PASSWORD"])
    if not sys.stdin.isatty():
        raise UsageError(f"there is no password for {user} and no terminal to ask at; {HOW}")
    try:
        return _not_empty(ask(f"Password for {user}: "), f"the password for {user}")
    except EOFError as error:
        raise UsageError(f"no password for {user} was entered; {HOW}") from error


def guest_passwords_for(
    connections: Sequence[GuestConnection],
    environment: Mapping[str, str],
    ask: Callable[[str], str] = getpass.getpass,
) -> dict[str, Secret]:
    """By the guest cluster's name, of those whose connection names a user. Raises UsageError where one cannot be had.

    The hosts' password is never one of them.
    """
    variables = {
        one.guest_cluster: guest_password_variable(one.guest_cluster) for one in connections if one.user
    }
    for name, variable in variables.items():
        if list(variables.values()).count(variable) > 1:
            raise UsageError(
                f"{variable} would be the password of several guest clusters, {name} among them; rename one"
            )
    return {
        one.guest_cluster: _guest_password(one, variables[one.guest_cluster], environment, ask)
        for one in connections
        if one.user
    }


def _guest_password(
    connection: GuestConnection, variable: str, environment: Mapping[str, str], ask: Callable[[str], str]
) -> Secret:
    whose = f"{connection.user} of guest cluster {connection.guest_cluster}"
    if environment.get(variable):
        return Secret(environment[variable])
    how = f"give it by {variable}, or let the current logon be used: leave user out of its connection"
    if not sys.stdin.isatty():
        raise UsageError(f"there is no password for {whose} and no terminal to ask at; {how}")
    try:
        return _not_empty(ask(f"Password for {whose}: "), f"the password for {whose}", how)
    except EOFError as error:
        raise UsageError(f"no password for {whose} was entered; {how}") from error


def _first_line(file: Path) -> Secret:
    name = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        content = _line_of(sys.stdin.buffer) if file == STANDARD_INPUT else _line_in(file)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"--password-file: {name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # The error itself quotes what it could not decode, so it is not passed on.
        raise UsageError(f"--password-file: {name} is not UTF-8 text; save it as UTF-8") from None
    if len(content) > LONGEST_PASSWORD_BYTES:
        raise UsageError(
            f"--password-file: the first line of {name} is too long for a password; name another file"
        )
    return _not_empty(text.removesuffix("\n").removesuffix("\r"), f"the first line of {name}")


def _line_in(file: Path) -> bytes:
    with file.open("rb") as opened:
        return _line_of(opened)


def _line_of(stream: BinaryIO) -> bytes:
    """The first line, or the beginning of one that is too long."""
    return stream.readline(LONGEST_PASSWORD_BYTES + 1)


def _not_empty(text: str, what: str, how: str = HOW) -> Secret:
    if not text:
        raise UsageError(f"{what} is empty; {how}")
    return Secret(text)
