"""Who is in which guest cluster, and which folders they use: what membership makes of the facts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vhdsfix.model.windows import FolderPath, Sid, VmId


class EvidenceKind(StrEnum):
    """What says that a VM is in a guest cluster. Only the first two lead to a grant; the others are written by guests."""

    DISK = "disk"
    CONFIG = "config"
    QUERY = "host query"
    GUEST = "guest cluster"
    NAME = "name"


class Evidence(msgspec.Struct, frozen=True):
    """One reason to take a VM for a member; `says` is a line for a person: who says what."""

    kind: EvidenceKind
    says: str


class Vm(msgspec.Struct, frozen=True):
    """A VM that at least one node showed; `node` is where it is registered, `name` its display name.

    `also_on`: other nodes that showed it, too. `state`: a VMState's number (2 Running, 3 Off), None where it was not told.
    """

    vm_id: VmId
    name: str
    node: str
    also_on: tuple[str, ...] = ()
    state: int | None = None

    @property
    def sid(self) -> Sid:
        return self.vm_id.sid


class Member(msgspec.Struct, frozen=True):
    """A VM of a guest cluster, and everything that says so."""

    vm_id: VmId
    evidence: tuple[Evidence, ...]


class GuestNode(msgspec.Struct, frozen=True):
    """A node of a guest cluster that is known by name. `told_by`: the config, or the guest cluster itself.

    `vm_id`: the VM that it is, as far as is certain, and `matched_by` what says so; a VM outside the cluster is never it.
    `state`: a ClusterNodeState's number, where the guest cluster told it.
    """

    name: str
    told_by: EvidenceKind
    vm_id: VmId | None = None
    matched_by: EvidenceKind | None = None
    state: int | None = None


class Completeness(msgspec.Struct, frozen=True):
    """How many VMs of a guest cluster were found, how many there are, and who says so (None: nobody told).

    `not_found`: why there must be more than were found, a line each. `not_seen`: what was not looked at and may hide one, where
    it is not certain that all were found. Without both, everything that is known of was found.
    """

    found: int = 0
    expected: int | None = None
    told_by: EvidenceKind | None = None
    not_found: tuple[str, ...] = ()
    not_seen: tuple[str, ...] = ()

    @property
    def is_incomplete(self) -> bool:
        return bool(self.not_found or self.not_seen)


class DiskFiles(msgspec.Struct, frozen=True):
    """A VHD Set and where its files lie. `unseen`: why only its own folder is known; None: a node told all its files.

    `elsewhere`: files of it outside the folders of its drives, as nodes told. `doubtful`: paths told besides that are not
    counted: off the cluster shared volumes, or of another name.
    """

    disk: FolderPath
    folders: tuple[FolderPath, ...]
    unseen: str | None = None
    elsewhere: tuple[FolderPath, ...] = ()
    doubtful: tuple[FolderPath, ...] = ()


class GuestCluster(msgspec.Struct, frozen=True):
    """VMs joined by a shared VHD Set, or configured as one. `disks` are their .vhds files.

    `members` are `vm_ids`, in the same order, `disk_files` are `disks`. `configured_as`: its names in the config, if it is there.
    """

    id: str
    name: str
    vm_ids: tuple[VmId, ...]
    disks: tuple[FolderPath, ...]
    folders: tuple[FolderPath, ...]
    members: tuple[Member, ...] = ()
    nodes: tuple[GuestNode, ...] = ()
    completeness: Completeness = Completeness()
    disk_files: tuple[DiskFiles, ...] = ()
    configured_as: tuple[str, ...] = ()


class Disagreement(msgspec.Struct, frozen=True):
    """Evidence that does not fit together. `cluster`: the guest cluster's name; `says`: who says what, a line each.

    It never changes who gets a grant.
    """

    cluster: str
    summary: str
    says: tuple[str, ...]
    vm_ids: tuple[VmId, ...] = ()


class FolderUse(msgspec.Struct, frozen=True):
    """A folder that holds shared disks, and the VMs that need their own grant there.

    `via`: for each of `vm_ids`, in the same order, the evidence. `clusters`: names of the guest clusters that use it: where
    there are several, each one's grants let it open the others' disks. `disks`: VHD Sets with files here; none: the config
    alone names the folder. `foreign_disks`: files here or below that VMs of no guest cluster have attached; `foreign_sets`:
    VHD Sets below it of guest clusters that do not use it; each with its VM or guest cluster.
    Names of files that a look at the folder must show: `attached`, its VHD Sets; of each of the other `disks` one file at least.
    Names of files that one VM alone has attached: `private`; they are nobody else's business.
    """

    path: FolderPath
    vm_ids: tuple[VmId, ...]
    via: tuple[str, ...]
    foreign_disks: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    disks: tuple[FolderPath, ...] = ()
    foreign_sets: tuple[str, ...] = ()


class ShareUse(msgspec.Struct, frozen=True):
    """A folder on a file server. The server sees the hosts' computer accounts, never the VMs, so no VM needs a grant there.

    `hosts`: the nodes whose accounts (`HV01$`) need full control on share and folder. Whether they have it cannot be looked at
    from a host: that would be a second hop. Source: FACTS 5; DESIGN 1.2.
    """

    path: FolderPath
    vm_ids: tuple[VmId, ...]
    hosts: tuple[str, ...]

    @property
    def server(self) -> str:
        return self.path.split("\\")[2]

    @property
    def share(self) -> str:
        return self.path.split("\\")[3]


class Inventory(msgspec.Struct, frozen=True):
    """`hidden`: ids that the cluster database knows and no node showed. `shares` are not among `folders`.

    `not_shown`: what may hide a VM or a disk, a line each; empty: every VM and each of its disks was shown.
    `drained`: nodes that the cluster says are down or paused and that did not answer, where every clustered VM was shown by
    the others.
    """

    vms: tuple[Vm, ...]
    guest_clusters: tuple[GuestCluster, ...]
    folders: tuple[FolderUse, ...]
    hidden: tuple[VmId, ...] = ()
    shares: tuple[ShareUse, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    not_shown: tuple[str, ...] = ()
    drained: tuple[str, ...] = ()
