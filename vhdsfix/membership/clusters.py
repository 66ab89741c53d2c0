"""Guest clusters: VMs joined by a shared disk, or by the config."""

from __future__ import annotations

from vhdsfix.membership.disks import shared_disk
from vhdsfix.membership.folders import unique
from vhdsfix.membership.guest_nodes import ConfiguredNodes
from vhdsfix.model.facts import Drive
from vhdsfix.model.inventory import GuestCluster
from vhdsfix.model.plan import ConfiguredGuestCluster
from vhdsfix.model.windows import FolderPath, VmId


def guest_clusters(
    drives: tuple[Drive, ...], configured: tuple[ConfiguredNodes, ...]
) -> tuple[GuestCluster, ...]:
    """Join VMs by shared disk and by configured name; a configured cluster that matched a VM names its own."""
    members = [(disk.key, drive.vm_id) for drive in drives if (disk := shared_disk(drive))]
    members += [
        (f"configured {one.cluster.name}", vm_id) for one in configured for vm_id in one.vm_ids.values()
    ]
    found = (_guest_cluster(group, drives, configured) for group in _joined(members))
    return tuple(sorted(found, key=lambda cluster: cluster.id))


def is_named_by_its_folders(cluster: ConfiguredGuestCluster, disks: tuple[FolderPath, ...]) -> bool:
    """A configured cluster without nodes belongs to whoever has its disks in its folders."""
    folders = {folder.key for folder in cluster.folders}
    return not cluster.nodes and any(disk.parent.key in folders for disk in disks)


def _joined(members: list[tuple[str, VmId]]) -> set[frozenset[VmId]]:
    """Sets of VMs that share a key, directly or through others."""
    group_of: dict[VmId, frozenset[VmId]] = {}
    by_key: dict[str, set[VmId]] = {}
    for key, vm_id in members:
        by_key.setdefault(key, set()).add(vm_id)
    for together in by_key.values():
        merged = frozenset(together.union(*(group_of.get(vm_id, frozenset()) for vm_id in together)))
        group_of.update(dict.fromkeys(merged, merged))
    return set(group_of.values())


def _guest_cluster(
    group: frozenset[VmId], drives: tuple[Drive, ...], configured: tuple[ConfiguredNodes, ...]
) -> GuestCluster:
    own = [drive for drive in drives if drive.vm_id in group and shared_disk(drive)]
    disks = unique(disk for drive in own if (disk := shared_disk(drive)))
    named = [one.cluster for one in configured if group.intersection(one.vm_ids.values())]
    named = named or [one.cluster for one in configured if is_named_by_its_folders(one.cluster, disks)]
    name = named[0].name if named else disks[0].name.rpartition(".")[0]
    folders = [drive.path.parent for drive in own if drive.path]
    folders += [folder for cluster in named for folder in cluster.folders]
    return GuestCluster(
        id=",".join(sorted(group)),
        name=name,
        vm_ids=tuple(sorted(group)),
        disks=disks,
        folders=unique(folders),
    )
