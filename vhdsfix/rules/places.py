"""Folders with shared disks lie on cluster shared volumes, where every node finds them under the same path."""

from __future__ import annotations

from vhdsfix.model.facts import Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.readings import Unknown
from vhdsfix.rules.catalogue import finding
from vhdsfix.rules.volumes import is_below_a_root, is_on_a_volume


def every_folder_lies_on_a_shared_volume(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """That the volumes are not known is said elsewhere."""
    if isinstance(facts.cluster.volumes, Unknown):
        return ()
    mounts = ", ".join(sorted(volume.mount_folder for volume in facts.cluster.volumes.value))
    return tuple(
        finding(
            "folder-off-csv",
            subject=use.path,
            summary="the folder lies on no cluster shared volume, though shared disks lie in it",
            evidence=(f"Get-ClusterSharedVolume names {mounts or 'none'}",),
            folder=use.path,
        )
        for use in inventory.folders
        if not is_on_a_volume(facts, use.path) and not is_below_a_root(facts, use.path)
    )
