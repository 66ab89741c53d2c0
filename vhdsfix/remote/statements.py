"""Structured PowerShell: commands with parameters and arguments, joined to statements. There is no way to say a script."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

Table = Mapping[str, str | int]
"""A hashtable: of the parameters that we send, Get-WinEvent's -FilterHashtable wants one."""

Value = str | int | bool | Table | tuple["str | Calculated", ...]


class Effect(StrEnum):
    """Whether a command leaves the node as it is."""

    READS = "reads"
    WRITES = "writes"


class Calculated(msgspec.Struct, frozen=True):
    """A property under another name, for Select-Object. It takes no script block, so it works without language (WIRE 7.3)."""

    name: str
    expression: str


class Command(msgspec.Struct, frozen=True):
    """A command by its module-qualified name (a native one by its file name). A switch is sent as True (WIRE 7.2)."""

    name: str
    parameters: Mapping[str, Value] = {}
    arguments: tuple[str, ...] = ()
    effect: Effect = Effect.READS

    @property
    def plain_name(self) -> str:
        """The name without its module, as PowerShell compares it."""
        return plain_name(self.name)


Statement = tuple[Command, ...]


def plain_name(name: str) -> str:
    return name.rpartition("\\")[2].casefold()
