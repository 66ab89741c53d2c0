"""The lab's objects and errors as CLIXML, all but plain text by psrpcore's serialiser.

Source: WIRE 7.4 and the recordings. A whole object shows its properties one level deep, the objects and enums inside as text;
a custom object (what Select-Object makes) shows note properties, and an enum in it is an object with its number.
"""

from __future__ import annotations

import enum
import functools
import re
import xml.etree.ElementTree as ET
from typing import Any
from xml.sax.saxutils import escape

import psrpcore.types as ps
from psrpcore._crypto import PSRemotingCrypto
from psrpcore.types import ErrorCategory, PSInvocationState
from psrpcore.types._base import PSObjectMeta
from psrpcore.types._serializer import _serialize_string

from vhdsfix.lab.error_records import ErrorRecord
from vhdsfix.lab.objects import EnumValue, PSObject, text_of

_OBJECT = "System.Object"
_LOOKS_ESCAPED = re.compile("_[xX]")


def output(value: Any) -> bytes:
    """A value that a statement put out; nothing at all stands for null."""
    if value is None:
        return b""
    if isinstance(value, str):
        return f"<S>{escape(_escaped(value))}</S>".encode("utf-8", "xmlcharrefreplace")
    return _written(_serialisable(value))


def error(record: ErrorRecord, *, with_invocation: bool) -> bytes:
    """An error record. `with_invocation`: the client asked for the invocation's details beside the record."""
    return _written(_error(record, with_invocation))


def state(failure: ErrorRecord | None) -> bytes:
    """The end of a pipeline: Completed, or Failed with the error."""
    if failure is None:
        return _completed()
    notes = {
        "PipelineState": PSInvocationState.Failed.value,
        "ExceptionAsErrorRecord": _error(failure, with_invocation=False),
    }
    return _written(_notes_only(notes))


@functools.cache
def _completed() -> bytes:
    return _written(_notes_only({"PipelineState": PSInvocationState.Completed.value}))


def _written(value: Any) -> bytes:
    written: bytes = ET.tostring(ps.serialize(value, PSRemotingCrypto()), encoding="utf-8")
    return written


def _escaped(text: str) -> str:
    """Psrpcore escapes every text but ToString; and looks at each character for what long texts seldom have."""
    if text.isascii() and text.isprintable() and not _LOOKS_ESCAPED.search(text):
        return text
    return _serialize_string(text)


def _serialisable(value: Any) -> Any:
    """A value in psrpcore's types."""
    match value:
        case PSObject():
            return _object(value)
        case EnumValue():
            return _enum(value)
        case list():
            return [_serialisable(item) for item in value]
        case _:
            return value


def _error(record: ErrorRecord, with_invocation: bool) -> ps.PSObject:
    invocation = None if record.command is None else _invocation(record.command)
    notes: dict[str, Any] = {
        "Exception": _exception(record),
        "TargetObject": _target(record.target),
        "FullyQualifiedErrorId": record.error_id,
        "InvocationInfo": invocation,
        "ErrorCategory_Category": ErrorCategory[record.category].value,
        "ErrorCategory_Activity": record.activity,
        "ErrorCategory_Reason": record.reason,
        "ErrorCategory_TargetName": record.target_name,
        "ErrorCategory_TargetType": record.target_type,
        "ErrorCategory_Message": record.category_message,
        "SerializeExtendedInfo": with_invocation and invocation is not None,
    }
    if notes["SerializeExtendedInfo"]:
        notes["InvocationInfo_InvocationName"] = record.command
    return _complex(("System.Management.Automation.ErrorRecord",), {}, notes, record.message)


def _object(value: PSObject) -> ps.PSObject:
    is_custom = not value.properties and value.text is None
    inside = _serialisable if is_custom else _inside_whole
    properties = {name: inside(item) for name, item in value.properties.items()}
    return _complex(
        value.type_names, properties, {name: inside(item) for name, item in value.notes.items()}, value.text
    )


def _inside_whole(value: Any) -> Any:
    match value:
        case PSObject() | EnumValue():
            return text_of(value)
        case list():
            return [_inside_whole(item) for item in value]
        case _:
            return value


def _target(value: Any) -> Any:
    return text_of(value) if isinstance(value, PSObject | EnumValue) else _serialisable(value)


def _exception(record: ErrorRecord) -> ps.PSObject:
    text = f"{record.exceptions[0]}: {record.message}"
    properties = {"Message": record.message, "HResult": -2146233088}
    return _complex((*record.exceptions, "System.Exception"), properties, {}, text)


def _invocation(command: str) -> ps.PSObject:
    name = "System.Management.Automation.InvocationInfo"
    return _complex((name,), {"MyCommand": command, "InvocationName": command}, {}, name)


def _complex(
    type_names: tuple[str, ...], properties: dict[str, Any], notes: dict[str, Any], text: str | None
) -> ps.PSObject:
    made = _notes_only(notes)
    made.PSObject.type_names = [*type_names, _OBJECT]
    made.PSObject.adapted_properties = [ps.PSNoteProperty(name, item) for name, item in properties.items()]
    if text is not None:
        made.PSObject.to_string = _escaped(text)
    return made


def _notes_only(notes: dict[str, Any]) -> ps.PSObject:
    made = ps.PSObject()
    made.PSObject.type_names = []
    made.PSObject.extended_properties = [ps.PSNoteProperty(name, item) for name, item in notes.items()]
    return made


@functools.lru_cache(maxsize=256)
def _enum(value: EnumValue) -> Any:
    """An enum of its own for each value: psrpcore names the types of nothing else that has a base value."""
    new_enum: Any = enum.Enum  # its members are not known before it runs
    made = new_enum("EnumValue", {value.name: value.number})
    made.PSObject = PSObjectMeta([value.type_name, "System.Enum", "System.ValueType", _OBJECT])
    return next(iter(made))
