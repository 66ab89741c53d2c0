"""Values as JSON text and back: sorted keys, UTF-8, strict about types."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to_json(value: object, *, indent: int = 0) -> bytes:
    """Canonical JSON: sorted keys, no spaces unless an indent is asked for; the same bytes for the same value."""
    text = msgspec.json.encode(value, enc_hook=_plain_text, order="sorted")
    return msgspec.json.format(text, indent=indent) if indent else text


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
