"""What a client's CREATE_PIPELINE asks for: CLIXML straight into statements of plain values.

psrpcore can read it, too; it makes an object with a type of every value, and that would be three quarters of the lab's work.
Source: MS-PSRP 2.2.2.10 and 2.2.3.11 to 2.2.3.14 (the message), 2.2.5 (its values).
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from typing import Any

import msgspec

from vhdsfix.lab.objects import text_of
from vhdsfix.lab.statements import Command, Statement

_INTEGERS = {"By", "SB", "I16", "U16", "I32", "U32", "I64", "U64"}
_LISTS = {"LST", "IE", "STK", "QUE"}
_PRIMITIVES = _INTEGERS | {
    "B",
    "S",
    "G",
    "Nil",
    "C",
    "D",
    "Db",
    "Sg",
    "DT",
    "TS",
    "URI",
    "XD",
    "SBK",
    "Version",
    "BA",
}
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_UNREAD = {
    "ApartmentState",
    "HostInfo",
    "MergeMyResult",
    "MergeToResult",
    "MergePreviousResults",
    "MergeError",
    "MergeWarning",
    "MergeVerbose",
    "MergeDebug",
    "MergeInformation",
}
"""Properties that nothing here depends on."""
_MERGES_NOTHING = re.compile(
    rb'<Obj RefId="\d+" N="Merge\w+"><TNRef RefId="\d+" /><ToString>None</ToString><I32>0</I32></Obj>'
)
"""One of these as pypsrp and psrpcore write it: two thirds of what a client of theirs sends."""
_ADD_INVOCATION_TO_ERRORS = 1
"""Of RemoteStreamOptions. Source: MS-PSRP 2.2.3.5."""


class PipelineRequest(msgspec.Struct, frozen=True):
    """`with_invocation`: error records are to name the invocation."""

    statements: tuple[Statement, ...]
    with_invocation: bool


def read(message: bytes) -> PipelineRequest:
    """Read the message's CLIXML. Raises ET.ParseError, ValueError, KeyError or TypeError for what is none."""
    if b"<!" not in message:  # elsewhere such text is always an element
        message = _MERGES_NOTHING.sub(b"", message)
    asked = _value(ET.fromstring(message), {})  # noqa: S314 - expat itself bounds what entities can grow to
    shell = asked["PowerShell"]
    pipelines = [extra["Cmds"] for extra in shell.get("ExtraCmds") or ()] or [shell["Cmds"]]
    return PipelineRequest(
        tuple(tuple(_command(command) for command in commands) for commands in pipelines),
        bool(int(asked["RemoteStreamOptions"]) & _ADD_INVOCATION_TO_ERRORS),
    )


def _command(asked: dict[str, Any]) -> Command:
    given = [(given["N"] and str(given["N"]).lstrip("-").rstrip(":"), given["V"]) for given in asked["Args"]]
    return Command(
        str(asked["Cmd"]),
        tuple((name, value) for name, value in given if name),
        tuple(value for name, value in given if not name),
        bool(asked["IsScript"]),
    )


def _value(element: ET.Element, seen: dict[str, Any]) -> Any:
    """`seen`: objects by their number, for those that come again."""
    if element.tag == "Ref":
        return seen[element.attrib["RefId"]]
    if element.tag != "Obj":
        return _primitive(element)
    value = _object(element, seen)
    seen[element.get("RefId", "")] = value
    return value


def _primitive(element: ET.Element) -> Any:
    text = element.text or ""
    if element.tag not in _PRIMITIVES:
        raise ValueError(f"{element.tag} is no value in CLIXML")
    if element.tag in _INTEGERS:
        return int(text)
    if element.tag == "B":
        return text.lower() == "true"
    if element.tag == "G":
        return uuid.UUID(text)
    return None if element.tag == "Nil" else _unescaped(text)


def _object(element: ET.Element, seen: dict[str, Any]) -> Any:
    """A list, a dictionary, what an enum or a wrapped value stands for, else the properties by name."""
    properties: dict[str, Any] = {}
    for part in element:
        if part.tag in _LISTS:
            return [_value(item, seen) for item in part]
        if part.tag == "DCT":
            return dict(_entry(entry, seen) for entry in part)
        if part.tag in _PRIMITIVES:
            return _primitive(part)
        if part.tag in ("MS", "Props"):
            for item in part:
                name = item.get("N", "")
                if name not in _UNREAD:
                    properties[_unescaped(name)] = _value(item, seen)
    return properties


def _entry(entry: ET.Element, seen: dict[str, Any]) -> tuple[str, Any]:
    pair = {item.get("N"): _value(item, seen) for item in entry}
    return text_of(pair["Key"]), pair["Value"]


def _unescaped(text: str) -> str:
    """`_xD83D__xDE00_` is one character: each half of it is escaped alone."""
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
