"""What the nodes answered, before anybody judged it. Saved by --facts-out and judged again by --facts.

`gc=False` where a large cluster has very many of a value: none can refer to itself, and looking for that costs a tenth of a plan.
"""

from __future__ import annotations

import msgspec

from vhdsfix.model.readings import Absent, Known, Unknown
from vhdsfix.model.windows import FolderPath, Sid, VmId

FORMAT_VERSION = "1.1"

NOT_ASKED = Unknown("it was not asked")


class ClusterIdentity(msgspec.Struct, frozen=True):
    """The host cluster. `domain` and `shared_volumes_root` may be empty when the cluster did not say."""

    name: str
    id: str
    domain: str = ""
    shared_volumes_root: str = ""


class ClusterNode(msgspec.Struct, frozen=True):
    """A node as the cluster lists it; `state` is the enum's number (0 Up, 1 Down, 2 Paused, 3 Joining).

    `os_version`: "10.0.17763", where the cluster told it.
    """

    name: str
    state: int
    os_version: str | None = None


class SharedVolume(msgspec.Struct, frozen=True):
    """A cluster shared volume and the folder it is mounted at, the same path on every node.

    `state` is a ClusterResourceState's number (2 Online, 3 Offline, 4 Failed), None where it was not told.
    """

    name: str
    mount_folder: FolderPath
    state: int | None = None


class ClusteredVm(msgspec.Struct, frozen=True):
    """A VM that the cluster database knows: its resource, and the node that owns it, where they were told.

    `configuration_state`: the state of its configuration resource, as SharedVolume's; Hyper-V hides a VM where it is offline.
    """

    vm_id: VmId
    resource: str | None = None
    owner_node: str | None = None
    configuration_state: int | None = None


class ClusterFacts(msgspec.Struct, frozen=True):
    """What one node said of the host cluster. `config_store` Absent means: there is no such cluster resource.

    `config_store_state`: that resource's state, as SharedVolume's.
    """

    identity: Known[ClusterIdentity] | Unknown
    nodes: Known[tuple[ClusterNode, ...]] | Unknown
    volumes: Known[tuple[SharedVolume, ...]] | Unknown
    clustered_vms: Known[tuple[ClusteredVm, ...]] | Unknown
    config_store: Known[str] | Absent | Unknown
    config_store_state: Known[int] | Absent | Unknown = NOT_ASKED


class VmFacts(msgspec.Struct, frozen=True, gc=False):
    """A VM that a node showed. The name is free text that somebody typed; `clustered` is Get-VM's IsClustered.

    `state` is a VMState's number (2 Running, 3 Off), `version` the configuration version ("10.0"); None: not told.
    """

    vm_id: VmId
    name: str
    clustered: bool
    state: int | None = None
    version: str | None = None


class Drive(msgspec.Struct, frozen=True, gc=False):
    """A hard disk drive of a VM; no path: an empty or a pass-through drive, or one that is `unreadable`, with the reason.

    `shared`: persistent reservations are supported, so several VMs may use the disk.
    """

    vm_id: VmId
    path: FolderPath | None
    shared: bool
    unreadable: str | None = None


class VhdSet(msgspec.Struct, frozen=True):
    """A VHD Set and all files that it says are its own, those included that no checkpoint refers to."""

    path: FolderPath
    all_paths: tuple[FolderPath, ...]


class BackupService(msgspec.Struct, frozen=True):
    """Whether the backup (VSS) integration service of a VM is enabled on its host."""

    vm_id: VmId
    enabled: bool


class GuestName(msgspec.Struct, frozen=True):
    """What a guest calls itself (KVP). The guest writes it: it is never evidence enough for a grant."""

    vm_id: VmId
    name: str


class GuestDisk(msgspec.Struct, frozen=True):
    """A shared disk as the guest's cluster sees it from this VM; None: it was not told."""

    path: str
    is_clustered: bool | None = None
    is_online: bool | None = None
    is_owned: bool | None = None
    is_active_active: bool | None = None


class GuestQuery(msgspec.Struct, frozen=True):
    """What the host's own query brought back of a VM's guest cluster (Msvm_VssService.QueryGuestClusterInformation).

    `return_value` 0: completed. `cluster_id` None: it named none. `disks` are empty where their arrays could not be matched.
    """

    return_value: int
    cluster_id: str | None = None
    size: int | None = None
    disks: tuple[GuestDisk, ...] = ()


class QueriedVm(msgspec.Struct, frozen=True):
    """A VM whose host was asked for its guest cluster, and what came of it."""

    vm_id: VmId
    answer: Known[GuestQuery] | Unknown


class RecoveryCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint that a backup made and has not taken away yet. `made_at`: UTC, ISO 8601, None where it was not told."""

    vm_id: VmId
    name: str
    made_at: str | None


class MergeFailure(msgspec.Struct, frozen=True):
    """An event 19100: a background merge that failed. `at`: UTC, ISO 8601. `code`: the HRESULT, 32 bits, unsigned.

    `vm_id` and `code` are None where the event did not tell them in a form that is known.
    """

    at: str
    vm_id: VmId | None
    code: int | None


class NodeChecks(msgspec.Struct, frozen=True):
    """What a node was asked besides, about those of its VMs that share disks; each answer may be missing by itself.

    `sees`: which of the paths that it was asked for are there; of the others it was told that they are not.
    """

    vhd_sets: Known[tuple[VhdSet, ...]] | Unknown = NOT_ASKED
    backup_services: Known[tuple[BackupService, ...]] | Unknown = NOT_ASKED
    guest_names: Known[tuple[GuestName, ...]] | Unknown = NOT_ASKED
    guest_queries: tuple[QueriedVm, ...] = ()
    checkpoints: Known[tuple[RecoveryCheckpoint, ...]] | Unknown = NOT_ASKED
    merge_failures: Known[tuple[MergeFailure, ...]] | Unknown = NOT_ASKED
    sees: Known[tuple[FolderPath, ...]] | Unknown = NOT_ASKED


class NodeFacts(msgspec.Struct, frozen=True):
    """What one node said of itself. `name` is its own, or the one it was asked by if it said nothing.

    `vms` is Known when the node answered; whether the list can be believed is for membership to judge.
    """

    name: str
    host: Known[str] | Unknown
    vms: Known[tuple[VmFacts, ...]] | Unknown
    drives: Known[tuple[Drive, ...]] | Unknown
    checks: NodeChecks = NodeChecks()


class FileFacts(msgspec.Struct, frozen=True, gc=False):
    """A disk file of a folder and its security descriptor as SDDL text.

    `written_at`: when it was last written to, UTC, ISO 8601; None where it was not told.
    """

    name: str
    sddl: Known[str] | Absent | Unknown
    written_at: str | None = None


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


class GuestFacts(msgspec.Struct, frozen=True):
    """What a guest cluster said of itself, asked inside one of its guests. `configured`: its name in the config."""

    configured: str
    name: Known[str] | Unknown
    nodes: Known[tuple[ClusterNode, ...]] | Unknown


class GrantMade(msgspec.Struct, frozen=True):
    """A grant that this workstation's journals say was made and proved. `at`: UTC, ISO 8601."""

    folder: FolderPath
    sid: Sid
    at: str


class Facts(msgspec.Struct, frozen=True):
    """Everything that a plan is judged from. `taken_at`: UTC, ISO 8601 with seconds."""

    taken_at: str
    cluster: ClusterFacts
    nodes: tuple[NodeFacts, ...]
    folders: tuple[FolderFacts, ...]
    guests: tuple[GuestFacts, ...] = ()
    grants_made: tuple[GrantMade, ...] = ()
    format_version: str = FORMAT_VERSION
