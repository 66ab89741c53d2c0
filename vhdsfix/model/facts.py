"""What the nodes answered, before anybody judged it. Saved by --facts-out and judged again by --facts."""

from __future__ import annotations

import msgspec

from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import FolderPath, VmId

FORMAT_VERSION = "1.0"


class ClusterIdentity(msgspec.Struct, frozen=True):
    """The host cluster. `domain` and `shared_volumes_root` may be empty when the cluster did not say."""

    name: str
    id: str
    domain: str = ""
    shared_volumes_root: str = ""


class ClusterNode(msgspec.Struct, frozen=True):
    """A node as the cluster lists it; `state` is the enum's number (0 Up, 1 Down, 2 Paused, 3 Joining)."""

    name: str
    state: int


class SharedVolume(msgspec.Struct, frozen=True):
    """A cluster shared volume and the folder it is mounted at, the same path on every node."""

    name: str
    mount_folder: FolderPath


class ClusteredVm(msgspec.Struct, frozen=True):
    """A VM that the cluster database knows: its resource, and the node that owns it, where they were told."""

    vm_id: VmId
    resource: str | None = None
    owner_node: str | None = None


class ClusterFacts(msgspec.Struct, frozen=True):
    """What one node said of the host cluster. `config_store` Absent means: there is no such cluster resource."""

    identity: Known[ClusterIdentity] | Unknown
    nodes: Known[tuple[ClusterNode, ...]] | Unknown
    volumes: Known[tuple[SharedVolume, ...]] | Unknown
    clustered_vms: Known[tuple[ClusteredVm, ...]] | Unknown
    config_store: Known[str] | Absent | Unknown


class VmFacts(msgspec.Struct, frozen=True):
    """A VM that a node showed. The name is free text that somebody typed; `clustered` is Get-VM's IsClustered."""

    vm_id: VmId
    name: str
    clustered: bool


class Drive(msgspec.Struct, frozen=True):
    """A hard disk drive of a VM; no path: an empty or a pass-through drive, or one that is `unreadable`, with the reason.

    `shared`: persistent reservations are supported, so several VMs may use the disk.
    """

    vm_id: VmId
    path: FolderPath | None
    shared: bool
    unreadable: str | None = None


class NodeFacts(msgspec.Struct, frozen=True):
    """What one node said of itself. `name` is its own, or the one it was asked by if it said nothing.

    `vms` is Known when the node answered; whether the list can be believed is for membership to judge.
    """

    name: str
    host: Known[str] | Unknown
    vms: Known[tuple[VmFacts, ...]] | Unknown
    drives: Known[tuple[Drive, ...]] | Unknown


class FileFacts(msgspec.Struct, frozen=True):
    """A disk file of a folder and its security descriptor as SDDL text."""

    name: str
    sddl: Known[str] | Absent | Unknown


class FolderFacts(msgspec.Struct, frozen=True):
    """A folder as one node saw it. Absent: there is no such folder there.

    `links` are the reparse points among the folder and the folders above it.
    """

    path: FolderPath
    read_on: str
    sddl: Known[str] | Absent | Unknown
    files: Known[tuple[FileFacts, ...]] | Absent | Unknown
    subfolders: Known[tuple[str, ...]] | Absent | Unknown
    links: Known[tuple[FolderPath, ...]] | Absent | Unknown


class Facts(msgspec.Struct, frozen=True):
    """Everything that a plan is judged from. `taken_at`: UTC, ISO 8601 with seconds."""

    taken_at: str
    cluster: ClusterFacts
    nodes: tuple[NodeFacts, ...]
    folders: tuple[FolderFacts, ...]
    format_version: str = FORMAT_VERSION
