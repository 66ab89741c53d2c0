"""Values as JSON text and back: sorted keys, UTF-8, strict about types."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_NOT_PLAIN = re.compile(r"[^\x20-\x7e\n]")


def to_json(value: object, *, indent: int = 0) -> bytes:
    """Canonical JSON: sorted keys, no spaces unless an indent is asked for; the same bytes for the same value.

    What does not print is an escape: nodes send names, and people look at these files in a terminal.
    """
    text = msgspec.json.encode(value, enc_hook=_plain_text, order="sorted")
    text = msgspec.json.format(text, indent=indent) if indent else text
    if text.isascii() and b"\x7f" not in text:
        return text
    return _NOT_PLAIN.sub(_printable, text.decode("utf-8")).encode("utf-8")


def to_plain(value: object) -> Any:
    """The value as reading its JSON back would give it, without the text: dicts, lists, texts and numbers."""
    return msgspec.to_builtins(value, enc_hook=_plain_text)


def escaped(character: str) -> str:
    """JSON's own escape, which is right wherever a string holds the character (two for one beyond U+FFFF)."""
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _printable(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else escaped(found[0])


def from_json(text: bytes | str, kind: type[T]) -> T:
    """Read one value; raises ValueError that names the place, for text that is no JSON or not of this shape."""
    try:
        return msgspec.json.decode(text, type=kind, dec_hook=_from_text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def schema_of(kind: type) -> dict[str, Any]:
    """The JSON Schema of a value's document."""
    return msgspec.json.schema(kind, schema_hook=lambda _kind: {"type": "string"})


def _plain_text(value: object) -> str:
    if isinstance(value, str):
        return "".join(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _from_text(kind: type, value: object) -> object:
    if issubclass(kind, str) and isinstance(value, str):
        return kind(value)
    raise ValueError(f"expected text for {kind.__name__}")
