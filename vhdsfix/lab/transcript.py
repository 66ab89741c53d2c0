"""A transcript: what clients asked of which node, in PowerShell's words, one JSON line for each pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from vhdsfix.errors import LabError
from vhdsfix.lab.statements import Command, Statement

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_\\.:/-]+")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pipeline: the node that was asked, its statements as PowerShell text, and for whose run that was."""

    node: str
    statements: tuple[str, ...]
    run: str = ""


def line_of(node: str, statements: tuple[Statement, ...], run: str = "") -> Line:
    return Line(node, tuple(statement_text(statement) for statement in statements), run)


def statement_text(statement: Statement) -> str:
    """What a person would type for it."""
    return " | ".join(_command_text(command) for command in statement)


def append(file: Path, line: Line) -> None:
    """Add a line to the file, made if it is not there."""
    with file.open("ab") as transcript:
        transcript.write(msgspec.json.encode(line) + b"\n")


def read(file: Path) -> Iterator[Line]:
    """The lines of a transcript, none if there is no such file; LabError for one that is damaged."""
    if not file.exists():
        return
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            yield msgspec.json.decode(line, type=Line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise LabError(
                f"line {number} of the transcript {file} is damaged: {error}; delete the file"
            ) from error


def _command_text(command: Command) -> str:
    if command.is_script:
        return f"& {{ {command.name} }}"
    words = [command.name]
    for name, value in command.parameters:
        words.append(_parameter_text(name, value))
    words += [_value_text(value) for value in command.arguments]
    return " ".join(words)


def _parameter_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"-{name}" if value else f"-{name}:$false"
    return f"-{name} {_value_text(value)}"


def _value_text(value: Any) -> str:
    match value:
        case None:
            return "$null"
        case bool():
            return "$true" if value else "$false"
        case int():
            return str(value)
        case list():
            texts = [_value_text(item) for item in value]
            return ", ".join(texts) if texts else "@()"
        case dict():
            pairs = (f"{_quoted(str(key))} = {_quoted_value(item)}" for key, item in value.items())
            return f"@{{{'; '.join(pairs)}}}"
        case _:
            return _quoted(str(value))


def _quoted_value(value: Any) -> str:
    return f"'{_doubled(value)}'" if isinstance(value, str) else _value_text(value)


def _quoted(text: str) -> str:
    """Bare where PowerShell reads it as one word of text, else in single quotes, each one within doubled."""
    is_bare = _PLAIN_WORD.fullmatch(text) and (text[0].isalpha() or text[0] == "/")
    return text if is_bare else f"'{_doubled(text)}'"


def _doubled(text: str) -> str:
    return re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text)
