"""What a node is asked besides, about its VMs that share disks: nothing that a grant rests on.

What is filtered is filtered on the node, and without a script block (WIRE 7.3): Where-Object compares a VM's id with texts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from vhdsfix.model.windows import FolderPath, VmId
from vhdsfix.ports import ToCheck
from vhdsfix.remote.folder_questions import NO_SUCH_PATH
from vhdsfix.remote.moments import Moment
from vhdsfix.remote.nested import Texts
from vhdsfix.remote.questions import (
    Question,
    answered_as,
    answered_deeply_as,
    select_expanded,
    where,
)
from vhdsfix.remote.statements import Calculated, Command, Table

_HYPERV = "Hyper-V\\"
_CIM = "CimCmdlets\\"
_IN_VIRTUALIZATION: Table = {"Namespace": "root/virtualization/v2"}
_CIM_LIMIT: Table = {"OperationTimeoutSec": 8}
"""Less than a question alone has (TimeLimits.check_s), so that it is the node that gives up."""

BACKUP_SERVICE = "5CED1297-4598-4915-A5FC-AD21BB4D02A4"
"""The end of its Id; its name is in the host's language. Source: FACTS 1.6."""

MERGE_FAILED = 19100
MERGE_LOG = "Microsoft-Windows-Hyper-V-VMMS-Admin"
"""Source: FACTS 1.5 (KB4230569)."""
NO_EVENTS = "NoMatchingEventsFound"
"""Source: FACTS 1.5; PowerShell's GetEventCommand.cs: "none found" is an error."""
MOST_EVENTS = 64
"""The newest: who has more of them has one cause."""


class VhdSetRow(msgspec.Struct, frozen=True, rename={"path": "Path", "all_paths": "AllPaths"}):
    """Source: contract Microsoft.Vhd.PowerShell.VHDSetInfo."""

    path: str
    all_paths: Texts


class BackupServiceRow(msgspec.Struct, frozen=True, rename={"vm_id": "VMId", "enabled": "Enabled"}):
    """Source: contract Microsoft.HyperV.PowerShell.VMIntegrationComponent."""

    vm_id: str
    enabled: bool


class CheckpointRow(
    msgspec.Struct, frozen=True, rename={"vm_id": "VMId", "name": "Name", "made": "CreationTime"}
):
    """Source: contract Microsoft.HyperV.PowerShell.VMSnapshot."""

    vm_id: str
    name: str
    made: Moment | None


class EventValueRow(msgspec.Struct, frozen=True, rename={"event": "event", "at": "at", "value": "Value"}):
    """One value of an event. Source: System.Diagnostics.Eventing.Reader (EventLogRecord.RecordId, TimeCreated, Properties)."""

    event: int
    at: Moment | None
    value: Any


class GuestNameRow(
    msgspec.Struct, frozen=True, rename={"vm_id": "SystemName", "items": "GuestIntrinsicExchangeItems"}
):
    """Source: contract Msvm_KvpExchangeComponent. Assumed: SystemName is the VM's id; no items where the guest is off."""

    vm_id: str
    items: Texts | None


class GuestQueryRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: W32 msvm-vssservice-queryguestclusterinformation.md; of the second nobody has seen the shape (FACTS 1.4)."""

    return_value: int
    guest_cluster_information: Any


class PathRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: System.IO.FileSystemInfo."""

    full_name: str


class CheckQuestions(NamedTuple):
    """The questions about a node's VMs, None where there is nothing to ask about."""

    vhd_sets: Question[VhdSetRow] | None
    backup_services: Question[BackupServiceRow] | None
    checkpoints: Question[CheckpointRow] | None
    merge_failures: Question[EventValueRow]
    guest_names: Question[GuestNameRow] | None
    guest_queries: dict[VmId, Question[GuestQueryRow]]
    sees: dict[FolderPath, Question[PathRow]]

    def all(self) -> tuple[Question[Any], ...]:
        """Every question there is to ask; those that take long last."""
        some = (
            self.vhd_sets,
            self.backup_services,
            self.checkpoints,
            self.merge_failures,
            *self.sees.values(),
            self.guest_names,
            *self.guest_queries.values(),
        )
        return tuple(question for question in some if question is not None)


def about(asked: ToCheck) -> CheckQuestions:
    return CheckQuestions(
        vhd_sets=_vhd_sets(asked.vhd_sets) if asked.vhd_sets else None,
        backup_services=_backup_services(asked.vms) if asked.vms else None,
        checkpoints=_checkpoints(asked.vms) if asked.vms else None,
        merge_failures=MERGE_FAILURES,
        guest_names=_guest_names(asked.running) if asked.running else None,
        guest_queries={vm_id: _guest_query(vm_id) for vm_id in asked.running},
        sees={path: _sees(path) for path in asked.paths},
    )


def _vhd_sets(paths: tuple[FolderPath, ...]) -> Question[VhdSetRow]:
    """Source: FACTS 1.6, 6.1: only a node that uses the disk can tell."""
    sets = Command(_HYPERV + "Get-VHDSet", {"Path": tuple(map(str, paths)), "GetAllPaths": True})
    return Question("the files of its VHD Sets", answered_deeply_as(VhdSetRow, sets), VhdSetRow)


def _backup_services(vms: tuple[VmId, ...]) -> Question[BackupServiceRow]:
    services = Command(_HYPERV + "Get-VMIntegrationService")
    asked = (*_vms(vms), services, where("Id", "Like", f"*{BACKUP_SERVICE}"))
    return Question(
        "its VMs' backup integration services", answered_as(BackupServiceRow, *asked), BackupServiceRow
    )


def _checkpoints(vms: tuple[VmId, ...]) -> Question[CheckpointRow]:
    recovery = Command(_HYPERV + "Get-VMSnapshot", {"SnapshotType": "Recovery"})
    return Question(
        "its VMs' recovery checkpoints", answered_as(CheckpointRow, *_vms(vms), recovery), CheckpointRow
    )


MERGE_FAILURES = Question(
    "failed merges (event 19100)",
    answered_as(
        EventValueRow,
        Command(
            "Microsoft.PowerShell.Diagnostics\\Get-WinEvent",
            {"FilterHashtable": {"LogName": MERGE_LOG, "Id": MERGE_FAILED}, "MaxEvents": MOST_EVENTS},
        ),
        select_expanded("Properties", Calculated("event", "RecordId"), Calculated("at", "TimeCreated")),
    ),
    EventValueRow,
    frozenset({NO_EVENTS}),
)


def _guest_names(vms: tuple[VmId, ...]) -> Question[GuestNameRow]:
    exchange = {"ClassName": "Msvm_KvpExchangeComponent", **_IN_VIRTUALIZATION, **_CIM_LIMIT}
    return Question(
        "what its guests call themselves (KVP)",
        answered_deeply_as(
            GuestNameRow,
            Command(_CIM + "Get-CimInstance", exchange),
            where("SystemName", "In", tuple(map(str, vms))),
        ),
        GuestNameRow,
    )


def _guest_query(vm_id: VmId) -> Question[GuestQueryRow]:
    """Source: FACTS 1.4 (the way from a VM to its VSS service)."""
    system = {
        "ClassName": "Msvm_ComputerSystem",
        "Filter": f"Name = '{vm_id.upper()}'",
        **_IN_VIRTUALIZATION,
        **_CIM_LIMIT,
    }
    return Question(
        f"the guest cluster of the VM {vm_id}",
        answered_deeply_as(
            GuestQueryRow,
            Command(_CIM + "Get-CimInstance", system),
            _associated("Msvm_VssComponent"),
            _associated("Msvm_VssService"),
            Command(_CIM + "Invoke-CimMethod", {"MethodName": "QueryGuestClusterInformation", **_CIM_LIMIT}),
        ),
        GuestQueryRow,
    )


def _associated(class_name: str) -> Command:
    return Command(_CIM + "Get-CimAssociatedInstance", {"ResultClassName": class_name, **_CIM_LIMIT})


def _sees(path: FolderPath) -> Question[PathRow]:
    items = Command("Microsoft.PowerShell.Management\\Get-Item", {"LiteralPath": (str(path),), "Force": True})
    return Question(f"whether {path} is there", answered_as(PathRow, items), PathRow, NO_SUCH_PATH)


def _vms(vms: tuple[VmId, ...]) -> tuple[Command, ...]:
    return Command(_HYPERV + "Get-VM"), where("Id", "In", tuple(map(str, vms)))
