"""What the engine's recordings were made with: three VMs, and two cmdlets that fail and leave marks as they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vhdsfix.lab.binding import Bound
from vhdsfix.lab.cmdlets.catalog import CMDLETS
from vhdsfix.lab.cmdlets.cmdlet import Call, Cmdlet
from vhdsfix.lab.cmdlets.contract import Parameter, Place, Signature
from vhdsfix.lab.error_records import ACCESS_EXCEPTIONS, TerminatingError
from vhdsfix.lab.ntfs import Tree
from vhdsfix.lab.shown import Shown
from vhdsfix.lab.world import Cluster, World

_DISKS = r"C:\ClusterStorage\NTFS-03"


class RecordedWorld(World):
    """Answers with the rows of the recordings' stand-ins."""

    def rows_of(self, shown: Shown, cmdlet: str) -> list[dict[str, Any]]:
        return {"Get-VM": _vms(shown.node), "Get-VMHardDiskDrive": _drives()}[cmdlet]


def recorded_world() -> RecordedWorld:
    return RecordedWorld(Cluster("LAB-CLUSTER", "lab.example"), [], [], [], Tree())


def _id(number: int) -> str:
    return f"0000000{number + 1}-222a-4d6e-bb10-a6019c3f2b9b"


def _text(number: int) -> str:
    return f"VirtualMachine (Name = 'VM{number}') [Id = '{_id(number)}']"


def _vms(node: str) -> list[dict[str, Any]]:
    return [
        {
            "$text": _text(number),
            "Id": _id(number),
            "VMId": _id(number),
            "Name": f"VM{number}",
            "VMName": f"VM{number}",
            "ComputerName": node,
            "State": "Off" if number == 2 else "Running",
            "IsClustered": True,
            "Version": "9.0",
            "MemoryAssigned": 4294967296,
            "OperationalStatus": ["Ok"],
            "HardDrives": [drive for drive in _drives() if drive["VMName"] == f"VM{number}"],
            "Notes": "",
            "Boom": None,
        }
        for number in range(3)
    ]


def _drives() -> list[dict[str, Any]]:
    return [
        {
            "$type": "Microsoft.HyperV.PowerShell.HardDiskDrive",
            "$text": "Microsoft.HyperV.PowerShell.HardDiskDrive",
            "Name": "Hard Drive",
            "VMId": _id(number),
            "VMName": f"VM{number}",
            "Path": path,
            "ControllerType": "SCSI",
            "ControllerNumber": 0,
            "ControllerLocation": location,
            "SupportPersistentReservations": True,
            "Owner": _text(number),
        }
        for number in range(3)
        for location, path in enumerate(
            (rf"{_DISKS}\VM{number}\os.vhdx", rf"{_DISKS}\GuestClustersSharedDisks\quorum.vhds")
        )
    ]


def recorded_cmdlets(marked: list[str], error_class: str) -> Mapping[str, Cmdlet]:
    """The lab's cmdlets and Test-Failure and Set-Marker, which adds to `marked`; `error_class` takes the cmdlet's name."""

    def set_marker(_call: Call, records: Iterator[Bound]) -> Iterator[Any]:
        for bound in records:
            marked.append(bound["Text"])
            yield f"marked {bound['Text']}"

    kind = Parameter("String", {"": Place(position=0)})
    text = Parameter("String", {"": Place(position=0, mandatory=True)})
    return {
        **CMDLETS,
        "Test-Failure": Cmdlet(
            Signature("Microsoft.PowerShell.Utility", error_class.format("TestFailure"), {"Kind": kind}),
            _test_failure,
        ),
        "Set-Marker": Cmdlet(
            Signature("Microsoft.PowerShell.Utility", error_class.format("SetMarker"), {"Text": text}),
            set_marker,
        ),
    }


def _test_failure(call: Call, records: Iterator[Bound]) -> Iterator[Any]:
    for bound in records:
        yield "before"
        denied = call.error("AccessDenied", "PermissionDenied", ACCESS_EXCEPTIONS, "Access is denied.", "x")
        match bound.get("Kind", "terminating"):
            case "terminating":
                raise TerminatingError(denied)
            case "throw":
                exceptions = ("System.InvalidOperationException", "System.SystemException")
                raise TerminatingError(call.error(exceptions[0], "NotSpecified", exceptions, "raw throw"))
            case _:
                call.write_error(denied)
                yield "after"
