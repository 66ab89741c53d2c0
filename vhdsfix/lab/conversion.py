"""Converting an argument to its parameter's type, as PowerShell's binder does.

Source: WIRE 7.2; the recordings wrong-type, empty-list, null-value, guid-as-string.
"""

from __future__ import annotations

import uuid
from typing import Any

from vhdsfix.lab.objects import PSObject, items_of, text_of

ANYTHING = ("PSObject", "Object", "PSObject[]")
_MAY_NOT_BE_EMPTY = ("String", "String[]", "Guid")


class CannotConvertError(Exception):
    """The value has no form of this type."""


class InvalidArgumentError(Exception):
    """The value has the type, and validation refuses it."""


def converted(value: Any, type_name: str) -> Any:  # noqa: PLR0911 - a case for each type
    """The value as the parameter's type; lists come out as lists.

    Raises CannotConvertError, and InvalidArgumentError for an empty value where the cmdlet wants one.
    """
    if type_name in _MAY_NOT_BE_EMPTY:
        _validated_not_empty(value)
    if type_name in ANYTHING:
        return value
    match type_name:
        case "SwitchParameter":
            return value is None or _boolean(value)
        case "String" | "SnapshotType":
            return text_of(value)
        case "Hashtable[]":
            return _tables(value)
        case "String[]" | "StringCollection":
            return [text_of(item) for item in items_of(value)]
        case "Object[]":
            return items_of(value)
        case "Guid":
            return value if isinstance(value, uuid.UUID) else _guid(text_of(value))
        case "Int32" | "Int64" | "UInt32":
            return _integer(value)
        case _:
            return _objects(value, type_name)


def has_type(value: Any, type_name: str) -> bool:
    """Whether a value from the pipeline is of the type already, so that it binds without being converted."""
    match type_name:
        case "String" | "String[]" | "StringCollection":
            return isinstance(value, str)
        case "Guid":
            return isinstance(value, uuid.UUID)
        case _:
            return type_name in ANYTHING or _is_object(value, type_name.removesuffix("[]"))


def validate_values(value: Any, allowed: tuple[str, ...]) -> None:
    """Raises InvalidArgumentError for a value that is not one of these; none allowed means any."""
    for item in items_of(value) if allowed else []:
        if text_of(item).lower() not in map(str.lower, allowed):
            raise InvalidArgumentError(
                f'The argument "{text_of(item)}" does not belong to the set "{",".join(allowed)}" specified by the'
                " ValidateSet attribute. Supply an argument that is in the set and then try the command again."
            )


def _validated_not_empty(value: Any) -> None:
    if value is None or value == "":
        raise InvalidArgumentError(
            "The argument is null or empty. Provide an argument that is not null or empty, and then try the command again."
        )
    if isinstance(value, list) and (not value or any(item in (None, "") for item in value)):
        raise InvalidArgumentError(
            "The argument is null, empty, or an element of the argument collection contains a null value. Supply a collection"
            " that does not contain any null values and then try the command again."
        )


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool | int):
        raise CannotConvertError(
            f'Cannot convert value "{text_of(value)}" to type "System.Management.Automation.SwitchParameter".'
        )
    return bool(value)


def _guid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise CannotConvertError(
            f'Cannot convert value "{text}" to type "System.Guid". Error: "Unrecognized Guid format."'
        ) from None


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise CannotConvertError(
            f'Cannot convert value "{text_of(value)}" to type "System.Int32". Error: "The input string \'{text_of(value)}\' was not in a correct'
            ' format."'
        ) from None


def _tables(value: Any) -> list[dict[str, Any]]:
    tables = [value] if isinstance(value, dict) else items_of(value)
    if not tables or not all(isinstance(table, dict) for table in tables):
        raise CannotConvertError(
            f'Cannot convert the "{text_of(value)}" value to type "System.Collections.Hashtable".'
        )
    return tables


def _objects(value: Any, type_name: str) -> list[Any]:
    wanted, items = type_name.removesuffix("[]"), items_of(value)
    if not items or not all(_is_object(item, wanted) for item in items):
        raise CannotConvertError(f'Cannot convert the "{text_of(value)}" value to type "{wanted}".')
    return items


def _is_object(value: Any, short_name: str) -> bool:
    return isinstance(value, PSObject) and any(
        name.rpartition(".")[2] == short_name for name in value.type_names
    )
