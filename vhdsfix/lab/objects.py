"""PowerShell's objects: typed, with properties of their own and note properties, and what their text is."""

from __future__ import annotations

import fnmatch
import functools
import itertools
import re
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec


class EnumValue(msgspec.Struct, frozen=True):
    """A value of a .NET enum: JSON shows its number, text its name."""

    type_name: str
    name: str
    number: int


class PSObject(msgspec.Struct, frozen=True):
    """An object. `properties` are its type's own (CLIXML: Props), `notes` were added to it (CLIXML: MS).

    `type_names`: most derived first, without System.Object. `text` is its ToString; a custom object has none.
    """

    type_names: tuple[str, ...]
    properties: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    text: str | None = None

    def members(self) -> Iterator[tuple[str, Any]]:
        """Name and value of every property, as ConvertTo-Json lists them."""
        return itertools.chain(self.notes.items(), self.properties.items())

    def member(self, name: str) -> tuple[str, Any] | None:
        """A property by its name in any case: as it is spelled, and its value."""
        for members in (self.notes, self.properties):
            if name in members:  # as it mostly is
                return name, members[name]
            wanted = name.lower()
            for spelled in members:
                if spelled.lower() == wanted:
                    return spelled, members[spelled]
        return None

    def with_notes(self, notes: dict[str, Any]) -> PSObject:
        return msgspec.structs.replace(self, notes=self.notes | notes)


def property_of(value: object, name: str) -> Any:
    """A property's value; None for one that is not there (Source: WIRE 7.4)."""
    found = value.member(name) if isinstance(value, PSObject) else None
    return None if found is None else found[1]


def text_of(value: object) -> str:  # noqa: PLR0911 - a case for each type
    """What converting to a string gives."""
    match value:
        case str():
            return value
        case None:
            return ""
        case EnumValue():
            return value.name
        case PSObject():
            return value.type_names[0] if value.text is None else value.text
        case list():
            return " ".join(text_of(item) for item in value)
        case dict():
            return "System.Collections.Hashtable"
        case _:
            return str(value)


def items_of(value: object) -> list[Any]:
    """A list's items; anything else is its own only item, null has none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def equals(left: object, right: object) -> bool:
    """PowerShell's -eq: the right side is converted to the left one's type; text compares in any case.

    Source: tried on PowerShell's own engine; an object equals only itself, whatever its text is.
    """
    match left:
        case str() if isinstance(right, str):
            return left.lower() == right.lower()
        case PSObject():
            return left is right
        case None:
            return right is None
        case bool():
            return left == (right is True or text_of(right).lower() == "true")
        case EnumValue():
            return text_of(right).lower() in (left.name.lower(), str(left.number))
        case _:
            return right is not None and text_of(left).lower() == text_of(right).lower()


def is_like(value: object, pattern: object) -> bool:
    """PowerShell's -like: * ? [set], in any case."""
    return _wildcards(text_of(pattern).lower()).match(text_of(value).lower()) is not None


@functools.lru_cache(maxsize=256)
def _wildcards(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern.replace("[!", "[[]!")))


def has_wildcard(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def short_type_name(value: object) -> str:
    """The type's name without its namespace, as an error names the type of its target."""
    match value:
        case EnumValue():
            return value.type_name.rpartition(".")[2]
        case PSObject():
            return value.type_names[0].rpartition(".")[2]
        case list():
            return "Object[]"
        case _:
            names: dict[type, str] = {
                str: "String",
                bool: "Boolean",
                int: "Int32",
                uuid.UUID: "Guid",
            }
            return names.get(type(value), type(value).__name__)
