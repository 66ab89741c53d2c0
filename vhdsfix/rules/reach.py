"""A grant on a folder reaches the shared disks there and nothing else."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import FolderUse, Inventory
from vhdsfix.model.readings import known_or
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.wording import counted, one_or_more

SHOWN = 5


def a_grant_reaches_only_shared_disks(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    subfolders = {folder.path.key: known_or(folder.subfolders, ()) for folder in facts.folders}
    uses = [(use, subfolders.get(use.path.key, ())) for use in inventory.folders]
    return tuple(
        _finding(use, below) for use, below in uses if below or use.foreign_disks or use.foreign_sets
    )


def every_guest_cluster_has_its_folders_to_itself(inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(_shared(use) for use in inventory.folders if len(use.clusters) > 1)


def _shared(use: FolderUse) -> Finding:
    clusters = ", ".join(use.clusters)
    disks = ", ".join(disk.name for disk in use.disks)
    return finding(
        "guest-clusters-share-a-folder",
        subject=use.path,
        summary=f"{len(use.clusters)} guest clusters use this folder: {clusters}; the VMs of each can open the others' disks here",
        evidence=(f"VHD Sets with files here: {disks}", f"{len(use.vm_ids)} VMs need a grant here"),
        folder=use.path,
    )


def _finding(use: FolderUse, subfolders: tuple[str, ...]) -> Finding:
    reached = []
    if subfolders:
        reached.append(f"{counted(len(subfolders), 'subfolder')}: {first_few(subfolders)}")
    if use.foreign_disks:
        reached.append(
            f"{counted(len(use.foreign_disks), 'disk')} of other VMs: {first_few(use.foreign_disks)}"
        )
    if use.foreign_sets:
        reached.append(
            f"{counted(len(use.foreign_sets), 'VHD Set')} of other guest clusters: {first_few(use.foreign_sets)}"
        )
    return finding(
        "reach-too-wide",
        subject=use.path,
        summary=f"a grant here gives {counted(len(use.vm_ids), 'VM')} full control of everything below it, besides "
        f"{one_or_more(len(use.vm_ids), 'its', 'their')} own disks",
        evidence=tuple(reached),
        fix=f"move the VHD Set to a folder of its own, or accept the reach: --accept-reach {fixes.quoted(use.path)}",
        folder=use.path,
    )


def first_few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:SHOWN]) + (f", and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
