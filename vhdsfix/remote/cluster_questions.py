"""What is asked about the host cluster, of one of its nodes."""

from __future__ import annotations

import msgspec

from vhdsfix.remote.questions import Named, Question, answered_as, select_expanded, where
from vhdsfix.remote.statements import Calculated, Command

_CLUSTERS = "FailoverClusters\\"
_RESOURCES = Command(_CLUSTERS + "Get-ClusterResource")
VM_RESOURCE_TYPE = "Virtual Machine"
CONFIGURATION_RESOURCE_TYPE = "Virtual Machine Configuration"
"""Source: FACTS 4 (both types are in public code)."""
CONFIG_STORE_RESOURCE_TYPE = "Virtual Machine Cluster WMI"
"""Source: FACTS 1.3 (KB4488568 names the resource, public code its type)."""


class ClusterRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: contract Microsoft.FailoverClusters.PowerShell.Cluster. Assumed: Domain and SharedVolumesRoot may be null."""

    name: str
    id: str
    domain: str | None
    shared_volumes_root: str | None


class ClusterNodeRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: contract Microsoft.FailoverClusters.PowerShell.ClusterNode; JSON gives an enum's number (WIRE 7.4)."""

    name: str
    state: int
    major_version: int | None
    minor_version: int | None
    build_number: int | None


class SharedVolumeRow(
    msgspec.Struct,
    frozen=True,
    rename={"volume": "volume", "state": "volumeState", "mount": "FriendlyVolumeName"},
):
    """Source: FACTS 4 (SharedVolumeInfo.FriendlyVolumeName is the mount path); contract ClusterSharedVolume (State)."""

    volume: str
    state: int | None
    mount: str


class VmIdRow(msgspec.Struct, frozen=True, rename={"resource": "ClusterObject", "vm_id": "Value"}):
    """Source: contract ClusterParameter. Assumed: ClusterObject may be null; each clustered VM has a VmID (FACTS 4)."""

    resource: Named | None
    vm_id: str


class ResourceRow(msgspec.Struct, frozen=True, rename="pascal"):
    """Source: contract ClusterResource. Assumed: OwnerNode is null for a resource that nobody owns now."""

    name: str
    resource_type: Named
    owner_node: Named | None
    owner_group: Named | None
    state: int | None


class ConfigStoreRow(msgspec.Struct, frozen=True, rename={"path": "Value"}):
    """Source: FACTS 1.3: what "unset" looks like is not known; null, the empty text and no row at all are read alike."""

    path: str | None


CLUSTER = Question("the cluster", answered_as(ClusterRow, Command(_CLUSTERS + "Get-Cluster")), ClusterRow)

CLUSTER_NODES = Question(
    "the cluster's nodes",
    answered_as(ClusterNodeRow, Command(_CLUSTERS + "Get-ClusterNode")),
    ClusterNodeRow,
)

SHARED_VOLUMES = Question(
    "the cluster shared volumes",
    answered_as(
        SharedVolumeRow,
        Command(_CLUSTERS + "Get-ClusterSharedVolume"),
        select_expanded("SharedVolumeInfo", Calculated("volume", "Name"), Calculated("volumeState", "State")),
    ),
    SharedVolumeRow,
)

VM_IDS = Question(
    "the VM ids in the cluster database",
    answered_as(
        VmIdRow,
        _RESOURCES,
        where("ResourceType", "Like", VM_RESOURCE_TYPE),
        Command(_CLUSTERS + "Get-ClusterParameter", {"Name": "VmID"}),
    ),
    VmIdRow,
)

RESOURCES = Question("the cluster's resources", answered_as(ResourceRow, _RESOURCES), ResourceRow)

# All parameters are asked for and one is kept, so that a parameter that is not there is no error.
CONFIG_STORE = Question(
    "ConfigStoreRootPath",
    answered_as(
        ConfigStoreRow,
        _RESOURCES,
        where("ResourceType", "Like", CONFIG_STORE_RESOURCE_TYPE),
        Command(_CLUSTERS + "Get-ClusterParameter"),
        where("Name", "EQ", "ConfigStoreRootPath"),
    ),
    ConfigStoreRow,
)

CLUSTER_PHASE = (CLUSTER, CLUSTER_NODES, SHARED_VOLUMES, VM_IDS, RESOURCES, CONFIG_STORE)
