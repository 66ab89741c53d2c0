"""Module Hyper-V, as far as the lab plays it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.choosing import chosen_by
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.cmdlets.contract import object_of
from vhdsfix.lab.error_records import NOT_FOUND_EXCEPTIONS, VIRTUALIZATION_EXCEPTIONS, ErrorRecord
from vhdsfix.lab.objects import is_like, property_of, text_of


def _no_such_vm(call: Call, _parameter: str, wanted: Any) -> ErrorRecord:
    """Source: the recording json-empty; for an id tried on the engine's stand-in."""
    by = "id" if isinstance(wanted, uuid.UUID) else "name"
    message = f'Hyper-V was unable to find a virtual machine with {by} "{text_of(wanted)}".'
    return call.error("InvalidParameter", "InvalidArgument", VIRTUALIZATION_EXCEPTIONS, message, wanted)


def _snapshots(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    """Of a VM that has none nothing comes, and no error."""
    rows = call.runspace.rows(call.name)
    for bound in records:
        ids = [text_of(property_of(vm, "Id")) for vm in bound["VM"]]
        wanted = bound.get("SnapshotType", "*")
        for row in rows:
            if row["VMId"] in ids and is_like(row["SnapshotType"], wanted):
                yield object_of(call.signature.output, row)


def _vhd_sets(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    """Paths are no patterns. Source: contract Get-VHDSet. Assumed: id and words of the error, as the engine's stand-in has them."""
    rows = call.runspace.rows(call.name)
    for bound in records:
        for path in bound["Path"]:
            found = [row for row in rows if row["Path"].lower() == path.lower()]
            if not found:
                message = f"No object with Path '{path}' was found on '{call.runspace.node}'."
                call.write_error(call.error(call.name, "ObjectNotFound", NOT_FOUND_EXCEPTIONS, message, path))
            yield from (object_of(call.signature.output, row) for row in found)


CMDLETS: dict[str, Run] = {
    "Get-VMHost": chosen_by({}, _no_such_vm),
    "Get-VM": chosen_by({}, _no_such_vm),
    "Get-VMIntegrationService": chosen_by({"VM": "Id>VMId"}, _no_such_vm),
    "Get-VMSnapshot": _snapshots,
    "Get-VHDSet": _vhd_sets,
    "Get-VMHardDiskDrive": chosen_by({"VM": "Id>VMId"}, _no_such_vm),
}
