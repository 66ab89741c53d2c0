"""The contract of the cmdlets that the lab plays: parameters, sets, positions, pipeline binding, and the types of their objects.

What contract.json does not have, no simulated cmdlet has: it is refused as PowerShell refuses an unknown parameter.
"""

from __future__ import annotations

import functools
import re
import uuid
from importlib import resources
from typing import Any

import msgspec

from vhdsfix.lab.objects import EnumValue, PSObject


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a parameter takes part in one parameter set."""

    mandatory: bool = False
    position: int | None = None
    by_value: bool = False
    by_property_name: bool = False


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sets` by name; the empty name stands for all sets. `values`: those that it takes (ValidateSet), if not any."""

    type: str
    sets: dict[str, Place]
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def place_in(self, parameter_set: str) -> Place | None:
        return self.sets.get(parameter_set) or self.sets.get("")


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cmdlet. `error_class` stands behind the comma in its error ids; `output` is the type of its objects."""

    module: str
    error_class: str
    parameters: dict[str, Parameter]
    default_set: str = ""
    output: str = ""

    def named(self, name: str) -> str | None:
        """The parameter of that name or alias, in any case. No prefixes: our client sends whole names."""
        if name in self.parameters:
            return name
        wanted = name.lower()
        for parameter, about in self.parameters.items():
            if wanted in (parameter.lower(), *(alias.lower() for alias in about.aliases)):
                return parameter
        return None


class ObjectType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bases: tuple[str, ...]
    properties: dict[str, str | None]


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    cmdlets: dict[str, Signature]
    types: dict[str, ObjectType]
    enums: dict[str, dict[str, int]]


@functools.cache
def contract() -> Contract:
    text = resources.files(__package__).joinpath("contract.json").read_bytes()
    return msgspec.json.decode(text, type=Contract)


def object_of(type_name: str, row: dict[str, Any]) -> PSObject:
    """A row of the world as an object: every property of its type is there, those that the row does not give are null.

    Source: powershell/README.md, "A node's world" ($text, $type, nested objects and lists).
    """
    type_name = row.get("$type", type_name)
    type_names, cores = _declared(type_name)
    properties: dict[str, Any] = dict.fromkeys(cores)
    notes: dict[str, Any] = {}
    for name, value in row.items():
        if name in cores:
            properties[name] = _value(value, cores[name])
        elif not name.startswith("$"):
            notes[name] = _value(value, "System.Object")
    return PSObject(type_names, properties, notes, row.get("$text", row.get("Name") or type_name))


@functools.cache
def _declared(type_name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The type's names, and what each of its properties is, or an item of it."""
    declared = contract().types.get(type_name, ObjectType((), {}))
    return (type_name, *declared.bases), {
        name: _core_of(its_type or "System.Object") for name, its_type in declared.properties.items()
    }


def _value(value: Any, core: str) -> Any:
    if isinstance(value, list):
        return [_value(item, core) for item in value]
    if isinstance(value, dict):
        return object_of(core, value)
    if value is None or core == "System.String":
        return value
    if core in contract().enums:
        return _enum_value(core, value)
    return _guid(value) if core == "System.Guid" else value


_guid = functools.lru_cache(maxsize=4096)(uuid.UUID)


def _core_of(type_name: str) -> str:
    return re.sub(r"^System\.Nullable<(.+)>$", r"\1", type_name).removesuffix("[]")


@functools.lru_cache(maxsize=256)
def _enum_value(type_name: str, value: str | int) -> EnumValue:
    for name, number in contract().enums[type_name].items():
        if value == number or (isinstance(value, str) and value.lower() == name.lower()):
            return EnumValue(type_name, name, number)
    raise ValueError(f"{type_name} has no value {value!r}")
