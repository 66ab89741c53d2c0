"""Module Hyper-V, as far as the lab plays it."""

from __future__ import annotations

import uuid
from typing import Any

from vhdsfix.lab.cmdlets.choosing import chosen_by
from vhdsfix.lab.cmdlets.cmdlet import Call, Run
from vhdsfix.lab.error_records import VIRTUALIZATION_EXCEPTIONS, ErrorRecord
from vhdsfix.lab.objects import text_of


def _no_such_vm(call: Call, _parameter: str, wanted: Any) -> ErrorRecord:
    """Source: the recording json-empty; for an id tried on the engine's stand-in."""
    by = "id" if isinstance(wanted, uuid.UUID) else "name"
    message = f'Hyper-V was unable to find a virtual machine with {by} "{text_of(wanted)}".'
    return call.error("InvalidParameter", "InvalidArgument", VIRTUALIZATION_EXCEPTIONS, message, wanted)


CMDLETS: dict[str, Run] = {
    "Get-VMHost": chosen_by({}, _no_such_vm),
    "Get-VM": chosen_by({}, _no_such_vm),
    "Get-VMHardDiskDrive": chosen_by({"VM": "Id>VMId"}, _no_such_vm),
}
