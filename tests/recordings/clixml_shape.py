"""CLIXML as plain values, so that two texts can be compared by what they say."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

_RECORD_FIELDS = (
    "FullyQualifiedErrorId",
    "ErrorCategory_Category",
    "ErrorCategory_Activity",
    "ErrorCategory_Reason",
    "ErrorCategory_TargetName",
    "ErrorCategory_TargetType",
    "ErrorCategory_Message",
    "SerializeExtendedInfo",
)


def shape_of(clixml: str) -> Any:
    """Types, text, properties, note properties and values; what only names an element's place (RefId) is resolved."""
    return _Reader().value(_parsed(clixml))


def error_of(clixml: str) -> dict[str, Any]:
    """What an error record says: not the stack, the HResult and where in PowerShell's code it arose.

    Of the exception its types and message, of the invocation its names.
    """
    record = shape_of(clixml)
    notes = record["notes"]
    exception, invocation = notes["Exception"], notes["InvocationInfo"]
    said = {name: notes[name] for name in _RECORD_FIELDS}
    said["text"] = record["text"]
    said["TargetObject"] = _text_of_target(notes["TargetObject"])
    said["exception"] = (exception["types"], exception["properties"]["Message"])
    said["command"] = invocation and invocation["properties"]["InvocationName"]
    said["InvocationInfo_InvocationName"] = notes.get("InvocationInfo_InvocationName")
    return said


def state_of(clixml: str) -> tuple[int, dict[str, Any] | None]:
    """The state's number, and the error that a failed pipeline ended with."""
    state = _parsed(clixml)
    number = next(
        int(element.text or "") for element in state.iter("I32") if element.get("N") == "PipelineState"
    )
    for element in state.iter("Obj"):
        if element.get("N") == "ExceptionAsErrorRecord":
            return number, error_of(ET.tostring(element, encoding="unicode"))
    return number, None


def _text_of_target(target: Any) -> Any:
    """A whole object as target is compared by its text: the lab sends the text alone."""
    return target["text"] if isinstance(target, dict) else target


def _parsed(clixml: str) -> ET.Element:
    return ET.fromstring(clixml)  # noqa: S314 - a recording, or what the lab in this process wrote


class _Reader:
    def __init__(self) -> None:
        self._types: dict[str, list[str]] = {}
        self._objects: dict[str, Any] = {}

    def value(self, element: ET.Element) -> Any:
        match element.tag:
            case "Nil":
                return None
            case "Ref":
                return self._objects[element.attrib["RefId"]]
            case "Obj":
                return self._object(element)
            case "LST" | "IE":
                return [self.value(item) for item in element]
            case "DCT":
                return {}
            case _:
                return element.tag, _unescaped(element.text or "")

    def _object(self, element: ET.Element) -> Any:
        made: dict[str, Any] = {"types": None, "text": None, "properties": {}, "notes": {}, "base": None}
        self._objects[element.attrib["RefId"]] = made
        for part in element:
            match part.tag:
                case "TN":
                    made["types"] = self._types[part.attrib["RefId"]] = [item.text or "" for item in part]
                case "TNRef":
                    made["types"] = self._types[part.attrib["RefId"]]
                case "ToString":
                    made["text"] = _unescaped(part.text or "")
                case "Props" | "MS":
                    members = {item.attrib["N"]: self.value(item) for item in part}
                    made["properties" if part.tag == "Props" else "notes"] = members
                case _:
                    made["base"] = self.value(part)
        is_list = isinstance(made["base"], list)
        return made["base"] if is_list else made


def _unescaped(text: str) -> str:
    units = re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
