"""Where the password comes from: a file, standard input, the environment, or the person at the terminal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from vhdsfix.config import Secret
from vhdsfix.errors import UsageError

STANDARD_INPUT = Path("-")
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


def _first_line(file: Path) -> Secret:
    name = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        content = sys.stdin.buffer.readline() if file == STANDARD_INPUT else file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"--password-file: {name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # The error itself quotes what it could not decode, so it is not passed on.
        raise UsageError(f"--password-file: {name} is not UTF-8 text; save it as UTF-8") from None
    return _not_empty(text.partition("\n")[0].removesuffix("\r"), f"the first line of {name}")


def _not_empty(text: str, what: str) -> Secret:
    if not text:
        raise UsageError(f"{what} is empty; {HOW}")
    return Secret(text)
