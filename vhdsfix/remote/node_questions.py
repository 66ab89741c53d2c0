"""What every node is asked about itself and its VMs."""

from __future__ import annotations

import msgspec

from vhdsfix.remote.questions import Question, answered_as
from vhdsfix.remote.statements import Command

_HYPERV = "Hyper-V\\"
_VMS = Command(_HYPERV + "Get-VM")


class HostRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: contract Microsoft.HyperV.PowerShell.VMHost."""

    name: str


class VmRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: contract Microsoft.HyperV.PowerShell.VirtualMachine (Version is a System.String there)."""

    id: str
    name: str
    is_clustered: bool
    state: int | None
    version: str | None


class DriveRow(
    msgspec.Struct,
    frozen=True,
    rename={
        "vm_id": "VMId",
        "path": "Path",
        "disk_number": "DiskNumber",
        "reservations": "SupportPersistentReservations",
    },
):
    """Source: contract Microsoft.HyperV.PowerShell.HardDiskDrive (the last two are nullable there).

    Assumed: `disk_number` is the host's disk of a pass-through drive, null for a file; `path` is then no path but a
    description, or null; `reservations` is null only where no file is attached.
    """

    vm_id: str
    path: str | None
    disk_number: int | None
    reservations: bool | None


HOST = Question("who it is", answered_as(HostRow, Command(_HYPERV + "Get-VMHost")), HostRow)

VMS = Question("its VMs", answered_as(VmRow, _VMS), VmRow)

_DRIVES = Command(_HYPERV + "Get-VMHardDiskDrive")
DRIVES = Question("its VMs' drives", answered_as(DriveRow, _VMS, _DRIVES), DriveRow, per_vm=_DRIVES)

NODE_PHASE = (HOST, VMS, DRIVES)
