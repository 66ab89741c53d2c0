"""Who is in which guest cluster, and which folders they use: what membership makes of the facts."""

from __future__ import annotations

import msgspec

from vhdsfix.model.windows import FolderPath, Sid, VmId


class Vm(msgspec.Struct, frozen=True):
    """A VM that at least one node showed; `node` is where it is registered, `name` its display name."""

    vm_id: VmId
    name: str
    node: str

    @property
    def sid(self) -> Sid:
        return self.vm_id.sid


class GuestCluster(msgspec.Struct, frozen=True):
    """VMs joined by a shared VHD Set, or configured as one. `disks` are their .vhds files."""

    id: str
    name: str
    vm_ids: tuple[VmId, ...]
    disks: tuple[FolderPath, ...]
    folders: tuple[FolderPath, ...]


class FolderUse(msgspec.Struct, frozen=True):
    """A folder that holds shared disks, and the VMs that need their own grant there.

    `via`: for each of `vm_ids`, in the same order, the evidence. `foreign_disks`: files there that VMs outside these guest
    clusters have attached. Names of files that a look at the folder must show: `attached`, its VHD Sets. Names of files that
    one VM alone has attached: `private`; they are nobody else's business.
    """

    path: FolderPath
    vm_ids: tuple[VmId, ...]
    via: tuple[str, ...]
    foreign_disks: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


class Inventory(msgspec.Struct, frozen=True):
    """`hidden`: ids that the cluster database knows and no node showed."""

    vms: tuple[Vm, ...]
    guest_clusters: tuple[GuestCluster, ...]
    folders: tuple[FolderUse, ...]
    hidden: tuple[VmId, ...] = ()
