"""What a node finds of VHD Sets, integration services, checkpoints, events and guests: rows as `property_rows` has them.

`$id` and `$of` are for the engine's stand-ins, which associate instances by them.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from vhdsfix.lab import guests
from vhdsfix.lab.identifiers import stable_id

if TYPE_CHECKING:  # a world gives its rows by these functions
    from vhdsfix.lab.guests import GuestAnswer
    from vhdsfix.lab.shown import Shown
    from vhdsfix.lab.world import MergeFailure, Vm, World

Row = dict[str, Any]

_SERVICES = {
    "VSS": "5CED1297-4598-4915-A5FC-AD21BB4D02A4",
    "Key-Value Pair Exchange": "2A34B1C2-FD73-4043-8A5B-DD2159BC743F",
}
"""Source: FACTS 1.6."""
_MERGE_FAILED = {
    "Id": 19100,
    "LogName": "Microsoft-Windows-Hyper-V-VMMS-Admin",
    "ProviderName": "Microsoft-Windows-Hyper-V-VMMS",
    "Level": 2,
}


def _vhd_sets(shown: Shown) -> list[Row]:
    used = [
        path for vm in shown.vms for path in (*(drive.path for drive in vm.drives), *guests.shared_disks(vm))
    ]
    return [
        {"Path": path, "AllPaths": shown.world.files_of(path), "ComputerName": shown.node}
        for path in dict.fromkeys(used)
        if path and path.lower().endswith(".vhds")
    ]


def _services(shown: Shown) -> list[Row]:
    return [
        {
            "Id": f"Microsoft:{vm.id.upper()}\\{service}",
            "Name": name,
            "Enabled": vm.backup_service if name == "VSS" else True,
            "VMId": vm.id,
            "VMName": vm.name,
        }
        for vm in shown.vms
        for name, service in _SERVICES.items()
    ]


def _snapshots(shown: Shown) -> list[Row]:
    return [
        {
            "Id": stable_id(f"checkpoint {vm.id} {checkpoint.name}"),
            "Name": checkpoint.name,
            "SnapshotType": "Recovery",
            "CreationTime": datetime.fromisoformat(checkpoint.made_at),
            "VMId": vm.id,
            "VMName": vm.name,
        }
        for vm in shown.vms
        for checkpoint in vm.checkpoints
    ]


def _events(shown: Shown) -> list[Row]:
    newest_first = sorted(
        shown.world.node(shown.node).merge_failures, key=lambda event: event.at, reverse=True
    )
    count = len(newest_first)
    return [_event(shown.world, event, count - index) for index, event in enumerate(newest_first)]


def _event(world: World, event: MergeFailure, number: int) -> Row:
    ids = [vm.id.upper() for vm in world.vms if vm.name == event.vm]
    values = [event.vm, *ids, f"%%{int(event.code, 16)}", event.code]
    return _MERGE_FAILED | {
        "RecordId": number,
        "TimeCreated": datetime.fromisoformat(event.at),
        "Properties": [
            {"$type": "System.Diagnostics.Eventing.Reader.EventProperty", "Value": value} for value in values
        ],
    }


def _systems(shown: Shown) -> list[Row]:
    return [
        {"$id": f"system {vm.id.upper()}", "Name": vm.id.upper(), "ElementName": vm.name} for vm in shown.vms
    ]


def _part(kind: str, of: str) -> Callable[[Shown], list[Row]]:
    def rows(shown: Shown) -> list[Row]:
        ids = [vm.id.upper() for vm in shown.vms]
        return [{"$id": f"{kind} {vm_id}", "$of": f"{of} {vm_id}", "SystemName": vm_id} for vm_id in ids]

    return rows


def _exchanges(shown: Shown) -> list[Row]:
    return [
        {"SystemName": vm.id.upper(), "GuestIntrinsicExchangeItems": _items(shown.world, vm)}
        for vm in shown.vms
    ]


def _items(world: World, vm: Vm) -> list[str]:
    """None of a guest that is off. Source: W32 getting-the-virtual-system-dns-name.md (an instance in XML for each item)."""
    if vm.state != "Running":
        return []
    items = {
        "FullyQualifiedDomainName": guests.name_of(world, vm),
        "OSName": "Windows Server 2022 Datacenter",
    }
    return [_item(key, value) for key, value in items.items()]


def _item(name: str, data: str) -> str:
    properties = {"Caption": None, "Data": data, "Name": name, "Source": "2"}
    return _xml("Msvm_KvpExchangeDataItem", properties)


def _xml(class_name: str, properties: dict[str, str | None]) -> str:
    """Source: DMTF DSP0201."""
    inside = "".join(
        f'<PROPERTY NAME="{name}" TYPE="string">{"" if value is None else f"<VALUE>{html.escape(value)}</VALUE>"}</PROPERTY>'
        for name, value in properties.items()
    )
    return f'<INSTANCE CLASSNAME="{class_name}">{inside}</INSTANCE>'


def _queries(shown: Shown) -> list[Row]:
    sharing = guests.sharing_in(shown.world)
    return [_query(vm, guests.answer_of(vm, sharing)) for vm in shown.vms]


def _query(vm: Vm, answer: GuestAnswer) -> Row:
    """What QueryGuestClusterInformation returns for a VM."""
    return {
        "$of": f"service {vm.id.upper()}",
        "ReturnValue": answer.return_value,
        "GuestClusterInformation": _information(answer),
    }


def _information(told: GuestAnswer) -> Row | str | None:
    """Source: W32 msvm-guestclusterinformation.md (names, and that the arrays run parallel)."""
    if told.id is None:
        return None
    lists: dict[str, list[Any]] = {
        "SharedVirtualHardDisks": [stable_id(disk.path) for disk in told.disks],
        "SharedVirtualHardDiskPaths": [disk.path for disk in told.disks],
        "IsClustered": [disk.clustered for disk in told.disks],
        "IsOnline": [disk.online for disk in told.disks],
        "IsOwned": [disk.owned for disk in told.disks],
        "IsActiveActive": [disk.active_active for disk in told.disks],
    }
    if told.as_text:
        arrays = "".join(_array(name, values) for name, values in lists.items())
        plain = _xml("Msvm_GuestClusterInformation", {"ClusterId": told.id, "ClusterSize": str(told.size)})
        return plain.replace("</INSTANCE>", f"{arrays}</INSTANCE>")
    return {
        "$type": "Microsoft.Management.Infrastructure.CimInstance",
        "ClusterId": told.id,
        "ClusterSize": told.size,
        **lists,
    }


def _array(name: str, values: list[Any]) -> str:
    inside = "".join(f"<VALUE>{html.escape(str(value))}</VALUE>" for value in values)
    return f'<PROPERTY.ARRAY NAME="{name}" TYPE="string"><VALUE.ARRAY>{inside}</VALUE.ARRAY></PROPERTY.ARRAY>'


ROWS: dict[str, Callable[[Shown], list[Row]]] = {
    "Get-VHDSet": _vhd_sets,
    "Get-VMIntegrationService": _services,
    "Get-VMSnapshot": _snapshots,
    "Get-WinEvent": _events,
    "cim:Msvm_ComputerSystem": _systems,
    "cim:Msvm_VssComponent": _part("component", "system"),
    "cim:Msvm_VssService": _part("service", "component"),
    "cim:Msvm_KvpExchangeComponent": _exchanges,
    "method:QueryGuestClusterInformation": _queries,
}
