"""The lab's objects and errors as psrpcore serialises them.

Source: WIRE 7.4 and the recordings. A whole object shows its properties one level deep, the objects and enums inside as text;
a custom object (what Select-Object makes) shows note properties, and an enum in it is an object with its number.
"""

from __future__ import annotations

import enum
import functools
from typing import Any

import psrpcore.types as ps
from psrpcore.types import ErrorCategory, PSInvocationState
from psrpcore.types._base import PSObjectMeta
from psrpcore.types._serializer import _serialize_string

from vhdsfix.lab.error_records import ErrorRecord
from vhdsfix.lab.objects import EnumValue, PSObject, text_of

_OBJECT = "System.Object"


def serialisable(value: Any) -> Any:
    """A value that a statement put out, in psrpcore's types."""
    match value:
        case PSObject():
            return _object(value)
        case EnumValue():
            return _enum(value)
        case list():
            return [serialisable(item) for item in value]
        case _:
            return value


def error_message(record: ErrorRecord, *, with_invocation: bool) -> ps.PSObject:
    """An error record. `with_invocation`: the client asked for the invocation's details beside the record."""
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


def state_message(failure: ErrorRecord | None) -> ps.PSObject:
    """The end of a pipeline: Completed, or Failed with the error."""
    if failure is None:
        return _notes_only({"PipelineState": PSInvocationState.Completed.value})
    error = error_message(failure, with_invocation=False)
    return _notes_only({"PipelineState": PSInvocationState.Failed.value, "ExceptionAsErrorRecord": error})


def _object(value: PSObject) -> ps.PSObject:
    is_custom = not value.properties and value.text is None
    inside = serialisable if is_custom else _inside_whole
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
    return text_of(value) if isinstance(value, PSObject | EnumValue) else serialisable(value)


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
        made.PSObject.to_string = _serialize_string(text)  # psrpcore escapes every text but this one
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
