"""What a question is: one statement that answers in JSON, the shape of a row of its answer, and how "none" is said."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from vhdsfix.remote.statements import Calculated, Command, Statement

R = TypeVar("R", bound=msgspec.Struct)

_UTILITY = "Microsoft.PowerShell.Utility\\"
AS_JSON = Command(_UTILITY + "ConvertTo-Json", {"Compress": True, "Depth": 1})
"""Depth 1 counts from the outermost (WIRE 7.4): a row's fields must be flat."""
AS_DEEP_JSON = Command(_UTILITY + "ConvertTo-Json", {"Compress": True, "Depth": 3})
"""For rows with a list of texts, an object that 5.1 may write around it included (`remote.nested`)."""

LAST_EXIT_CODE: Statement = (Command(_UTILITY + "Get-Variable", {"Name": "LASTEXITCODE", "ValueOnly": True}),)


class Question(msgspec.Struct, Generic[R], frozen=True):
    """`name` completes "HV01 did not tell …" and is unique in its phase. `row`: a field that may be null says `| None`.

    `absent_ids`: error ids, without the class behind them, that mean: what was asked for is not there. `per_vm`: a command
    whose errors may each concern one VM of several that are piped into it.
    """

    name: str
    statement: Statement
    row: type[R]
    absent_ids: frozenset[str] = frozenset()
    per_vm: Command | None = None


class NamedObject(msgspec.Struct, frozen=True, rename="pascal"):
    """An object that PowerShell wrote out instead of its text."""

    name: str


Named = str | NamedObject
"""A cluster object's name. Source: WIRE 7.4: in a list it is the object's text, in a lone row -Depth 1 writes the object out.

Assumed: the text of a cluster object is its name (FACTS 4: public code compares ResourceType so)."""


def name_of(named: Named) -> str:
    return named if isinstance(named, str) else named.name


def answered_as(row: type[msgspec.Struct], *asked: Command) -> Statement:
    """The statement: the commands asked, then a row's fields by their names on the node, then JSON."""
    return (*asked, _fields_of(row), AS_JSON)


def answered_deeply_as(row: type[msgspec.Struct], *asked: Command) -> Statement:
    """As `answered_as`, where a field is a list or an object."""
    return (*asked, _fields_of(row), AS_DEEP_JSON)


def _fields_of(row: type[msgspec.Struct]) -> Command:
    return select(*(field.encode_name for field in msgspec.structs.fields(row)))


def select(*properties: str | Calculated) -> Command:
    return Command(_UTILITY + "Select-Object", {"Property": properties})


def select_expanded(expanded: str, *kept: str | Calculated) -> Command:
    """Each item of a property that is a list, with the parent's properties beside its own (WIRE 7.3)."""
    return Command(_UTILITY + "Select-Object", {"Property": kept, "ExpandProperty": expanded})


def where(property_name: str, operator: str, value: str | tuple[str, ...]) -> Command:
    """Where-Object without a script block; `operator` is a switch: EQ, Like, In."""
    name = "Microsoft.PowerShell.Core\\Where-Object"
    return Command(name, {"Property": property_name, operator: True, "Value": value})
