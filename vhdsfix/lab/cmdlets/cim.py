"""Module CimCmdlets, as far as the lab plays it: instances by class and filter, associated ones, and one method.

An instance is associated with that whose system it is part of. Source: FACTS 1.4; the ids of the errors are the engine's
stand-in's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.cmdlets.contract import object_of
from vhdsfix.lab.error_records import OPERATION_EXCEPTIONS, TerminatingError
from vhdsfix.lab.objects import property_of, text_of

_NAMESPACE = "root/virtualization/v2"
_TYPE = "Microsoft.Management.Infrastructure."
_CLASSES = ("Msvm_ComputerSystem", "Msvm_VssComponent", "Msvm_VssService", "Msvm_KvpExchangeComponent")
_METHOD = "QueryGuestClusterInformation"
_TEST = re.compile(r"\s*(\w+)\s*=\s*'([^']*)'\s*")


def _instances(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        wanted = _tests(call, bound.get("Filter"))
        if bound.get("Namespace", _NAMESPACE).replace("\\", "/").lower() == _NAMESPACE:
            for row in _rows(call, bound["ClassName"]):
                if all(text_of(row.get(name)).lower() == value.lower() for name, value in wanted):
                    yield _instance(bound["ClassName"], row)


def _associated(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        system = _system(bound)
        for row in _rows(call, bound["ResultClassName"]):
            if row["SystemName"] == system:
                yield _instance(bound["ResultClassName"], row)


def _method(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        asked = f"service {_system(bound)}"
        answers = [row for row in call.runspace.rows(f"method:{_METHOD}") if row["$of"] == asked]
        if not answers or bound["MethodName"] != _METHOD:
            error = call.error(
                "HRESULT 0x8004100C",
                "NotImplemented",
                OPERATION_EXCEPTIONS,
                "Not supported",
                bound["MethodName"],
            )
            call.write_error(error)
        else:
            yield object_of(_TYPE + "CimMethodResult", answers[0])


def _tests(call: Call, text: str | None) -> list[tuple[str, str]]:
    found = _TEST.fullmatch(text) if text else None
    if text and not found:
        raise call.not_simulated(f"the filter {text}")
    return [(found[1], found[2])] if found else []


def _rows(call: Call, class_name: str) -> list[dict[str, Any]]:
    if class_name not in _CLASSES:
        error = call.error(
            "HRESULT 0x80041010", "MetadataError", OPERATION_EXCEPTIONS, "Invalid class ", class_name
        )
        raise TerminatingError(error)
    return call.runspace.rows(f"cim:{class_name}")


def _system(bound: Bound) -> str:
    """The VM that an instance is, or is part of."""
    instance = bound["InputObject"][0]
    return text_of(property_of(instance, "SystemName") or property_of(instance, "Name"))


def _instance(class_name: str, row: dict[str, Any]) -> Any:
    types = (f"{_TYPE}CimInstance#{_NAMESPACE}/{class_name}", f"{_TYPE}CimInstance")
    return msgspec.structs.replace(object_of(types[1], row), type_names=types)


CMDLETS: dict[str, Run] = {
    "Get-CimInstance": _instances,
    "Get-CimAssociatedInstance": _associated,
    "Invoke-CimMethod": _method,
}
