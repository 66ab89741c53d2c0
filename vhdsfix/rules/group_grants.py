"""Each VM has its access by its own grant, not through a group that every VM belongs to."""

from __future__ import annotations

from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.verdicts import VmAccess
from vhdsfix.model.windows import FolderPath, Sid, VmId
from vhdsfix.rules.catalogue import finding
from vhdsfix.sddl import write_ace
from vhdsfix.verdicts import descriptor_of


def no_vm_depends_on_a_group(
    facts: Facts, inventory: Inventory, verdicts: tuple[VmAccess, ...]
) -> tuple[Finding, ...]:
    """One finding a folder: what a group may do there is the same for every VM."""
    dependent: dict[FolderPath, list[VmAccess]] = {}
    for access in verdicts:
        if access.through_groups:
            dependent.setdefault(access.folder, []).append(access)
    folders = {folder.path.key: folder for folder in facts.folders}
    names = {vm.vm_id: vm.name for vm in inventory.vms}
    return tuple(_finding(folders[path.key], path, names, found) for path, found in dependent.items())


def _finding(
    seen: FolderFacts, folder: FolderPath, names: dict[VmId, str], dependent: list[VmAccess]
) -> Finding:
    groups = tuple(dict.fromkeys(group for one in dependent for group in one.through_groups))
    return finding(
        "access-through-a-group",
        subject=folder,
        summary=f"only {', '.join(groups)} gives {', '.join(names[one.vm_id] for one in dependent)} full control here",
        evidence=tuple(_entries(seen, groups)),
        folder=folder,
    )


def _entries(folder: FolderFacts, groups: tuple[Sid, ...]) -> list[str]:
    descriptor = descriptor_of(folder.sddl)
    return [
        f"read on {folder.read_on}: {write_ace(ace)}"
        for ace in (descriptor.aces if descriptor else ())
        if ace.is_allow and ace.sid in groups
    ]
