"""What each cmdlet finds on a node: rows of properties, named as Microsoft's reference names them.

In a row `$type` is an object's type, `$text` what its ToString gives (else its Name); what a row does not have is null. Enums
are the names of their values. Source: the reflected property lists of modules Hyper-V and FailoverClusters (FACTS 10).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vhdsfix.errors import LabError
from vhdsfix.lab import check_rows

if TYPE_CHECKING:  # a world gives its rows by these functions
    from vhdsfix.lab.shown import Shown
    from vhdsfix.lab.world import Drive, Vm, Volume, World

Row = dict[str, Any]

CONFIG_STORE_RESOURCE = "Virtual Machine Cluster WMI"
"""The name of the resource and of its type. Source: FACTS 1.3 (KB4488568)."""

_CLUSTER_TYPES = "Microsoft.FailoverClusters.PowerShell."
_HYPERV_TYPES = "Microsoft.HyperV.PowerShell."
_VERSION_PARTS = ("MajorVersion", "MinorVersion", "BuildNumber")
_NO_SNAPSHOT = "00000000-0000-0000-0000-000000000000"


def of(shown: Shown, cmdlet: str) -> list[Row]:
    """The rows of one cmdlet on one node; LabError for a cmdlet that has none here."""
    if cmdlet not in _ROWS:
        raise LabError(f"the lab has no rows for {cmdlet}")
    return _ROWS[cmdlet](shown)


def _cluster(shown: Shown) -> list[Row]:
    cluster = shown.world.cluster
    return [
        {
            "Name": cluster.name,
            "Id": cluster.id,
            "Domain": cluster.domain,
            "SharedVolumesRoot": cluster.shared_volumes_root,
        }
    ]


def _nodes(shown: Shown) -> list[Row]:
    return [
        {
            "Name": node.name,
            "NodeName": node.name,
            "Id": str(number),
            "State": node.state,
            **dict(zip(_VERSION_PARTS, map(int, node.os_version.split(".")), strict=True)),
        }
        for number, node in enumerate(shown.world.nodes, start=1)
    ]


def _shared_volumes(shown: Shown) -> list[Row]:
    return [_shared_volume(volume) for volume in shown.world.volumes]


def _shared_volume(volume: Volume) -> Row:
    mounted = {"$type": _CLUSTER_TYPES + "ClusterSharedVolumeInfo", "FriendlyVolumeName": volume.folder}
    return {
        "Name": volume.name,
        "OwnerNode": _named("ClusterNode", volume.owner),
        "SharedVolumeInfo": [mounted],
        "State": volume.state,
    }


def _resources(shown: Shown) -> list[Row]:
    world = shown.world
    owner = world.nodes[0].name
    rows = [_resource("Cluster Name", "Network Name", "Cluster Group", owner)]
    if world.cluster.config_store is not None:
        state = world.cluster.config_store_state
        rows.append(_resource(CONFIG_STORE_RESOURCE, CONFIG_STORE_RESOURCE, "Cluster Group", owner, state))
    for vm in _clustered(shown.world):
        rows += [
            _resource(name, kind, vm.clustered_as or vm.name, vm.node, state)
            for name, kind, state in _resources_of(vm)
        ]
    return rows


def _resource(name: str, kind: str, group: str, owner: str, state: str = "Online") -> Row:
    return {
        "Name": name,
        "ResourceType": _named("ClusterResourceType", kind),
        "OwnerGroup": _named("ClusterGroup", group),
        "OwnerNode": _named("ClusterNode", owner),
        "State": state,
    }


def _resources_of(vm: Vm) -> tuple[tuple[str, str, str], ...]:
    """Name, type and state of the two resources that each clustered VM has. Assumed: as Failover Cluster Manager names them."""
    kinds = {
        "Virtual Machine Configuration": vm.configuration_state,
        "Virtual Machine": "Online" if vm.state == "Running" else "Offline",
    }
    return tuple((f"{kind} {vm.clustered_as or vm.name}", kind, state) for kind, state in kinds.items())


def _parameters(shown: Shown) -> list[Row]:
    """One row for each private property; `ClusterObject` is the name of its resource."""
    found = [(name, "VmID", vm.id) for vm in _clustered(shown.world) for name, _, _ in _resources_of(vm)]
    if (store := shown.world.cluster.config_store) is not None:
        found.append((CONFIG_STORE_RESOURCE, "ConfigStoreRootPath", store))
    return [
        {
            "ClusterObject": resource,
            "Name": name,
            "Value": value,
            "ParameterType": "String",
            "IsReadOnly": False,
        }
        for resource, name, value in found
    ]


def _host(shown: Shown) -> list[Row]:
    return [{"Name": shown.node, "ComputerName": shown.node}]


def _vms(shown: Shown) -> list[Row]:
    return [
        {
            "Id": vm.id,
            "Name": vm.name,
            "State": vm.state,
            "Version": vm.version,
            "Generation": vm.generation,
            "IsClustered": vm.clustered,
            "ComputerName": shown.node,
            "DVDDrives": [{"$type": _HYPERV_TYPES + "DvdDrive", "Name": "DVD Drive", "Path": None}]
            if vm.dvd
            else [],
        }
        for vm in shown.vms
    ]


def _hard_drives(shown: Shown) -> list[Row]:
    return [
        _hard_drive(vm, drive, location, shown.node)
        for vm in shown.vms
        for location, drive in enumerate(vm.drives)
    ]


def _hard_drive(vm: Vm, drive: Drive, location: int, node: str) -> Row:
    return {
        "Name": f"Hard Drive on SCSI controller number 0 at location {location}",
        "Path": drive.path,
        "DiskNumber": drive.disk_number,
        "SupportPersistentReservations": drive.shared,
        "ControllerType": "SCSI",
        "ControllerNumber": 0,
        "ControllerLocation": location,
        "VMId": vm.id,
        "VMName": vm.name,
        "VMSnapshotId": _NO_SNAPSHOT,
        "ComputerName": node,
    }


def _clustered(world: World) -> list[Vm]:
    return [vm for vm in world.vms if vm.clustered]


def _named(kind: str, name: str) -> Row:
    return {"$type": _CLUSTER_TYPES + kind, "Name": name}


_ROWS: dict[str, Callable[[Shown], list[Row]]] = {
    **check_rows.ROWS,
    "Get-Cluster": _cluster,
    "Get-ClusterNode": _nodes,
    "Get-ClusterSharedVolume": _shared_volumes,
    "Get-ClusterResource": _resources,
    "Get-ClusterParameter": _parameters,
    "Get-VMHost": _host,
    "Get-VM": _vms,
    "Get-VMHardDiskDrive": _hard_drives,
}
