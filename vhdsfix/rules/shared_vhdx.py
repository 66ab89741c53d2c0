"""Disks that VMs share are VHD Sets."""

from __future__ import annotations

from vhdsfix.membership.shown import drives_of
from vhdsfix.model.facts import Drive, Facts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.windows import FolderPath, name_key
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding

_OLDER_KIND = ".VHDX"


def every_shared_disk_is_a_vhd_set(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """A drive with persistent reservations on a .vhdx is a shared disk of the older kind."""
    by_disk: dict[str, list[Drive]] = {}
    for drive in drives_of(facts):
        if drive.path and drive.shared and name_key(drive.path).endswith(_OLDER_KIND):
            by_disk.setdefault(drive.path.key, []).append(drive)
    return tuple(_finding(drives, inventory) for _, drives in sorted(by_disk.items()))


def _finding(drives: list[Drive], inventory: Inventory) -> Finding:
    having = {drive.vm_id for drive in drives}
    users = [vm for vm in inventory.vms if vm.vm_id in having]
    path = min(drive.path for drive in drives if drive.path)
    vhd_set = FolderPath(f"{path.rpartition('.')[0]}.vhds")
    return finding(
        "shared-vhdx",
        subject=path,
        summary=f"{path} is shared by {', '.join(vm.name for vm in users)}, and no checkpoint can be made of a .vhdx",
        evidence=tuple(
            f"{vm.node} shows it attached to {vm.name}, with persistent reservations" for vm in users
        ),
        fix=f"with every VM that uses it off and the disk detached: Convert-VHD -Path {fixes.quoted(path)} "
        f"-DestinationPath {fixes.quoted(vhd_set)}",
    )
