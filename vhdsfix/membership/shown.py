"""What the nodes showed: VMs, their drives, and whether that was everything."""

from __future__ import annotations

from vhdsfix.membership.names import short_name
from vhdsfix.model.facts import Drive, Facts, NodeFacts
from vhdsfix.model.inventory import Vm
from vhdsfix.model.readings import known_or
from vhdsfix.model.windows import VmId, name_key


def vms_of(facts: Facts) -> tuple[Vm, ...]:
    """Each VM once; one that two nodes show for a moment is where the cluster database says, else on the first by name."""
    owners = {vm.vm_id: short_name(vm.owner_node or "") for vm in known_or(facts.cluster.clustered_vms, ())}
    found: dict[VmId, Vm] = {}
    for node in sorted(facts.nodes, key=lambda node: node.name.casefold()):
        for vm in known_or(node.vms, ()):
            if vm.vm_id not in found or owners.get(vm.vm_id) == short_name(node.name):
                found[vm.vm_id] = Vm(vm_id=vm.vm_id, name=vm.name, node=node.name)
    return tuple(sorted(found.values(), key=lambda vm: (vm.name.casefold(), vm.vm_id)))


def drives_of(facts: Facts) -> tuple[Drive, ...]:
    """The drives of VMs that the same node shows: what a node says of another node's VMs does not count."""
    drives: set[Drive] = set()
    for node in facts.nodes:
        own = {vm.vm_id for vm in known_or(node.vms, ())}
        drives.update(drive for drive in known_or(node.drives, ()) if drive.vm_id in own)
    return tuple(
        sorted(
            drives,
            key=lambda drive: (drive.vm_id, name_key(drive.path or ""), drive.path or "", drive.shared),
        )
    )


def hidden_vms(facts: Facts) -> tuple[VmId, ...]:
    """Ids that the cluster database knows and no node showed."""
    shown = {vm.vm_id for node in facts.nodes for vm in known_or(node.vms, ())}
    return tuple(sorted({vm.vm_id for vm in known_or(facts.cluster.clustered_vms, ())} - shown))


def everything_was_shown(facts: Facts) -> bool:
    """Whether every VM of the host cluster and every disk of theirs was seen."""
    asked = {short_name(node.name) for node in facts.nodes}
    listed, clustered = known_or(facts.cluster.nodes, None), known_or(facts.cluster.clustered_vms, None)
    return (
        listed is not None
        and clustered is not None
        and all(short_name(node.name) in asked for node in listed)
        and all(map(_shows_its_disks, facts.nodes))
        and not hidden_vms(facts)
    )


def _shows_its_disks(node: NodeFacts) -> bool:
    """Whether a node showed its VMs and each of their disks; VMs without a single disk cannot be believed."""
    vms, drives = known_or(node.vms, None), known_or(node.drives, None)
    if vms is None or drives is None or any(drive.unreadable for drive in drives):
        return False
    return bool(drives) or not vms
