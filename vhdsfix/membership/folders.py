"""Folders that hold shared disks: who needs access there, by which evidence, and whose other disks lie there."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from vhdsfix.membership.disks import shared_disk
from vhdsfix.model.facts import Drive
from vhdsfix.model.inventory import FolderUse, GuestCluster, Vm
from vhdsfix.model.windows import FolderPath, VmId, name_key

Vms = dict[VmId, Vm]
Drives = tuple[Drive, ...]


def folder_uses(clusters: tuple[GuestCluster, ...], vms: Vms, drives: Drives) -> tuple[FolderUse, ...]:
    """A folder's VMs are those of every guest cluster that uses it (KB4230569: all VMs that use the folder)."""
    folders = unique(folder for cluster in clusters for folder in cluster.folders)
    return tuple(_folder_use(folder, clusters, vms, drives) for folder in folders)


def unique(paths: Iterable[FolderPath]) -> tuple[FolderPath, ...]:
    """Each path once, whatever its case; the spelling that sorts first stays."""
    spelled: dict[str, FolderPath] = {}
    for path in sorted(paths):
        spelled.setdefault(path.key, path)
    return tuple(spelled[key] for key in sorted(spelled))


def _folder_use(
    folder: FolderPath, clusters: tuple[GuestCluster, ...], vms: Vms, drives: Drives
) -> FolderUse:
    via = {
        vm_id: _evidence(vm_id, folder, cluster, vms, drives)
        for cluster in clusters
        if folder.key in {used.key for used in cluster.folders}
        for vm_id in cluster.vm_ids
    }
    members = sorted(via, key=lambda vm_id: (vms[vm_id].name.casefold(), vm_id))
    return FolderUse(
        path=folder,
        vm_ids=tuple(members),
        via=tuple(via[vm_id] for vm_id in members),
        foreign_disks=_foreign_disks(folder, set(members), vms, drives),
        attached=_names(d.path for d in drives if _lies_in(d, folder) and d.path == shared_disk(d)),
        private=_names(d.path for d in drives if _lies_in(d, folder) and shared_disk(d) is None),
    )


def _evidence(vm_id: VmId, folder: FolderPath, cluster: GuestCluster, vms: Vms, drives: Drives) -> str:
    own = [drive for drive in drives if drive.vm_id == vm_id and shared_disk(drive)]
    here = _names(drive.path for drive in own if _lies_in(drive, folder))
    if here:
        return f"{vms[vm_id].node} shows {', '.join(here)} attached to it"
    belongs = f"it belongs to guest cluster {cluster.name}, which uses this folder"
    return belongs if own else f"{belongs}: it bears the name of a configured node"


def _foreign_disks(folder: FolderPath, members: set[VmId], vms: Vms, drives: Drives) -> tuple[str, ...]:
    """Disks in or below the folder that VMs outside its guest clusters have attached, each with its VM."""
    return tuple(
        f"{drive.path} of {vms[drive.vm_id].name}"
        for drive in drives
        if drive.path and drive.vm_id not in members and drive.path.is_below(folder)
    )


def _lies_in(drive: Drive, folder: FolderPath) -> bool:
    return drive.path is not None and _folder_key(drive.path) == folder.key


@functools.lru_cache(maxsize=65536)
def _folder_key(path: FolderPath) -> str:
    """A large cluster has a million pairs of drive and folder; each path is taken apart once."""
    return path.parent.key


def _names(paths: Iterable[FolderPath | None]) -> tuple[str, ...]:
    """The files' names, each once."""
    names = {name_key(path.name): path.name for path in paths if path}
    return tuple(names[key] for key in sorted(names))
