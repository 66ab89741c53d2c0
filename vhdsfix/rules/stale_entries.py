"""Every entry for a VM on a folder is for a VM that exists."""

from __future__ import annotations

from vhdsfix.model.facts import Facts, FolderFacts
from vhdsfix.model.findings import Finding
from vhdsfix.model.inventory import Inventory
from vhdsfix.model.readings import known_or
from vhdsfix.model.windows import Ace, Sid, VmId
from vhdsfix.rules import fixes
from vhdsfix.rules.catalogue import finding
from vhdsfix.sddl import write_ace
from vhdsfix.verdicts import descriptor_of
from vhdsfix.wording import counted, one_or_more


def every_entry_is_of_a_vm_that_exists(facts: Facts, inventory: Inventory) -> tuple[Finding, ...]:
    """Nothing is called stale while a node was not asked, or a VM or a disk was not shown."""
    if inventory.not_shown:
        return ()
    known = {vm.vm_id for vm in inventory.vms} | {
        vm.vm_id for vm in known_or(facts.cluster.clustered_vms, ())
    }
    used = {use.path.key for use in inventory.folders}
    return tuple(
        _finding(folder, stale)
        for folder in facts.folders
        if folder.path.key in used and (stale := _stale(folder, known))
    )


def _stale(folder: FolderFacts, known: set[VmId]) -> tuple[Ace, ...]:
    descriptor = descriptor_of(folder.sddl)
    return tuple(
        ace
        for ace in (descriptor.aces if descriptor else ())
        if isinstance(ace.sid, Sid) and ace.sid.vm_id and ace.sid.vm_id not in known
    )


def _finding(folder: FolderFacts, stale: tuple[Ace, ...]) -> Finding:
    vm_ids = dict.fromkeys(ace.sid.vm_id for ace in stale if isinstance(ace.sid, Sid))
    own = tuple(dict.fromkeys(ace.sid for ace in stale if isinstance(ace.sid, Sid) and not ace.is_inherited))
    return finding(
        "stale-entry",
        subject=folder.path,
        summary=f"{counted(len(vm_ids), 'VM')} that no node and no cluster database knows {one_or_more(len(vm_ids), 'has', 'have')} an entry "
        f"here: {', '.join(map(str, vm_ids))}",
        evidence=tuple(f"read on {folder.read_on}: {write_ace(ace)}" for ace in stale),
        fix=f"leave it, or (icacls cannot): {fixes.remove_entries(folder.path, own)}"
        if own
        else "leave it, or remove it from the folder above that it is inherited from",
        folder=folder.path,
    )
