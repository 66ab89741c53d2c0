"""Module FailoverClusters, as far as the lab plays it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.choosing import chosen_by
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.cmdlets.contract import object_of
from vhdsfix.lab.error_records import NOT_FOUND_EXCEPTIONS, ErrorRecord
from vhdsfix.lab.objects import property_of, text_of


def _no_such_object(call: Call, parameter: str, wanted: Any) -> ErrorRecord:
    """Assumed: id and words, as the engine's stand-in has them; no recording of the real module was found."""
    message = f"No object with {parameter} '{text_of(wanted)}' was found on '{call.runspace.node}'."
    return call.error(call.name, "ObjectNotFound", NOT_FOUND_EXCEPTIONS, message, wanted)


def _parameters(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    """The private properties of the resource that is piped in, all or those named."""
    by_resource: dict[str, list[dict[str, Any]]] = {}
    for row in call.runspace.rows(call.name):
        by_resource.setdefault(row["ClusterObject"], []).append(row)
    for bound in records:
        resource = text_of(property_of(bound.get("InputObject"), "Name"))
        of_resource = by_resource.get(resource, [])
        wanted = [name.lower() for name in bound.get("Name", [])]
        for name in bound.get("Name", []):
            if not any(row["Name"].lower() == name.lower() for row in of_resource):
                message = f"Unable to find parameter '{name}' on '{resource}'."
                call.write_error(call.error(call.name, "ObjectNotFound", NOT_FOUND_EXCEPTIONS, message, name))
        for row in of_resource:
            if not wanted or row["Name"].lower() in wanted:
                yield object_of(call.signature.output, row)


CMDLETS: dict[str, Run] = {
    "Get-Cluster": chosen_by({}, _no_such_object),
    "Get-ClusterNode": chosen_by({}, _no_such_object),
    "Get-ClusterSharedVolume": chosen_by({}, _no_such_object),
    "Get-ClusterResource": chosen_by({}, _no_such_object),
    "Get-ClusterParameter": _parameters,
}
